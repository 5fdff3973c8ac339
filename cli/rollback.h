/* Making a tree in which all, or some paths, are as they were at a point. */
#ifndef CLI_ROLLBACK_H
#define CLI_ROLLBACK_H

#include "cli/change_output.h"

struct rollback {
	struct tree_builder builder; /* for writer_commit: the first member */
	struct repo *repo;
	struct tree_root to;
	struct path_filter filter;   /* count 0: everything */
};
void rollback_init(struct rollback *r, struct repo *repo, const struct tree_root *to, const struct path_filter *filter);

#endif
