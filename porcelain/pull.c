#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/transfer.h"
#include "refs/refname.h"

struct pull_options {
	bool no_conflicts, ff_only, prune;
	bool tags, no_tags;
	const char *upload_pack;
};

#define AT(field) OPTION_AT(struct pull_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "no-conflicts", .value = AT(no_conflicts),
	  .help = "merge nothing if a document would be in conflict" },
	{ .kind = OPTION_FLAG, .long_name = "ff-only", .value = AT(ff_only), .help = "merge nothing, only go forward" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "all tags" },
	{ .kind = OPTION_FLAG, .long_name = "no-tags", .value = AT(no_tags), .help = "no tags" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .long_name = "prune", .value = AT(prune), .help = "as for fetch" },
	{ .kind = OPTION_STRING, .long_name = "upload-pack", .value = AT(upload_pack), .argument = "COMMAND",
	  .help = "what to run on the other machine" },
};

static const char *const usage[] = { "drift pull [OPTION...] [REMOTE|URL [BRANCH]]", NULL };

struct pull {
	struct cmd_context *ctx;
	char branch[REF_NAME_MAX + 1];
	struct remote *remote;
	struct upstream upstream;
	struct buf wanted; /* as it is called there */
	struct commit_options who;
	struct fetch_result fetched;
	struct transfer_totals totals;
};

static void pull_release(struct pull *p)
{
	remote_free(p->remote);
	upstream_release(&p->upstream);
	buf_release(&p->wanted);
	fetch_result_release(&p->fetched);
}
#define auto_pull __attribute__((cleanup(pull_release))) struct pull

/* The branch that was named, else the one that ours follows, else its like. */
static int choose(struct pull *p, int argc, char **argv)
{
	struct cmd_context *ctx = p->ctx;

	if (ctx_current_branch(ctx, p->branch, &ctx->err) ||
	    ctx_remote(ctx, argc ? argv[0] : NULL, p->branch, &p->remote, &ctx->err) ||
	    upstream_load(ctx->repo, p->branch, &p->upstream, &ctx->err))
		return -1;
	if (argc > 1) {
		if (strncmp(argv[1], "refs/", 5) && strcmp(argv[1], REF_HEAD) != 0)
			return refname_branch(argv[1], strlen(argv[1]), &p->wanted, &ctx->err);
		buf_add_str(&p->wanted, argv[1]);
	} else if (p->upstream.remote && (!argc || (p->remote->name && !strcmp(p->upstream.remote, p->remote->name)))) {
		buf_add_str(&p->wanted, p->upstream.ref);
	} else {
		buf_add_str(&p->wanted, p->remote->name ? p->branch : REF_HEAD);
	}
	return buf_check(&p->wanted, &ctx->err);
}

static int fetch(struct pull *p)
{
	const struct pull_options *o = p->ctx->options;
	const struct client_options how = { .remote = p->remote, .pack_command = o->upload_pack };
	auto_refspecs refspecs = { .items = NULL };
	struct fetch_options options = {
		.remote = p->remote, .specs = &refspecs, .prune = o->prune || p->remote->prune,
		.tags = transfer_tags(p->remote, o->tags, o->no_tags),
	};
	struct cmd_context *ctx = p->ctx;
	auto_buf tracking = BUF_INIT;
	auto_client *client = NULL;
	struct transfer_bar bar;
	int r = remote_tracking(p->remote, p->wanted.data, &tracking, &ctx->err);

	/* What the remote is set to fetch has it among others, or it is fetched alone. */
	if (r < 0 || (!r && refspec_add(&refspecs, p->wanted.data, REFSPEC_FETCH, &ctx->err)) ||
	    ctx_commit_options(ctx, &p->who, &ctx->err) || client_open(ctx->repo, &how, &client, &ctx->err))
		return -1;
	options.actor = p->who.author;
	options.time_usec = p->who.time_usec;
	transfer_bar_start(ctx, &bar, "receiving commits");
	options.progress = &bar.progress;
	r = fetch_run(ctx->repo, client, &options, &p->fetched, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return -1;
	transfer_totals_add(&p->totals, &p->fetched.counts, NULL);
	client_counts(client, &p->totals.wire);
	return 0;
}

/* A branch may follow another of the same repository. */
static int join_own(struct pull *p, struct join_result *result)
{
	const struct pull_options *o = p->ctx->options;
	struct cmd_context *ctx = p->ctx;
	struct join_options options = {
		.branch = p->branch, .from = refname_short(p->upstream.ref), .no_conflicts = o->no_conflicts,
		.forward_only = o->ff_only,
	};
	auto_commit *c = NULL;
	int found = refs_commit(repo_odb(ctx->repo), p->upstream.ref, false, &c, &ctx->err);

	if (!found)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no '%s'", p->upstream.ref);
	if (found < 0 || ctx_commit_options(ctx, &p->who, &ctx->err))
		return -1;
	options.with = &c->id;
	options.actor = p->who.author;
	options.time_usec = p->who.time_usec;
	return branch_join(ctx->repo, &options, result, &ctx->err);
}

static int join(struct pull *p, struct join_result *result)
{
	const struct pull_options *o = p->ctx->options;
	struct cmd_context *ctx = p->ctx;
	const struct client_ref *theirs = client_refs_find(&p->fetched.theirs, p->wanted.data);
	const struct join_options options = {
		.branch = p->branch, .with = theirs ? &theirs->id : NULL, .no_conflicts = o->no_conflicts,
		.from = p->remote->name ? p->remote->name : p->remote->url, .forward_only = o->ff_only,
		.actor = p->who.author, .time_usec = p->who.time_usec,
	};

	if (!theirs)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "the other end has no '%s'", refname_short(p->wanted.data));
	return branch_join(ctx->repo, &options, result, &ctx->err);
}

static int failed(struct pull *p)
{
	struct cmd_context *ctx = p->ctx;
	const char *name = refname_short(p->branch);

	return ctx_fail(ctx, ctx->err.code == DRIFT_ERR_CLASH ? "merge into '%s'" : "pull '%s'", name);
}

static int pull(struct cmd_context *ctx, int argc, char **argv)
{
	auto_pull p = { .ctx = ctx, .wanted = BUF_INIT };
	struct join_result result;

	if (argc > 2)
		return ctx_usage(ctx, "one branch at a time");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_current_branch(ctx, p.branch, &ctx->err) || (!argc && upstream_load(ctx->repo, p.branch, &p.upstream, &ctx->err)))
		return transfer_failed(ctx, "pull", NULL);
	if (p.upstream.remote && !strcmp(p.upstream.remote, "."))
		return join_own(&p, &result) ? failed(&p) :
		       transfer_print_join(ctx, p.branch, &result) ? ctx_die(ctx, "print what was pulled") : EXIT_DONE;
	upstream_release(&p.upstream);
	if (choose(&p, argc, argv))
		return transfer_failed(ctx, "pull", NULL);
	if (fetch(&p))
		return transfer_failed(ctx, "pull from", p.remote);
	if (transfer_print_fetch(ctx, p.remote, &p.fetched))
		return ctx_die(ctx, "print what was fetched");
	if (join(&p, &result))
		return failed(&p);
	if (transfer_print_join(ctx, p.branch, &result) || transfer_print_totals(ctx, &p.totals))
		return ctx_die(ctx, "print what was pulled");
	return EXIT_DONE;
}

const struct command cmd_pull = {
	.name = "pull",
	.summary = "fetch from another repository and merge its branch into ours",
	.usage = usage,
	.run = pull,
	COMMAND_OPTIONS(struct pull_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_CACHE | COMMON_BRANCH,
	.writes = true,
};
