#include "porcelain/porcelain.h"

#include <string.h>

#include "base/json.h"
#include "cli/apply.h"

struct put_options {
	const char *json;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING, .short_name = 'j', .value = OPTION_AT(struct put_options, json), .argument = "JSON",
	  .help = "the document itself" },
};

static const char *const usage[] = {
	"drift put [OPTION...] PATH [FILE|-]",
	"drift put [OPTION...] PATH -j JSON",
	"drift put [OPTION...] PATH=FILE...",
	NULL,
};

static int add_bytes(struct cmd_context *ctx, struct edits *e, const char *path, size_t path_len, const struct buf *data)
{
	if (ctx_if_match(ctx, e, path, path_len, &ctx->err) ||
	    edits_put(e, path, path_len, data->data, data->len, DOCUMENT_NO_MODE, &ctx->err))
		return ctx_die(ctx, "put '%.*s'", (int)path_len, path);
	return EXIT_DONE;
}

static int add_file(struct cmd_context *ctx, struct edits *e, const char *path, size_t path_len, const char *file)
{
	auto_buf data = BUF_INIT;
	struct path cut;

	/* A path that cannot be is said before a file is waited for. */
	if (path_parse(path, path_len, &cut, &ctx->err) || ctx_read_file(ctx, file, DOCUMENT_LEN_MAX, &data, &ctx->err))
		return ctx_die(ctx, "put '%.*s'", (int)path_len, path);
	return add_bytes(ctx, e, path, path_len, &data);
}

static int add_json(struct cmd_context *ctx, struct edits *e, const char *path, const char *json)
{
	auto_buf data = BUF_INIT;

	buf_add_str(&data, json);
	if (json_validate(json, strlen(json), &ctx->err)) {
		(void)error_prefix(&ctx->err, DRIFT_OK, "what -j gives is not JSON");
		return ctx_die(ctx, "put '%s'", path);
	}
	if (buf_check(&data, &ctx->err))
		return ctx_die(ctx, "put '%s'", path);
	return add_bytes(ctx, e, path, strlen(path), &data);
}

/* PATH=FILE... and not a PATH that holds an equals sign. */
static bool assigns(const struct put_options *o, int argc, char **argv)
{
	if (o->json)
		return false;
	for (int i = 0; i < argc; i++) {
		if (!strchr(argv[i], '='))
			return false;
	}
	return argc > 0;
}

static int add_assignments(struct cmd_context *ctx, struct edits *e, int argc, char **argv)
{
	if (ctx->common.if_match && argc > 1)
		return ctx_usage(ctx, "--if-match is for one document");
	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		int code = add_file(ctx, e, argv[i], (size_t)(equals - argv[i]), equals + 1);

		if (code)
			return code;
	}
	return EXIT_DONE;
}

static int collect(struct cmd_context *ctx, struct edits *e, int argc, char **argv)
{
	const struct put_options *o = ctx->options;

	if (!argc)
		return ctx_usage(ctx, "which document?");
	if (o->json) {
		if (argc > 1)
			return ctx_usage(ctx, "-j takes one PATH and no FILE");
		return add_json(ctx, e, argv[0], o->json);
	}
	if (assigns(o, argc, argv))
		return add_assignments(ctx, e, argc, argv);
	if (argc > 2)
		return ctx_usage(ctx, "several documents are written PATH=FILE");
	return add_file(ctx, e, argv[0], strlen(argv[0]), argc > 1 ? argv[1] : "-");
}

static int put(struct cmd_context *ctx, int argc, char **argv)
{
	struct repo *repo = ctx_repo(ctx);
	auto_edits *e = NULL;
	auto_buf what = BUF_INIT;
	int code;

	if (!repo)
		return EXIT_FAILED;
	if (edits_new(repo, &e, &ctx->err))
		return ctx_die(ctx, "put");
	code = collect(ctx, e, argc, argv);
	if (code)
		return code;
	if (!assigns(ctx->options, argc, argv))
		buf_addf(&what, "put '%s'", argv[0]);
	else if (argc == 1)
		buf_addf(&what, "put '%.*s'", (int)strcspn(argv[0], "="), argv[0]);
	else
		buf_addf(&what, "put %d documents", argc);
	return ctx_apply(ctx, e, what.data, what.data);
}

const struct command cmd_put = {
	.name = "put",
	.summary = "write documents",
	.usage = usage,
	.run = put,
	COMMAND_OPTIONS(struct put_options, specs),
	.common = COMMON_WRITER | COMMON_IF_MATCH,
	.writes = true,
};
