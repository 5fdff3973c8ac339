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
	struct commit *commit; /* borrowed until the next event is asked for */
	enum change_kind kind; /* against the first parent */
	bool present;          /* is there a document after the change? Not after a deletion. */
};

/*
 * The history of path as seen from the point, by effective time, then generation. The empty store has none;
 * DRIFT_ERR_INVALID for a tree that is no commit's, and for what is no path.
 */
int history_open(struct repo *repo, const struct point *from, const char *path, size_t path_len, struct history **out,
		 struct drift_error *err) MUST_CHECK;
/* 1 / 0 / -1. No document is read where the commit lists what it changed. */
int history_next(struct history *h, struct history_event *event_out, struct drift_error *err) MUST_CHECK;
/*
 * The document after the event given last; its memory lives until the next event is asked for. 1 / 0 it was deleted
 * there, or there is no such event / -1, DRIFT_ERR_CORRUPT where the list of changes says that there is one and there
 * is none.
 */
int history_document(struct history *h, struct document *document_out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void history_free(struct history *h);
void history_cleanup(struct history **h);
#define auto_history __attribute__((cleanup(history_cleanup))) struct history

/*
 * For log PATH...: does what is named differ from every parent's (from nothing, without parents)? 1 / 0 / -1. A name that ends with
 * a slash is a prefix of paths; any other is a document, and if it has no slash also the collection of that name.
 * No names at all: any change.
 */
int history_touches(struct repo *repo, struct commit *c, const char *const *names, size_t name_count,
		    struct drift_error *err) MUST_CHECK;
/* Differences of a commit against its first parent (or the empty tree). */
int history_changes(struct repo *repo, struct commit *c, const struct tree_diff_options *options,
		    struct drift_error *err) MUST_CHECK;

#endif
