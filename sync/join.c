#include "sync/join.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "merge/conflict.h"

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

static int check_expected(const struct join *j, struct drift_error *err)
{
	const struct oid *expect = j->o->expect;

	if (!expect || (oid_is_zero(expect) ? !j->branch.exists :
					      j->branch.exists && oid_equal(expect, &j->branch.object.id)))
		return 0;
	return error_set(err, DRIFT_ERR_CLASH, "'%s' is not where it was expected", j->branch.name);
}

static int check_conflicts(struct join *j, struct drift_error *err)
{
	struct node_store *nodes = repo_nodes(j->repo);
	const struct commit *c = j->merge.commit;
	const struct tree_root root = { c->tree.id, c->tree.loc };
	uint64_t now = 0, *then = &j->merge.stats.conflict_count;

	if (j->ours) {
		const struct tree_root ours = { j->ours->tree.id, j->ours->tree.loc };

		if (conflict_count(nodes, &ours, &now, err))
			return -1;
	}
	if (j->merge.kind != MERGE_MADE && conflict_count(nodes, &root, then, err))
		return -1;
	return merge_check_conflicts(j->repo, j->branch.name, j->o->no_conflicts, now, *then, err);
}

static int combine(struct join *j, struct drift_error *err)
{
	if (check_expected(j, err))
		return -1;
	if (!j->branch.exists) {
		j->merge.kind = MERGE_FORWARD;
		j->merge.commit = commit_ref(j->theirs);
		return check_conflicts(j, err);
	}
	if (read_commit(j->repo, &j->branch.object.id, &j->ours, err) || odb_batch_new(repo_odb(j->repo), &j->batch, err) ||
	    merge_automatic(j->repo, j->batch, j->ours, j->theirs, &j->merge, err))
		return -1;
	if (j->merge.kind == MERGE_NOTHING)
		return 0;
	if (j->merge.kind == MERGE_MADE && j->o->forward_only)
		return error_set(err, DRIFT_ERR_CLASH, "both have commits that the other does not have");
	return check_conflicts(j, err);
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
	buf_addf(&reason, "%s: %s %.200s", j->o->verb ? j->o->verb : "pull",
		 j->merge.kind == MERGE_MADE ? "merged" : "forward to", j->o->from);
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
	if (why.code == DRIFT_ERR_CLASH && !o->expect)
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
