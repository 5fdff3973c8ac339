#include "cli/git_transfer.h"
#include "plumbing/plumbing.h"

#define AT(field) OPTION_AT(struct git_transfer_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "all", .value = AT(all), .help = "all refs, as without revisions" },
	{ .kind = OPTION_STRING, .long_name = "import-marks", .value = AT(import_marks), .argument = "FILE",
	  .help = "marks of what the other side has" },
	{ .kind = OPTION_STRING, .long_name = "export-marks", .value = AT(export_marks), .argument = "FILE",
	  .help = "write the marks for a later stream" },
	{ .kind = OPTION_FLAG, .long_name = "use-done-feature", .value = AT(use_done),
	  .help = "end with 'done', so that a torn stream is noticed" },
	{ .kind = OPTION_FLAG, .long_name = "no-data", .value = AT(no_data), .help = "documents by id, not their bytes" },
};

static const char *const usage[] = { "drift fast-export [OPTION...] [REF|A..B|^A...]", NULL };

static int fast_export(struct cmd_context *ctx, int argc, char **argv)
{
	const struct git_transfer_options *o = ctx->options;

	if (o->all && argc)
		return ctx_usage(ctx, "--all or revisions, not both");
	return ctx_export_git(ctx, argc, argv, o);
}

const struct command cmd_fast_export = {
	.name = "fast-export",
	.task = "export",
	.summary = "write history as a stream for git",
	.usage = usage,
	.run = fast_export,
	COMMAND_OPTIONS(struct git_transfer_options, specs),
	.common = COMMON_QUIET | COMMON_BRANCH | COMMON_CACHE | COMMON_PROGRESS,
	.group = COMMAND_PLUMBING,
};
