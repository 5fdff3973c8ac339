#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/transfer.h"
#include "refs/refname.h"
#include "sync/reconcile.h"

struct sync_command_options {
	bool no_conflicts;
	bool tags, no_tags;
	const char *receive_pack;
};

#define AT(field) OPTION_AT(struct sync_command_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "no-conflicts", .value = AT(no_conflicts),
	  .help = "merge nothing if a document would be in conflict" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "all tags" },
	{ .kind = OPTION_FLAG, .long_name = "no-tags", .value = AT(no_tags), .help = "no tags" },
	{ .kind = OPTION_STRING, .long_name = "receive-pack", .value = AT(receive_pack), .argument = "COMMAND",
	  .help = "what to run on the other machine" },
};

static const char *const usage[] = { "drift sync [OPTION...] [REMOTE|URL [BRANCH...]]", NULL };

/* The branches at hand; the names belong to it. */
struct plan {
	struct cmd_context *ctx;
	struct remote *remote;
	char current[REF_NAME_MAX + 1];
	struct reconcile_branch *branches;
	char **names; /* two for each */
	size_t count, capacity, names_capacity;
	bool *follows; /* is it on record what the branch follows? */
	size_t follows_capacity;
};

static void plan_release(struct plan *p)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		free(p->names[i]);
	free(p->names);
	free(p->branches);
	free(p->follows);
	remote_free(p->remote);
}
#define auto_plan __attribute__((cleanup(plan_release))) struct plan

static int add_branch(struct plan *p, const char *ours, const char *theirs, bool follows, struct drift_error *err)
{
	char *a, *b;

	if (mem_grow(&p->branches, &p->capacity, p->count + 1, sizeof(*p->branches)) ||
	    mem_grow(&p->names, &p->names_capacity, 2 * p->count + 2, sizeof(*p->names)) ||
	    mem_grow(&p->follows, &p->follows_capacity, p->count + 1, sizeof(*p->follows)))
		return error_no_memory(err);
	a = mem_dup_str(ours, strlen(ours));
	b = mem_dup_str(theirs, strlen(theirs));
	if (!a || !b) {
		free(a);
		free(b);
		return error_no_memory(err);
	}
	p->names[2 * p->count] = a;
	p->names[2 * p->count + 1] = b;
	p->follows[p->count] = follows;
	p->branches[p->count++] = (struct reconcile_branch){ .ours = a, .theirs = b };
	return 0;
}

static bool is_upstream(const struct plan *p, const struct upstream *upstream)
{
	return upstream->remote && p->remote->name && !strcmp(upstream->remote, p->remote->name);
}

static int add_named(struct plan *p, const char *full, struct drift_error *err)
{
	auto_upstream upstream = { .remote = NULL };

	if (upstream_load(p->ctx->repo, full, &upstream, err))
		return -1;
	return add_branch(p, full, is_upstream(p, &upstream) ? upstream.ref : full, upstream.remote != NULL, err);
}

static int add_if_tracked(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct plan *p = data;
	auto_upstream upstream = { .remote = NULL };

	(void)value;
	if (upstream_load(p->ctx->repo, name, &upstream, err))
		return -1;
	return is_upstream(p, &upstream) ? add_branch(p, name, upstream.ref, true, err) : 0;
}

/* Those that were named, else those that follow the remote, else the current one. */
static int choose(struct plan *p, int argc, char **argv)
{
	struct cmd_context *ctx = p->ctx;

	for (int i = 1; i < argc; i++) {
		auto_buf full = BUF_INIT;

		if (refname_branch(argv[i], strlen(argv[i]), &full, &ctx->err) || buf_check(&full, &ctx->err) ||
		    add_named(p, full.data, &ctx->err))
			return -1;
	}
	if (!p->count && !ctx_branch_name(ctx) &&
	    odb_ref_each(repo_odb(ctx->repo), REF_HEADS, add_if_tracked, p, &ctx->err))
		return -1;
	return p->count ? 0 : add_named(p, p->current, &ctx->err);
}

/* The next time it goes without saying. */
static int remember(struct plan *p)
{
	struct cmd_context *ctx = p->ctx;

	for (size_t i = 0; i < p->count && p->remote->name; i++) {
		const struct reconcile_branch *b = &p->branches[i];

		if (!p->follows[i] && !(b->pushed && push_status_failed(b->push)) &&
		    upstream_set(ctx->repo, b->ours, p->remote->name, b->theirs, &ctx->err))
			return -1;
	}
	return 0;
}

static void print_fetched(void *data, const struct fetch_result *result)
{
	struct plan *p = data;

	(void)!transfer_print_fetch(p->ctx, p->remote, result);
}

/* As a push would say it. */
static int print_pushed(struct plan *p, struct push_result *result)
{
	result->refs = mem_calloc(p->count + 1, sizeof(*result->refs));
	if (!result->refs)
		return error_no_memory(&p->ctx->err);
	for (size_t i = 0; i < p->count; i++) {
		struct reconcile_branch *b = &p->branches[i];

		if (!b->pushed)
			continue;
		result->failed_count += push_status_failed(b->push);
		result->refs[result->count++] = (struct pushed_ref){
			.source = p->names[2 * i], .destination = p->names[2 * i + 1], .has_old = !oid_is_zero(&b->old),
			.has_new = true, .old = b->old, .new = b->new, .status = b->push, .sentence = b->sentence,
		};
	}
	return transfer_print_push(p->ctx, p->remote, result);
}

static int report(struct plan *p, const struct transfer_totals *totals)
{
	struct cmd_context *ctx = p->ctx;
	struct push_result pushed = { .refs = NULL };
	int r = 0, code = EXIT_DONE;

	for (size_t i = 0; i < p->count && !r; i++) {
		if (p->branches[i].joined)
			r = transfer_print_join(ctx, p->branches[i].ours, &p->branches[i].join);
	}
	r = r || print_pushed(p, &pushed) || transfer_print_totals(ctx, totals);
	if (r)
		code = ctx_die(ctx, "print what was done");
	else if (pushed.failed_count)
		code = transfer_refused(ctx, p->remote, &pushed);
	free(pushed.refs);
	return code;
}

static int perform(struct plan *p, struct transfer_totals *totals)
{
	struct cmd_context *ctx = p->ctx;
	const struct sync_command_options *o = ctx->options;
	const struct client_options how = { .remote = p->remote, .push = true, .pack_command = o->receive_pack };
	struct reconcile_options options = {
		.remote = p->remote, .branches = p->branches, .count = p->count, .no_conflicts = o->no_conflicts,
		.tags = transfer_tags(p->remote, o->tags, o->no_tags),
		.fetched = print_fetched, .data = p,
	};
	struct reconcile_result result;
	struct commit_options who;
	auto_client *client = NULL;
	struct transfer_bar bar;
	int r;

	if (ctx_commit_options(ctx, &who, &ctx->err) || client_open(ctx->repo, &how, &client, &ctx->err))
		return -1;
	options.actor = who.author;
	options.time_usec = who.time_usec;
	transfer_bar_start(ctx, &bar, "passing commits");
	options.progress = &bar.progress;
	r = reconcile_run(ctx->repo, client, &options, &result, &ctx->err);
	transfer_bar_finish(&bar);
	if (r)
		return -1;
	transfer_totals_add(totals, &result.received, &result.sent);
	client_counts(client, &totals->wire);
	return 0;
}

static int sync_command(struct cmd_context *ctx, int argc, char **argv)
{
	auto_plan p = { .ctx = ctx };
	struct transfer_totals totals = { .wire = { .in_len = 0 } };

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_current_branch(ctx, p.current, &ctx->err) ||
	    ctx_remote(ctx, argc ? argv[0] : NULL, p.current, &p.remote, &ctx->err))
		return transfer_failed(ctx, "sync", NULL);
	if (choose(&p, argc, argv) || perform(&p, &totals))
		return transfer_failed(ctx, "sync with", p.remote);
	if (remember(&p))
		return ctx_die(ctx, "note what the branches follow");
	return report(&p, &totals);
}

const struct command cmd_sync = {
	.name = "sync",
	.summary = "fetch, merge and push, until both have the same",
	.usage = usage,
	.run = sync_command,
	COMMAND_OPTIONS(struct sync_command_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_CACHE | COMMON_BRANCH,
	.writes = true,
};
