#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/commit_output.h"
#include "cli/log_format.h"

struct show_options {
	bool stat, patch, name_status, name_only, oneline, no_patch;
	const char *format;
};

#define AT(field) OPTION_AT(struct show_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "stat", .value = AT(stat), .help = "what changed, and how much" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .long_name = "patch", .value = AT(patch),
	  .help = "what changed, field by field (the default)" },
	{ .kind = OPTION_FLAG, .long_name = "name-status", .value = AT(name_status), .help = "which documents changed, and how" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "which documents changed" },
	{ .kind = OPTION_FLAG, .short_name = 's', .value = AT(no_patch), .help = "nothing about documents" },
	{ .kind = OPTION_FLAG, .long_name = "oneline", .value = AT(oneline), .help = "the commit in one line" },
	{ .kind = OPTION_STRING, .long_name = "format", .value = AT(format), .argument = "F",
	  .help = "as in drift log" },
};

static const char *const usage[] = { "drift show [OPTION...] [POINT...]", NULL };

static void choose_changes(const struct show_options *o, struct commit_style *style)
{
	if (o->no_patch)
		style->changes = CHANGES_NONE;
	else if (o->stat)
		style->changes = CHANGES_STAT;
	else if (o->name_status)
		style->changes = CHANGES_NAME_STATUS;
	else if (o->name_only)
		style->changes = CHANGES_NAME_ONLY;
	else
		style->changes = CHANGES_PATCH;
}

static int show_point(struct cmd_context *ctx, const struct commit_style *style, const char *text)
{
	auto_point point = POINT_INIT;
	auto_buf out = BUF_INIT;
	int failed;

	if (ctx_point(ctx, text, &point, &ctx->err)) {
		int code = ctx_fail(ctx, "show '%s'", text ? text : REF_HEAD);

		if (text && strchr(text, ':') && strchr(text, '/'))
			ctx_hint(ctx, "'drift get POINT:PATH' prints a document");
		return code;
	}
	if (!point.commit) {
		error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no commit yet");
		return ctx_fail(ctx, "show '%s'", text ? text : REF_HEAD);
	}
	if (ctx->common.json)
		failed = commit_output_json(ctx, style, point.commit, &ctx->err);
	else
		failed = commit_output(ctx, style, point.commit, false, &out, &ctx->err);
	if (failed)
		return ctx_die(ctx, "show '%s'", text ? text : REF_HEAD);
	out_buf(&out);
	return EXIT_DONE;
}

static int show(struct cmd_context *ctx, int argc, char **argv)
{
	const struct show_options *o = ctx->options;
	struct commit_style style = { .oneline = o->oneline, .format = o->format };
	int code = EXIT_DONE;

	choose_changes(o, &style);
	if (o->format && log_format_check(o->format, &ctx->err))
		return ctx_die(ctx, "show");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (!argc)
		return show_point(ctx, &style, NULL);
	for (int i = 0; i < argc && !code; i++) {
		if (i && !ctx->common.json && !o->oneline && !o->format)
			out_printf("\n");
		code = show_point(ctx, &style, argv[i]);
	}
	return code;
}

const struct command cmd_show = {
	.name = "show",
	.summary = "show a commit and what it changed",
	.usage = usage,
	.run = show,
	COMMAND_OPTIONS(struct show_options, specs),
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_CACHE,
	.paged = true,
};
