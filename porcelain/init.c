#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

struct init_options {
	bool bare;
	const char *initial_branch, *directory;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "bare", .value = OPTION_AT(struct init_options, bare),
	  .help = "make DIR itself the store, without a .drift folder in it" },
	{ .kind = OPTION_STRING, .short_name = 'b', .long_name = "initial-branch", .argument = "NAME",
	  .value = OPTION_AT(struct init_options, initial_branch), .help = "the first branch (main)" },
	{ .kind = OPTION_STRING, .short_name = 'd', .value = OPTION_AT(struct init_options, directory), .argument = "DIR",
	  .help = "the same as the argument DIR" },
};

static const char *const usage[] = { "drift init [--bare] [-b NAME] [-q] [DIR]", NULL };

static int report(struct cmd_context *ctx, const char *dir)
{
	auto_buf text = BUF_INIT;
	struct repo *repo;
	const struct repo_options options = { .read_only = true };

	if (ctx->common.quiet)
		return EXIT_DONE;
	if (repo_open(dir, &options, &repo, &ctx->err))
		return ctx_die(ctx, "open the new repository");
	ctx->repo = repo;
	buf_add_str(&text, "new empty repository in ");
	out_append_text(ctx, &text, repo_dir(repo), strlen(repo_dir(repo)), false);
	buf_add_byte(&text, '\n');
	out_buf(&text);
	return EXIT_DONE;
}

static int init(struct cmd_context *ctx, int argc, char **argv)
{
	const struct init_options *o = ctx->options;
	const struct repo_options options = { .bare = o->bare, .default_branch = o->initial_branch };
	const char *dir = o->directory ? o->directory : argc ? argv[0] : getenv("DRIFT_DIR");

	if (argc + (o->directory ? 1 : 0) > 1)
		return ctx_usage(ctx, "one folder at a time");
	if (!dir || !*dir)
		dir = ".";
	if (repo_init(dir, &options, &ctx->err))
		return ctx_die(ctx, "make a repository in '%s'", dir);
	return report(ctx, dir);
}

const struct command cmd_init = {
	.name = "init",
	.task = "make a repository",
	.summary = "create an empty repository",
	.usage = usage,
	.run = init,
	COMMAND_OPTIONS(struct init_options, specs),
	.common = COMMON_QUIET,
	.writes = true,
};
