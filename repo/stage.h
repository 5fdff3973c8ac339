/*
 * The stage: changes of people that wait for `drift commit`. It is a map of its own (MAP_STAGE: path to
 * staged change), the value of the ref STAGE, so staging is durable, atomic and can be undone like all else.
 * Each staged path remembers what it replaced; committing clashes where the branch holds something else by now.
 */
#ifndef REPO_STAGE_H
#define REPO_STAGE_H

#include "repo/writer.h"

/* Stage the edits (patches are computed over the stage and HEAD's tree). */
int stage_add(struct repo *repo, struct edits *e, const char *branch, const char *actor, const char *reason,
	      struct drift_error *err) MUST_CHECK;
/* What is staged for path: 1 / 0 / -1; *node_out keeps its memory. */
int stage_get(struct repo *repo, const char *path, size_t path_len, struct node **node_out, struct staged *out,
	      struct drift_error *err) MUST_CHECK;
/* All staged changes in byte order of path. Non-zero from each stops and is returned. */
int stage_each(struct repo *repo, const char *prefix, size_t prefix_len,
	       int (*each)(void *data, const char *path, size_t path_len, const struct staged *s, struct drift_error *err),
	       void *data, struct drift_error *err) MUST_CHECK;
int stage_count(struct repo *repo, uint64_t *count_out, struct drift_error *err) MUST_CHECK;
/* Drop what is staged under prefix ("" all); how many in dropped_out. */
int stage_drop(struct repo *repo, const char *prefix, size_t prefix_len, const char *actor, uint64_t *dropped_out,
	       struct drift_error *err) MUST_CHECK;
/* The tree of `base` with the stage over it, in the batch (write-tree, get and ls over the stage). */
int stage_tree(struct repo *repo, struct odb_batch *batch, const struct tree_root *base, struct tree_root *root_out,
	       struct drift_error *err) MUST_CHECK;
/* Stage the differences between HEAD's tree and root (read-tree). */
int stage_read_tree(struct repo *repo, const struct tree_root *root, const char *branch, const char *actor, struct drift_error *err) MUST_CHECK;
/* Commit everything staged and clear the stage, in one append. */
int stage_commit(struct repo *repo, const struct commit_options *options, struct commit_result *out,
		 struct drift_error *err) MUST_CHECK;

#endif
