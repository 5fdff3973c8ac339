#include "cli/view.h"

#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "merge/jsondoc.h"
#include "repo/documents.h"

static int add_stage(struct cmd_context *ctx, struct view *view, struct drift_error *err)
{
	uint64_t count;
	int over = ctx_reads_stage(ctx, err);

	if (over <= 0)
		return over;
	if (stage_count(ctx->repo, &count, err))
		return -1;
	if (!count)
		return 0;
	if (odb_batch_new(repo_odb(ctx->repo), &view->batch, err) ||
	    stage_tree(ctx->repo, view->batch, &view->point.tree, &view->root, err))
		return -1;
	view->nodes = odb_batch_nodes(view->batch);
	view->staged = true;
	return 0;
}

int view_open(struct cmd_context *ctx, struct view *view, struct drift_error *err)
{
	if (ctx_point(ctx, NULL, &view->point, err))
		return -1;
	view->nodes = repo_nodes(ctx->repo);
	view->root = view->point.tree;
	return add_stage(ctx, view, err);
}

void view_release(struct view *view)
{
	odb_batch_free(view->batch);
	view->batch = NULL;
	point_release(&view->point);
}

static int describe(struct cmd_context *ctx, const struct document *doc, struct document_view *out, struct buf *data,
		    struct drift_error *err)
{
	out->form = doc->form;
	out->mode = doc->mode;
	out->len = doc->len;
	document_id(doc, &out->id);
	if (data && document_read(ctx->repo, doc, data, err))
		return -1;
	return 1;
}

/* The same in the tree of a point. */
static int view_document_at(struct cmd_context *ctx, const struct point *point, const char *path, size_t path_len,
			    struct document_view *out, struct buf *data, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path cut;
	int found;

	if (path_parse(path, path_len, &cut, err))
		return -1;
	found = tree_get(repo_nodes(ctx->repo), &point->tree, &cut, &node, &doc, err);
	return found > 0 ? describe(ctx, &doc, out, data, err) : found;
}

int view_document(struct cmd_context *ctx, const char *path, size_t path_len, struct document_view *out,
		  struct buf *data, struct drift_error *err)
{
	auto_node *node = NULL;
	auto_point point = POINT_INIT;
	struct staged staged;
	struct path cut;
	int over, found;

	if (path_parse(path, path_len, &cut, err))
		return -1;
	over = ctx_reads_stage(ctx, err);
	if (over < 0)
		return -1;
	if (over) {
		found = stage_get(ctx->repo, path, path_len, &node, &staged, err);
		if (found < 0)
			return -1;
		if (found)
			return staged.op == STAGED_REMOVE ? 0 : describe(ctx, &staged.document, out, data, err);
	}
	if (ctx_point(ctx, NULL, &point, err))
		return -1;
	return view_document_at(ctx, &point, path, path_len, out, data, err);
}

const char *view_kind(enum document_form form, const struct buf *data)
{
	struct text text = { .data = data->data, .len = data->len };

	if (form == DOCUMENT_GITLINK)
		return "gitlink";
	if (form == DOCUMENT_CONFLICT)
		return "conflict";
	return doc_kind_name(doc_classify(text));
}

int view_write_json(struct json_writer *w, enum document_form form, const struct buf *data, struct drift_error *err)
{
	auto_buf canonical = BUF_INIT;

	if (!strcmp(view_kind(form, data), "json")) {
		if (json_canonical_bytes(data->data, data->len, &canonical, err) || buf_check(&canonical, err))
			return -1;
		json_writer_key(w, "json");
		json_writer_raw(w, canonical.data, canonical.len);
	} else if (utf8_valid(data->data, data->len)) {
		json_writer_key(w, "text");
		json_writer_string(w, data->data, data->len);
	} else {
		json_writer_key(w, "base64");
		json_writer_base64(w, data->data, data->len);
	}
	return 0;
}

void view_prefix(const char *text, struct buf *out)
{
	size_t len = strlen(text);

	buf_add(out, text, len);
	if (len && text[len - 1] != '/')
		buf_add_byte(out, '/');
}
