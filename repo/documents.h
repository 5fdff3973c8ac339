/* Reading documents at a point, whatever their form. */
#ifndef REPO_DOCUMENTS_H
#define REPO_DOCUMENTS_H

#include "repo/point.h"

/* The exact bytes of a document, appended (a gitlink's: its id in hexadecimal). */
int document_read(struct repo *repo, const struct document *doc, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Bytes of path in the tree: 1 / 0 absent / -1. doc_out may be NULL; its data is not valid afterwards. */
int documents_get(struct repo *repo, const struct tree_root *root, const char *path, size_t path_len, struct buf *out,
		  struct document *doc_out, struct drift_error *err) MUST_CHECK;
/* The form in which bytes are kept: inline, or as a blob put into the batch. */
int document_store(struct odb_batch *batch, const void *data, size_t len, uint32_t mode, uint64_t base_loc,
		   struct document *out, struct drift_error *err) MUST_CHECK;

#endif
