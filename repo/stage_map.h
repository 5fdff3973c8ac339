/*
 * How the stage is kept: in the shape of a tree, a root map from collection to descriptor, but with maps of staged changes
 * (MAP_STAGE) instead of documents below it. So paths have the same limits and the same order as in a tree.
 */
#ifndef REPO_STAGE_MAP_H
#define REPO_STAGE_MAP_H

#include "objects/tree.h"

/* The staged change of path: 1 / 0 / -1; *node_out keeps its memory. */
int stage_map_get(struct node_store *store, const struct tree_root *stage, const struct path *path,
		  struct node **node_out, struct staged *out, struct drift_error *err) MUST_CHECK;

/* Set the staged change of a path, or drop it (NULL). */
struct stage_change {
	struct path path;
	const struct staged *staged;
};
/* In strictly ascending order of path_compare: 1 / 0 / -1; what it yields lives until the next call. */
struct stage_changes {
	int (*next)(struct stage_changes *self, struct stage_change *change_out, struct drift_error *err);
};
int stage_map_edit(struct node_store *store, const struct tree_root *stage, struct stage_changes *changes,
		   struct tree_root *stage_out, struct drift_error *err) MUST_CHECK;

/* All staged changes whose path begins with a prefix (see tree_cursor_open), in order of path_compare. */
struct stage_cursor;
int stage_cursor_open(struct node_store *store, const struct tree_root *stage, const char *prefix, size_t prefix_len,
		      struct stage_cursor **out, struct drift_error *err) MUST_CHECK;
/* 1 / 0 / -1; what it yields lives until the next call. */
int stage_cursor_next(struct stage_cursor *c, struct path *path_out, struct staged *out,
		      struct drift_error *err) MUST_CHECK;
void stage_cursor_free(struct stage_cursor *c);
void stage_cursor_cleanup(struct stage_cursor **c);
#define auto_stage_cursor __attribute__((cleanup(stage_cursor_cleanup))) struct stage_cursor

#endif
