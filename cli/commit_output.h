/* One commit with what it changed, in the forms of log and show. */
#ifndef CLI_COMMIT_OUTPUT_H
#define CLI_COMMIT_OUTPUT_H

#include "cli/change_output.h"

struct commit_style {
	bool oneline;
	const char *format;      /* checked by log_format_check; or NULL */
	enum change_style changes;
	struct path_filter filter;
};

/*
 * Append the commit and its changes against its first parent. With `hold` everything stays in out; otherwise it may be
 * printed in part. The text ends with a newline.
 */
int commit_output(struct cmd_context *ctx, const struct commit_style *style, struct commit *c, bool hold,
		  struct buf *out, struct drift_error *err) MUST_CHECK;
/* The same as a line of JSON, printed at once; "changes" is there if the style has them. */
int commit_output_json(struct cmd_context *ctx, const struct commit_style *style, struct commit *c,
		       struct drift_error *err) MUST_CHECK;

#endif
