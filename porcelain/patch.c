#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/apply.h"

#define PATCH_LEN_MAX ((uint64_t)256 << 20)

struct patch_options {
	const char *json;
	bool json_patch;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING, .short_name = 'j', .value = OPTION_AT(struct patch_options, json), .argument = "JSON",
	  .help = "the patch itself" },
	{ .kind = OPTION_FLAG, .long_name = "json-patch", .value = OPTION_AT(struct patch_options, json_patch),
	  .help = "it is a list of operations (RFC 6902), not a merge patch (RFC 7396)" },
};

static const char *const usage[] = {
	"drift patch [OPTION...] PATH -j JSON",
	"drift patch [OPTION...] PATH [FILE|-]",
	NULL,
};

static int patch(struct cmd_context *ctx, int argc, char **argv)
{
	const struct patch_options *o = ctx->options;
	enum patch_kind kind = o->json_patch ? PATCH_JSON : PATCH_MERGE;
	auto_edits *e = NULL;
	auto_buf data = BUF_INIT, what = BUF_INIT;
	size_t path_len;

	if (!argc || argc > (o->json ? 1 : 2))
		return ctx_usage(ctx, argc ? "one document and one patch" : "which document?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	path_len = strlen(argv[0]);
	if (o->json)
		buf_add_str(&data, o->json);
	else if (ctx_read_file(ctx, argc > 1 ? argv[1] : "-", PATCH_LEN_MAX, &data, &ctx->err))
		return ctx_die(ctx, "patch '%s'", argv[0]);
	if (buf_check(&data, &ctx->err) || edits_new(ctx->repo, &e, &ctx->err) ||
	    ctx_if_match(ctx, e, argv[0], path_len, &ctx->err) ||
	    edits_patch(e, argv[0], path_len, kind, data.data, data.len, &ctx->err))
		return ctx_die(ctx, "patch '%s'", argv[0]);
	buf_addf(&what, "patch '%s'", argv[0]);
	return ctx_apply(ctx, e, what.data, what.data);
}

const struct command cmd_patch = {
	.name = "patch",
	.summary = "change fields of a JSON document",
	.usage = usage,
	.run = patch,
	COMMAND_OPTIONS(struct patch_options, specs),
	.common = COMMON_WRITER | COMMON_IF_MATCH,
	.writes = true,
};
