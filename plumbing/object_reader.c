#include "plumbing/object_reader.h"

#include <string.h>

#include "base/hex.h"
#include "repo/documents.h"
#include "repo/point_parse.h"

void object_reader_release(struct object_reader *r)
{
	blob_index_free(r->index);
	r->index = NULL;
}

static void show_progress(void *data, uint64_t bytes_done, uint64_t bytes_total)
{
	struct object_reader *r = data;

	if (!r->has_bar)
		r->bar = ctx_progress(r->ctx, "reading the store for its documents", PROGRESS_BYTES, bytes_total);
	r->has_bar = true;
	progress_update(r->bar, bytes_done);
}

static void end_progress(struct object_reader *r)
{
	progress_finish(r->bar);
	r->bar = NULL;
	r->has_bar = false;
}

static int open_index(struct object_reader *r, struct drift_error *err)
{
	if (r->index)
		return 0;
	r->progress = (struct blob_progress){ show_progress, r };
	return blob_index_new(r->ctx->repo, r->ctx->common.no_cache, &r->progress, &r->index, err);
}

/* The node's reference goes over to out. */
static void take_found(struct blob_found *found, struct object_name *out)
{
	*out = (struct object_name){ .id = found->id, .kind = found->kind, .loc = found->loc };
	if (found->kind == OBJECT_BLOB) {
		out->loc = LOC_UNKNOWN;
		out->node = found->node;
		out->document = found->document;
		found->node = NULL;
	}
}

static int find_unindexed(struct object_reader *r, const char *hex, size_t len, struct object_name *out,
			  struct drift_error *err)
{
	auto_blob_found found = BLOB_FOUND_INIT;
	int result;

	if (open_index(r, err))
		return -1;
	result = blob_index_find_prefix(r->index, hex, len, &found, err);
	end_progress(r);
	if (result > 0)
		take_found(&found, out);
	return result;
}

static bool looks_like_id(const char *text, size_t len)
{
	if (len < POINT_ID_MIN || len > OID_HEX_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (hex_digit((unsigned char)text[i]) < 0)
			return false;
	}
	return true;
}

int object_reader_find(struct object_reader *r, const char *text, size_t len, struct object_name *out,
		       struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	int found;

	if (ctx_branch(r->ctx, err) < 0)
		return -1;
	if (!point_object(r->ctx->repo, text, len, ctx_branch_name(r->ctx), out, &why))
		return 0;
	if (why.code == DRIFT_ERR_NOT_FOUND && looks_like_id(text, len)) {
		found = find_unindexed(r, text, len, out, &why);
		if (found > 0)
			return 0;
	}
	if (err)
		*err = why;
	return -1;
}

int object_reader_find_id(struct object_reader *r, const struct oid *id, struct object_name *out,
			  struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct object_name name = OBJECT_NAME_INIT;
	int found = odb_find(repo_odb(r->ctx->repo), id, &name.kind, &name.loc, err);

	if (found < 0)
		return -1;
	if (!found)
		return find_unindexed(r, oid_to_hex(id, hex), OID_HEX_LEN, out, err);
	name.id = *id;
	*out = name;
	return 1;
}

static int node_bytes(struct object_reader *r, const struct object_name *name, struct buf *out, struct drift_error *err)
{
	auto_node *node = NULL;

	if (odb_node(repo_odb(r->ctx->repo), &name->id, name->loc, &node, err))
		return -1;
	buf_add(out, node->bytes, node->len);
	return buf_check(out, err);
}

int object_reader_bytes(struct object_reader *r, const struct object_name *name, struct buf *out,
			struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	int found;

	if (name->node && name->document.form != DOCUMENT_GITLINK)
		return document_read(r->ctx->repo, &name->document, out, err);
	if (name->node) {
		buf_add(out, name->document.data, (size_t)name->document.len);
		return buf_check(out, err);
	}
	if (name->kind == OBJECT_TREE)
		return node_bytes(r, name, out, err);
	found = odb_read(repo_odb(r->ctx->repo), &name->id, &kind, out, err);
	if (!found)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "object %s is not in the store", oid_to_hex(&name->id, hex));
	return found < 0 ? -1 : 0;
}

int object_reader_node(struct object_reader *r, const char *text, struct tree_root *root_out, enum map_kind *kind_out,
		       struct drift_error *err)
{
	auto_object_name name = OBJECT_NAME_INIT;
	auto_node *node = NULL;
	auto_point point = POINT_INIT;

	if (object_reader_find(r, text, strlen(text), &name, err))
		return -1;
	*kind_out = MAP_ROOT;
	if (name.kind == OBJECT_BLOB)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is a blob, not a tree", text);
	if (name.kind != OBJECT_TREE) {
		if (ctx_point(r->ctx, text, &point, err))
			return -1;
		*root_out = point.tree;
		return 0;
	}
	if (odb_node(repo_odb(r->ctx->repo), &name.id, name.loc, &node, err))
		return -1;
	*kind_out = node->kind;
	*root_out = (struct tree_root){ .id = name.id, .loc = name.loc };
	return 0;
}

int object_reader_tree(struct object_reader *r, const char *text, struct tree_root *root_out, struct drift_error *err)
{
	struct tree_root root;
	enum map_kind kind;

	if (object_reader_node(r, text, &root, &kind, err))
		return -1;
	if (kind != MAP_ROOT)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is a part of a tree, not a whole one", text);
	*root_out = root;
	return 0;
}
