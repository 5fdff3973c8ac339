/*
 * Names for commits. Any refs/... name holds a commit or a tag; HEAD is symbolic; STAGE (a map of staged changes, see
 * repo/stage.h) is one of the store's own. A transaction moves any number of refs, each with its expected
 * old value, all or none, in one journal record, which is the reflog too.
 */
#ifndef REFS_REFS_H
#define REFS_REFS_H

#include "objects/odb.h"

#define REF_HEAD "HEAD"
#define REF_STAGE "STAGE"
#define REF_INCOMING "INCOMING/" /* below it, of the store's own too: what came of transfers that have not ended (sync/receive.h) */
#define REF_INCOMING_SEC ((int64_t)14 * 86400) /* so old ones are forgotten by gc */
#define REF_HEADS "refs/heads/"
#define REF_TAGS "refs/tags/"
#define REF_REMOTES "refs/remotes/"

struct ref_resolved {
	char name[REF_NAME_MAX + 1]; /* the ref at the end of the symbolic chain, whether it exists or not */
	bool exists;
	struct object_ref object;
};

/* Follow symbolic refs (at most 5). A missing ref at the end is success with exists false. */
int refs_resolve(struct odb *odb, const char *name, bool locked, struct ref_resolved *out,
		 struct drift_error *err) MUST_CHECK;
/* As refs_resolve, then through tags to a commit: 1 / 0 absent / -1. */
int refs_commit(struct odb *odb, const char *name, bool locked, struct commit **commit_out,
		struct drift_error *err) MUST_CHECK;
/* The full name of a short one ("main", "v1", "heads/main", "HEAD") among existing refs, by git's rules: 1 / 0 / -1;
 * DRIFT_ERR_AMBIGUOUS where two match. */
int refs_expand(struct odb *odb, const char *shorthand, size_t len, char name_out[REF_NAME_MAX + 1],
		struct drift_error *err) MUST_CHECK;

/* All refs as they stood at one moment, for who looks at many: where one commit of refs set thousands, each odb_ref_read reads all of it. */
struct ref_snapshot {
	struct ref_snapshot_item {
		char *name;
		struct ref_value value;
	} *items; /* in order of name */
	size_t count, capacity;
};
int ref_snapshot_take(struct odb *odb, const char *prefix, struct ref_snapshot *out, struct drift_error *err) MUST_CHECK;
/* NULL: there is none of that name. */
const struct ref_value *ref_snapshot_find(const struct ref_snapshot *s, const char *name);
void ref_snapshot_release(struct ref_snapshot *s);

/* Is it one that people neither see nor move: STAGE, or below INCOMING? */
bool refs_is_own(const char *name);

enum ref_expect { REF_EXPECT_ANYTHING, REF_EXPECT_ABSENT, REF_EXPECT_OBJECT };

struct ref_change {
	const char *name; /* as it is written: symbolic refs are not followed */
	enum ref_expect expect;
	struct oid old;         /* REF_EXPECT_OBJECT */
	struct ref_value value; /* REF_ABSENT: delete */
	bool check_only;        /* verify `expect`, change nothing */
};

struct ref_transaction {
	const struct ref_change *changes;
	size_t change_count;
	struct odb_batch *batch; /* objects to append along, or NULL */
	const char *actor, *reason; /* see struct odb_append */
	int64_t time_usec;
};

/* Check under the append lock, which the caller holds, and append. DRIFT_ERR_CLASH names the ref and what it holds. */
int refs_apply_locked(struct odb *odb, const struct ref_transaction *t, uint64_t *ticket_out,
		      struct drift_error *err) MUST_CHECK;
/* Lock, check, append, unlock, wait for the disk. */
int refs_apply(struct odb *odb, const struct ref_transaction *t, struct drift_error *err) MUST_CHECK;

#endif
