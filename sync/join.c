#include "sync/join.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "refs/refname.h"

#define ATTEMPTS_MAX 20

/* What one attempt works on. */
struct join {
	struct repo *repo;
	const struct join_options *o;
	struct ref_resolved branch;
	struct commit *theirs, *ours;
	struct odb_batch *batch;
	struct merge_result merge;
};

static void join_release(struct join *j)
{
	commit_unref(j->theirs);
	commit_unref(j->ours);
	commit_unref(j->merge.commit);
	odb_batch_free(j->batch);
}
#define auto_join __attribute__((cleanup(join_release))) struct join

static int read_commit(struct repo *repo, const struct oid *id, struct commit **out, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	uint64_t loc;
	int found = odb_find(repo_odb(repo), id, &kind, &loc, err);

	if (found < 0)
		return -1;
	if (!found || kind != OBJECT_COMMIT)
		return error_set(err, DRIFT_ERR_INVALID, "%s is no commit", oid_to_hex(id, hex));
	return odb_commit(repo_odb(repo), id, loc, out, err);
}

static int refuses(struct join *j, bool *out, struct drift_error *err)
{
	const char *rule = "";
	auto_buf key = BUF_INIT;

	*out = j->o->no_conflicts;
	if (!refname_is_branch(j->branch.name))
		return 0;
	buf_addf(&key, "branch.%s.conflicts", j->branch.name + strlen(REF_HEADS));
	if (buf_check(&key, err) || config_get_string(repo_config(j->repo), key.data, "", &rule, err))
		return -1;
	*out |= !strcmp(rule, "refuse");
	return 0;
}

static int combine(struct join *j, struct drift_error *err)
{
	bool refused;

	if (!j->branch.exists) {
		j->merge.kind = MERGE_FORWARD;
		j->merge.commit = commit_ref(j->theirs);
		return 0;
	}
	if (read_commit(j->repo, &j->branch.object.id, &j->ours, err) || odb_batch_new(repo_odb(j->repo), &j->batch, err) ||
	    merge_automatic(j->repo, j->batch, j->ours, j->theirs, &j->merge, err) || refuses(j, &refused, err))
		return -1;
	if (j->merge.kind != MERGE_MADE)
		return 0;
	if (j->o->forward_only)
		return error_set(err, DRIFT_ERR_CLASH, "both have commits that the other does not have");
	if (!refused || !j->merge.stats.clash_count)
		return 0;
	return error_set(err, DRIFT_ERR_CLASH, "%" PRIu64 " document%s would be in conflict", j->merge.stats.clash_count,
			 j->merge.stats.clash_count == 1 ? "" : "s");
}

static int move(struct join *j, struct drift_error *err)
{
	struct ref_change change = {
		.name = j->branch.name, .expect = REF_EXPECT_ABSENT,
		.value = { .kind = REF_OBJECT, .object = { j->merge.commit->id, j->merge.commit->loc } },
	};
	struct ref_transaction t = {
		.changes = &change, .change_count = 1, .batch = j->batch, .actor = j->o->actor, .time_usec = j->o->time_usec,
	};
	auto_buf reason = BUF_INIT;

	if (j->branch.exists) {
		change.expect = REF_EXPECT_OBJECT;
		change.old = j->branch.object.id;
	}
	buf_addf(&reason, "pull: %s %.200s", j->merge.kind == MERGE_MADE ? "merged" : "forward to", j->o->from);
	t.reason = reason.data;
	return buf_check(&reason, err) ? -1 : refs_apply(repo_odb(j->repo), &t, err);
}

/* 1 done / 0 the branch moved meanwhile / -1 */
static int attempt(struct repo *repo, const struct join_options *o, struct join_result *out, struct drift_error *err)
{
	auto_join j = { .repo = repo, .o = o };
	struct drift_error why = { DRIFT_OK, "" };

	if (refs_resolve(repo_odb(repo), o->branch, false, &j.branch, err) || read_commit(repo, o->with, &j.theirs, err) ||
	    combine(&j, err))
		return -1;
	*out = (struct join_result){
		.kind = j.merge.kind, .created = !j.branch.exists, .old = j.branch.object.id, .new = j.merge.commit->id,
		.conflict_count = j.merge.stats.conflict_count, .merged_count = j.merge.stats.merged_count,
	};
	if (j.merge.kind == MERGE_NOTHING || !move(&j, &why))
		return 1;
	if (why.code == DRIFT_ERR_CLASH)
		return 0;
	return error_set(err, why.code, "%s", why.message);
}

/* What moved the branch may not be on disk yet, and is not seen before. */
static void pause_before(int attempt)
{
	const struct timespec pause = { .tv_nsec = 250000L << (attempt < 8 ? attempt : 8) };

	nanosleep(&pause, NULL);
}

int branch_join(struct repo *repo, const struct join_options *options, struct join_result *out, struct drift_error *err)
{
	int r = 0;

	for (int i = 0; i < ATTEMPTS_MAX && !r; i++) {
		if (i)
			pause_before(i);
		r = attempt(repo, options, out, err);
	}
	if (!r)
		return error_set(err, DRIFT_ERR_CLASH, "other writers were quicker %d times", ATTEMPTS_MAX);
	return r < 0 ? -1 : 0;
}
