#include "repo/documents.h"

#include "base/hex.h"

int document_read(struct repo *repo, const struct document *doc, struct buf *out, struct drift_error *err)
{
	switch (doc->form) {
	case DOCUMENT_INLINE:
		buf_add(out, doc->data, (size_t)doc->len);
		return buf_check(out, err);
	case DOCUMENT_BLOB:
		return odb_blob(repo_odb(repo), &doc->blob, doc->loc, out, err);
	case DOCUMENT_GITLINK:
		hex_append(out, doc->data, (size_t)doc->len);
		return buf_check(out, err);
	case DOCUMENT_CONFLICT:
	default:
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "a document of form %d cannot be read", (int)doc->form);
	}
}

int documents_get(struct repo *repo, const struct tree_root *root, const char *path, size_t path_len, struct buf *out,
		  struct document *doc_out, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path parts;
	int found;

	if (path_parse(path, path_len, &parts, err))
		return -1;
	found = tree_get(repo_nodes(repo), root, &parts, &node, &doc, err);
	if (found <= 0)
		return found;
	if (document_read(repo, &doc, out, err))
		return -1;
	if (doc_out)
		*doc_out = doc;
	return 1;
}

int document_store(struct odb_batch *batch, const void *data, size_t len, uint32_t mode, uint64_t base_loc,
		   struct document *out, struct drift_error *err)
{
	struct document doc = { .mode = mode, .len = len };
	struct object_ref blob;

	if (len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a document of %zu bytes is too long: at most %llu", len,
				 (unsigned long long)DOCUMENT_LEN_MAX);
	if (len <= VALUE_INLINE_MAX) {
		doc.form = DOCUMENT_INLINE;
		doc.data = data;
	} else {
		if (odb_batch_blob(batch, data, len, base_loc, &blob, err))
			return -1;
		doc.form = DOCUMENT_BLOB;
		doc.blob = blob.id;
		doc.loc = blob.loc;
	}
	*out = doc;
	return 0;
}
