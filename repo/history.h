/*
 * The history of one path, newest first, in time proportional to its own changes: change lists are chained by
 * path in the journal; commits that have only a marker are asked by their trees. A commit counts if it
 * changed the path against every parent and is reachable from the starting point.
 */
#ifndef REPO_HISTORY_H
#define REPO_HISTORY_H

#include "repo/point.h"

struct history;

struct history_event {
	struct commit *commit;   /* borrowed until the next call */
	enum change_kind kind;   /* against the first parent */
	bool present;            /* the document after the change; absent for a deletion */
	struct document document; /* its memory lives until the next call */
};

/* The history of path as seen from the point. */
int history_open(struct repo *repo, const struct point *from, const char *path, size_t path_len,
		 struct history **out, struct drift_error *err) MUST_CHECK;
int history_next(struct history *h, struct history_event *event_out, struct drift_error *err) MUST_CHECK;
void history_free(struct history *h);

/* Does the commit change anything under the prefix against every parent (for log PATH...)? 1 / 0 / -1. */
int history_touches(struct repo *repo, struct commit *c, const char *const *prefixes, size_t prefix_count,
		    struct drift_error *err) MUST_CHECK;
/* Differences of a commit against its first parent (or the empty tree), through the change list where there is one. */
int history_changes(struct repo *repo, struct commit *c, const struct tree_diff_options *options, struct drift_error *err) MUST_CHECK;

#endif
