/* What was fetched joins a branch: the branch goes forward, or an automatic merge, the same on every node, is its next commit. */
#ifndef SYNC_JOIN_H
#define SYNC_JOIN_H

#include "repo/merge_commit.h"

struct join_options {
	const char *branch;       /* full name */
	const struct oid *with;   /* a commit that is stored */
	const char *verb, *from;  /* for the log of refs: NULL is "pull"; "origin" */
	const struct oid *expect; /* where the branch must stand, zero: it must be absent; NULL: anywhere */
	bool no_conflicts; /* refuse what would leave documents in conflict; so does branch.NAME.conflicts = refuse */
	bool forward_only;
	const char *actor;
	int64_t time_usec;
};

struct join_result {
	enum merge_kind kind;
	bool created;            /* there was no such branch */
	struct oid old, new;     /* what the branch held, and holds; old is zero where created */
	uint64_t conflict_count; /* documents in conflict in `new`, but for MERGE_NOTHING */
	uint64_t merged_count;   /* documents that both had changed */
};

/*
 * DRIFT_ERR_CLASH: refused for what no_conflicts, forward_only or expect say, or other writers were quicker each time: nothing is
 * changed then.
 */
int branch_join(struct repo *repo, const struct join_options *options, struct join_result *out,
		struct drift_error *err) MUST_CHECK;

#endif
