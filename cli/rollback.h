/* Making a tree in which all, or some paths, are as they were at a point. */
#ifndef CLI_ROLLBACK_H
#define CLI_ROLLBACK_H

#include "cli/change_output.h"

struct rollback {
	struct tree_builder builder; /* for writer_commit: the first member */
	struct repo *repo;
	struct tree_root to;
	const char *point;           /* what the user calls it */
	struct path_filter filter;   /* count 0: everything */
};
/* A path of the filter that leads to nothing, neither in the tip nor in the tree, is an error when the tree is built:
 * DRIFT_ERR_NOT_FOUND. */
void rollback_init(struct rollback *r, struct repo *repo, const struct point *to, const char *point,
		   const struct path_filter *filter);

#endif
