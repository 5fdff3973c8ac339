#include "cli/ref_move.h"

#include "refs/refname.h"

int ctx_move_refs(struct cmd_context *ctx, const struct ref_change *changes, size_t count, struct odb_batch *batch,
		  const char *reason, struct drift_error *err)
{
	struct ref_transaction t = { .changes = changes, .change_count = count, .batch = batch, .reason = reason };
	struct commit_options options;

	if (ctx_commit_options(ctx, &options, err))
		return -1;
	t.actor = options.author;
	t.time_usec = options.time_usec;
	return refs_apply(repo_odb(ctx->repo), &t, err);
}

int ctx_commit_of(struct cmd_context *ctx, const char *text, struct object_ref *out, struct drift_error *err)
{
	auto_point point = POINT_INIT;

	if (ctx_point(ctx, text, &point, err))
		return -1;
	if (!point.commit)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no commit %s%s%s", text ? "at '" : "yet",
				 text ? text : "", text ? "'" : "");
	*out = (struct object_ref){ .id = point.commit->id, .loc = point.commit->loc };
	return 0;
}

int ctx_ref_value(struct cmd_context *ctx, const char *full, const char *what, struct ref_value *out,
		  struct drift_error *err)
{
	if (odb_ref_read(repo_odb(ctx->repo), full, false, out, err))
		return -1;
	if (out->kind == REF_ABSENT)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no %s '%s'", what, refname_short(full));
	return 0;
}
