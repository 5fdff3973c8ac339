/*
 * Questions about the graph of commits, answered from the commits alone by jump pointers (first parents) and generation
 * numbers (all parents). Stretches without merges are crossed by commit.last_merge_loc, which the store keeps right: LOC_UNKNOWN
 * there means that the first-parent line has no merge down to its root.
 */
#ifndef REPO_GRAPH_H
#define REPO_GRAPH_H

#include "repo/commit_graph.h"

/* The first-parent ancestor of `from` (itself included) with sequence number seq: O(log n) reads. 1 / 0 (seq 0 or beyond) / -1. */
int graph_at_seq(struct repo *repo, struct commit *from, uint64_t seq, struct commit **out,
		 struct drift_error *err) MUST_CHECK;
/* The last first-parent ancestor of `from` (itself included) with effective time <= time_usec: O(log n). 0: all are later. */
int graph_at_time(struct repo *repo, struct commit *from, int64_t time_usec, struct commit **out,
		  struct drift_error *err) MUST_CHECK;
/* Parent number n from 0: 1 / 0 / -1. DRIFT_ERR_CORRUPT if it is not of a lower generation or is later than c. */
int graph_parent(struct repo *repo, struct commit *c, size_t n, struct commit **out,
		 struct drift_error *err) MUST_CHECK;
/* Is a reachable from b over all parents (a == b counts)? 1 / 0 / -1. Straight stretches cost O(log n), merges are visited. */
int graph_is_ancestor(struct repo *repo, struct commit *a, struct commit *b, struct drift_error *err) MUST_CHECK;
/* All merge bases in order of id; *bases_out is an array of references, freed by graph_free_list. No common commit: count 0. */
int graph_merge_bases(struct repo *repo, struct commit *a, struct commit *b, struct commit ***bases_out,
		      size_t *count_out, struct drift_error *err) MUST_CHECK;
void graph_free_list(struct commit **list, size_t count);

/* Many questions about the ancestors of one commit: what was searched for one is not searched again for the next. */
struct graph_reach;
/* gen_min: no commit of a lower generation will be asked for (1: any). Keeps a reference to b. */
int graph_reach_new(struct repo *repo, struct commit *b, uint64_t gen_min, struct graph_reach **out,
		    struct drift_error *err) MUST_CHECK;
/* graph_is_ancestor(a, b): 1 / 0 / -1. */
int graph_reach_has(struct graph_reach *r, struct commit *a, struct drift_error *err) MUST_CHECK;
void graph_reach_free(struct graph_reach *r);
void graph_reach_cleanup(struct graph_reach **r);
#define auto_graph_reach __attribute__((cleanup(graph_reach_cleanup))) struct graph_reach

/* Walk over history, newest first. */
enum revwalk_order {
	REVWALK_TIME,       /* by effective time */
	REVWALK_TOPOLOGICAL /* lines of history are kept together */
};
struct revwalk;
struct revwalk_options {
	enum revwalk_order order; /* both never show a parent before its child */
	bool first_parent;        /* of what is included; what is left out is left out with all its ancestors */
};
/* options may be NULL: by time, all parents. */
int revwalk_new(struct repo *repo, const struct revwalk_options *options, struct revwalk **out,
		struct drift_error *err) MUST_CHECK;
/* Start from c; or leave out c and all its ancestors. Before the first next. */
int revwalk_include(struct revwalk *w, struct commit *c, struct drift_error *err) MUST_CHECK;
int revwalk_exclude(struct revwalk *w, struct commit *c, struct drift_error *err) MUST_CHECK;
/* 1 with a reference for the caller, 0 at the end, -1. Memory follows the width of the graph, not its length. */
int revwalk_next(struct revwalk *w, struct commit **out, struct drift_error *err) MUST_CHECK;
/*
 * How many revwalk_next would give, in place of the first; the walk is over then. A long walk over all parents is answered by
 * the commit graph (repo/commit_graph.h), if the repository may use what is cached. progress may be NULL.
 */
int revwalk_count(struct revwalk *w, const struct graph_progress *progress, uint64_t *count_out,
		  struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void revwalk_free(struct revwalk *w);
void revwalk_cleanup(struct revwalk **w);
#define auto_revwalk __attribute__((cleanup(revwalk_cleanup))) struct revwalk

#endif
