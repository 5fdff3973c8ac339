#include "cli/apply.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"

/* "main" for the branch that the commit went to. */
static int branch_short_name(struct cmd_context *ctx, char out[REF_NAME_MAX + 1], struct drift_error *err)
{
	const char *branch = ctx_branch_name(ctx);
	struct ref_resolved r;

	if (refs_resolve(repo_odb(ctx->repo), branch ? branch : REF_HEAD, false, &r, err))
		return -1;
	if (!strncmp(r.name, REF_HEADS, strlen(REF_HEADS)))
		memmove(out, r.name + strlen(REF_HEADS), strlen(r.name) - strlen(REF_HEADS) + 1);
	else
		memcpy(out, r.name, strlen(r.name) + 1);
	return 0;
}

static int report_json(struct cmd_context *ctx, const struct commit_report *report, const char *branch)
{
	const struct commit_result *result = report->result;
	struct json_line line;

	out_json_begin(&line);
	out_json_id(&line.w, "id", &result->id);
	json_writer_member_uint(&line.w, "seq", result->seq);
	json_writer_text(&line.w, "branch", branch, strlen(branch));
	json_writer_member_uint(&line.w, "changed", result->changed_count);
	if (result->changed_more)
		json_writer_member_bool(&line.w, "changed_more", true);
	json_writer_member_bool(&line.w, "rebased", result->rebased);
	json_writer_text(&line.w, "author", report->options->author, strlen(report->options->author));
	json_writer_text(&line.w, "message", report->options->message, report->options->message_len);
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print the commit") : EXIT_DONE;
}

static void report_line(struct cmd_context *ctx, const struct commit_report *report, const char *branch)
{
	const struct commit_result *result = report->result;
	const struct commit_options *options = report->options;
	const char *end = memchr(options->message, '\n', options->message_len);
	size_t subject_len = end ? (size_t)(end - options->message) : options->message_len;
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	buf_add_byte(&b, '[');
	out_append_text(ctx, &b, branch, strlen(branch), false);
	buf_addf(&b, " %s seq %" PRIu64 "] ", out_short_id(&result->id, hex), result->seq);
	out_append_text(ctx, &b, options->message, subject_len, false);
	/* Beyond a thousand nobody has counted: say so, not a number that is none. */
	buf_addf(&b, "\n %s%" PRIu64 " document%s changed\n", result->changed_more ? "over " : "",
		 result->changed_count - result->changed_more, result->changed_count == 1 ? "" : "s");
	out_buf(&b);
}

int ctx_report_commit(struct cmd_context *ctx, const struct commit_report *report)
{
	char hex[OID_HEX_LEN + 1], branch[REF_NAME_MAX + 1];

	if (ctx->common.quiet && !ctx->common.json) {
		out_printf("%s\n", oid_to_hex(&report->result->id, hex));
		return EXIT_DONE;
	}
	if (branch_short_name(ctx, branch, &ctx->err))
		return ctx_die(ctx, "name the branch");
	if (ctx->common.json)
		return report_json(ctx, report, branch);
	report_line(ctx, report, branch);
	return EXIT_DONE;
}

/* A hint where a next step is obvious. */
static int apply_failed(struct cmd_context *ctx, const char *what)
{
	bool clash = ctx->err.code == DRIFT_ERR_CLASH;
	int code = ctx_fail(ctx, "%s", what);

	if (clash)
		ctx_hint(ctx, "read what is there now, and try again on top of it");
	return code;
}

static int apply_stage(struct cmd_context *ctx, struct edits *e, const char *reason, const char *what)
{
	const char *who;

	if (ctx->common.expect || ctx->common.date)
		return ctx_usage(ctx, "--expect and --date are for a commit: give a message with -m");
	if (ctx_branch(ctx, &ctx->err) < 0 || ctx_author(ctx, &who, &ctx->err) ||
	    stage_add(ctx->repo, e, ctx_branch_name(ctx), who, reason, &ctx->err))
		return apply_failed(ctx, what);
	return EXIT_DONE;
}

int ctx_apply(struct cmd_context *ctx, struct edits *e, const char *reason, const char *what)
{
	struct commit_options options;
	struct commit_result result;
	struct commit_report report = { .options = &options, .result = &result };

	if (!ctx_has_message(ctx))
		return apply_stage(ctx, e, reason, what);
	if (ctx_commit_options(ctx, &options, &ctx->err) || edits_commit(e, &options, &result, &ctx->err))
		return apply_failed(ctx, what);
	return ctx_report_commit(ctx, &report);
}

int ctx_if_match(struct cmd_context *ctx, struct edits *e, const char *path, size_t path_len, struct drift_error *err)
{
	const char *text = ctx->common.if_match;
	struct oid id;

	if (!text)
		return 0;
	if (!strcmp(text, "absent"))
		return edits_if_match(e, path, path_len, NULL, err);
	if (oid_from_hex(text, strlen(text), &id, NULL))
		return error_set(err, DRIFT_ERR_INVALID, "--if-match takes a whole blob id or 'absent', not '%s'", text);
	return edits_if_match(e, path, path_len, &id, err);
}
