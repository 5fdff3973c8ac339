#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/transfer.h"
#include "refs/refname.h"

struct push_command_options {
	bool all, tags, delete, force, dry_run, set_upstream, atomic, no_atomic;
	struct option_list leases;
	const char *receive_pack;
};

#define AT(field) OPTION_AT(struct push_command_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "all", .value = AT(all), .help = "all branches" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "all tags, too" },
	{ .kind = OPTION_FLAG, .short_name = 'd', .long_name = "delete", .value = AT(delete),
	  .help = "remove the refs from the remote" },
	{ .kind = OPTION_FLAG, .short_name = 'f', .long_name = "force", .value = AT(force),
	  .help = "move refs that do not go forward, whatever they hold" },
	{ .kind = OPTION_LIST, .long_name = "force-with-lease", .value = AT(leases), .argument = "[REF:]OLD",
	  .argument_optional = true, .help = "the same, if they hold what was seen there last, or OLD" },
	{ .kind = OPTION_FLAG, .long_name = "no-atomic", .value = AT(no_atomic),
	  .help = "each ref on its own, instead of all or none" },
	{ .kind = OPTION_FLAG, .long_name = "atomic", .value = AT(atomic) },
	{ .kind = OPTION_FLAG, .short_name = 'n', .long_name = "dry-run", .value = AT(dry_run),
	  .help = "say what would be moved, change nothing" },
	{ .kind = OPTION_FLAG, .short_name = 'u', .long_name = "set-upstream", .value = AT(set_upstream),
	  .help = "from now on the pushed branches follow those of the remote" },
	{ .kind = OPTION_STRING, .long_name = "receive-pack", .value = AT(receive_pack), .argument = "COMMAND",
	  .help = "what to run on the other machine" },
};

static const char *const usage[] = {
	"drift push [OPTION...] [REMOTE|URL [REFSPEC...]]",
	"drift push --delete [OPTION...] REMOTE|URL REF...",
	NULL,
};

/* Without refspecs: what the remote's configuration says, else the current branch to the one that it follows, or to its like. */
static int usual_spec(struct cmd_context *ctx, const struct remote *remote, const char *branch, struct refspec_list *out)
{
	auto_upstream upstream = { .remote = NULL };
	struct ref_value value;
	auto_buf text = BUF_INIT;

	if (odb_ref_read(repo_odb(ctx->repo), branch, false, &value, &ctx->err))
		return -1;
	if (value.kind == REF_ABSENT)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "'%s' has no commit yet", refname_short(branch));
	if (upstream_load(ctx->repo, branch, &upstream, &ctx->err))
		return -1;
	buf_addf(&text, "%s:%s", branch,
		 upstream.remote && remote->name && !strcmp(upstream.remote, remote->name) ? upstream.ref : branch);
	return buf_check(&text, &ctx->err) || refspec_add(out, text.data, REFSPEC_PUSH, &ctx->err) ? -1 : 0;
}

static int given_specs(struct cmd_context *ctx, int argc, char **argv, struct refspec_list *out)
{
	const struct push_command_options *o = ctx->options;

	for (int i = 1; i < argc; i++) {
		auto_buf text = BUF_INIT;

		buf_addf(&text, "%s%s", o->delete ? ":" : "", argv[i]);
		if (buf_check(&text, &ctx->err) || refspec_add(out, text.data, REFSPEC_PUSH, &ctx->err))
			return -1;
	}
	if (o->all && refspec_add(out, "refs/heads/*:refs/heads/*", REFSPEC_PUSH, &ctx->err))
		return -1;
	return o->tags ? refspec_add(out, "refs/tags/*:refs/tags/*", REFSPEC_PUSH, &ctx->err) : 0;
}

/* "OLD" or "REF:OLD", OLD being "absent", an id, or a point of ours. */
static int parse_lease(struct cmd_context *ctx, const char *text, struct push_lease *out, char **name_out)
{
	const char *colon = strrchr(text, ':'), *old = colon ? colon + 1 : text;
	auto_point point = POINT_INIT;

	*out = (struct push_lease){ .name = NULL };
	if (colon) {
		*name_out = mem_dup_str(text, (size_t)(colon - text));
		if (!*name_out)
			return error_no_memory(&ctx->err);
		out->name = *name_out;
	}
	if (!strcmp(old, "absent") || !*old || (strspn(old, "0") == OID_HEX_LEN && strlen(old) == OID_HEX_LEN)) {
		out->absent = true;
		return 0;
	}
	if (!oid_from_hex(old, strlen(old), &out->id, NULL))
		return 0;
	if (ctx_point(ctx, old, &point, &ctx->err))
		return -1;
	if (!point.commit)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "'%s' is no commit", old);
	out->id = point.commit->id;
	return 0;
}

struct leases {
	struct push_lease *items;
	char **names;
	size_t count, capacity;
	bool all;
};

static void leases_release(struct leases *l)
{
	for (size_t i = 0; i < l->capacity && l->names; i++)
		free(l->names[i]);
	free(l->names);
	free(l->items);
}
#define auto_leases __attribute__((cleanup(leases_release))) struct leases

static int parse_leases(struct cmd_context *ctx, struct leases *out)
{
	const struct push_command_options *o = ctx->options;

	out->items = mem_calloc(o->leases.count + 1, sizeof(*out->items));
	out->names = mem_calloc(o->leases.count + 1, sizeof(*out->names));
	out->capacity = o->leases.count + 1;
	if (!out->items || !out->names)
		return error_no_memory(&ctx->err);
	for (size_t i = 0; i < o->leases.count; i++) {
		if (!*o->leases.items[i])
			out->all = true;
		else if (parse_lease(ctx, o->leases.items[i], &out->items[out->count++], &out->names[i]))
			return -1;
	}
	return 0;
}

static int follow_pushed(struct cmd_context *ctx, const struct remote *remote, const struct push_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct pushed_ref *ref = &result->refs[i];

		if (push_status_failed(ref->status) || !refname_is_branch(ref->source) || !refname_is_branch(ref->destination))
			continue;
		if (upstream_set(ctx->repo, ref->source, remote->name ? remote->name : remote->url, ref->destination, &ctx->err))
			return -1;
	}
	return 0;
}

static int perform(struct cmd_context *ctx, const struct remote *remote, const struct refspec_list *refspecs,
		   struct push_result *result, struct transfer_totals *totals)
{
	const struct push_command_options *o = ctx->options;
	const struct client_options how = { .remote = remote, .push = true, .pack_command = o->receive_pack };
	auto_leases leases = { .items = NULL };
	struct push_options options = {
		.remote = remote, .specs = refspecs, .force = o->force, .independent = o->no_atomic, .dry_run = o->dry_run,
	};
	struct commit_options who;
	auto_client *client = NULL;
	struct transfer_bar bar;
	int r;

	if (ctx_commit_options(ctx, &who, &ctx->err) || parse_leases(ctx, &leases) ||
	    client_open(ctx->repo, &how, &client, &ctx->err))
		return -1;
	options.leases = leases.items;
	options.lease_count = leases.count;
	options.lease_all = leases.all;
	options.actor = who.author;
	options.time_usec = who.time_usec;
	transfer_bar_start(ctx, &bar, "sending commits");
	options.progress = &bar.progress;
	r = push_run(ctx->repo, client, &options, result, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return -1;
	transfer_totals_add(totals, NULL, &result->counts);
	client_counts(client, &totals->wire);
	return 0;
}

static int push_to(struct cmd_context *ctx, const struct remote *remote, const struct refspec_list *refspecs)
{
	const struct push_command_options *o = ctx->options;
	auto_push_result result = { .refs = NULL };
	struct transfer_totals totals = { .wire = { .in_len = 0 } };

	if (perform(ctx, remote, refspecs, &result, &totals))
		return transfer_failed(ctx, "push to", remote);
	if (transfer_print_push(ctx, remote, &result) || transfer_print_totals(ctx, &totals))
		return ctx_die(ctx, "print what was pushed");
	if (o->set_upstream && !o->dry_run && follow_pushed(ctx, remote, &result))
		return ctx_die(ctx, "note what the branches follow");
	return result.failed_count ? transfer_refused(ctx, remote, &result) : EXIT_DONE;
}

static int push(struct cmd_context *ctx, int argc, char **argv)
{
	const struct push_command_options *o = ctx->options;
	auto_refspecs refspecs = { .items = NULL };
	char branch[REF_NAME_MAX + 1];
	auto_remote *remote = NULL;
	const struct refspec_list *used = &refspecs;

	if (o->delete && (argc < 2 || o->all || o->tags))
		return ctx_usage(ctx, "--delete takes a remote and the refs to remove there");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_current_branch(ctx, branch, &ctx->err) || ctx_remote(ctx, argc ? argv[0] : NULL, branch, &remote, &ctx->err))
		return transfer_failed(ctx, "push", NULL);
	if (given_specs(ctx, argc, argv, &refspecs))
		return ctx_die(ctx, "push to '%s'", argc ? argv[0] : remote->url);
	if (!refspecs.count && remote->push.count)
		used = &remote->push;
	else if (!refspecs.count && usual_spec(ctx, remote, branch, &refspecs))
		return transfer_failed(ctx, "push to", remote);
	return push_to(ctx, remote, used);
}

const struct command cmd_push = {
	.name = "push",
	.summary = "send branches and tags to another repository",
	.usage = usage,
	.run = push,
	COMMAND_OPTIONS(struct push_command_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_CACHE | COMMON_BRANCH,
	.writes = true,
};
