#include "porcelain/porcelain.h"

#include "cli/checking.h"

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

static int fsck(struct cmd_context *ctx, int argc, char **argv)
{
	const struct fsck_command_options *o = ctx->options;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (o->threads < 0 || o->threads > 1024)
		return ctx_usage(ctx, "--threads is a number up to 1024");
	return checking_run(ctx, &(struct checking){ .full = o->full, .threads = (unsigned)o->threads });
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
