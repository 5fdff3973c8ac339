#include "plumbing/batch.h"

#include <string.h>

#include "base/utf8.h"
#include "cli/output.h"
#include "merge/jsondoc.h"
#include "repo/documents.h"
#include "repo/history.h"

#define LOG_DEFAULT 100
#define HISTORY_DEFAULT 100
#define DIFF_DEFAULT 1000

/* --- get --- */

/* JSON on one line: as it is where it has no line breaks, else without the white space. */
static int write_json(const struct buf *bytes, struct json_writer *w, struct drift_error *err)
{
	auto_buf compact = BUF_INIT;
	struct json_doc *doc;
	int failed;

	json_writer_key(w, "json");
	if (!memchr(bytes->data, '\n', bytes->len) && !memchr(bytes->data, '\r', bytes->len)) {
		json_writer_raw(w, bytes->data, bytes->len);
		return 0;
	}
	if (json_parse(bytes->data, bytes->len, &doc, err))
		return -1;
	failed = json_compact(json_root(doc), &compact, err) || buf_check(&compact, err);
	json_doc_free(doc);
	json_writer_raw(w, compact.data, compact.len);
	return failed ? -1 : 0;
}

/* "as": "json" where it is JSON, else "text", else "base64": the first that can be, from the one asked for on. */
static int write_content(const struct batch_request *r, const struct buf *bytes, struct json_writer *w,
			 struct drift_error *err)
{
	const struct text text = { .data = bytes->data, .len = bytes->len };
	auto_buf as = BUF_INIT;
	int found = request_string(r, "as", &as, err);

	if (found < 0)
		return -1;
	if (found && strcmp(as.data, "json") != 0 && strcmp(as.data, "text") != 0 && strcmp(as.data, "base64") != 0)
		return error_set(err, DRIFT_ERR_INVALID, "'as' is none of json, text and base64");
	if ((!found || !strcmp(as.data, "json")) && doc_classify(text) == DOC_JSON)
		return write_json(bytes, w, err);
	if (strcmp(as.data, "base64") != 0 && utf8_valid(bytes->data, bytes->len)) {
		json_writer_key(w, "text");
		json_writer_string(w, bytes->data, bytes->len);
	} else {
		json_writer_key(w, "base64");
		json_writer_base64(w, bytes->data, bytes->len);
	}
	return 0;
}

static int write_gitlink(const struct document *doc, struct json_writer *w, struct drift_error *err)
{
	auto_buf hex = BUF_INIT;

	if (document_read(NULL, doc, &hex, err))
		return -1;
	json_writer_member_str(w, "gitlink", hex.data);
	return 0;
}

/* A document of a tree, nothing being staged. */
static int get_stored(struct batch *b, const struct tree_root *root, const struct buf *path, struct document *doc,
		      struct node **node_out, struct drift_error *err)
{
	struct path cut;

	if (path_parse(path->data, path->len, &cut, err))
		return -1;
	return tree_get(repo_nodes(b->ctx->repo), root, &cut, node_out, doc, err);
}

static int write_stored(struct batch *b, const struct batch_request *r, const struct document *doc,
			struct json_writer *w, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	struct oid id;

	document_id(doc, &id);
	out_json_id(w, "id", &id);
	if (doc->mode != DOCUMENT_NO_MODE)
		json_writer_member_uint(w, "mode", doc->mode);
	if (doc->form == DOCUMENT_GITLINK)
		return write_gitlink(doc, w, err);
	json_writer_member_uint(w, "size", doc->len);
	return document_read(b->ctx->repo, doc, &bytes, err) ? -1 : write_content(r, &bytes, w, err);
}

static int get_staged(struct batch *b, const struct batch_request *r, const struct tree_root *root,
		      const struct buf *path, struct json_writer *w, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	struct oid id;
	int found = edits_preview(b->edits, root, path->data, path->len, &bytes, err);

	if (found <= 0)
		return found;
	object_hash(OBJECT_BLOB, bytes.data, bytes.len, &id);
	out_json_id(w, "id", &id);
	json_writer_member_uint(w, "size", bytes.len);
	return write_content(r, &bytes, w, err) ? -1 : 1;
}

/* Is the path one that was staged here? */
static bool is_touched(const struct batch *b, const struct buf *path)
{
	const char *p = b->touched.data, *end = p + b->touched.len;

	while (p < end) {
		uint32_t len;

		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		if (len == path->len && !memcmp(p, path->data, len))
			return true;
		p += len;
	}
	return false;
}

int batch_get(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	bool at = json_members_get(&r->members, "at") != NULL;
	auto_buf path = BUF_INIT;
	auto_point point = POINT_INIT;
	auto_node *node = NULL;
	struct document doc;
	int found;

	if (request_path(r, "path", &path, err) ||
	    (at ? batch_point(b, r, "at", &point, err) : batch_base(b, r, &point.tree, err)))
		return -1;
	if (!at && edits_count(b->edits) && is_touched(b, &path)) {
		found = get_staged(b, r, &point.tree, &path, w, err);
	} else {
		found = get_stored(b, &point.tree, &path, &doc, &node, err);
		if (found > 0 && write_stored(b, r, &doc, w, err))
			found = -1;
	}
	json_writer_member_bool(w, "found", found > 0);
	return found < 0 ? -1 : 0;
}

/* --- history --- */

static int read_limit(const struct batch_request *r, const char *name, uint64_t otherwise, uint64_t *out,
		      struct drift_error *err)
{
	*out = otherwise;
	return request_number(r, name, out, err) < 0 ? -1 : 0;
}

static int write_log(struct revwalk *walk, uint64_t limit, struct json_writer *w, struct drift_error *err)
{
	int more = 1;

	json_writer_key(w, "commits");
	json_writer_begin_array(w);
	for (uint64_t n = 0; n < limit; n++) {
		auto_commit *c = NULL;

		more = revwalk_next(walk, &c, err);
		if (more <= 0)
			break;
		json_writer_begin_object(w);
		out_json_commit(w, c);
		json_writer_end_object(w);
	}
	json_writer_end_array(w);
	return more < 0 ? -1 : 0;
}

int batch_log(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	struct revwalk_options options = { .order = REVWALK_TIME };
	auto_point point = POINT_INIT;
	auto_revwalk *walk = NULL;
	uint64_t limit;

	if (read_limit(r, "n", LOG_DEFAULT, &limit, err) ||
	    request_bool(r, "first_parent", &options.first_parent, err) < 0 || batch_point(b, r, "at", &point, err) ||
	    revwalk_new(b->ctx->repo, &options, &walk, err))
		return -1;
	if (point.bare_tree)
		return error_set(err, DRIFT_ERR_INVALID, "'at' is a tree, which has no history");
	if (point.commit && revwalk_include(walk, point.commit, err))
		return -1;
	return write_log(walk, limit, w, err);
}

static const char *change_word(enum change_kind kind)
{
	return kind == CHANGE_ADD ? "add" : kind == CHANGE_DELETE ? "delete" : "modify";
}

static int write_event(struct history *h, const struct history_event *event, struct json_writer *w,
		       struct drift_error *err)
{
	struct document document;
	struct oid id;
	int present = history_document(h, &document, err);

	if (present < 0)
		return -1;
	json_writer_begin_object(w);
	json_writer_member_str(w, "change", change_word(event->kind));
	if (present) {
		document_id(&document, &id);
		out_json_id(w, "id", &id);
		json_writer_member_uint(w, "size", document.len);
	}
	json_writer_key(w, "commit");
	json_writer_begin_object(w);
	out_json_commit(w, event->commit);
	json_writer_end_object(w);
	json_writer_end_object(w);
	return 0;
}

int batch_history(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	auto_point point = POINT_INIT;
	auto_history *h = NULL;
	auto_buf path = BUF_INIT;
	struct history_event event;
	uint64_t limit;
	int more = 1;

	if (request_path(r, "path", &path, err) || read_limit(r, "n", HISTORY_DEFAULT, &limit, err) ||
	    batch_point(b, r, "at", &point, err) || history_open(b->ctx->repo, &point, path.data, path.len, &h, err))
		return -1;
	json_writer_key(w, "events");
	json_writer_begin_array(w);
	for (uint64_t n = 0; n < limit; n++) {
		more = history_next(h, &event, err);
		if (more > 0 && write_event(h, &event, w, err))
			more = -1;
		if (more <= 0)
			break;
	}
	json_writer_end_array(w);
	return more < 0 ? -1 : 0;
}

/* --- diff --- */

struct batch_comparison {
	struct json_writer *w;
	uint64_t left;
};

static void write_side(struct json_writer *w, const struct document *doc, const char *id_key, const char *size_key)
{
	struct oid id;

	if (!doc)
		return;
	document_id(doc, &id);
	out_json_id(w, id_key, &id);
	json_writer_member_uint(w, size_key, doc->len);
}

static int write_change(void *data, const struct path *path, const struct document *x, const struct document *y,
			struct drift_error *err)
{
	struct batch_comparison *c = data;
	auto_buf name = BUF_INIT;

	if (!c->left)
		return 1;
	c->left--;
	path_format(path, &name);
	if (buf_check(&name, err))
		return -1;
	json_writer_begin_object(c->w);
	out_json_path(c->w, name.data, name.len);
	json_writer_member_str(c->w, "change", change_word(!x ? CHANGE_ADD : !y ? CHANGE_DELETE : CHANGE_MODIFY));
	write_side(c->w, x, "old_id", "old_size");
	write_side(c->w, y, "new_id", "new_size");
	json_writer_end_object(c->w);
	return 0;
}

int batch_diff(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	struct batch_comparison c = { .w = w };
	struct tree_diff_options options = { .each = write_change, .data = &c };
	auto_point from = POINT_INIT;
	auto_point to = POINT_INIT;
	auto_buf prefix = BUF_INIT;
	int result;

	if (!json_members_get(&r->members, "from"))
		return error_set(err, DRIFT_ERR_INVALID, "'from' is missing");
	if (batch_point(b, r, "from", &from, err) || batch_point(b, r, "to", &to, err) ||
	    request_text(r, "prefix", &prefix, err) < 0 || read_limit(r, "limit", DIFF_DEFAULT, &c.left, err))
		return -1;
	options.prefix = prefix.data;
	options.prefix_len = prefix.len;
	json_writer_key(w, "changes");
	json_writer_begin_array(w);
	result = tree_diff(repo_nodes(b->ctx->repo), &from.tree, &to.tree, &options, err);
	json_writer_end_array(w);
	json_writer_member_bool(w, "more", result > 0);
	return result < 0 ? -1 : 0;
}
