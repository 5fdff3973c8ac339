#include <stdint.h>

#include "porcelain/gc_report.h"
#include "porcelain/porcelain.h"

struct snapshot_options {
	const char *table;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .long_name = "table",
	  .value = OPTION_AT(struct snapshot_options, table),
	  .argument = "NAME",
	  .help = "a collection that must exist; all are packed with it" },
};

static const char *const usage[] = { "drift snapshot [[--table] NAME] [-d DIR] [-q] [--progress] [--json]", NULL };

static int snapshot(struct cmd_context *ctx, int argc, char **argv)
{
	const struct snapshot_options *o = ctx->options;
	struct gc_options options = { .keep = true, .prune_before_usec = INT64_MIN };

	return gc_report_table(ctx, argc, argv, o->table, &options);
}

const struct command cmd_snapshot = {
	.name = "snapshot",
	.task = "take a snapshot",
	.summary = "pack what was stored since the last time",
	.usage = usage,
	.run = snapshot,
	COMMAND_OPTIONS(struct snapshot_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_DIRECTORY,
	.writes = true,
	.packs = true,
};
