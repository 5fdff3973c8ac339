#include "cli/git_transfer.h"
#include "plumbing/plumbing.h"

#define AT(field) OPTION_AT(struct git_transfer_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "force", .value = AT(force),
	  .help = "move refs even where commits are lost" },
	{ .kind = OPTION_STRING, .long_name = "import-marks", .value = AT(import_marks), .argument = "FILE",
	  .help = "marks of an earlier stream" },
	{ .kind = OPTION_STRING, .long_name = "export-marks", .value = AT(export_marks), .argument = "FILE",
	  .help = "write the marks for a later one" },
};

static const char *const usage[] = { "drift fast-import [OPTION...] [FILE|-]", NULL };

static int fast_import(struct cmd_context *ctx, int argc, char **argv)
{
	if (argc > 1)
		return ctx_usage(ctx, "one stream at a time");
	return ctx_import_git(ctx, argc ? argv[0] : "-", ctx->options);
}

const struct command cmd_fast_import = {
	.name = "fast-import",
	.task = "import",
	.summary = "read history from a stream of git",
	.usage = usage,
	.run = fast_import,
	COMMAND_OPTIONS(struct git_transfer_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_CACHE | COMMON_PROGRESS,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
