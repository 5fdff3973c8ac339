/* From edits to a commit or to the stage, and what is said about it. */
#ifndef CLI_APPLY_H
#define CLI_APPLY_H

#include "cli/command.h"

struct commit_report {
	const struct commit_options *options;
	const struct commit_result *result;
};

/* "[main 1a2b3c4d5e seq 12] fix price" and how many documents changed; the id with -q; an object with --json. */
int ctx_report_commit(struct cmd_context *ctx, const struct commit_report *report);

/*
 * Commit the edits if there is a message (and report it), else stage them, silently.
 * `what` goes into the sentence of a failure ("put 'a/b'"). Returns an exit code.
 */
int ctx_apply(struct cmd_context *ctx, struct edits *e, const char *reason, const char *what);
/* Apply --if-match to the path, if it was given. */
int ctx_if_match(struct cmd_context *ctx, struct edits *e, const char *path, size_t path_len,
		 struct drift_error *err) MUST_CHECK;

#endif
