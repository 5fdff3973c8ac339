/*
 * Sync: two repositories end up with the same branches. Fetch, join what came to our branches (join.h), push what the other lacks; and
 * again, if it moved meanwhile. Over one connection: one round trip where there is nothing to do, two where there is.
 */
#ifndef SYNC_RECONCILE_H
#define SYNC_RECONCILE_H

#include "sync/fetch.h"
#include "sync/join.h"
#include "sync/push.h"

#define RECONCILE_ATTEMPTS_MAX 20

/* A branch of ours and the one that it is to be equal to. */
struct reconcile_branch {
	const char *ours, *theirs; /* full names */
	/* What came of it: */
	bool joined;               /* join says how; else the other end has no such branch, or it is as ours */
	struct join_result join;   /* the last that changed something; conflicts as they are now */
	bool pushed;
	enum push_status push;     /* where pushed, and of the last attempt */
	struct oid old, new;       /* what the other end's branch held, and holds; zero: nothing */
	char sentence[256];        /* of the other end, if it refused */
};

struct reconcile_options {
	const struct remote *remote;
	struct reconcile_branch *branches;
	size_t count;
	enum remote_tags tags;
	bool no_conflicts;
	const char *actor;
	int64_t time_usec;
	const struct sync_progress *progress;
	/* Told of each fetch that moved refs. */
	void (*fetched)(void *data, const struct fetch_result *result);
	void *data;
};

struct reconcile_result {
	struct sync_counts received, sent;
	unsigned attempts;
	size_t failed_count; /* branches that the other end refused */
};

/* DRIFT_ERR_CLASH: a join was refused, or others were quicker each time. DRIFT_ERR_NOT_FOUND: neither has such a branch. */
int reconcile_run(struct repo *repo, struct client *client, const struct reconcile_options *options,
		  struct reconcile_result *out, struct drift_error *err) MUST_CHECK;

#endif
