#include "porcelain/porcelain.h"

#include "cli/mending_output.h"

static const char *const usage[] = { "drift doctor [-d DIR] [--json] [-q] [--progress]", NULL };

static int show_fault(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	struct fault_progress *p = data;

	fault_progress_end(p);
	return p->ctx->common.quiet && fault->severity == FSCK_NOTE ? 0 : out_fault(p->ctx, fault, err);
}

static int doctor(struct cmd_context *ctx, int argc, char **argv)
{
	struct fault_progress progress = { .ctx = ctx };
	const struct fsck_options options = { .fault = show_fault, .progress = fault_progress, .data = &progress };
	struct fsck_result result;
	int r;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	r = fsck_run(ctx->repo, &options, &result, &ctx->err);
	fault_progress_end(&progress);
	if (r || out_fsck_result(ctx, &result, &ctx->err))
		return ctx_die(ctx, "check the store");
	if (!result.faults[FSCK_DAMAGE] && !result.faults[FSCK_LOST])
		return EXIT_DONE;
	return mending_run(ctx, true);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.task = "check the store",
	.summary = "check the store, and say what 'drift repair' would do",
	.usage = usage,
	.run = doctor,
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_DIRECTORY,
};
