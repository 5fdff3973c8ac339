#include "plumbing/ref_format.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "refs/refname.h"

enum field_kind {
	FIELD_REFNAME,
	FIELD_OBJECTNAME,
	FIELD_OBJECTTYPE,
	FIELD_SYMREF,
	FIELD_HEAD,
	FIELD_TREE,
	FIELD_PARENT,
	FIELD_NUMPARENT,
	FIELD_SEQ,
	FIELD_SUBJECT,
	FIELD_BODY,
	FIELD_CONTENTS,
	FIELD_AUTHOR,
	FIELD_COMMITTER,
	FIELD_TAGGER,
	FIELD_CREATOR
};

enum part_kind { PART_WHOLE, PART_NAME, PART_EMAIL, PART_DATE };

static const struct {
	const char *name;
	enum field_kind kind;
	enum part_kind part;
} fields[] = {
	{ "refname", FIELD_REFNAME, PART_WHOLE },
	{ "objectname", FIELD_OBJECTNAME, PART_WHOLE },
	{ "objecttype", FIELD_OBJECTTYPE, PART_WHOLE },
	{ "symref", FIELD_SYMREF, PART_WHOLE },
	{ "HEAD", FIELD_HEAD, PART_WHOLE },
	{ "tree", FIELD_TREE, PART_WHOLE },
	{ "parent", FIELD_PARENT, PART_WHOLE },
	{ "numparent", FIELD_NUMPARENT, PART_WHOLE },
	{ "seq", FIELD_SEQ, PART_WHOLE },
	{ "subject", FIELD_SUBJECT, PART_WHOLE },
	{ "body", FIELD_BODY, PART_WHOLE },
	{ "contents", FIELD_CONTENTS, PART_WHOLE },
	{ "author", FIELD_AUTHOR, PART_WHOLE },
	{ "authorname", FIELD_AUTHOR, PART_NAME },
	{ "authoremail", FIELD_AUTHOR, PART_EMAIL },
	{ "authordate", FIELD_AUTHOR, PART_DATE },
	{ "committer", FIELD_COMMITTER, PART_WHOLE },
	{ "committername", FIELD_COMMITTER, PART_NAME },
	{ "committeremail", FIELD_COMMITTER, PART_EMAIL },
	{ "committerdate", FIELD_COMMITTER, PART_DATE },
	{ "tagger", FIELD_TAGGER, PART_WHOLE },
	{ "taggername", FIELD_TAGGER, PART_NAME },
	{ "taggeremail", FIELD_TAGGER, PART_EMAIL },
	{ "taggerdate", FIELD_TAGGER, PART_DATE },
	{ "creator", FIELD_CREATOR, PART_WHOLE },
	{ "creatordate", FIELD_CREATOR, PART_DATE },
};

static const char *const date_styles[] = { "default", "iso8601", "iso-strict", "raw", "unix", "relative", "short" };

struct field {
	bool deref; /* "*": of what the tag leads to */
	enum field_kind kind;
	enum part_kind part;
	const char *modifier; /* "short", a style of dates, or NULL */
	size_t modifier_len;
};

static bool is_word(const struct field *f, const char *word)
{
	return f->modifier && strlen(word) == f->modifier_len && !memcmp(f->modifier, word, f->modifier_len);
}

static bool modifier_is_known(const struct field *f)
{
	if (!f->modifier)
		return true;
	if (f->kind == FIELD_REFNAME || f->kind == FIELD_OBJECTNAME || f->kind == FIELD_SYMREF || f->kind == FIELD_TREE)
		return is_word(f, "short");
	if (f->kind == FIELD_CONTENTS)
		return is_word(f, "subject") || is_word(f, "body");
	for (size_t i = 0; f->part == PART_DATE && i < ARRAY_SIZE(date_styles); i++) {
		if (is_word(f, date_styles[i]))
			return true;
	}
	return false;
}

static int parse_field(const char *text, size_t len, struct field *out, struct drift_error *err)
{
	struct field f = { .deref = len && text[0] == '*' };
	const char *name = text + f.deref, *colon = memchr(text, ':', len);
	size_t name_len = (size_t)((colon ? colon : text + len) - name);

	if (colon) {
		f.modifier = colon + 1;
		f.modifier_len = (size_t)(text + len - f.modifier);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strlen(fields[i].name) != name_len || memcmp(fields[i].name, name, name_len) != 0)
			continue;
		f.kind = fields[i].kind;
		f.part = fields[i].part;
		if (!modifier_is_known(&f))
			break;
		*out = f;
		return 0;
	}
	return error_set(err, DRIFT_ERR_INVALID, "unknown field: %.*s", (int)len, text);
}

static bool is_hex_escape(const char *at)
{
	return hex_digit((unsigned char)at[1]) >= 0 && hex_digit((unsigned char)at[2]) >= 0;
}

int ref_format_check(const char *format, struct drift_error *err)
{
	struct field f = { .deref = false };

	for (; *format; format++) {
		const char *end;

		if (format[0] != '%')
			continue;
		if (format[1] == '%') {
			format++;
			continue;
		}
		if (format[1] != '(')
			continue;
		end = strchr(format, ')');
		if (!end)
			return error_set(err, DRIFT_ERR_INVALID, "the format ends within a field: %s", format);
		if (parse_field(format + 2, (size_t)(end - format - 2), &f, err))
			return -1;
		format = end;
	}
	return 0;
}

void ref_fields_release(struct ref_fields *f)
{
	commit_unref(f->commit);
	commit_unref(f->peeled_commit);
	tag_free(f->tag);
}

static int read_peeled(struct ref_fields *f, struct drift_error *err)
{
	if (f->peeled)
		return 0;
	if (ref_peel(f->ctx, f->ref, &f->peeled_object, &f->peeled_kind, err))
		return -1;
	f->peeled = true;
	return 0;
}

/* The commit that the field is about, NULL if it is none. */
static int read_commit(struct ref_fields *f, bool deref, const struct commit **out, struct drift_error *err)
{
	struct odb *odb = repo_odb(f->ctx->repo);
	struct commit **at = deref ? &f->peeled_commit : &f->commit;
	const struct object_ref *object = deref ? &f->peeled_object : &f->ref->object;

	*out = NULL;
	if (deref && read_peeled(f, err))
		return -1;
	if ((deref ? f->peeled_kind : f->ref->kind) != OBJECT_COMMIT || (deref && f->ref->kind != OBJECT_TAG))
		return 0;
	if (!*at && odb_commit(odb, &object->id, object->loc, at, err))
		return -1;
	*out = *at;
	return 0;
}

static int read_tag(struct ref_fields *f, const struct tag **out, struct drift_error *err)
{
	*out = NULL;
	if (f->ref->kind != OBJECT_TAG)
		return 0;
	if (!f->tag && odb_tag(repo_odb(f->ctx->repo), &f->ref->object.id, &f->tag, err))
		return -1;
	*out = f->tag;
	return 0;
}

static void append_date(const struct field *f, const struct signature_line *line, struct buf *out)
{
	const struct date date = { .us = line->time_usec, .zone_min = out_zone_min(line->zone) };
	struct date_fields parts;

	if (is_word(f, "iso8601")) {
		date_append_iso(out, date);
	} else if (is_word(f, "iso-strict")) {
		date_append_rfc3339(out, date);
	} else if (is_word(f, "raw")) {
		date_append_raw(out, date);
	} else if (is_word(f, "unix")) {
		buf_addf(out, "%" PRId64, date.us / 1000000);
	} else if (is_word(f, "relative")) {
		date_append_relative(out, date.us, date_now_us());
	} else if (is_word(f, "short")) {
		date_split(date, &parts);
		buf_addf(out, "%04d-%02d-%02d", parts.year, parts.month, parts.day);
	} else {
		date_append_default(out, date);
	}
}

static void append_signature(const struct field *f, const struct signature_line *line, struct buf *out)
{
	const struct date date = { .us = line->time_usec, .zone_min = out_zone_min(line->zone) };
	struct text name, mail;

	who_split(&line->who, &name, &mail);
	switch (f->part) {
	case PART_WHOLE:
		buf_add(out, line->who.data, line->who.len);
		buf_add_byte(out, ' ');
		date_append_raw(out, date);
		break;
	case PART_NAME:
		buf_add(out, name.data, name.len);
		break;
	case PART_EMAIL:
		if (mail.len)
			buf_addf(out, "<%.*s>", (int)mail.len, mail.data);
		break;
	case PART_DATE:
		append_date(f, line, out);
		break;
	}
}

static const struct signature_line *signature_of(const struct field *f, const struct commit *commit,
						 const struct tag *tag)
{
	if (f->kind == FIELD_AUTHOR)
		return commit ? &commit->author : NULL;
	if (f->kind == FIELD_COMMITTER || (f->kind == FIELD_CREATOR && commit))
		return commit ? &commit->committer : NULL;
	return tag && tag->has_tagger ? &tag->tagger : NULL;
}

static void append_message(const struct field *f, const struct text *message, struct buf *out)
{
	const char *end = message->data + message->len, *line_end = memchr(message->data, '\n', message->len);
	const char *body = line_end ? line_end : end;

	while (body < end && *body == '\n')
		body++;
	if (f->kind == FIELD_SUBJECT || is_word(f, "subject"))
		buf_add(out, message->data, (size_t)((line_end ? line_end : end) - message->data));
	else if (f->kind == FIELD_BODY || is_word(f, "body"))
		buf_add(out, body, (size_t)(end - body));
	else
		buf_add(out, message->data, message->len);
}

static void append_id(const struct field *f, const struct oid *id, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	buf_add_str(out, is_word(f, "short") ? out_short_id(id, hex) : oid_to_hex(id, hex));
}

static void append_parents(const struct commit *c, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	for (size_t i = 0; i < c->parent_count; i++)
		buf_addf(out, "%s%s", i ? " " : "", oid_to_hex(&c->parents[i].id, hex));
}

static void append_of_commit(const struct field *f, const struct commit *c, struct buf *out)
{
	if (!c)
		return;
	if (f->kind == FIELD_TREE)
		append_id(f, &c->tree.id, out);
	else if (f->kind == FIELD_PARENT)
		append_parents(c, out);
	else if (f->kind == FIELD_NUMPARENT)
		buf_addf(out, "%zu", c->parent_count);
	else if (f->kind == FIELD_SEQ)
		buf_addf(out, "%" PRIu64, c->seq);
}

static int append_of_object(struct ref_fields *r, const struct field *f, struct buf *out, struct drift_error *err)
{
	const struct signature_line *line;
	const struct commit *commit;
	const struct tag *tag = NULL;

	if (read_commit(r, f->deref, &commit, err) || (!f->deref && read_tag(r, &tag, err)))
		return -1;
	switch (f->kind) {
	case FIELD_SUBJECT:
	case FIELD_BODY:
	case FIELD_CONTENTS:
		if (commit || tag)
			append_message(f, commit ? &commit->message : &tag->message, out);
		break;
	case FIELD_AUTHOR:
	case FIELD_COMMITTER:
	case FIELD_TAGGER:
	case FIELD_CREATOR:
		line = signature_of(f, commit, tag);
		if (line)
			append_signature(f, line, out);
		break;
	case FIELD_TREE:
	case FIELD_PARENT:
	case FIELD_NUMPARENT:
	case FIELD_SEQ:
	case FIELD_REFNAME:
	case FIELD_OBJECTNAME:
	case FIELD_OBJECTTYPE:
	case FIELD_SYMREF:
	case FIELD_HEAD:
		append_of_commit(f, commit, out);
		break;
	}
	return 0;
}

static int append_field(struct ref_fields *r, const struct field *f, struct buf *out, struct drift_error *err)
{
	const struct listed_ref *ref = r->ref;
	bool tagged = ref->kind == OBJECT_TAG;

	if (f->deref && read_peeled(r, err))
		return -1;
	if (f->kind == FIELD_REFNAME)
		buf_add_str(out, is_word(f, "short") ? refname_short(ref->name) : ref->name);
	else if (f->kind == FIELD_SYMREF && ref->target)
		buf_add_str(out, is_word(f, "short") ? refname_short(ref->target) : ref->target);
	else if (f->kind == FIELD_HEAD)
		buf_add_str(out, r->is_head ? "*" : " ");
	else if (f->kind == FIELD_OBJECTNAME && (!f->deref || tagged))
		append_id(f, f->deref ? &r->peeled_object.id : &ref->object.id, out);
	else if (f->kind == FIELD_OBJECTTYPE && (!f->deref || tagged))
		buf_add_str(out, object_kind_name(f->deref ? r->peeled_kind : ref->kind));
	else if (f->kind != FIELD_SYMREF && f->kind != FIELD_OBJECTNAME && f->kind != FIELD_OBJECTTYPE)
		return append_of_object(r, f, out, err);
	return 0;
}

/* The format is the user's own; what stands in the store is others'. */
static int append_shown(struct ref_fields *r, const struct field *f, struct buf *out, struct drift_error *err)
{
	auto_buf value = BUF_INIT;

	if (append_field(r, f, &value, err) || buf_check(&value, err))
		return -1;
	out_append_text(r->ctx, out, value.data, value.len, true);
	return 0;
}

int ref_format_append(struct ref_fields *f, const char *format, struct buf *out, struct drift_error *err)
{
	struct field field = { .deref = false };

	while (*format) {
		if (format[0] == '%' && format[1] == '(') {
			const char *end = strchr(format, ')');

			if (parse_field(format + 2, (size_t)(end - format - 2), &field, err) ||
			    append_shown(f, &field, out, err))
				return -1;
			format = end + 1;
		} else if (format[0] == '%' && is_hex_escape(format)) {
			buf_add_byte(out, (unsigned char)(hex_digit((unsigned char)format[1]) << 4 |
							  hex_digit((unsigned char)format[2])));
			format += 3;
		} else {
			format += format[0] == '%' && format[1] == '%';
			buf_add_byte(out, (unsigned char)*format++);
		}
	}
	return buf_check(out, err);
}

int ref_key_check(const char *field, struct drift_error *err)
{
	struct field f = { .deref = false };

	return parse_field(field, strlen(field), &f, err);
}

int ref_key_read(struct ref_fields *r, const char *field, struct ref_key *out, struct drift_error *err)
{
	const struct signature_line *line;
	const struct commit *commit;
	const struct tag *tag = NULL;
	struct field f = { .deref = false };

	buf_clear(&out->text);
	if (parse_field(field, strlen(field), &f, err) || append_field(r, &f, &out->text, err) ||
	    read_commit(r, f.deref, &commit, err) || (!f.deref && read_tag(r, &tag, err)))
		return -1;
	out->is_number = f.part == PART_DATE || f.kind == FIELD_SEQ || f.kind == FIELD_NUMPARENT;
	out->number = 0;
	if (f.part == PART_DATE) {
		line = signature_of(&f, commit, tag);
		out->number = line ? line->time_usec : INT64_MIN;
	} else if (commit) {
		out->number = f.kind == FIELD_SEQ ? (int64_t)commit->seq : (int64_t)commit->parent_count;
	}
	return buf_check(&out->text, err);
}
