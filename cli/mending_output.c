#include "cli/mending_output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/repair_from.h"

struct mending_output {
	struct fault_progress progress; /* first: what fault_progress is given */
	bool dry_run, lost_told;
	uint64_t actions, left;
};

static const char *const kind_names[] = {
	[REPAIR_INDEX] = "index", [REPAIR_RESTORE] = "restore", [REPAIR_ISOLATE] = "isolate", [REPAIR_LOST] = "lost"
};

static int print_json(const struct repair_action *action, struct drift_error *err)
{
	struct json_line line;

	out_json_begin(&line);
	json_writer_member_str(&line.w, "action", kind_names[action->kind]);
	json_writer_text(&line.w, "sentence", action->sentence, strlen(action->sentence));
	if (action->fault)
		out_json_fault(&line.w, action->fault);
	return out_json_end(&line, err);
}

static int show_action(void *data, const struct repair_action *action, struct drift_error *err)
{
	struct mending_output *m = data;
	struct cmd_context *ctx = m->progress.ctx;
	auto_buf out = BUF_INIT;

	fault_progress_end(&m->progress);
	m->actions++;
	m->left += action->kind == REPAIR_LOST;
	if (action->kind == REPAIR_LOST && action->fault && m->lost_told)
		return 0;
	if (ctx->common.json)
		return print_json(action, err);
	if (action->kind == REPAIR_LOST && action->fault)
		return out_fault(ctx, action->fault, err);
	if (ctx->common.quiet && action->kind != REPAIR_LOST)
		return 0;
	buf_add_str(&out, m->dry_run && action->kind != REPAIR_LOST ? "would " : "");
	out_append_text(ctx, &out, action->sentence, strlen(action->sentence), false);
	buf_add_byte(&out, '\n');
	if (buf_check(&out, err) < 0)
		return -1;
	out_buf(&out);
	return 0;
}

static int print_result(struct cmd_context *ctx, const struct repair_result *r, struct drift_error *err)
{
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_uint(&line.w, "mended", r->mended);
		json_writer_member_uint(&line.w, "restored", r->restored);
		json_writer_member_uint(&line.w, "lost", r->lost);
		return out_json_end(&line, err);
	}
	if (!ctx->common.quiet)
		out_printf("%" PRIu64 " mended, %" PRIu64 " lost\n", r->mended, r->lost);
	return 0;
}

/* Also a store that damage keeps from being opened. */
static int open_repo(struct cmd_context *ctx, const struct repair_options *options)
{
	const char *named = getenv("DRIFT_DIR"), *dir = named && *named ? named : ".";

	return ctx->repo ? 0 : repair_open(dir, dir == named, options, &ctx->repo, &ctx->err);
}

static int run_from(struct cmd_context *ctx, const struct mending *mending, const struct repair_options *options,
		    struct repair_result *result)
{
	auto_repair_from from = REPAIR_FROM_INIT;
	struct repair_options how = *options;

	if (mending->from) {
		if (repair_from_open(ctx, mending->from, &from, &ctx->err))
			return -1;
		how.sources = &from.source;
		how.source_count = 1;
	}
	return repair_run(ctx->repo, &how, result, &ctx->err);
}

int mending_run(struct cmd_context *ctx, const struct mending *mending)
{
	const bool dry_run = mending->dry_run;
	struct mending_output m = { .progress = { .ctx = ctx }, .dry_run = dry_run, .lost_told = mending->lost_told };
	struct repair_options options = { .dry_run = dry_run,
					  .isolate = mending->isolate,
					  .action = show_action,
					  .progress = fault_progress,
					  .data = &m };
	struct repair_result result = { .mended = 0 };
	uint64_t before, lost;
	int r;

	if (open_repo(ctx, &options))
		return dry_run && m.actions ? EXIT_NO : ctx_die(ctx, "open the repository");
	lost = m.left;
	before = m.actions - lost;
	r = run_from(ctx, mending, &options, &result);
	result.mended += r ? 0 : before;
	result.lost += r ? 0 : lost;
	ctx->damage_told = !r;
	fault_progress_end(&m.progress);
	if (r)
		return ctx_fail(ctx, "repair the store");
	if (!m.actions) {
		if (!ctx->common.quiet && !ctx->common.json)
			out_printf("there is nothing to mend\n");
		return EXIT_DONE;
	}
	if (!dry_run && print_result(ctx, &result, &ctx->err))
		return ctx_die(ctx, "repair the store");
	return dry_run || m.left ? EXIT_NO : EXIT_DONE;
}
