#include "plumbing/plumbing.h"

#include "cli/conflict_output.h"
#include "cli/merge_args.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "repo/merge_commit.h"

struct merge_tree_options {
	const char *favour, *policy;
};

#define AT(field) OPTION_AT(struct merge_tree_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .short_name = 'X',
	  .long_name = "favour",
	  .value = AT(favour),
	  .argument = "SIDE",
	  .help = "settle all clashes for ours (A) or theirs (B)" },
	{ .kind = OPTION_STRING,
	  .long_name = "policy",
	  .value = AT(policy),
	  .argument = "POLICY",
	  .help = "merge all documents by this policy, whatever their schemas say" },
};

static const char *const usage[] = { "drift merge-tree [OPTION...] BASE A B", "drift merge-tree [OPTION...] A B",
				     NULL };

/* Three trees. */
static int merge_trees(struct cmd_context *ctx, char **names, const struct merge_choices *choices,
		       struct merge_store *store, struct odb_batch *batch, struct tree_root *root_out,
		       struct tree_merge_stats *stats)
{
	auto_object_reader reader = OBJECT_READER_INIT(ctx);
	struct tree_merge_input input = { .choices = choices };
	struct drift_error *err = &ctx->err;

	if (object_reader_tree(&reader, names[0], &input.base, err) ||
	    object_reader_tree(&reader, names[1], &input.first, err) ||
	    object_reader_tree(&reader, names[2], &input.second, err))
		return -1;
	merge_store_into(store, batch);
	return tree_merge(store, &input, root_out, stats, err);
}

/* Two commits, on the base that they have. */
static int merge_commits(struct cmd_context *ctx, char **names, const struct merge_choices *choices,
			 struct merge_store *store, struct odb_batch *batch, struct tree_root *root_out,
			 struct tree_merge_stats *stats)
{
	struct merge_job job = { .repo = ctx->repo, .store = store, .batch = batch, .choices = choices };
	auto_commit *a = NULL;
	auto_commit *b = NULL;

	if (plumbing_commit(ctx, names[0], &a, &ctx->err) || plumbing_commit(ctx, names[1], &b, &ctx->err))
		return -1;
	job.sides[0] = a;
	job.sides[1] = b;
	return merge_commit_trees(&job, root_out, stats, &ctx->err);
}

static int print_result(struct cmd_context *ctx, struct node_store *nodes, const struct tree_root *root,
			const struct tree_merge_stats *stats)
{
	char hex[OID_HEX_LEN + 1];
	struct json_line line;

	if (!ctx->common.json) {
		out_printf("%s%c", oid_to_hex(&root->id, hex), ctx->common.nul ? '\0' : '\n');
	} else {
		out_json_begin(&line);
		out_json_id(&line.w, "tree", &root->id);
		json_writer_member_uint(&line.w, "merged", stats->merged_count);
		json_writer_member_uint(&line.w, "clashes", stats->clash_count);
		json_writer_member_uint(&line.w, "conflicts", stats->conflict_count);
		if (out_json_end(&line, &ctx->err))
			return -1;
	}
	return conflict_list(ctx, nodes, root, NULL);
}

static int run(struct cmd_context *ctx, int argc, char **argv, struct odb_batch *batch)
{
	const struct merge_tree_options *o = ctx->options;
	auto_merge_args args = { .policy = NULL };
	auto_merge_store *store = NULL;
	struct tree_merge_stats stats;
	struct tree_root root;

	if (merge_args_parse(o->favour, o->policy, &args, &ctx->err) ||
	    merge_store_new(repo_odb(ctx->repo), &store, &ctx->err) ||
	    (argc == 3 ? merge_trees(ctx, argv, &args.choices, store, batch, &root, &stats) :
			 merge_commits(ctx, argv, &args.choices, store, batch, &root, &stats)) ||
	    plumbing_store(ctx, batch, &ctx->err))
		return ctx_die(ctx, "merge");
	/* By id alone it would have to be searched for. */
	root.loc = odb_batch_loc(batch, root.loc);
	if (print_result(ctx, repo_nodes(ctx->repo), &root, &stats))
		return ctx_die(ctx, "print the result");
	return stats.conflict_count ? EXIT_NO : EXIT_DONE;
}

static int merge_tree(struct cmd_context *ctx, int argc, char **argv)
{
	struct odb_batch *batch;
	int code;

	if (argc != 2 && argc != 3)
		return ctx_usage(ctx, "it takes three trees, or two commits");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (odb_batch_new(repo_odb(ctx->repo), &batch, &ctx->err))
		return ctx_die(ctx, "merge");
	code = run(ctx, argc, argv, batch);
	odb_batch_free(batch);
	return code;
}

const struct command cmd_merge_tree = {
	.name = "merge-tree",
	.task = "merge trees",
	.summary = "merge trees into one, without a commit",
	.usage = usage,
	.run = merge_tree,
	COMMAND_OPTIONS(struct merge_tree_options, specs),
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
