#include <limits.h>
#include <stdint.h>

#include "base/date.h"
#include "porcelain/gc_report.h"
#include "porcelain/porcelain.h"
#include "repo/gc_plan.h"

struct gc_command {
	bool automatic, full, dry_run;
	const char *prune;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "auto",
	  .value = OPTION_AT(struct gc_command, automatic),
	  .help = "pack what is sealed already, if there is any; remove nothing" },
	{ .kind = OPTION_FLAG,
	  .long_name = "full",
	  .value = OPTION_AT(struct gc_command, full),
	  .help = "all packs into one, as small as can be: slow" },
	{ .kind = OPTION_STRING,
	  .long_name = "prune",
	  .value = OPTION_AT(struct gc_command, prune),
	  .argument = "DATE",
	  .help = "remove what nothing needs and is older: a date, 2.weeks.ago, now, never" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'n',
	  .long_name = "dry-run",
	  .value = OPTION_AT(struct gc_command, dry_run),
	  .help = "only say what would be kept and removed" },
};

static const char *const usage[] = { "drift gc [--auto | --full] [--prune=DATE] [-n] [-q] [--progress] [--json]",
				     NULL };

static int collect(struct cmd_context *ctx, int argc, char **argv)
{
	const struct gc_command *c = ctx->options;
	struct gc_options options = {
		.automatic = c->automatic,
		.full = c->full,
		.dry_run = c->dry_run,
		.prune_before_usec = INT64_MIN,
	};
	struct gc_result result;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (c->automatic && (c->full || c->prune))
		return ctx_usage(ctx, "--auto takes neither --full nor --prune");
	if (c->prune && gc_parse_expiry(c->prune, date_now_us(), &options.prune_before_usec, &ctx->err) < 0)
		return ctx_usage(ctx, "--prune: %s", ctx->err.message);
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (gc_report_run(ctx, &options, &result, &ctx->err) < 0)
		return ctx_fail(ctx, "%s", command_task(ctx->command));
	return gc_report_print(ctx, &options, &result, NULL);
}

const struct command cmd_gc = {
	.name = "gc",
	.task = "collect garbage",
	.summary = "pack what was stored, and remove what nothing needs",
	.usage = usage,
	.run = collect,
	COMMAND_OPTIONS(struct gc_command, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS,
	.writes = true,
	.packs = true,
};
