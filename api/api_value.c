#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "base/mem.h"
#include "repo/documents.h"

/*
 * reserved[0] is the node that holds an inline document's bytes; reserved[1] is memory of our own, which begins with the blob's
 * id where it is known. One of them, or neither for an empty value.
 */
struct owned {
	bool has_id;
	struct oid id;
	char *bytes;
};

static const char nothing[1];

enum drift_kind api_kind(const struct document *doc)
{
	return doc->form == DOCUMENT_GITLINK ? DRIFT_GITLINK : DRIFT_DOCUMENT;
}

uint64_t api_document_len(const struct document *doc)
{
	return doc->form == DOCUMENT_GITLINK ? 2 * doc->len : doc->len;
}

int api_value_take(struct buf *bytes, const struct document *doc, struct drift_value *out, struct drift_error *err)
{
	struct owned *owned = mem_calloc(1, sizeof(*owned));
	size_t len;

	if (!owned)
		return error_no_memory(err);
	if (doc && doc->form != DOCUMENT_INLINE) {
		owned->has_id = true;
		document_id(doc, &owned->id);
	}
	owned->bytes = buf_take(bytes, &len);
	if (!owned->bytes) {
		free(owned);
		return error_no_memory(err);
	}
	*out = (struct drift_value){
		.data = owned->bytes,
		.len = len,
		.kind = doc ? api_kind(doc) : DRIFT_DOCUMENT,
		.mode = doc ? doc->mode : 0,
		.reserved = { NULL, owned },
	};
	return 0;
}

int api_value_of(struct drift_repo *repo, struct node *node, const struct document *doc, struct drift_value *out,
		 struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;

	if (doc->form == DOCUMENT_INLINE) {
		*out = (struct drift_value){
			.data = doc->data,
			.len = (size_t)doc->len,
			.kind = DRIFT_DOCUMENT,
			.mode = doc->mode,
			.reserved = { node_ref(node), NULL },
		};
		return 0;
	}
	if (document_read(repo->repo, doc, &bytes, err))
		return -1;
	return api_value_take(&bytes, doc, out, err);
}

void drift_value_release(struct drift_value *value)
{
	struct owned *owned;

	if (!value)
		return;
	node_unref(value->reserved[0]);
	owned = value->reserved[1];
	if (owned)
		free(owned->bytes);
	free(owned);
	*value = (struct drift_value){ .data = nothing };
}

void drift_value_id(const struct drift_value *value, struct drift_id *id_out)
{
	const struct owned *owned = value->reserved[1];
	struct oid id;

	if (owned && owned->has_id)
		id = owned->id;
	else
		object_hash(OBJECT_BLOB, value->data, value->len, &id);
	*id_out = api_id(&id);
}
