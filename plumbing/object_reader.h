/* Objects by any name, for plumbing: what the store's index knows, and through the blob index what it does not. */
#ifndef PLUMBING_OBJECT_READER_H
#define PLUMBING_OBJECT_READER_H

#include "cli/command.h"
#include "repo/blob_index.h"

struct object_reader {
	struct cmd_context *ctx;
	struct blob_index *index; /* made when first needed */
	struct blob_progress progress;
	bool has_bar; /* while the store is read for it */
	struct progress *bar;
};
#define OBJECT_READER_INIT(c) \
	{                     \
		.ctx = (c)    \
	}
void object_reader_release(struct object_reader *r);
#define auto_object_reader __attribute__((cleanup(object_reader_release))) struct object_reader

/* As point_object, also for ids (or their beginnings) of inline documents and tree nodes. ctx_repo() was called. */
int object_reader_find(struct object_reader *r, const char *text, size_t len, struct object_name *out,
		       struct drift_error *err) MUST_CHECK;
/* By its id: 1 / 0 / -1. */
int object_reader_find_id(struct object_reader *r, const struct oid *id, struct object_name *out,
			  struct drift_error *err) MUST_CHECK;
/* Append the object's canonical bytes. */
int object_reader_bytes(struct object_reader *r, const struct object_name *name, struct buf *out,
			struct drift_error *err) MUST_CHECK;
/* What text names, through tags and commits to a tree or any node of one: the root of a whole tree, or else of one map. */
int object_reader_node(struct object_reader *r, const char *text, struct tree_root *root_out, enum map_kind *kind_out,
		       struct drift_error *err) MUST_CHECK;
/* The same, but only whole trees: DRIFT_ERR_INVALID. */
int object_reader_tree(struct object_reader *r, const char *text, struct tree_root *root_out,
		       struct drift_error *err) MUST_CHECK;

/* The commit that text names: DRIFT_ERR_INVALID if it is none, DRIFT_ERR_NOT_FOUND before the first one. */
int plumbing_commit(struct cmd_context *ctx, const char *text, struct commit **out, struct drift_error *err) MUST_CHECK;
/* Append what waits in the batch, durably. */
int plumbing_store(struct cmd_context *ctx, struct odb_batch *batch, struct drift_error *err) MUST_CHECK;
/*
 * writer_add_commit and the append, under one lock, durably. id is what the commit is to have (NULL: whatever it gets):
 * DRIFT_ERR_INVALID if seq, gen, time or jump make it another.
 */
int plumbing_store_commit(struct cmd_context *ctx, const struct commit *from, const struct oid *id, struct oid *id_out,
			  struct drift_error *err) MUST_CHECK;
/* Parse "--short=N" and the like. DRIFT_ERR_INVALID unless min <= N <= max. */
int plumbing_number(const char *text, int64_t min, int64_t max, int64_t *out, struct drift_error *err) MUST_CHECK;
/* Append the shortest beginning of the id that no other object has, of at least min_len digits. */
int plumbing_short_id(struct cmd_context *ctx, const struct oid *id, size_t min_len, struct buf *out,
		      struct drift_error *err) MUST_CHECK;

#endif
