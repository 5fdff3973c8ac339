#include <string.h>

#include "api/api_internal.h"
#include "base/date.h"
#include "merge/conflict.h"
#include "repo/documents.h"
#include "sync/join.h"

static int join(struct drift_repo *repo, const struct point *from, const char *branch, const char *point,
		const struct drift_merge_options *options, struct join_result *out, struct drift_error *err)
{
	struct ref_resolved at;
	struct join_options join = { .with = &from->commit->id,
				     .verb = "merge",
				     .from = point,
				     .no_conflicts = options->no_conflicts,
				     .forward_only = options->forward_only,
				     .actor = options->actor,
				     .time_usec = date_now_us() };

	if (refs_resolve(repo_odb(repo->repo), branch ? branch : REF_HEAD, false, &at, err))
		return -1;
	join.branch = at.name;
	return branch_join(repo->repo, &join, out, err);
}

int drift_merge(struct drift_repo *repo, const char *point, const struct drift_merge_options *options,
		struct drift_merge_result *result_out, struct drift_error *err)
{
	auto_buf storage = BUF_INIT;
	auto_point from = POINT_INIT;
	auto_commit *c = NULL;
	struct join_result result;
	const char *branch;

	if (!options->actor)
		return error_set(err, DRIFT_ERR_INVALID, "a merge needs an actor");
	if (who_check(options->actor, strlen(options->actor), err))
		return error_prefix(err, DRIFT_OK, "actor");
	if (api_branch(options->branch, &storage, &branch, err) ||
	    point_resolve(repo->repo, point, strlen(point), branch, &from, err))
		return -1;
	if (!from.commit)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' is no commit", point);
	if (join(repo, &from, branch, point, options, &result, err) ||
	    odb_commit(repo_odb(repo->repo), &result.new, LOC_UNKNOWN, &c, err))
		return -1;
	*result_out = (struct drift_merge_result){
		.kind = result.kind == MERGE_NOTHING ? DRIFT_MERGE_NOTHING :
			result.kind == MERGE_FORWARD ? DRIFT_MERGE_FORWARD :
						       DRIFT_MERGE_COMMIT,
		.id = api_id(&result.new),
		.seq = c->seq,
		.merged_count = result.merged_count,
		.conflict_count = result.conflict_count,
	};
	return 0;
}

struct listing {
	struct drift_snapshot *snapshot;
	drift_conflict_fn each;
	void *data;
	struct buf path;
};

static int give_conflict(void *data, const struct path *path, const struct conflict *c, struct drift_error *err)
{
	struct listing *l = data;
	struct drift_conflict given = { .side_count = c->side_count,
					.base_count = c->base_count,
					.reserved = { l->snapshot, c } };

	buf_clear(&l->path);
	path_format(path, &l->path);
	if (buf_check(&l->path, err))
		return -1;
	given.path = l->path.data;
	given.path_len = l->path.len;
	return l->each(l->data, &given, err);
}

int drift_conflicts(struct drift_snapshot *snapshot, const char *prefix, drift_conflict_fn each, void *data,
		    struct drift_error *err)
{
	struct listing l = { .snapshot = snapshot, .each = each, .data = data, .path = BUF_INIT };
	int r = conflict_each(repo_nodes(snapshot->repo->repo), &snapshot->point.tree, prefix,
			      prefix ? strlen(prefix) : 0, give_conflict, &l, err);

	buf_release(&l.path);
	return r;
}

int drift_conflict_value(const struct drift_conflict *conflict, size_t i, struct drift_value *value_out,
			 struct drift_error *err)
{
	const struct drift_snapshot *snapshot = conflict->reserved[0];
	const struct conflict *c = conflict->reserved[1];
	auto_buf bytes = BUF_INIT;

	if (i >= c->side_count + c->base_count)
		return error_set(err, DRIFT_ERR_INVALID, "it has no version number %zu", i);
	if (c->terms[i].term.absent)
		return 0;
	if (document_read(snapshot->repo->repo, &c->terms[i].document, &bytes, err) ||
	    api_value_take(&bytes, &c->terms[i].document, value_out, err))
		return -1;
	return 1;
}
