#include "porcelain/porcelain.h"

#include "cli/output.h"
#include "include/drift_version.h"

static const char *const usage[] = { "drift version [--json]", NULL };

static int version(struct cmd_context *ctx, int argc, char **argv)
{
	struct json_line line;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	if (!ctx->common.json) {
		out_printf("drift %s\n", DRIFT_VERSION);
		return EXIT_DONE;
	}
	out_json_begin(&line);
	json_writer_member_str(&line.w, "version", DRIFT_VERSION);
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "print the version") : EXIT_DONE;
}

const struct command cmd_version = {
	.name = "version",
	.summary = "print the version of drift",
	.usage = usage,
	.run = version,
	.common = COMMON_JSON,
};
