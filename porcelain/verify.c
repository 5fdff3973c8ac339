#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "repo/merge_commit.h"

struct verify_options {
	bool merges;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "merges",
	  .value = OPTION_AT(struct verify_options, merges),
	  .help = "automatic merges: each is made anew from its parents and compared" },
};

static const char *const usage[] = { "drift verify [OPTION...] [POINT|A..B]...", NULL };

struct verification {
	struct cmd_context *ctx;
	uint64_t commits, merges, wrong;
	struct progress *progress;
};

static int say_wrong(struct verification *v, const struct commit *c, const struct drift_error *why)
{
	struct json_line line;

	v->wrong++;
	if (!v->ctx->common.json) {
		out_text_line(v->ctx, why->message);
		return 0;
	}
	out_json_begin(&line);
	out_json_id(&line.w, "commit", &c->id);
	json_writer_member_str(&line.w, "error", why->message);
	return out_json_end(&line, &v->ctx->err);
}

static int verify_commit(struct verification *v, struct commit *c)
{
	struct drift_error why = { DRIFT_OK, "" };
	int r = merge_verify(v->ctx->repo, c, &why);

	progress_update(v->progress, ++v->commits);
	v->merges += r != 0;
	if (r >= 0)
		return 0;
	if (why.code != DRIFT_ERR_CORRUPT)
		return error_set(&v->ctx->err, why.code, "%s", why.message);
	return say_wrong(v, c, &why);
}

static int verify_all(struct verification *v, int argc, char **argv)
{
	struct cmd_context *ctx = v->ctx;
	auto_revwalk *walk = NULL;
	int more = 1;

	if (revwalk_new(ctx->repo, NULL, &walk, &ctx->err))
		return -1;
	for (int i = 0; i < argc || (!argc && !i); i++) {
		const char *text = argc ? argv[i] : REF_HEAD;

		if (point_range(ctx->repo, text, strlen(text), ctx_branch_name(ctx), walk, &ctx->err))
			return -1;
	}
	while (!ctx_reader_gone(ctx)) {
		auto_commit *c = NULL;

		more = revwalk_next(walk, &c, &ctx->err);
		if (more <= 0)
			return more;
		if (verify_commit(v, c))
			return -1;
	}
	return 0;
}

static int report(struct verification *v)
{
	struct json_line line;

	if (v->ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_uint(&line.w, "commits", v->commits);
		json_writer_member_uint(&line.w, "merges", v->merges);
		json_writer_member_uint(&line.w, "wrong", v->wrong);
		if (out_json_end(&line, &v->ctx->err))
			return ctx_die(v->ctx, "print the result");
	} else if (!v->ctx->common.quiet) {
		out_printf("%" PRIu64 " automatic merge%s among %" PRIu64 " commit%s: ", v->merges,
			   v->merges == 1 ? "" : "s", v->commits, v->commits == 1 ? "" : "s");
		if (v->wrong)
			out_printf("%" PRIu64 " wrong\n", v->wrong);
		else
			out_printf("all right\n");
	}
	return v->wrong ? EXIT_NO : EXIT_DONE;
}

static int verify(struct cmd_context *ctx, int argc, char **argv)
{
	struct verification v = { .ctx = ctx };
	int failed;

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_branch(ctx, &ctx->err) < 0)
		return ctx_fail(ctx, "verify");
	v.progress = ctx_progress(ctx, "verifying merges", PROGRESS_ITEMS, 0);
	failed = verify_all(&v, argc, argv);
	progress_finish(v.progress);
	return failed ? ctx_fail(ctx, "verify") : report(&v);
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "prove that commits are what they must be",
	.usage = usage,
	.run = verify,
	COMMAND_OPTIONS(struct verify_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_BRANCH | COMMON_CACHE | COMMON_PROGRESS,
};
