/* Push: refs of ours become refs of another repository, which moves all of them or none. */
#ifndef SYNC_PUSH_H
#define SYNC_PUSH_H

#include "sync/client.h"

/* "NAME:OLD" of --force-with-lease: the ref may be forced if it holds that there. */
struct push_lease {
	const char *name; /* full, or short as the remote knows it; NULL: whatever is pushed */
	bool absent;      /* it is not to be there; else */
	struct oid id;
};

struct push_options {
	const struct remote *remote;
	const struct refspec_list *specs; /* at least one */
	const struct client_refs *theirs; /* what the remote told on this connection; NULL: ask */
	bool force;                       /* every spec as if with '+' */
	bool lease_all;                   /* force those that hold what we saw there last */
	const struct push_lease *leases;
	size_t lease_count;
	bool independent;                 /* each ref on its own */
	bool dry_run;
	const char *actor;
	int64_t time_usec;
	const struct sync_progress *progress;
};

enum push_status {
	PUSH_SAME,
	PUSH_NEW,
	PUSH_FORWARD,
	PUSH_FORCED,
	PUSH_REMOVED,
	PUSH_DIVERGED,  /* it has commits that ours does not have */
	PUSH_UNKNOWN,   /* it has commits that are not here: fetch first */
	PUSH_STALE,     /* it moved meanwhile, or is not what the lease says */
	PUSH_REFUSED,   /* by the other end, for the reason in the sentence */
	PUSH_NOT_TRIED  /* because another was refused */
};
/* Did what was asked for not happen? */
bool push_status_failed(enum push_status status);

struct pushed_ref {
	char *source;      /* ours: a full name or an id; "" removes */
	char *destination; /* the full name there */
	bool has_old, has_new;
	struct oid old, new;
	enum push_status status;
	char *sentence;    /* of the other end; "" */
};

struct push_result {
	struct pushed_ref *refs;
	size_t count, capacity;
	size_t failed_count;
	struct sync_counts counts;
	bool sent; /* anything was asked to be changed */
};
void push_result_release(struct push_result *r);
#define auto_push_result __attribute__((cleanup(push_result_release))) struct push_result

/*
 * 0 also where refs were refused: see the result. DRIFT_ERR_NOT_FOUND, DRIFT_ERR_INVALID for specs that name nothing. Our tracking
 * refs of what was moved move too.
 */
int push_run(struct repo *repo, struct client *client, const struct push_options *options, struct push_result *out,
	     struct drift_error *err) MUST_CHECK;

#endif
