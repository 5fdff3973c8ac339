/*
 * The graph of all commits in memory, by number, in the order in which they were stored: parents have lower numbers, so one pass
 * over the numbers answers what else takes a walk with a read a commit. Kept in cache/graph (see
 * Documentation/drift-format-cache.adoc), which may be deleted at any time; of a store that has grown, only what is new is read.
 */
#ifndef REPO_COMMIT_GRAPH_H
#define REPO_COMMIT_GRAPH_H

#include "repo/repo.h"

struct commit_graph;

struct graph_progress {
	void (*update)(void *data, uint64_t files_done, uint64_t files_total);
	void *data;
};

/* Read it, and make it of what it does not have yet. progress may be NULL. */
int commit_graph_open(struct repo *repo, const struct graph_progress *progress, struct commit_graph **out,
		      struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void commit_graph_free(struct commit_graph *g);
void commit_graph_cleanup(struct commit_graph **g);
#define auto_commit_graph __attribute__((cleanup(commit_graph_cleanup))) struct commit_graph

/*
 * How many commits are reached from those in `from`, and not from those in `without`, by their locations: 1; 0 if one of them
 * is not in the graph (removed by gc, or just appended); -1. Each commit counts once, however often it is stored.
 */
int commit_graph_count(const struct commit_graph *g, const uint64_t *from, size_t from_count, const uint64_t *without,
		       size_t without_count, uint64_t *count_out, struct drift_error *err) MUST_CHECK;
/*
 * The merge bases of two commits, by their locations, as graph_merge_bases finds them: 1 with locs_out (to be freed); 0; -1.
 */
int commit_graph_bases(const struct commit_graph *g, uint64_t a, uint64_t b, uint64_t **locs_out, size_t *count_out,
		       struct drift_error *err) MUST_CHECK;

#endif
