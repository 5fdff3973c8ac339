#include "cli/checking.h"

#include <stdlib.h>

static int show_fault(void *data, const struct fsck_fault *fault, struct drift_error *err)
{
	struct fault_progress *p = data;

	fault_progress_end(p);
	/* With -q only what is wrong. */
	return p->ctx->common.quiet && fault->severity == FSCK_NOTE ? 0 : out_fault(p->ctx, fault, err);
}

/* A store that cannot be opened: the files that keep it from that are its faults. 1 some are; 0 it is something else. */
static int check_closed(struct cmd_context *ctx, const struct fsck_options *options, struct fsck_result *result)
{
	const char *named = getenv("DRIFT_DIR"), *dir = named && *named ? named : ".";
	auto_buf store = BUF_INIT;

	if (ctx->err.code != DRIFT_ERR_CORRUPT && ctx->err.code != DRIFT_ERR_UNSUPPORTED)
		return 0;
	return !repo_find(dir, dir == named, &store, NULL) && !fsck_closed(store.data, options, result, NULL) &&
	       result->faults[FSCK_LOST] > 0;
}

int checking_run(struct cmd_context *ctx, const struct checking *checking)
{
	struct fault_progress progress = { .ctx = ctx };
	const struct fsck_options options = {
		.full = checking->full,
		.threads = checking->threads,
		.fault = show_fault,
		.progress = fault_progress,
		.data = &progress,
	};
	struct fsck_result result;
	int r = 0;

	/* Files are opened when they are wanted: what keeps the store from being checked may show late. */
	if (!ctx_try_repo(ctx, checking->read_only)) {
		if (!check_closed(ctx, &options, &result)) {
			/* To say why not. */
			ctx_repo(ctx);
			return EXIT_FAILED;
		}
	} else if (fsck_run(ctx->repo, &options, &result, &ctx->err) < 0) {
		r = check_closed(ctx, &options, &result) ? 0 : -1;
		if (!r) {
			repo_close(ctx->repo);
			ctx->repo = NULL;
		}
	}
	fault_progress_end(&progress);
	ctx->damage_told = !r;
	if (r || out_fsck_result(ctx, &result, &ctx->err))
		return ctx_die(ctx, "check the store");
	return result.faults[FSCK_DAMAGE] || result.faults[FSCK_LOST] ? EXIT_NO : EXIT_DONE;
}
