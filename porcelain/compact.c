#include <stdint.h>

#include "porcelain/gc_report.h"
#include "porcelain/porcelain.h"

struct compact_options {
	const char *table;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .long_name = "table",
	  .value = OPTION_AT(struct compact_options, table),
	  .argument = "NAME",
	  .help = "a collection that must exist; all are packed with it" },
};

static const char *const usage[] = { "drift compact [[--table] NAME] [-d DIR] [-q] [--progress] [--json]", NULL };

static int compact(struct cmd_context *ctx, int argc, char **argv)
{
	const struct compact_options *o = ctx->options;
	struct gc_options options = { .merge = true, .keep = true, .prune_before_usec = INT64_MIN };

	return gc_report_table(ctx, argc, argv, o->table, &options);
}

const struct command cmd_compact = {
	.name = "compact",
	.task = "compact",
	.summary = "all that is stored into one pack",
	.usage = usage,
	.run = compact,
	COMMAND_OPTIONS(struct compact_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_DIRECTORY,
	.writes = true,
	.packs = true,
};
