#include "porcelain/porcelain.h"

#include <string.h>

#include "base/mem.h"
#include "cli/revision_args.h"
#include "cli/view.h"
#include "repo/changed.h"

struct diff_options {
	bool stat, patch, name_status, name_only, exit_code;
};

#define AT(field) OPTION_AT(struct diff_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "stat", .value = AT(stat), .help = "what changed, and how much" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'p',
	  .long_name = "patch",
	  .value = AT(patch),
	  .help = "what changed, field by field (the default)" },
	{ .kind = OPTION_FLAG,
	  .long_name = "name-status",
	  .value = AT(name_status),
	  .help = "which documents changed, and how" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "which documents changed" },
	{ .kind = OPTION_FLAG,
	  .long_name = "exit-code",
	  .value = AT(exit_code),
	  .help = "exit with 1 if there are differences" },
};

static const char *const usage[] = {
	"drift diff [OPTION...] [--] [PATH|PREFIX/...]",
	"drift diff [OPTION...] POINT [POINT] [--] [PATH|PREFIX/...]",
	"drift diff [OPTION...] A..B [--] [PATH|PREFIX/...]",
	NULL,
};

/* Two points, or trees that are none yet, and where both can be read. */
struct sides {
	struct point a, b;
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

/* A...B: what B changed since the two parted. */
static int fork_of(struct cmd_context *ctx, const char *a, struct sides *sides)
{
	auto_point from = POINT_INIT;
	struct commit **bases;
	size_t count;

	if (ctx_point(ctx, a, &from, &ctx->err))
		return -1;
	tree_empty(&sides->a.tree);
	if (!from.commit || !sides->b.commit)
		return 0;
	if (graph_merge_bases(ctx->repo, from.commit, sides->b.commit, &bases, &count, &ctx->err))
		return -1;
	if (count) {
		sides->a.commit = commit_ref(bases[0]);
		sides->a.tree = (struct tree_root){ .id = bases[0]->tree.id, .loc = bases[0]->tree.loc };
	}
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
	if (ctx_point(ctx, b, &sides->b, &ctx->err))
		return -1;
	return dot_count == 3 ? fork_of(ctx, *a ? a : NULL, sides) :
				ctx_point(ctx, *a ? a : NULL, &sides->a, &ctx->err);
}

static int choose_sides(struct cmd_context *ctx, const struct revision_args *args, struct sides *sides)
{
	const char *dots = args->point_count ? strstr(args->points[0], "..") : NULL;

	sides->nodes = repo_nodes(ctx->repo);
	if (dots && args->point_count == 1)
		return choose_range(ctx, args->points[0], dots, sides);
	if (args->point_count == 2)
		return ctx_point(ctx, args->points[0], &sides->a, &ctx->err) ||
				       ctx_point(ctx, args->points[1], &sides->b, &ctx->err) ?
			       -1 :
			       0;
	if (view_open(ctx, &sides->view, &ctx->err))
		return -1;
	sides->nodes = sides->view.nodes;
	sides->b.tree = sides->view.root;
	if (args->point_count)
		return ctx_point(ctx, args->points[0], &sides->a, &ctx->err);
	sides->a.tree = sides->view.point.tree;
	return 0;
}

static int compare_names(struct change_printer *printer, const struct sides *sides, const struct buf *prefix)
{
	struct changed_options options = { prefix->data, prefix->len, change_printer_each_name, printer };

	return changed_between(printer->ctx->repo, &sides->a, &sides->b, &options, &printer->ctx->err);
}

static int compare_documents(struct change_printer *printer, const struct sides *sides, const struct buf *prefix)
{
	struct tree_diff_options options = {
		.prefix = prefix->data, .prefix_len = prefix->len, .each = change_printer_each, .data = printer,
	};

	return tree_diff(sides->nodes, &sides->a.tree, &sides->b.tree, &options, &printer->ctx->err);
}

static int compare(struct cmd_context *ctx, struct change_printer *printer, const struct sides *sides)
{
	bool names = change_printer_names(printer) && sides->a.commit && sides->b.commit;
	auto_buf prefix = BUF_INIT;

	change_printer_prefix(printer, &prefix);
	if (buf_check(&prefix, &ctx->err) || (names ? compare_names : compare_documents)(printer, sides, &prefix) < 0)
		return -1;
	change_printer_finish(printer);
	return buf_check(printer->out, &ctx->err);
}

static int diff(struct cmd_context *ctx, int argc, char **argv)
{
	const struct diff_options *o = ctx->options;
	auto_buf out = BUF_INIT;
	struct sides sides = { .a = POINT_INIT, .b = POINT_INIT, .view = VIEW_INIT };
	struct revision_args args;
	struct change_printer printer = { .ctx = ctx, .out = &out };
	int code = EXIT_DONE;

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (revision_args_split(ctx, argc, argv, 2, &args, &ctx->err))
		return args.too_many ? ctx_usage(ctx, "%s", ctx->err.message) : ctx_fail(ctx, "compare");
	printer.style = style_of(o);
	printer.filter = args.paths;
	printer.json_lines = ctx->common.json;
	if (choose_sides(ctx, &args, &sides) || compare(ctx, &printer, &sides))
		code = ctx_fail(ctx, "compare");
	out_buf(&out);
	point_release(&sides.a);
	point_release(&sides.b);
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
