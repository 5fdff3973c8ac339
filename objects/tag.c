#include "objects/commit.h"

#include <stdlib.h>
#include <string.h>

#include "objects/header_internal.h"

#define FIXED_LEN_MAX 256

static const char *const reserved_keys[] = { "object", "type", "tag", "tagger", NULL };

static int tag_check(const struct tag *t, struct drift_error *err)
{
	if (header_check_line("tag name", t->name, TAG_NAME_MAX, err) ||
	    (t->has_tagger && header_check_signature("tagger", &t->tagger, err)) ||
	    header_check_extra(t->extra, reserved_keys, err))
		return -1;
	if (t->message.len > COMMIT_MESSAGE_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "message is longer than %zu bytes", COMMIT_MESSAGE_MAX);
	return 0;
}

static size_t text_len(const struct tag *t)
{
	return t->name.len + (t->has_tagger ? t->tagger.who.len : 0) + t->extra.len + t->message.len;
}

int tag_encode(const struct tag *t, struct buf *out, struct drift_error *err)
{
	const char *kind = object_kind_name(t->target_kind);

	if (tag_check(t, err))
		return -1;
	buf_reserve(out, FIXED_LEN_MAX + text_len(t));
	header_add_id(out, "object", &t->target);
	header_add_text(out, "type", (struct text){ kind, strlen(kind) });
	header_add_text(out, "tag", t->name);
	if (t->has_tagger)
		header_add_signature(out, "tagger", &t->tagger);
	buf_add(out, t->extra.data, t->extra.len);
	buf_add_byte(out, '\n');
	buf_add(out, t->message.data, t->message.len);
	return buf_check(out, err);
}

static struct tag *copy(const struct tag *from)
{
	struct tag *t = malloc(sizeof(*t) + text_len(from) + 4);
	struct text nobody = { NULL, 0 };
	char *at;

	if (!t)
		return NULL;
	*t = *from;
	at = (char *)(t + 1);
	t->name = header_copy_text(&at, from->name);
	t->tagger.who = header_copy_text(&at, from->has_tagger ? from->tagger.who : nobody);
	t->extra = header_copy_text(&at, from->extra);
	t->message = header_copy_text(&at, from->message);
	return t;
}

int tag_new(const struct tag *from, struct tag **tag_out, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	struct tag *t;

	if (tag_encode(from, &bytes, err))
		return -1;
	t = copy(from);
	if (!t)
		return error_no_memory(err);
	object_hash(OBJECT_TAG, bytes.data, bytes.len, &t->id);
	*tag_out = t;
	return 0;
}

static int bad_header(const char *key, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "header '%s' is missing or malformed", key);
}

static bool parse_kind(struct text value, enum object_kind *kind_out)
{
	char name[16];

	if (value.len >= sizeof(name) || memchr(value.data, '\0', value.len))
		return false;
	memcpy(name, value.data, value.len);
	name[value.len] = '\0';
	return !object_kind_from_name(name, kind_out, NULL);
}

static int parse(struct cursor *in, struct tag *t, struct drift_error *err)
{
	struct text value;

	if (!header_take(in, "object", &value) || !header_parse_id(value, &t->target))
		return bad_header("object", err);
	if (!header_take(in, "type", &value) || !parse_kind(value, &t->target_kind))
		return bad_header("type", err);
	if (!header_take(in, "tag", &t->name))
		return bad_header("tag", err);
	t->has_tagger = header_take(in, "tagger", &value);
	if (t->has_tagger && !header_parse_signature(value, &t->tagger))
		return bad_header("tagger", err);
	if (!header_take_rest(in, &t->extra))
		return error_set(err, DRIFT_ERR_INVALID, "the empty line before the message is missing");
	t->message.data = (const char *)in->pos;
	t->message.len = cursor_left(in);
	return tag_check(t, err);
}

int tag_decode(const void *data, size_t len, struct tag **tag_out, struct drift_error *err)
{
	struct tag parsed = { 0 }, *t;
	struct cursor in;

	cursor_init(&in, data, len);
	if (len > COMMIT_LEN_MAX)
		return error_set(err, DRIFT_ERR_CORRUPT, "malformed tag: longer than %zu bytes", COMMIT_LEN_MAX);
	if (parse(&in, &parsed, err))
		return error_prefix(err, DRIFT_ERR_CORRUPT, "malformed tag");
	t = copy(&parsed);
	if (!t)
		return error_no_memory(err);
	object_hash(OBJECT_TAG, data, len, &t->id);
	*tag_out = t;
	return 0;
}

void tag_free(struct tag *t)
{
	free(t);
}

void tag_cleanup(struct tag **t)
{
	tag_free(*t);
}
