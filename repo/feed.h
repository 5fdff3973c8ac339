/*
 * The change feed: what each commit of a branch changed, oldest first, from any commit on, and again when more has come. It follows
 * the first-parent line of the branch as it stands each time.
 *
 * Invariant: whoever begins with the state of the first commit and puts each document that an event names into the
 * state of the event's commit has at last the state of the tip, whatever became of the branch meanwhile:
 *  - The commit told last is on the line: the commits behind it follow.
 *  - The tip leads to it all the same, as after a merge of both ways made elsewhere: the commits of the line follow from where it leaves
 *    what was told. Should none of them restore a document that is as before the two ways parted, a FEED_BACK event does first.
 *  - It does not: a FEED_RESET event, FEED_BACK events that lead to the last commit of the line that was told or is an ancestor
 *    of what was, and those behind that one.
 */
#ifndef REPO_FEED_H
#define REPO_FEED_H

#include "objects/odb.h"
#include "repo/graph.h"

/* All up to a commit was told, itself included, or only so many of its changes; a zero id: nothing was. */
struct feed_position {
	struct oid id;
	uint64_t told; /* 0: the whole commit */
};

enum feed_kind {
	FEED_CHANGE, /* `commit` did that to `path` */
	FEED_BACK,   /* going back to the state of `commit` does it */
	FEED_RESET   /* the branch went from `from` to `to`, which does not lead there; `commit` is where it goes on */
};

struct feed_event {
	enum feed_kind kind;
	struct commit *commit;    /* NULL: the empty store */
	struct path path;
	enum change_kind change;  /* against the first parent */
	uint64_t kinds;           /* against each parent, as in struct change; FEED_CHANGE */
	struct commit *from, *to; /* FEED_RESET */
	struct feed_position next; /* where to go on behind this event */
};

struct feed_options {
	const char *ref;             /* full name; it need not exist (any more) */
	struct feed_position since;
	/* What is given lives until it returns. 0 to go on, >0 to stop behind this event, <0 error. */
	int (*each)(void *data, const struct feed_event *event, struct drift_error *err);
	void *data;
};

struct feed;
/* Options are copied, but the name, which outlives the feed. DRIFT_ERR_NOT_FOUND: there is no such commit. */
int feed_open(struct repo *repo, const struct feed_options *options, struct feed **out, struct drift_error *err) MUST_CHECK;
/* Tell all up to the tip of now: 0 then, or what each returned. A branch that is not there has nothing to tell. */
int feed_run(struct feed *feed, struct drift_error *err) MUST_CHECK;
/* Where the next run goes on. */
struct feed_position feed_at(const struct feed *feed);
/* The commit that was told whole, last; NULL: none. */
struct commit *feed_commit(const struct feed *feed);
/* NULL-safe. */
void feed_free(struct feed *feed);
void feed_cleanup(struct feed **feed);
#define auto_feed __attribute__((cleanup(feed_cleanup))) struct feed

/*
 * As text: "ID", or "ID+N" where N changes of it were told; "@seq:0" before all. Parsing gives 1, or 0 for any other text (which may be
 * a point).
 */
void feed_position_format(const struct feed_position *position, struct buf *out);
int feed_position_parse(const char *text, struct feed_position *out);

#endif
