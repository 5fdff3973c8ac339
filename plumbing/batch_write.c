#include "plumbing/batch.h"

#include <string.h>

#include "base/date.h"
#include "base/hex.h"

/* Sets of more edits are applied outside of the append lock first, where only what is durable is seen. */
#define EDITS_HEAVY 300

static int touch(struct batch *b, const struct buf *path, struct drift_error *err)
{
	buf_add_u32(&b->touched, (uint32_t)path->len);
	buf_add(&b->touched, path->data, path->len);
	return buf_check(&b->touched, err);
}

/* The id that the path must have, read before anything is staged. */
struct match {
	int given;
	struct oid id;
};

static int read_match(const struct batch_request *r, struct match *m, struct drift_error *err)
{
	m->given = request_id(r, "if_match", &m->id, err);
	return m->given < 0 ? -1 : 0;
}

static int finish_change(struct batch *b, const struct buf *path, const struct match *m, struct drift_error *err)
{
	if (m->given && edits_if_match(b->edits, path->data, path->len, oid_is_zero(&m->id) ? NULL : &m->id, err))
		return -1;
	return touch(b, path, err);
}

static int is_given(const struct batch_request *r, const char *name)
{
	const struct json_slice *value = json_members_get(&r->members, name);

	return value && !(value->len == 4 && !memcmp(value->data, "null", 4));
}

/* What is to be put: 1 with the bytes, which may be those of the request / 0 there is nothing / -1 */
static int read_content(const struct batch_request *r, struct buf *memory, struct text *out, struct drift_error *err)
{
	const struct json_slice *json = json_members_get(&r->members, "json");
	auto_buf coded = BUF_INIT;
	int found;

	if (is_given(r, "json") + is_given(r, "text") + is_given(r, "base64") > 1)
		return error_set(err, DRIFT_ERR_INVALID, "only one of 'json', 'text' and 'base64' is the document");
	/* Alone, null is a document. */
	if (json && !is_given(r, "text") && !is_given(r, "base64")) {
		*out = (struct text){ .data = json->data, .len = json->len };
		return 1;
	}
	found = request_string(r, "text", memory, err);
	if (!found) {
		found = request_string(r, "base64", &coded, err);
		if (found > 0 && !base64_decode(coded.data, coded.len, memory))
			return error_set(err, DRIFT_ERR_INVALID, "'base64' is not base64");
	}
	*out = (struct text){ .data = memory->data, .len = memory->len };
	return found;
}

int batch_put(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	auto_buf path = BUF_INIT, memory = BUF_INIT;
	struct text content = { .data = "", .len = 0 };
	struct match m;
	int found;

	(void)w;
	if (request_path(r, "path", &path, err) || read_match(r, &m, err))
		return -1;
	found = read_content(r, &memory, &content, err);
	if (!found)
		return error_set(err, DRIFT_ERR_INVALID, "'json', 'text' or 'base64' is missing");
	if (found < 0 || buf_check(&memory, err) ||
	    edits_put(b->edits, path.data, path.len, content.data, content.len, DOCUMENT_NO_MODE, err))
		return -1;
	return finish_change(b, &path, &m, err);
}

int batch_patch(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	const struct json_slice *merge = json_members_get(&r->members, "patch");
	const struct json_slice *operations = json_members_get(&r->members, "json_patch");
	const struct json_slice *patch = merge ? merge : operations;
	auto_buf path = BUF_INIT;
	struct match m;

	(void)w;
	if (!merge == !operations)
		return error_set(err, DRIFT_ERR_INVALID, "one of 'patch' and 'json_patch' is needed");
	if (operations && operations->kind != JSON_ARRAY)
		return error_set(err, DRIFT_ERR_INVALID, "'json_patch' is not an array");
	if (request_path(r, "path", &path, err) || read_match(r, &m, err) ||
	    edits_patch(b->edits, path.data, path.len, merge ? PATCH_MERGE : PATCH_JSON, patch->data, patch->len, err))
		return -1;
	return finish_change(b, &path, &m, err);
}

int batch_remove(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	bool lenient = false;
	struct match m;

	(void)w;
	if (request_path(r, "path", &path, err) || read_match(r, &m, err) ||
	    request_bool(r, "lenient", &lenient, err) < 0 || edits_remove(b->edits, path.data, path.len, lenient, err))
		return -1;
	return finish_change(b, &path, &m, err);
}

static void drop_stage(struct batch *b)
{
	edits_clear(b->edits);
	buf_clear(&b->touched);
	b->change_failed = false;
}

int batch_abort(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	(void)r;
	(void)err;
	json_writer_member_uint(w, "dropped", edits_count(b->edits));
	drop_stage(b);
	return 0;
}

int batch_sync(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	(void)r;
	(void)w;
	return batch_flush(b, err);
}

struct commit_texts {
	struct buf author, committer, message;
	char branch[REF_NAME_MAX + 1];
};

static int read_date(const struct batch_request *r, struct commit_options *o, struct drift_error *err)
{
	struct date date = { .us = 0, .zone_min = 0 };
	auto_buf text = BUF_INIT, zone = BUF_INIT;
	int found = request_string(r, "date", &text, err);

	if (found <= 0)
		return found;
	if (date_parse(text.data, text.len, date_now_us(), &date, err))
		return -1;
	date_append_zone(&zone, date.zone_min);
	if (buf_check(&zone, err) || zone.len >= sizeof(o->zone))
		return -1;
	memcpy(o->zone, zone.data, zone.len + 1);
	o->has_time = true;
	o->time_usec = date.us;
	return 0;
}

static int read_people(const struct batch_request *r, struct commit_texts *texts, struct commit_options *o,
		       struct drift_error *err)
{
	int author = request_text(r, "author", &texts->author, err);
	int committer = author < 0 ? -1 : request_text(r, "committer", &texts->committer, err);

	if (committer < 0)
		return -1;
	if (author)
		o->author = texts->author.data;
	if (committer)
		o->committer = texts->committer.data;
	if (strlen(texts->author.data) != texts->author.len || strlen(texts->committer.data) != texts->committer.len)
		return error_set(err, DRIFT_ERR_INVALID, "an author cannot hold the character NUL");
	return 0;
}

static int read_expect(struct batch *b, const struct batch_request *r, struct commit_options *o,
		       struct drift_error *err)
{
	auto_point point = POINT_INIT;
	auto_buf text = BUF_INIT;
	int found = request_string(r, "expect", &text, err);

	if (found <= 0)
		return found;
	o->has_expect = true;
	if (!strcmp(text.data, "absent") || !oid_from_hex(text.data, text.len, &o->expect, NULL))
		return 0;
	if (batch_point(b, r, "expect", &point, err))
		return -1;
	if (point.commit)
		o->expect = point.commit->id;
	return 0;
}

/* A branch is made by a commit that expects it to be absent, not by a slip of the pen. */
static int check_branch(struct batch *b, const struct commit_options *o, struct drift_error *err)
{
	struct ref_resolved at, head;

	if (!o->branch || (o->has_expect && oid_is_zero(&o->expect)))
		return 0;
	if (batch_resolve(b, o->branch, &at, err))
		return -1;
	if (at.exists)
		return 0;
	if (batch_resolve(b, REF_HEAD, &head, err))
		return -1;
	if (!strcmp(at.name, head.name))
		return 0;
	return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no branch '%s'", at.name);
}

static int read_options(struct batch *b, const struct batch_request *r, struct commit_texts *texts,
			struct commit_options *o, struct drift_error *err)
{
	int found = request_text(r, "message", &texts->message, err);

	if (found < 0)
		return -1;
	if (!texts->message.len)
		return error_set(err, DRIFT_ERR_INVALID, "'message' is %s", found ? "empty" : "missing");
	o->message = texts->message.data;
	o->message_len = texts->message.len;
	if (batch_branch(b, r, texts->branch, err) || read_people(r, texts, o, err) || read_date(r, o, err) ||
	    read_expect(b, r, o, err) || request_bool(r, "allow_empty", &o->allow_empty, err) < 0)
		return -1;
	o->branch = texts->branch[0] ? texts->branch : NULL;
	return 0;
}

static int make_commit(struct batch *b, const struct batch_request *r, struct commit_texts *texts,
		       struct json_writer *w, struct drift_error *err)
{
	struct commit_options options;
	struct commit_result result;
	char hex[OID_HEX_LEN + 1];

	if (b->atomic && b->change_failed)
		return error_set(err, DRIFT_ERR_INVALID,
				 "a change since the last commit failed: nothing was committed");
	if (ctx_commit_options(b->ctx, &options, err))
		return -1;
	options.no_wait = true;
	if (read_options(b, r, texts, &options, err) || check_branch(b, &options, err))
		return -1;
	if (b->pending && edits_count(b->edits) > EDITS_HEAVY && batch_flush(b, err))
		return -1;
	if (edits_commit(b->edits, &options, &result, err))
		return -1;
	memcpy(b->branch, result.branch, sizeof(b->branch));
	b->pending = b->request_commits = true;
	b->ticket = result.ticket;
	b->tip = result.id;
	json_writer_member_str(w, "id", oid_to_hex(&result.id, hex));
	json_writer_member_uint(w, "seq", result.seq);
	json_writer_member_uint(w, "changed", result.changed_count);
	if (result.changed_more)
		json_writer_member_bool(w, "changed_more", true);
	if (result.rebased)
		json_writer_member_bool(w, "rebased", true);
	return 0;
}

int batch_commit(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	struct commit_texts texts = { .author = BUF_INIT, .committer = BUF_INIT, .message = BUF_INIT };
	int result = make_commit(b, r, &texts, w, err);

	/* What failed is dropped, too: whoever sends without waiting must not find it in the next commit. */
	drop_stage(b);
	buf_release(&texts.author);
	buf_release(&texts.committer);
	buf_release(&texts.message);
	return result;
}
