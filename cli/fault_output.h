/* What fsck and repair find, for people and for programs. */
#ifndef CLI_FAULT_OUTPUT_H
#define CLI_FAULT_OUTPUT_H

#include "cli/output.h"
#include "repo/fsck.h"

/*
 * "lost: journal-000001, offset 4711: SENTENCE", and below it the documents and commits that it concerns; or, with
 * --json, one object.
 */
int out_fault(struct cmd_context *ctx, const struct fsck_fault *fault, struct drift_error *err) MUST_CHECK;
/* The members of a fault. */
void out_json_fault(struct json_writer *w, const struct fsck_fault *fault);
/* One line: what was checked, and how many faults there are. */
int out_fsck_result(struct cmd_context *ctx, const struct fsck_result *result, struct drift_error *err) MUST_CHECK;

/* Progress of repo/: a bar for each thing that is done. data: a struct fault_progress. */
struct fault_progress {
	struct cmd_context *ctx;
	struct progress *bar;
	char what[64];
};
void fault_progress(void *data, const char *what, uint64_t done, uint64_t total);
void fault_progress_end(struct fault_progress *p);

#endif
