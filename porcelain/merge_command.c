#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/apply.h"
#include "cli/conflict_output.h"
#include "cli/merge_args.h"
#include "cli/output.h"
#include "cli/ref_move.h"
#include "refs/refname.h"
#include "sync/join.h"

struct merge_options {
	const char *favour, *policy;
	bool no_conflicts, dry_run, no_forward, forward_only;
};

#define AT(field) OPTION_AT(struct merge_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .short_name = 'X',
	  .long_name = "favour",
	  .value = AT(favour),
	  .argument = "SIDE",
	  .help = "settle all clashes for ours or theirs" },
	{ .kind = OPTION_STRING,
	  .long_name = "policy",
	  .value = AT(policy),
	  .argument = "POLICY",
	  .help = "merge all documents by this policy, whatever their schemas say" },
	{ .kind = OPTION_FLAG,
	  .long_name = "no-conflicts",
	  .value = AT(no_conflicts),
	  .help = "refuse, and change nothing, if documents would be in conflict" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'n',
	  .long_name = "dry-run",
	  .value = AT(dry_run),
	  .help = "only say what would be in conflict" },
	{ .kind = OPTION_FLAG,
	  .long_name = "no-ff",
	  .value = AT(no_forward),
	  .help = "make a commit even where the branch could go forward" },
	{ .kind = OPTION_FLAG, .long_name = "ff-only", .value = AT(forward_only), .help = "refuse to make a commit" },
};

static const char *const usage[] = { "drift merge [OPTION...] COMMIT", NULL };

/* A merge on its way into the branch. */
struct merging {
	struct tree_builder builder; /* of a person's merge: first */
	struct cmd_context *ctx;
	const char *name; /* of what is merged, as it was written */
	struct merge_args args;
	struct ref_resolved branch;
	struct commit *ours, *theirs; /* ours: NULL, the branch has no commits */
	struct merge_store *store;
	struct merge_result result;
};

static void merging_release(struct merging *m)
{
	commit_unref(m->ours);
	commit_unref(m->theirs);
	commit_unref(m->result.commit);
	merge_store_free(m->store);
	merge_args_release(&m->args);
}
#define auto_merging __attribute__((cleanup(merging_release))) struct merging

/* Does somebody speak for this merge, or is it everybody's? */
static bool is_personal(const struct cmd_context *ctx)
{
	const struct merge_options *o = ctx->options;

	return ctx_has_message(ctx) || ctx->common.author || ctx->common.date || o->favour || o->policy ||
	       o->no_forward;
}

/* Where the branch stands, and what is to come to it. */
static int read_sides(struct merging *m)
{
	struct cmd_context *ctx = m->ctx;
	const char *branch = ctx_branch_name(ctx);
	struct odb *odb = repo_odb(ctx->repo);
	struct object_ref theirs;

	if (refs_resolve(odb, branch ? branch : REF_HEAD, false, &m->branch, &ctx->err))
		return -1;
	if (m->branch.exists && odb_commit(odb, &m->branch.object.id, m->branch.object.loc, &m->ours, &ctx->err))
		return -1;
	return ctx_commit_of(ctx, m->name, &theirs, &ctx->err) ||
	       odb_commit(odb, &theirs.id, theirs.loc, &m->theirs, &ctx->err);
}

static int find_kind(struct merging *m)
{
	struct cmd_context *ctx = m->ctx;
	int nothing, forward = 1;

	m->result.kind = MERGE_FORWARD;
	if (!m->ours)
		return 0;
	nothing = graph_is_ancestor(ctx->repo, m->theirs, m->ours, &ctx->err);
	if (!nothing)
		forward = graph_is_ancestor(ctx->repo, m->ours, m->theirs, &ctx->err);
	if (nothing < 0 || forward < 0)
		return -1;
	m->result.kind = nothing ? MERGE_NOTHING : forward ? MERGE_FORWARD : MERGE_MADE;
	return 0;
}

static int check_conflicts(struct merging *m, const struct commit *ours, uint64_t then)
{
	const struct merge_options *o = m->ctx->options;
	uint64_t now = 0;

	if (ours) {
		const struct tree_root root = { ours->tree.id, ours->tree.loc };

		if (conflict_count(repo_nodes(m->ctx->repo), &root, &now, &m->ctx->err))
			return -1;
	}
	return merge_check_conflicts(m->ctx->repo, m->branch.name, o->no_conflicts, now, then, &m->ctx->err);
}

/* ---- a person's merge ---- */

static int merge_trees(struct merging *m, struct commit *ours, struct odb_batch *batch, struct tree_root *root_out)
{
	struct merge_job job = {
		.repo = m->ctx->repo, .batch = batch, .sides = { ours, m->theirs }, .choices = &m->args.choices
	};

	merge_store_free(m->store);
	m->store = NULL;
	if (merge_store_new(repo_odb(m->ctx->repo), &m->store, &m->ctx->err))
		return -1;
	job.store = m->store;
	return merge_commit_trees(&job, root_out, &m->result.stats, &m->ctx->err);
}

static int build(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		 const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err)
{
	struct merging *m = (struct merging *)self;
	auto_commit *ours = NULL;

	(void)base;
	(void)attempt;
	/* Whatever the branch has become is merged, if there is still something to merge. */
	if (odb_commit(repo_odb(m->ctx->repo), &tip->id, tip->loc, &ours, err))
		return -1;
	if (oid_equal(&ours->id, &m->theirs->id) || graph_is_ancestor(m->ctx->repo, m->theirs, ours, err))
		return error_set(err, DRIFT_ERR_CLASH, "another writer has merged it meanwhile");
	if (merge_trees(m, ours, batch, root_out))
		return -1;
	return check_conflicts(m, ours, m->result.stats.conflict_count);
}

static void default_message(const struct merging *m, struct buf *out)
{
	char full[REF_NAME_MAX + 1];
	bool branch = refs_expand(repo_odb(m->ctx->repo), m->name, strlen(m->name), full, NULL) > 0 &&
		      refname_is_branch(full);

	buf_addf(out, "Merge %s '%s'", branch ? "branch" : "commit", m->name);
}

static int commit_personal(struct merging *m, struct commit_result *result)
{
	struct cmd_context *ctx = m->ctx;
	struct commit_options options;
	auto_buf message = BUF_INIT;

	if (ctx_commit_options(ctx, &options, &ctx->err))
		return -1;
	if (!ctx_has_message(ctx)) {
		default_message(m, &message);
		options.message = message.data;
		options.message_len = message.len;
	}
	m->builder = (struct tree_builder){ .build = build, .heavy = true, .merged = m->theirs };
	if (buf_check(&message, &ctx->err) || writer_commit(ctx->repo, &m->builder, &options, result, &ctx->err))
		return -1;
	commit_unref(m->result.commit);
	m->result.commit = NULL;
	return refs_commit(repo_odb(ctx->repo), result->branch, false, &m->result.commit, &ctx->err) < 0 ? -1 : 0;
}

/* Everybody's merge, or going forward. */
static int join(struct merging *m)
{
	const struct merge_options *o = m->ctx->options;
	struct cmd_context *ctx = m->ctx;
	struct commit_options who;
	struct join_result result;
	struct join_options options = { .branch = m->branch.name,
					.with = &m->theirs->id,
					.verb = "merge",
					.from = m->name,
					.no_conflicts = o->no_conflicts,
					.forward_only = o->forward_only };

	if (ctx_commit_options(ctx, &who, &ctx->err))
		return -1;
	options.expect = who.has_expect ? &who.expect : NULL;
	options.actor = who.author;
	options.time_usec = who.time_usec;
	if (branch_join(ctx->repo, &options, &result, &ctx->err))
		return -1;
	m->result.kind = result.kind;
	m->result.stats = (struct tree_merge_stats){ .merged_count = result.merged_count,
						     .conflict_count = result.conflict_count };
	return odb_commit(repo_odb(ctx->repo), &result.new, LOC_UNKNOWN, &m->result.commit, &ctx->err);
}

/* ---- the command ---- */

static int report(struct merging *m)
{
	static const char *const words[] = {
		[MERGE_NOTHING] = "nothing", [MERGE_FORWARD] = "forward", [MERGE_MADE] = "merged"
	};
	struct cmd_context *ctx = m->ctx;
	const struct commit *c = m->result.commit ? m->result.commit : m->ours;
	const struct tree_merge_stats *stats = &m->result.stats;
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_str(&line.w, "result", words[m->result.kind]);
		out_json_id(&line.w, "id", &c->id);
		json_writer_member_uint(&line.w, "seq", c->seq);
		json_writer_text(&line.w, "branch", refname_short(m->branch.name),
				 strlen(refname_short(m->branch.name)));
		json_writer_member_uint(&line.w, "merged", stats->merged_count);
		json_writer_member_uint(&line.w, "conflicts", stats->conflict_count);
		return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print the merge") : EXIT_DONE;
	}
	if (ctx->common.quiet) {
		out_printf("%s\n", oid_to_hex(&c->id, hex));
		return EXIT_DONE;
	}
	if (m->result.kind == MERGE_NOTHING) {
		out_printf("already up to date\n");
		return EXIT_DONE;
	}
	buf_add_byte(&b, '[');
	out_append_text(ctx, &b, refname_short(m->branch.name), strlen(refname_short(m->branch.name)), false);
	buf_addf(&b, " %s seq %" PRIu64 "] ", out_short_id(&c->id, hex), c->seq);
	if (m->result.kind == MERGE_FORWARD)
		buf_add_str(&b, "forward to ");
	out_append_text(ctx, &b, out_subject(c).data, out_subject(c).len, false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
	if (stats->conflict_count) {
		out_printf(" %" PRIu64 " document%s in conflict\n", stats->conflict_count,
			   stats->conflict_count == 1 ? "" : "s");
		ctx_hint(ctx, "'drift conflicts' lists them, 'drift resolve' settles them");
	}
	return EXIT_DONE;
}

/* What it would come to, without a trace. */
static int try_only(struct merging *m)
{
	struct cmd_context *ctx = m->ctx;
	struct tree_root root = { m->theirs->tree.id, m->theirs->tree.loc };
	struct node_store *nodes = repo_nodes(ctx->repo);

	if (m->result.kind == MERGE_NOTHING)
		return EXIT_DONE;
	if (m->result.kind == MERGE_MADE) {
		if (merge_trees(m, m->ours, NULL, &root))
			return ctx_fail(ctx, "merge '%s'", m->name);
		nodes = merge_store_nodes(m->store);
	}
	if (conflict_list(ctx, nodes, &root, NULL))
		return ctx_die(ctx, "list conflicts");
	if (conflict_count(nodes, &root, &m->result.stats.conflict_count, &ctx->err) ||
	    check_conflicts(m, m->ours, m->result.stats.conflict_count))
		return ctx_fail(ctx, "merge '%s'", m->name);
	return EXIT_DONE;
}

static int run(struct merging *m)
{
	struct cmd_context *ctx = m->ctx;
	const struct merge_options *o = ctx->options;
	struct commit_result result;

	if (merge_args_parse(o->favour, o->policy, &m->args, &ctx->err) || read_sides(m) || find_kind(m))
		return ctx_fail(ctx, "merge '%s'", m->name);
	if (m->result.kind == MERGE_FORWARD && o->no_forward && m->ours)
		m->result.kind = MERGE_MADE;
	if (m->result.kind == MERGE_MADE && o->forward_only) {
		error_set(&ctx->err, DRIFT_ERR_CLASH, "both have commits that the other does not have");
		return ctx_fail(ctx, "go forward to '%s'", m->name);
	}
	if (o->dry_run)
		return try_only(m);
	if (m->result.kind == MERGE_NOTHING)
		return report(m);
	if (m->result.kind == MERGE_MADE && is_personal(ctx)) {
		if (commit_personal(m, &result))
			return ctx_fail(ctx, "merge '%s'", m->name);
		return report(m);
	}
	return join(m) ? ctx_fail(ctx, "merge '%s'", m->name) : report(m);
}

static int merge(struct cmd_context *ctx, int argc, char **argv)
{
	const struct merge_options *o = ctx->options;
	auto_merging m = { .ctx = ctx };

	if (argc != 1)
		return ctx_usage(ctx, argc ? "one commit at a time" : "which branch, or other commit?");
	if (o->no_forward && o->forward_only)
		return ctx_usage(ctx, "either --no-ff or --ff-only");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_branch(ctx, &ctx->err) < 0)
		return ctx_fail(ctx, "merge");
	m.name = argv[0];
	return run(&m);
}

const struct command cmd_merge = {
	.name = "merge",
	.summary = "bring another line of history into a branch",
	.usage = usage,
	.run = merge,
	COMMAND_OPTIONS(struct merge_options, specs),
	.common = COMMON_WRITER | COMMON_NUL,
	.writes = true,
};
