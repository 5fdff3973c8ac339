#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/staged.h"
#include "merge/conflict.h"

struct status_options {
	bool brief;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 's', .long_name = "short", .value = OPTION_AT(struct status_options, brief),
	  .help = "a letter and a path a line" },
};

static const char *const usage[] = { "drift status [OPTION...]", NULL };

static int print_json(struct cmd_context *ctx, const struct staged_change *change)
{
	struct json_line line;

	out_json_begin(&line);
	out_json_path(&line.w, change->path, change->path_len);
	json_writer_member_str(&line.w, "change", staged_word(change->kind));
	json_writer_member_bool(&line.w, "clash", change->clash);
	if (change->staged->replaced_present)
		out_json_id(&line.w, "old_id", &change->staged->replaced);
	if (change->staged->op == STAGED_PUT) {
		struct oid id;

		document_id(&change->staged->document, &id);
		out_json_id(&line.w, "new_id", &id);
		json_writer_member_uint(&line.w, "size", change->staged->document.len);
	}
	return out_json_end(&line, &ctx->err);
}

static int print_change(void *data, const struct staged_change *change, struct drift_error *err)
{
	struct cmd_context *ctx = data;
	const struct status_options *o = ctx->options;
	enum colour colour = change->clash ? COLOUR_REMOVED : COLOUR_ADDED;
	auto_buf b = BUF_INIT;

	(void)err;
	if (ctx->common.json)
		return print_json(ctx, change);
	if (o->brief || ctx->common.nul)
		buf_addf(&b, "%c ", change->clash ? 'C' : staged_letter(change->kind));
	else
		buf_addf(&b, "\t%s%-9s ", out_colour(ctx, colour), change->clash ? "clash:" : staged_label(change->kind));
	out_append_path(ctx, &b, change->path, change->path_len);
	if (!o->brief && !ctx->common.nul)
		buf_add_str(&b, out_colour(ctx, COLOUR_NONE));
	buf_add_byte(&b, ctx->common.nul ? '\0' : '\n');
	if (buf_check(&b, &ctx->err))
		return -1;
	out_buf(&b);
	return 0;
}

static int print_head(struct cmd_context *ctx, const struct point *tip, uint64_t count)
{
	const char *name = tip->ref;
	auto_buf b = BUF_INIT;
	char hex[OID_HEX_LEN + 1];

	if (!strncmp(name, REF_HEADS, strlen(REF_HEADS)))
		name += strlen(REF_HEADS);
	buf_add_str(&b, "On branch ");
	out_append_text(ctx, &b, name, strlen(name), false);
	if (tip->commit)
		buf_addf(&b, " at %s (seq %" PRIu64 ")\n", out_short_id(&tip->commit->id, hex), tip->commit->seq);
	else
		buf_add_str(&b, ", no commits yet\n");
	if (count)
		buf_addf(&b, "%" PRIu64 " change%s to be committed:\n", count, count == 1 ? "" : "s");
	else
		buf_add_str(&b, "nothing to commit\n");
	out_buf(&b);
	return 0;
}

/* Those of the branch: what is staged may settle some. */
static int print_conflicts(struct cmd_context *ctx, uint64_t count)
{
	const struct status_options *o = ctx->options;
	struct json_line line;

	if (!count || o->brief || ctx->common.nul)
		return 0;
	if (!ctx->common.json) {
		out_printf("%" PRIu64 " document%s in conflict (see 'drift conflicts')\n", count, count == 1 ? "" : "s");
		return 0;
	}
	out_json_begin(&line);
	json_writer_member_uint(&line.w, "conflicts", count);
	return out_json_end(&line, &ctx->err);
}

/* The branch that a commit would go to, even before its first commit. */
static int branch_of(struct cmd_context *ctx, struct point *tip)
{
	const char *branch = ctx_branch_name(ctx);
	struct ref_resolved r;

	if (refs_resolve(repo_odb(ctx->repo), branch ? branch : REF_HEAD, false, &r, &ctx->err))
		return -1;
	memcpy(tip->ref, r.name, sizeof(tip->ref));
	return 0;
}

static int status(struct cmd_context *ctx, int argc, char **argv)
{
	const struct status_options *o = ctx->options;
	auto_point tip = POINT_INIT;
	uint64_t count, clash_count = 0, conflicts;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_point(ctx, NULL, &tip, &ctx->err) || branch_of(ctx, &tip) || stage_count(ctx->repo, &count, &ctx->err))
		return ctx_fail(ctx, "show the status");
	if (!o->brief && !ctx->common.nul && !ctx->common.json && print_head(ctx, &tip, count))
		return ctx_die(ctx, "show the status");
	if (staged_each(ctx->repo, &tip.tree, print_change, ctx, &clash_count, &ctx->err))
		return ctx_die(ctx, "show the status");
	if (conflict_count(repo_nodes(ctx->repo), &tip.tree, &conflicts, &ctx->err) || print_conflicts(ctx, conflicts))
		return ctx_die(ctx, "show the status");
	if (clash_count)
		ctx_hint(ctx, "'clash': the branch changed since these were staged; put them again on top of it, or 'drift unstage PATH'");
	return EXIT_DONE;
}

const struct command cmd_status = {
	.name = "status",
	.task = "show the status",
	.summary = "show what is staged",
	.usage = usage,
	.run = status,
	COMMAND_OPTIONS(struct status_options, specs),
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
};
