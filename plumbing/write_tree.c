#include "plumbing/plumbing.h"

#include "cli/output.h"
#include "plumbing/object_reader.h"

static const char *const usage[] = { "drift write-tree [--branch B]", NULL };

static int make_tree(struct cmd_context *ctx, struct tree_root *root_out)
{
	struct drift_error *err = &ctx->err;
	struct odb_batch *batch = NULL;
	auto_point tip = POINT_INIT;
	struct tree_root root;
	uint64_t count;
	int failed;

	if (ctx_point(ctx, NULL, &tip, err) || stage_count(ctx->repo, &count, err))
		return -1;
	*root_out = tip.tree;
	if (!count)
		return 0;
	failed = odb_batch_new(repo_odb(ctx->repo), &batch, err) || stage_tree(ctx->repo, batch, &tip.tree, &root, err);
	if (!failed && !tree_is_empty(&root) && !oid_equal(&root.id, &tip.tree.id))
		failed = plumbing_store(ctx, batch, err);
	odb_batch_free(batch);
	if (!failed)
		*root_out = root;
	return failed ? -1 : 0;
}

static int write_tree(struct cmd_context *ctx, int argc, char **argv)
{
	char hex[OID_HEX_LEN + 1];
	struct tree_root root;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (make_tree(ctx, &root))
		return ctx_fail(ctx, "write the tree");
	out_printf("%s\n", oid_to_hex(&root.id, hex));
	return EXIT_DONE;
}

const struct command cmd_write_tree = {
	.name = "write-tree",
	.task = "write the tree",
	.summary = "make a tree of HEAD's and what is staged",
	.usage = usage,
	.run = write_tree,
	.common = COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
