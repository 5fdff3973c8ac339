#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/transfer.h"

struct fetch_command_options {
	bool all, prune, dry_run, force;
	bool tags, no_tags;
	const char *upload_pack;
};

#define AT(field) OPTION_AT(struct fetch_command_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "all", .value = AT(all), .help = "from every remote" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "all tags" },
	{ .kind = OPTION_FLAG, .long_name = "no-tags", .value = AT(no_tags), .help = "no tags" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .long_name = "prune", .value = AT(prune),
	  .help = "remove tracking refs of what the remote has no more" },
	{ .kind = OPTION_FLAG, .short_name = 'f', .long_name = "force", .value = AT(force),
	  .help = "move refs that do not go forward, too" },
	{ .kind = OPTION_FLAG, .short_name = 'n', .long_name = "dry-run", .value = AT(dry_run),
	  .help = "say what would be moved, change nothing" },
	{ .kind = OPTION_STRING, .long_name = "upload-pack", .value = AT(upload_pack), .argument = "COMMAND",
	  .help = "what to run on the other machine" },
};

static const char *const usage[] = {
	"drift fetch [OPTION...] [REMOTE|URL [REFSPEC...]]",
	"drift fetch --all [OPTION...]",
	NULL,
};

static int rejected(const struct fetch_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		if (result->refs[i].status == FETCH_REJECTED)
			return 1;
	}
	return 0;
}

static int perform(struct cmd_context *ctx, const struct remote *remote, const struct refspec_list *refspecs,
		   struct fetch_result *result, struct transfer_totals *totals)
{
	const struct fetch_command_options *o = ctx->options;
	const struct client_options how = { .remote = remote, .pack_command = o->upload_pack };
	struct fetch_options options = {
		.remote = remote, .specs = refspecs, .tags = transfer_tags(remote, o->tags, o->no_tags), .prune = o->prune || remote->prune,
		.dry_run = o->dry_run, .force = o->force,
	};
	struct commit_options who;
	auto_client *client = NULL;
	struct transfer_bar bar;
	int r;

	if (ctx_commit_options(ctx, &who, &ctx->err) || client_open(ctx->repo, &how, &client, &ctx->err))
		return -1;
	options.actor = who.author;
	options.time_usec = who.time_usec;
	transfer_bar_start(ctx, &bar, "receiving commits");
	options.progress = &bar.progress;
	r = fetch_run(ctx->repo, client, &options, result, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return -1;
	transfer_totals_add(totals, &result->counts, NULL);
	client_counts(client, &totals->wire);
	return 0;
}

static int fetch_one(struct cmd_context *ctx, const struct remote *remote, const struct refspec_list *refspecs)
{
	auto_fetch_result result = { .refs = NULL };
	struct transfer_totals totals = { .wire = { .in_len = 0 } };

	if (perform(ctx, remote, refspecs, &result, &totals))
		return transfer_failed(ctx, "fetch from", remote);
	if (transfer_print_fetch(ctx, remote, &result) || transfer_print_totals(ctx, &totals))
		return ctx_die(ctx, "print what was fetched");
	return rejected(&result) ? EXIT_NO : EXIT_DONE;
}

static int fetch_all(struct cmd_context *ctx)
{
	auto_remote_names names = { .items = NULL };
	int worst = EXIT_DONE;

	if (remote_names(ctx->repo, &names, &ctx->err))
		return ctx_die(ctx, "list the remotes");
	for (size_t i = 0; i < names.count; i++) {
		auto_remote *remote = NULL;
		int code;

		if (remote_load(ctx->repo, names.items[i], &remote, &ctx->err))
			code = ctx_die(ctx, "fetch from '%s'", names.items[i]);
		else
			code = fetch_one(ctx, remote, NULL);
		worst = code > worst ? code : worst;
	}
	return worst;
}

static int fetch(struct cmd_context *ctx, int argc, char **argv)
{
	const struct fetch_command_options *o = ctx->options;
	auto_refspecs refspecs = { .items = NULL };
	char branch[REF_NAME_MAX + 1];
	auto_remote *remote = NULL;

	if (o->all && argc)
		return ctx_usage(ctx, "--all names every remote");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (o->all)
		return fetch_all(ctx);
	if (ctx_current_branch(ctx, branch, &ctx->err) || ctx_remote(ctx, argc ? argv[0] : NULL, branch, &remote, &ctx->err))
		return transfer_failed(ctx, "fetch", NULL);
	for (int i = 1; i < argc; i++) {
		if (refspec_add(&refspecs, argv[i], REFSPEC_FETCH, &ctx->err))
			return ctx_die(ctx, "fetch from '%s'", argv[0]);
	}
	return fetch_one(ctx, remote, &refspecs);
}

const struct command cmd_fetch = {
	.name = "fetch",
	.summary = "take over what another repository has, without touching branches",
	.usage = usage,
	.run = fetch,
	COMMAND_OPTIONS(struct fetch_command_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_CACHE,
	.writes = true,
};
