#include "plumbing/plumbing.h"

#include "cli/output.h"
#include "plumbing/object_reader.h"

struct merge_base_options {
	bool all, is_ancestor;
};

#define AT(field) OPTION_AT(struct merge_base_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'a', .long_name = "all", .value = AT(all), .help = "all of them" },
	{ .kind = OPTION_FLAG,
	  .long_name = "is-ancestor",
	  .value = AT(is_ancestor),
	  .help = "say by the exit code if B is a descendant of A" },
};

static const char *const merge_base_usage[] = { "drift merge-base [-a] A B", "drift merge-base --is-ancestor A B",
						NULL };
static const char *const is_ancestor_usage[] = { "drift is-ancestor A B", NULL };

static int answer_ancestor(struct cmd_context *ctx, const char *a_text, const char *b_text)
{
	auto_commit *a = NULL;
	auto_commit *b = NULL;
	int reached;

	/* A commit that is not there is no answer, so it does not exit as one. */
	if (plumbing_commit(ctx, a_text, &a, &ctx->err) || plumbing_commit(ctx, b_text, &b, &ctx->err))
		return ctx_die(ctx, "compare '%s' with '%s'", a_text, b_text);
	reached = graph_is_ancestor(ctx->repo, a, b, &ctx->err);
	if (reached < 0)
		return ctx_die(ctx, "compare '%s' with '%s'", a_text, b_text);
	return reached ? EXIT_DONE : EXIT_NO;
}

static int print_bases(struct cmd_context *ctx, const char *a_text, const char *b_text)
{
	const struct merge_base_options *o = ctx->options;
	char hex[OID_HEX_LEN + 1];
	auto_commit *a = NULL;
	auto_commit *b = NULL;
	struct commit **bases;
	size_t count;

	if (plumbing_commit(ctx, a_text, &a, &ctx->err) || plumbing_commit(ctx, b_text, &b, &ctx->err) ||
	    graph_merge_bases(ctx->repo, a, b, &bases, &count, &ctx->err))
		return ctx_die(ctx, "find the merge base of '%s' and '%s'", a_text, b_text);
	for (size_t i = 0; i < count && (o->all || !i); i++)
		out_printf("%s\n", oid_to_hex(&bases[i]->id, hex));
	graph_free_list(bases, count);
	return count ? EXIT_DONE : EXIT_NO;
}

static int merge_base(struct cmd_context *ctx, int argc, char **argv)
{
	const struct merge_base_options *o = ctx->options;

	if (argc != 2)
		return ctx_usage(ctx, "it takes two commits");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	return o->is_ancestor ? answer_ancestor(ctx, argv[0], argv[1]) : print_bases(ctx, argv[0], argv[1]);
}

static int is_ancestor(struct cmd_context *ctx, int argc, char **argv)
{
	if (argc != 2)
		return ctx_usage(ctx, "it takes two commits");
	return ctx_repo(ctx) ? answer_ancestor(ctx, argv[0], argv[1]) : EXIT_FAILED;
}

const struct command cmd_merge_base = {
	.name = "merge-base",
	.task = "find a merge base",
	.summary = "find where two lines of history parted",
	.usage = merge_base_usage,
	.run = merge_base,
	COMMAND_OPTIONS(struct merge_base_options, specs),
	.common = COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};

const struct command cmd_is_ancestor = {
	.name = "is-ancestor",
	.summary = "say by the exit code if one commit descends from another",
	.usage = is_ancestor_usage,
	.run = is_ancestor,
	.common = COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
