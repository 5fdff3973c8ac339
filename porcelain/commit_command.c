#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/spawn.h"
#include "base/utf8.h"
#include "cli/apply.h"
#include "cli/output.h"
#include "cli/staged.h"

struct commit_command_options {
	bool allow_empty;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "allow-empty", .value = OPTION_AT(struct commit_command_options, allow_empty),
	  .help = "commit even if nothing changes" },
};

static const char *const usage[] = { "drift commit [OPTION...] [-m MSG]", NULL };

static int append_change(void *data, const struct staged_change *change, struct drift_error *err)
{
	struct buf *text = data;
	auto_buf path = BUF_INIT;

	quote_c(&path, change->path, change->path_len);
	buf_addf(text, "#\t%-9s ", staged_label(change->kind));
	buf_add(text, path.data, path.len);
	buf_add_byte(text, '\n');
	return buf_check(text, err);
}

static int make_template(struct cmd_context *ctx, const char *file)
{
	auto_buf text = BUF_INIT;
	auto_point tip = POINT_INIT;
	uint64_t clash_count;

	buf_add_str(&text, "\n# The message of the commit. Lines that begin with # are left out; an empty message\n"
			   "# ends it. To be committed:\n");
	if (ctx_point(ctx, NULL, &tip, &ctx->err) ||
	    staged_each(ctx->repo, &tip.tree, append_change, &text, &clash_count, &ctx->err) ||
	    buf_check(&text, &ctx->err))
		return -1;
	return file_replace(file, text.data, text.len, &ctx->err);
}

static void drop_comments(const struct buf *from, struct buf *out)
{
	const char *p = from->data, *end = from->data + from->len;

	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		size_t len = line_end ? (size_t)(line_end - p) + 1 : (size_t)(end - p);

		if (*p != '#' && (out->len || strspn(p, " \t\r\n") < len))
			buf_add(out, p, len);
		p += len;
	}
	while (out->len && strchr(" \t\r\n", out->data[out->len - 1]))
		buf_truncate(out, out->len - 1);
}

/* Ask for the message in the user's editor. */
static int edit_message(struct cmd_context *ctx, struct buf *message)
{
	auto_buf file = BUF_INIT, text = BUF_INIT;

	file_join(&file, repo_dir(ctx->repo), "COMMIT_MESSAGE");
	if (buf_check(&file, &ctx->err) || make_template(ctx, file.data) || spawn_editor(file.data, &ctx->err) ||
	    file_read_whole(file.data, COMMIT_MESSAGE_MAX, &text, &ctx->err) || file_unlink(file.data, &ctx->err))
		return ctx_die(ctx, "commit");
	drop_comments(&text, message);
	if (buf_check(message, &ctx->err))
		return ctx_die(ctx, "commit");
	if (message->len)
		return EXIT_DONE;
	error_set(&ctx->err, DRIFT_ERR_NOTHING, "the message is empty");
	return ctx_fail(ctx, "commit");
}

static bool can_edit(void)
{
	const char *editor = getenv("DRIFT_EDITOR");

	return (editor && *editor) || (terminal_is(0) && terminal_is(1));
}

static int commit_failed(struct cmd_context *ctx)
{
	enum drift_error_code why = ctx->err.code;
	int code = ctx_fail(ctx, "commit");

	if (why == DRIFT_ERR_CLASH && !ctx->common.expect)
		ctx_hint(ctx, "'drift get PATH --at HEAD' shows what is there now: 'drift put' it again, or 'drift unstage PATH'");
	else if (why == DRIFT_ERR_NOTHING)
		ctx_hint(ctx, "'drift put' stages a change; --allow-empty commits without one");
	return code;
}

static int find_message(struct cmd_context *ctx, const struct commit_command_options *o, struct commit_options *options,
			struct buf *edited)
{
	uint64_t count;
	int code;

	if (ctx_has_message(ctx))
		return EXIT_DONE;
	if (stage_count(ctx->repo, &count, &ctx->err))
		return ctx_die(ctx, "commit");
	if (!count && !o->allow_empty) {
		error_set(&ctx->err, DRIFT_ERR_NOTHING, "nothing is staged");
		return commit_failed(ctx);
	}
	if (!can_edit())
		return ctx_usage(ctx, "give a message with -m");
	code = edit_message(ctx, edited);
	options->message = edited->data;
	options->message_len = edited->len;
	return code;
}

static int commit(struct cmd_context *ctx, int argc, char **argv)
{
	const struct commit_command_options *o = ctx->options;
	auto_buf edited = BUF_INIT;
	struct commit_options options;
	struct commit_result result;
	const struct commit_report report = { .options = &options, .result = &result };
	int code;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments: all that is staged is committed");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_commit_options(ctx, &options, &ctx->err))
		return ctx_fail(ctx, "commit");
	code = find_message(ctx, o, &options, &edited);
	if (code)
		return code;
	options.allow_empty = o->allow_empty;
	if (stage_commit(ctx->repo, &options, &result, &ctx->err))
		return commit_failed(ctx);
	return ctx_report_commit(ctx, &report);
}

const struct command cmd_commit = {
	.name = "commit",
	.summary = "make a commit of what is staged",
	.usage = usage,
	.run = commit,
	COMMAND_OPTIONS(struct commit_command_options, specs),
	.common = COMMON_WRITER,
	.writes = true,
};
