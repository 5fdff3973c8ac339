/* Fetch: what of another repository's refs becomes what of ours, and all that they lead to. Moves refs by one transaction. */
#ifndef SYNC_FETCH_H
#define SYNC_FETCH_H

#include "sync/client.h"

#define REF_FETCHED "refs/FETCH_HEAD" /* what was fetched last without saying where to */

struct fetch_options {
	const struct remote *remote;
	const struct refspec_list *specs; /* count 0: the remote's own; if it has none, its HEAD */
	enum remote_tags tags;            /* FOLLOW: those that lead to what is fetched */
	bool prune;    /* remove what the specs made of refs that the remote has no more */
	bool dry_run;  /* ask, but take and change nothing */
	bool force;    /* every spec as if with '+' */
	bool lenient;  /* a ref that was named and is not there is none */
	const char *actor;
	int64_t time_usec;
	const struct sync_progress *progress;
};

enum fetch_status {
	FETCH_SAME,
	FETCH_NEW,
	FETCH_FORWARD,
	FETCH_FORCED,   /* moved, and it was no fast-forward */
	FETCH_REJECTED, /* it would be none, and nothing said '+' */
	FETCH_PRUNED,
	FETCH_MOVED     /* dry runs cannot tell more */
};

struct fetched_ref {
	char *source;      /* there; "" if pruned */
	char *destination; /* here; NULL: none but perhaps REF_FETCHED */
	enum object_kind kind;
	struct object_ref old, new; /* zero ids where there is none */
	enum fetch_status status;
	bool asked;        /* by a spec of options->specs, or of the remote; not a tag that came along */
};

struct fetch_result {
	struct fetched_ref *refs;
	size_t count, capacity;
	struct client_refs theirs; /* all that was told */
	struct sync_counts counts; /* of what came */
	bool received;             /* anything was sent */
};
void fetch_result_release(struct fetch_result *r);
#define auto_fetch_result __attribute__((cleanup(fetch_result_release))) struct fetch_result

/*
 * DRIFT_ERR_NOT_FOUND where a ref that was named is not there; DRIFT_ERR_CLASH where a ref of ours moved meanwhile: nothing
 * is changed then, nor in any other failure. Rejected refs are no failure, they are in the result.
 */
int fetch_run(struct repo *repo, struct client *client, const struct fetch_options *options, struct fetch_result *out,
	      struct drift_error *err) MUST_CHECK;

#endif
