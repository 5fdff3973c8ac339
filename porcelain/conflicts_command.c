#include "porcelain/porcelain.h"

#include <inttypes.h>

#include "cli/conflict_output.h"
#include "cli/output.h"
#include "cli/view.h"

struct conflicts_options {
	bool lengthy, count;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .short_name = 'l',
	  .long_name = "long",
	  .value = OPTION_AT(struct conflicts_options, lengthy),
	  .help = "with the versions that each stands for" },
	{ .kind = OPTION_FLAG,
	  .long_name = "count",
	  .value = OPTION_AT(struct conflicts_options, count),
	  .help = "only how many there are" },
};

static const char *const usage[] = { "drift conflicts [OPTION...] [PATH|PREFIX/]...", NULL };

static int print_count(struct cmd_context *ctx, uint64_t count)
{
	struct json_line line;

	if (!ctx->common.json) {
		out_printf("%" PRIu64 "\n", count);
		return EXIT_DONE;
	}
	out_json_begin(&line);
	json_writer_member_uint(&line.w, "count", count);
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "count conflicts") : EXIT_DONE;
}

static int conflicts(struct cmd_context *ctx, int argc, char **argv)
{
	const struct conflicts_options *o = ctx->options;
	struct conflict_style style = { .lengthy = o->lengthy };
	auto_view view = VIEW_INIT;
	uint64_t count;

	if (o->count && (argc || o->lengthy))
		return ctx_usage(ctx, "--count is of all, and alone");
	if (o->lengthy && ctx->common.nul)
		return ctx_usage(ctx, "either -l or -z");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (view_open(ctx, &view, &ctx->err))
		return ctx_fail(ctx, "list conflicts");
	if (o->count) {
		if (conflict_count(view.nodes, &view.root, &count, &ctx->err))
			return ctx_die(ctx, "count conflicts");
		return print_count(ctx, count);
	}
	for (int i = 0; i < argc || (!argc && !i); i++) {
		style.prefix = argc ? argv[i] : NULL;
		if (conflict_list(ctx, view.nodes, &view.root, &style))
			return ctx_die(ctx, "list conflicts");
	}
	return EXIT_DONE;
}

const struct command cmd_conflicts = {
	.name = "conflicts",
	.task = "list conflicts",
	.summary = "list the documents that merges left in conflict",
	.usage = usage,
	.run = conflicts,
	COMMAND_OPTIONS(struct conflicts_options, specs),
	.common = COMMON_READER | COMMON_NUL,
};
