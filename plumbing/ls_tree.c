#include "plumbing/plumbing.h"

#include "plumbing/object_reader.h"
#include "plumbing/tree_lines.h"

struct ls_tree_options {
	bool recursive, with_size, name_only;
};

#define AT(field) OPTION_AT(struct ls_tree_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'r', .value = AT(recursive), .help = "documents instead of collections" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'l',
	  .long_name = "long",
	  .value = AT(with_size),
	  .help = "with sizes in bytes" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "paths alone" },
};

static const char *const usage[] = { "drift ls-tree [-r] [-l] [-z] TREE [PREFIX/]", NULL };

static int ls_tree(struct cmd_context *ctx, int argc, char **argv)
{
	const struct ls_tree_options *o = ctx->options;
	const struct tree_lines lines = {
		.ctx = ctx,
		.recursive = o->recursive,
		.with_size = o->with_size,
		.name_only = o->name_only,
	};
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	struct tree_root root;
	enum map_kind kind;
	int failed;

	if (argc < 1 || argc > 2)
		return ctx_usage(ctx, argc ? "one prefix at a time" : "which tree?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (object_reader_node(&reader, argv[0], &root, &kind, &ctx->err))
		return ctx_fail(ctx, "list '%s'", argv[0]);
	if (kind == MAP_ROOT)
		failed = tree_lines_print(&lines, &root, argc > 1 ? argv[1] : "", &ctx->err);
	else if (kind == MAP_DOCUMENTS && argc == 1)
		failed = tree_lines_print_map(&lines, &root, &ctx->err);
	else
		failed = error_set(&ctx->err, DRIFT_ERR_INVALID, "it is a part of a tree, not a whole one");
	return failed ? ctx_fail(ctx, "list '%s'", argv[0]) : EXIT_DONE;
}

const struct command cmd_ls_tree = {
	.name = "ls-tree",
	.summary = "list what a tree holds",
	.usage = usage,
	.run = ls_tree,
	COMMAND_OPTIONS(struct ls_tree_options, specs),
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
