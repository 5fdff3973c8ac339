#include "porcelain/porcelain.h"

#include "cli/mending_output.h"

struct repair_command_options {
	bool dry_run;
	bool isolate;
	const char *from;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .short_name = 'n',
	  .long_name = "dry-run",
	  .value = OPTION_AT(struct repair_command_options, dry_run),
	  .help = "only say what would be done" },
	{ .kind = OPTION_STRING,
	  .long_name = "from",
	  .argument = "WHERE",
	  .value = OPTION_AT(struct repair_command_options, from),
	  .help = "store again what is lost here and a repository, backup or remote has" },
	{ .kind = OPTION_FLAG,
	  .long_name = "isolate",
	  .value = OPTION_AT(struct repair_command_options, isolate),
	  .help = "mark what stays lost in journals, so that gc can pack the rest" },
};

static const char *const usage[] = { "drift repair [-n] [--from WHERE] [--isolate] [--json] [-q] [--progress]", NULL };

static int repair(struct cmd_context *ctx, int argc, char **argv)
{
	const struct repair_command_options *o = ctx->options;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (o->from && !*o->from)
		return ctx_usage(ctx, "--from says where to look");
	return mending_run(ctx, &(struct mending){ .dry_run = o->dry_run, .from = o->from, .isolate = o->isolate });
}

const struct command cmd_repair = {
	.name = "repair",
	.task = "repair the store",
	.summary = "mend what is damaged, and name what is lost",
	.usage = usage,
	.run = repair,
	COMMAND_OPTIONS(struct repair_command_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.writes = true,
};
