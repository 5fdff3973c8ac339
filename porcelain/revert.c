#include "porcelain/porcelain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/apply.h"
#include "cli/output.h"
#include "cli/reversion.h"

static const char *const usage[] = { "drift revert [OPTION...] COMMIT...", NULL };

/* Revert "fix price", and which commits that was. */
static void default_message(struct commit *const *commits, size_t count, struct buf *out)
{
	char hex[OID_HEX_LEN + 1];

	if (count == 1) {
		struct text subject = out_subject(commits[0]);

		buf_add_str(out, "Revert \"");
		buf_add(out, subject.data, subject.len);
		buf_add_str(out, "\"\n");
	} else {
		buf_addf(out, "Revert %zu commits\n", count);
	}
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "\nThis takes back commit %s.", oid_to_hex(&commits[i]->id, hex));
}

static int revert_failed(struct cmd_context *ctx, const struct reversion *r)
{
	bool clash = ctx->err.code == DRIFT_ERR_CLASH && r->clashes.len;
	int code = ctx_fail(ctx, "revert");

	for (const char *line = r->clashes.data; clash && *line;) {
		size_t len = strcspn(line, "\n");

		ctx_hint(ctx, "%.*s", (int)len, line);
		line += len + 1;
	}
	return code;
}

static int make_commit(struct cmd_context *ctx, struct commit *const *commits, size_t count)
{
	auto_buf message = BUF_INIT;
	struct commit_options options;
	struct commit_result result;
	const struct commit_report report = { .options = &options, .result = &result };
	struct reversion r;
	int code;

	reversion_init(&r, ctx->repo, commits, count);
	if (ctx_commit_options(ctx, &options, &ctx->err))
		return ctx_fail(ctx, "revert");
	if (!ctx_has_message(ctx)) {
		default_message(commits, count, &message);
		options.message = message.data;
		options.message_len = message.len;
	}
	if (buf_check(&message, &ctx->err) || writer_commit(ctx->repo, &r.builder, &options, &result, &ctx->err))
		code = revert_failed(ctx, &r);
	else
		code = ctx_report_commit(ctx, &report);
	reversion_release(&r);
	return code;
}

static int find_commit(struct cmd_context *ctx, const char *text, struct commit **out)
{
	auto_point point = POINT_INIT;

	if (ctx_point(ctx, text, &point, &ctx->err))
		return -1;
	if (!point.commit)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "it is not a commit");
	*out = commit_ref(point.commit);
	return 0;
}

static int revert(struct cmd_context *ctx, int argc, char **argv)
{
	struct commit **commits;
	size_t count = 0;
	int code = EXIT_DONE;

	if (!argc)
		return ctx_usage(ctx, "which commits?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	commits = mem_calloc((size_t)argc, sizeof(struct commit *));
	if (!commits) {
		error_no_memory(&ctx->err);
		return ctx_die(ctx, "revert");
	}
	for (; count < (size_t)argc && !code; count += !code) {
		if (find_commit(ctx, argv[count], &commits[count]))
			code = ctx_fail(ctx, "revert '%s'", argv[count]);
	}
	if (!code)
		code = make_commit(ctx, commits, count);
	for (size_t i = 0; i < count; i++)
		commit_unref(commits[i]);
	free(commits);
	return code;
}

const struct command cmd_revert = {
	.name = "revert",
	.summary = "undo what commits changed, and only that",
	.usage = usage,
	.run = revert,
	.common = COMMON_WRITER,
	.writes = true,
};
