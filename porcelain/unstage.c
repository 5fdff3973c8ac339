#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "cli/change_output.h"
#include "cli/output.h"

struct unstage_options {
	const char *author;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING,
	  .long_name = "author",
	  .value = OPTION_AT(struct unstage_options, author),
	  .argument = "WHO",
	  .help = "who does it, for the log of refs" },
};

static const char *const usage[] = { "drift unstage [OPTION...] [PATH|PREFIX/...]", NULL };

struct selection {
	struct stage_filter filter;
	struct path_filter paths;
};

static bool takes(const struct stage_filter *self, const char *path, size_t path_len)
{
	return path_filter_takes(&((const struct selection *)self)->paths, path, path_len);
}

/* Which of the arguments name something that is staged. */
struct hits {
	const struct path_filter *paths;
	bool *found;
};

static int note_hits(void *data, const char *path, size_t path_len, const struct staged *s, struct drift_error *err)
{
	struct hits *hits = data;

	(void)s;
	(void)err;
	for (size_t i = 0; i < hits->paths->count; i++) {
		const struct path_filter one = { .prefixes = hits->paths->prefixes + i, .count = 1 };

		hits->found[i] |= path_filter_takes(&one, path, path_len);
	}
	return 0;
}

/* A name that nothing is staged under is a mistake: then nothing at all is dropped. */
static int check_names(struct cmd_context *ctx, const struct path_filter *paths)
{
	auto_free bool *found = mem_calloc(paths->count + 1, sizeof(*found));
	struct hits hits = { .paths = paths, .found = found };

	if (!found)
		return error_no_memory(&ctx->err);
	if (stage_each(ctx->repo, "", 0, note_hits, &hits, &ctx->err))
		return -1;
	for (size_t i = 0; i < paths->count; i++) {
		if (!found[i])
			return error_set(&ctx->err, DRIFT_ERR_NOTHING, "nothing is staged at '%s'", paths->prefixes[i]);
	}
	return 0;
}

static int drop(struct cmd_context *ctx, const struct selection *selection, uint64_t *count_out)
{
	const struct path_filter *paths = &selection->paths;
	auto_buf reason = BUF_INIT;
	const char *who;

	if (paths->count == 1)
		buf_addf(&reason, "unstage %s", paths->prefixes[0]);
	else
		buf_add_str(&reason, paths->count ? "unstage several" : "unstage everything");
	if (buf_check(&reason, &ctx->err) || ctx_author(ctx, &who, &ctx->err) || check_names(ctx, paths) ||
	    stage_drop(ctx->repo, paths->count ? &selection->filter : NULL, who, reason.data, count_out, &ctx->err))
		return -1;
	return *count_out ? 0 : error_set(&ctx->err, DRIFT_ERR_NOTHING, "nothing is staged");
}

static int unstage(struct cmd_context *ctx, int argc, char **argv)
{
	const struct unstage_options *o = ctx->options;
	const struct selection selection = {
		.filter = { takes },
		.paths = { .prefixes = (const char *const *)argv, .count = (size_t)argc },
	};
	struct json_line line;
	uint64_t count;

	ctx->common.author = o->author;
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (drop(ctx, &selection, &count))
		return ctx_fail(ctx, "unstage");
	if (ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_uint(&line.w, "unstaged", count);
		return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "unstage") : EXIT_DONE;
	}
	if (!ctx->common.quiet)
		out_printf("%" PRIu64 " change%s unstaged\n", count, count == 1 ? "" : "s");
	return EXIT_DONE;
}

const struct command cmd_unstage = {
	.name = "unstage",
	.summary = "forget staged changes",
	.usage = usage,
	.run = unstage,
	COMMAND_OPTIONS(struct unstage_options, specs),
	.common = COMMON_JSON | COMMON_QUIET,
	.writes = true,
};
