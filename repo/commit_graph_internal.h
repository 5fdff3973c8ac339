/* The rows of a commit graph. */
#ifndef REPO_COMMIT_GRAPH_INTERNAL_H
#define REPO_COMMIT_GRAPH_INTERNAL_H

#include "repo/commit_graph.h"

/*
 * a, b: numbers of parents plus one, 0: none. Of a commit with more than two parents the last of several rows with its location is
 * the commit; each of them has the row before it in place of b, the first one two parents.
 * b is GRAPH_ALIAS: this is the commit `a` stored once more. GRAPH_GONE: a parent that is not in the store.
 */
struct graph_row {
	uint64_t loc;
	uint32_t a, b;
};
#define GRAPH_ALIAS UINT32_MAX
#define GRAPH_GONE (UINT32_MAX - 1)

struct commit_graph {
	struct graph_row *rows; /* in order of location */
	size_t count, capacity;
};

/* The number of the commit at loc plus one; 0: it is not there. */
uint32_t commit_graph_number(const struct commit_graph *g, uint64_t loc);

/* Add rows of all commits that stand from `from` on and before `end`; newest_out: the last of them, if there are any. */
int commit_graph_extend(struct commit_graph *g, struct odb *odb, uint64_t from, uint64_t end,
			const struct graph_progress *progress, struct object_ref *newest_out,
			struct drift_error *err) MUST_CHECK;

#endif
