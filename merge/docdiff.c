#include "merge/docdiff.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "merge/docdiff_internal.h"
#include "merge/jsondoc.h"

/* Lowers kind to what can be said of this side too; an absent one is anything. */
static int read_side(const struct text *bytes, struct docdiff_side *side, enum docdiff_kind *kind,
		     struct drift_error *err)
{
	enum doc_kind doc_kind;

	if (!bytes)
		return 0;
	side->present = true;
	side->bytes = *bytes;
	if (doc_read(*bytes, &doc_kind, &side->json, err))
		return -1;
	if (doc_kind == DOC_TEXT && *kind == DOCDIFF_JSON)
		*kind = DOCDIFF_TEXT;
	if (doc_kind == DOC_BINARY)
		*kind = DOCDIFF_BINARY;
	return 0;
}

static const struct json_value *root_of(const struct docdiff_side *side)
{
	return side->json ? json_root(side->json) : NULL;
}

/* By field, or where those are too many by line, or where the texts are too long as binary. */
static int compare(struct docdiff *d, struct drift_error *err)
{
	struct text empty = { "", 0 };
	struct drift_error why;

	if (d->kind == DOCDIFF_JSON) {
		if (!json_diff_new(root_of(&d->from), root_of(&d->to), &d->fields, &why))
			return 0;
		if (why.code != DRIFT_ERR_LIMIT)
			return error_set(err, why.code, "%s", why.message);
		d->kind = DOCDIFF_TEXT;
	}
	if (d->kind == DOCDIFF_TEXT) {
		if (!textdiff_create(d->from.present ? d->from.bytes : empty, d->to.present ? d->to.bytes : empty,
				     &d->lines, &why))
			return 0;
		if (why.code != DRIFT_ERR_LIMIT)
			return error_set(err, why.code, "%s", why.message);
		d->kind = DOCDIFF_BINARY;
	}
	return 0;
}

int docdiff_new(const struct text *from, const struct text *to, struct docdiff **out, struct drift_error *err)
{
	struct docdiff *d = calloc(1, sizeof(*d));

	if (!d)
		return error_no_memory(err);
	d->kind = doc_same(from, to) ? DOCDIFF_EQUAL : DOCDIFF_JSON;
	if (d->kind != DOCDIFF_EQUAL &&
	    (read_side(from, &d->from, &d->kind, err) || read_side(to, &d->to, &d->kind, err) || compare(d, err))) {
		docdiff_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

void docdiff_free(struct docdiff *d)
{
	if (!d)
		return;
	json_diff_free(d->fields);
	if (d->lines)
		textdiff_free(d->lines);
	json_doc_free(d->from.json);
	json_doc_free(d->to.json);
	free(d);
}

enum docdiff_kind docdiff_kind(const struct docdiff *d)
{
	return d->kind;
}

void docdiff_counts(const struct docdiff *d, size_t *added_out, size_t *removed_out)
{
	size_t added = 0, removed = 0, count = 0, i;
	const struct textdiff_change *lines;

	for (i = 0; d->fields && i < json_diff_count(d->fields); i++) {
		const struct json_change *change = json_diff_at(d->fields, i);

		added += change->kind != JSON_REMOVE;
		removed += change->kind != JSON_ADD;
	}
	lines = d->lines ? textdiff_changes(d->lines, &count) : NULL;
	for (i = 0; i < count; i++) {
		added += lines[i].b_count;
		removed += lines[i].a_count;
	}
	*added_out = added;
	*removed_out = removed;
}

static void write_value(struct json_writer *w, const char *key, const struct json_value *v, struct buf *scratch)
{
	if (!v)
		return;
	buf_clear(scratch);
	if (json_canonical(v, scratch, NULL))
		scratch->failed = true;
	json_writer_key(w, key);
	json_writer_raw(w, scratch->data, scratch->len);
}

static int write_fields(const struct docdiff *d, struct json_writer *w, struct drift_error *err)
{
	static const char *const ops[] = { [JSON_ADD] = "add", [JSON_REMOVE] = "remove", [JSON_CHANGE] = "change" };
	auto_buf scratch = BUF_INIT;
	size_t i;

	json_writer_key(w, "changes");
	json_writer_begin_array(w);
	for (i = 0; i < json_diff_count(d->fields); i++) {
		const struct json_change *change = json_diff_at(d->fields, i);

		json_writer_begin_object(w);
		json_writer_member_str(w, "op", ops[change->kind]);
		json_writer_key(w, "path");
		json_writer_string(w, change->pointer, change->pointer_len);
		write_value(w, "old", change->old_value, &scratch);
		write_value(w, "new", change->new_value, &scratch);
		json_writer_end_object(w);
		if (buf_check(&scratch, err))
			return -1;
	}
	json_writer_end_array(w);
	return 0;
}

/* A line that is no UTF-8 makes all lines of its hunk base 64. */
static bool hunk_is_utf8(const struct docdiff *d, const struct textdiff_change *c)
{
	struct text line;
	size_t i;

	for (i = 0; i < c->a_count + c->b_count; i++) {
		line = i < c->a_count ? textdiff_a_line(d->lines, c->a_start + i) :
					textdiff_b_line(d->lines, c->b_start + i - c->a_count);
		if (!utf8_valid(line.data, line.len))
			return false;
	}
	return true;
}

static void write_line(struct json_writer *w, char sign, struct text line, bool utf8, struct buf *scratch)
{
	buf_clear(scratch);
	buf_add_byte(scratch, (unsigned char)sign);
	buf_add(scratch, line.data, line.len);
	if (utf8)
		json_writer_string(w, scratch->data, scratch->len);
	else
		json_writer_base64(w, scratch->data, scratch->len);
}

static void write_hunk(const struct docdiff *d, const struct textdiff_change *c, struct json_writer *w,
		       struct buf *scratch)
{
	bool utf8 = hunk_is_utf8(d, c);
	size_t i;

	json_writer_begin_object(w);
	json_writer_member_uint(w, "old_start", c->a_start + 1);
	json_writer_member_uint(w, "old_count", c->a_count);
	json_writer_member_uint(w, "new_start", c->b_start + 1);
	json_writer_member_uint(w, "new_count", c->b_count);
	json_writer_key(w, utf8 ? "lines" : "lines_b64");
	json_writer_begin_array(w);
	for (i = 0; i < c->a_count; i++)
		write_line(w, '-', textdiff_a_line(d->lines, c->a_start + i), utf8, scratch);
	for (i = 0; i < c->b_count; i++)
		write_line(w, '+', textdiff_b_line(d->lines, c->b_start + i), utf8, scratch);
	json_writer_end_array(w);
	json_writer_end_object(w);
}

static int write_lines(const struct docdiff *d, struct json_writer *w, struct drift_error *err)
{
	auto_buf scratch = BUF_INIT;
	const struct textdiff_change *changes;
	size_t count, i;

	changes = textdiff_changes(d->lines, &count);
	json_writer_key(w, "hunks");
	json_writer_begin_array(w);
	for (i = 0; i < count; i++)
		write_hunk(d, &changes[i], w, &scratch);
	json_writer_end_array(w);
	return buf_check(&scratch, err);
}

static void write_len(const struct docdiff_side *side, const char *key, struct json_writer *w)
{
	if (side->present)
		json_writer_member_uint(w, key, side->bytes.len);
	else
		json_writer_member_null(w, key);
}

int docdiff_write_json(const struct docdiff *d, struct json_writer *w, struct drift_error *err)
{
	static const char *const names[] = {
		[DOCDIFF_EQUAL] = "equal", [DOCDIFF_JSON] = "json", [DOCDIFF_TEXT] = "text", [DOCDIFF_BINARY] = "binary"
	};

	json_writer_member_str(w, "kind", names[d->kind]);
	switch (d->kind) {
	case DOCDIFF_EQUAL:
		break;
	case DOCDIFF_JSON:
		return write_fields(d, w, err);
	case DOCDIFF_TEXT:
		return write_lines(d, w, err);
	case DOCDIFF_BINARY:
		write_len(&d->from, "old_len", w);
		write_len(&d->to, "new_len", w);
		break;
	}
	return 0;
}
