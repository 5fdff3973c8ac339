#include "plumbing/plumbing.h"

#include "plumbing/object_reader.h"

struct read_tree_options {
	bool empty;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "empty",
	  .value = OPTION_AT(struct read_tree_options, empty),
	  .help = "the tree that holds nothing" },
};

static const char *const usage[] = { "drift read-tree [--branch B] TREE", "drift read-tree [--branch B] --empty",
				     NULL };

static int stage_it(struct cmd_context *ctx, const char *text)
{
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	struct tree_root root;
	const char *who;

	tree_empty(&root);
	if (ctx_branch(ctx, &ctx->err) < 0 || (text && object_reader_tree(&reader, text, &root, &ctx->err)) ||
	    ctx_author(ctx, &who, &ctx->err))
		return -1;
	return stage_read_tree(ctx->repo, &root, ctx_branch_name(ctx), who, &ctx->err);
}

static int read_tree(struct cmd_context *ctx, int argc, char **argv)
{
	const struct read_tree_options *o = ctx->options;

	if (argc != (o->empty ? 0 : 1))
		return ctx_usage(ctx, argc ? "one tree at a time" : "which tree?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	return stage_it(ctx, o->empty ? NULL : argv[0]) ? ctx_fail(ctx, "stage the tree") : EXIT_DONE;
}

const struct command cmd_read_tree = {
	.name = "read-tree",
	.task = "stage the tree",
	.summary = "stage what makes a tree of HEAD's",
	.usage = usage,
	.run = read_tree,
	COMMAND_OPTIONS(struct read_tree_options, specs),
	.common = COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
