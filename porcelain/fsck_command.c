#include "porcelain/porcelain.h"

#include "cli/fault_output.h"

struct fsck_command_options {
	bool full;
	int64_t threads;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "full",
	  .value = OPTION_AT(struct fsck_command_options, full),
	  .help = "prove each tree of each commit canonical, and build some anew" },
	{ .kind = OPTION_INT,
	  .long_name = "threads",
	  .argument = "N",
	  .value = OPTION_AT(struct fsck_command_options, threads),
	  .help = "as many threads (default: one a processor)" },
};

static const char *const usage[] = { "drift fsck [--full] [--threads N] [--json] [-q] [--progress]", NULL };

static int show_fault(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	struct fault_progress *p = data;

	fault_progress_end(p);
	/* With -q only what is wrong. */
	return p->ctx->common.quiet && fault->severity == FSCK_NOTE ? 0 : out_fault(p->ctx, fault, err);
}

static int fsck(struct cmd_context *ctx, int argc, char **argv)
{
	const struct fsck_command_options *o = ctx->options;
	struct fault_progress progress = { .ctx = ctx };
	struct fsck_options options = {
		.full = o->full, .fault = show_fault, .progress = fault_progress, .data = &progress
	};
	struct fsck_result result;
	int r;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (o->threads < 0 || o->threads > 1024)
		return ctx_usage(ctx, "--threads is a number up to 1024");
	options.threads = (unsigned)o->threads;
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	r = fsck_run(ctx->repo, &options, &result, &ctx->err);
	fault_progress_end(&progress);
	if (r || out_fsck_result(ctx, &result, &ctx->err))
		return ctx_die(ctx, "check the store");
	return result.faults[FSCK_DAMAGE] || result.faults[FSCK_LOST] ? EXIT_NO : EXIT_DONE;
}

const struct command cmd_fsck = {
	.name = "fsck",
	.task = "check the store",
	.summary = "check that all that is stored is sound",
	.usage = usage,
	.run = fsck,
	COMMAND_OPTIONS(struct fsck_command_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_CACHE,
};
