#include "porcelain/porcelain.h"

#include "cli/checking.h"
#include "cli/mending_output.h"

static const char *const usage[] = { "drift doctor [-d DIR] [--json] [-q] [--progress]", NULL };

static int doctor(struct cmd_context *ctx, int argc, char **argv)
{
	int code;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "it takes no arguments");
	code = checking_run(ctx, &(struct checking){ .read_only = true });
	if (code != EXIT_NO)
		return code;
	code = mending_run(ctx, &(struct mending){ .dry_run = true, .lost_told = true });
	return ctx->repo ? code : EXIT_NO;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.task = "check the store",
	.summary = "check the store, and say what 'drift repair' would do",
	.usage = usage,
	.run = doctor,
	.common = COMMON_JSON | COMMON_QUIET | COMMON_PROGRESS | COMMON_DIRECTORY,
};
