#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/apply.h"
#include "cli/rollback.h"

struct rollback_options {
	bool dry_run;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'n', .long_name = "dry-run", .value = OPTION_AT(struct rollback_options, dry_run),
	  .help = "only say what would change" },
};

static const char *const usage[] = { "drift rollback [OPTION...] POINT [PATH|PREFIX/...]", NULL };

static int preview(struct cmd_context *ctx, struct rollback *r)
{
	auto_point tip = POINT_INIT;
	auto_buf out = BUF_INIT;
	struct change_printer printer = {
		.ctx = ctx, .style = CHANGES_NAME_STATUS, .json_lines = ctx->common.json, .out = &out,
	};
	const struct tree_diff_options options = { .each = change_printer_each, .data = &printer };
	struct odb_batch *batch;
	struct tree_root root;
	int failed;

	if (ctx_point(ctx, NULL, &tip, &ctx->err) || odb_batch_new(repo_odb(ctx->repo), &batch, &ctx->err))
		return -1;
	failed = r->builder.build(&r->builder, batch, tip.commit, &tip.tree, 0, &root, &ctx->err);
	if (!failed)
		failed = tree_diff(odb_batch_nodes(batch), &tip.tree, &root, &options, &ctx->err) < 0;
	odb_batch_free(batch);
	out_buf(&out);
	return failed ? -1 : 0;
}

/* "Roll back to 1a2b3c4d5e (seq 12)", and what of it. */
static void default_message(const struct point *point, const struct path_filter *filter, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	buf_add_str(out, "Roll back ");
	for (size_t i = 0; i < filter->count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", filter->prefixes[i]);
	buf_add_str(out, filter->count ? " to " : "to ");
	if (point->commit)
		buf_addf(out, "%s (seq %" PRIu64 ")", out_short_id(&point->commit->id, hex), point->commit->seq);
	else
		buf_add_str(out, "the empty store");
}

static int make_commit(struct cmd_context *ctx, struct rollback *r, const struct point *point)
{
	auto_buf message = BUF_INIT;
	struct commit_options options;
	struct commit_result result;
	const struct commit_report report = { .options = &options, .result = &result };

	if (ctx_commit_options(ctx, &options, &ctx->err))
		return ctx_fail(ctx, "roll back");
	if (!ctx_has_message(ctx)) {
		default_message(point, &r->filter, &message);
		options.message = message.data;
		options.message_len = message.len;
	}
	if (buf_check(&message, &ctx->err) || writer_commit(ctx->repo, &r->builder, &options, &result, &ctx->err))
		return ctx_fail(ctx, "roll back");
	return ctx_report_commit(ctx, &report);
}

static int rollback(struct cmd_context *ctx, int argc, char **argv)
{
	const struct rollback_options *o = ctx->options;
	const struct path_filter filter = { .prefixes = (const char *const *)(argv + 1), .count = (size_t)argc - 1 };
	auto_point point = POINT_INIT;
	struct rollback r;

	if (!argc || (ctx->has_separator && ctx->separator != 1))
		return ctx_usage(ctx, "to which point?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_point(ctx, argv[0], &point, &ctx->err))
		return ctx_fail(ctx, "roll back");
	rollback_init(&r, ctx->repo, &point, argv[0], &filter);
	if (!o->dry_run)
		return make_commit(ctx, &r, &point);
	return preview(ctx, &r) ? ctx_fail(ctx, "roll back") : EXIT_DONE;
}

const struct command cmd_rollback = {
	.name = "rollback",
	.task = "roll back",
	.summary = "go back to an earlier state, as a new commit",
	.usage = usage,
	.run = rollback,
	COMMAND_OPTIONS(struct rollback_options, specs),
	.common = COMMON_WRITER | COMMON_NUL,
	.writes = true,
};
