/* The differences between two trees as changes, in pieces that fit into memory: for doing again to one tree what was done to another. */
#ifndef REPO_DIFF_PIECES_H
#define REPO_DIFF_PIECES_H

#include "objects/tree.h"

struct diff_pieces {
	const char *prefix; /* as in tree_diff_options */
	size_t prefix_len;
	/* Changes that make b of a, in order of path; they live until it returns. 0, or -1. */
	int (*take)(void *data, const struct tree_change *changes, size_t count, struct drift_error *err);
	void *data;
};
int diff_in_pieces(struct node_store *store, const struct tree_root *a, const struct tree_root *b,
		   const struct diff_pieces *pieces, struct drift_error *err) MUST_CHECK;

#endif
