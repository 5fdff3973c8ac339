/*
 * Questions about the graph of commits, answered from the commits alone by jump pointers (first parents) and generation
 * numbers (all parents).
 */
#ifndef REPO_GRAPH_H
#define REPO_GRAPH_H

#include "repo/repo.h"

/* The first-parent ancestor of `from` (itself included) with sequence number seq: O(log n) reads. 1 / 0 (seq 0 or beyond) / -1. */
int graph_at_seq(struct repo *repo, struct commit *from, uint64_t seq, struct commit **out, struct drift_error *err) MUST_CHECK;
/* The last first-parent ancestor of `from` (itself included) with effective time <= time_usec: O(log n). 0: all are later. */
int graph_at_time(struct repo *repo, struct commit *from, int64_t time_usec, struct commit **out, struct drift_error *err) MUST_CHECK;
/* Parent number n from 0: 1 / 0 / -1. */
int graph_parent(struct repo *repo, struct commit *c, size_t n, struct commit **out, struct drift_error *err) MUST_CHECK;
/* Is a reachable from b over all parents (a == b counts)? 1 / 0 / -1. Straight stretches cost O(log n), merges are visited. */
int graph_is_ancestor(struct repo *repo, struct commit *a, struct commit *b, struct drift_error *err) MUST_CHECK;
/* All merge bases in order of id; *bases_out is an array of references, freed by graph_free_list. No common commit: count 0. */
int graph_merge_bases(struct repo *repo, struct commit *a, struct commit *b, struct commit ***bases_out,
		      size_t *count_out, struct drift_error *err) MUST_CHECK;
void graph_free_list(struct commit **list, size_t count);

/* Walk over history, newest first. */
enum revwalk_order { REVWALK_TIME, REVWALK_TOPOLOGICAL };
struct revwalk;
struct revwalk_options {
	enum revwalk_order order; /* both never show a parent before its child */
	bool first_parent;
};
int revwalk_new(struct repo *repo, const struct revwalk_options *options, struct revwalk **out, struct drift_error *err) MUST_CHECK;
/* Start from c; or leave out c and all its ancestors. Before the first next. */
int revwalk_include(struct revwalk *w, struct commit *c, struct drift_error *err) MUST_CHECK;
int revwalk_exclude(struct revwalk *w, struct commit *c, struct drift_error *err) MUST_CHECK;
/* 1 with a reference for the caller, 0 at the end, -1. Memory follows the width of the graph where it can (no excludes). */
int revwalk_next(struct revwalk *w, struct commit **out, struct drift_error *err) MUST_CHECK;
void revwalk_free(struct revwalk *w);

#endif
