/* Import and export of git's streams, for the commands of both layers. */
#ifndef CLI_GIT_TRANSFER_H
#define CLI_GIT_TRANSFER_H

#include "cli/command.h"

struct git_transfer_options {
	bool force; /* import */
	bool all, use_done, no_data; /* export; all is what it does without revisions anyway */
	const char *import_marks, *export_marks;
};

/* Read a stream from the file ("-": standard input), move the refs, report. options may be NULL. Returns an exit code. */
int ctx_import_git(struct cmd_context *ctx, const char *file, const struct git_transfer_options *options);
/* Write the revisions (none: all refs) to standard output as a stream. options may be NULL. Returns an exit code. */
int ctx_export_git(struct cmd_context *ctx, int argc, char **argv, const struct git_transfer_options *options);

/* Before something that is taken for all there is: in a partial clone it is not. */
void ctx_warn_partial(struct cmd_context *ctx);

#endif
