#include "porcelain/porcelain.h"

#include <string.h>

#include "base/mem.h"
#include "cli/revision_args.h"
#include "cli/view.h"

struct diff_options {
	bool stat, patch, name_status, name_only, exit_code;
};

#define AT(field) OPTION_AT(struct diff_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "stat", .value = AT(stat), .help = "what changed, and how much" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .long_name = "patch", .value = AT(patch),
	  .help = "what changed, field by field (the default)" },
	{ .kind = OPTION_FLAG, .long_name = "name-status", .value = AT(name_status), .help = "which documents changed, and how" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "which documents changed" },
	{ .kind = OPTION_FLAG, .long_name = "exit-code", .value = AT(exit_code), .help = "exit with 1 if there are differences" },
};

static const char *const usage[] = {
	"drift diff [OPTION...] [--] [PATH|PREFIX/...]",
	"drift diff [OPTION...] POINT [POINT] [--] [PATH|PREFIX/...]",
	"drift diff [OPTION...] A..B [--] [PATH|PREFIX/...]",
	NULL,
};

/* Two trees and where both can be read. */
struct sides {
	struct tree_root a, b;
	struct view view; /* what is here now, where one side is that */
	struct node_store *nodes;
};

static enum change_style style_of(const struct diff_options *o)
{
	if (o->stat)
		return CHANGES_STAT;
	if (o->name_status)
		return CHANGES_NAME_STATUS;
	if (o->name_only)
		return CHANGES_NAME_ONLY;
	return CHANGES_PATCH;
}

static int tree_of(struct cmd_context *ctx, const char *text, struct tree_root *out)
{
	auto_point point = POINT_INIT;

	if (ctx_point(ctx, text, &point, &ctx->err))
		return -1;
	*out = point.tree;
	return 0;
}

/* A...B: what B changed since the two parted. */
static int tree_of_fork(struct cmd_context *ctx, const char *a, const char *b, struct tree_root *out)
{
	auto_point from = POINT_INIT, to = POINT_INIT;
	struct commit **bases;
	size_t count;

	if (ctx_point(ctx, a, &from, &ctx->err) || ctx_point(ctx, b, &to, &ctx->err))
		return -1;
	tree_empty(out);
	if (!from.commit || !to.commit)
		return 0;
	if (graph_merge_bases(ctx->repo, from.commit, to.commit, &bases, &count, &ctx->err))
		return -1;
	if (count)
		*out = (struct tree_root){ .id = bases[0]->tree.id, .loc = bases[0]->tree.loc };
	graph_free_list(bases, count);
	return 0;
}

/* Two points in one word, cut where the dots are. */
static int choose_range(struct cmd_context *ctx, const char *text, const char *dots, struct sides *sides)
{
	auto_free char *a = mem_dup_str(text, (size_t)(dots - text));
	const char *b = dots + strspn(dots, ".");
	size_t dot_count = (size_t)(b - dots);

	if (!a)
		return error_no_memory(&ctx->err);
	if (!*b)
		b = NULL;
	if (tree_of(ctx, b, &sides->b))
		return -1;
	return dot_count == 3 ? tree_of_fork(ctx, *a ? a : NULL, b, &sides->a) : tree_of(ctx, *a ? a : NULL, &sides->a);
}

static int choose_sides(struct cmd_context *ctx, const struct revision_args *args, struct sides *sides)
{
	const char *dots = args->point_count ? strstr(args->points[0], "..") : NULL;

	sides->nodes = repo_nodes(ctx->repo);
	if (dots && args->point_count == 1)
		return choose_range(ctx, args->points[0], dots, sides);
	if (args->point_count == 2)
		return tree_of(ctx, args->points[0], &sides->a) || tree_of(ctx, args->points[1], &sides->b) ? -1 : 0;
	if (view_open(ctx, &sides->view, &ctx->err))
		return -1;
	sides->nodes = sides->view.nodes;
	sides->b = sides->view.root;
	if (args->point_count)
		return tree_of(ctx, args->points[0], &sides->a);
	sides->a = sides->view.point.tree;
	return 0;
}

static int compare(struct cmd_context *ctx, struct change_printer *printer, const struct sides *sides)
{
	auto_buf prefix = BUF_INIT;
	struct tree_diff_options options = { .each = change_printer_each, .data = printer };

	options.prefix = change_printer_prefix(printer, &prefix);
	options.prefix_len = prefix.len;
	if (buf_check(&prefix, &ctx->err) || tree_diff(sides->nodes, &sides->a, &sides->b, &options, &ctx->err) < 0)
		return -1;
	change_printer_finish(printer);
	return buf_check(printer->out, &ctx->err);
}

static int diff(struct cmd_context *ctx, int argc, char **argv)
{
	const struct diff_options *o = ctx->options;
	auto_buf out = BUF_INIT;
	struct sides sides = { .view = VIEW_INIT };
	struct revision_args args;
	struct change_printer printer = { .ctx = ctx, .out = &out };
	int code = EXIT_DONE;

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (revision_args_split(ctx, argc, argv, 2, &args, &ctx->err))
		return ctx_fail(ctx, "compare");
	printer.style = style_of(o);
	printer.filter = args.paths;
	printer.json_lines = ctx->common.json;
	if (choose_sides(ctx, &args, &sides) || compare(ctx, &printer, &sides))
		code = ctx_fail(ctx, "compare");
	out_buf(&out);
	view_release(&sides.view);
	if (!code && o->exit_code && printer.added + printer.modified + printer.deleted)
		code = EXIT_NO;
	return code;
}

const struct command cmd_diff = {
	.name = "diff",
	.task = "compare",
	.summary = "show differences: of the stage, or between points",
	.usage = usage,
	.run = diff,
	COMMAND_OPTIONS(struct diff_options, specs),
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
	.paged = true,
};
