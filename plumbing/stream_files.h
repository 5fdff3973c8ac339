/* Data streams on standard input and output, and in files, for commands that make, take or check them. */
#ifndef PLUMBING_STREAM_FILES_H
#define PLUMBING_STREAM_FILES_H

#include "cli/command.h"
#include "sync/sync_io.h"

/* What has arrived or left, as progress; NULL bars are allowed. */
struct stream_bar {
	struct sync_progress progress; /* for options */
	struct progress *bar;
};
void stream_bar_start(struct stream_bar *b, struct cmd_context *ctx, const char *title);
void stream_bar_finish(struct stream_bar *b);

/* Standard output. */
struct sync_sink stream_to_output(void);
/* A file that is open; *fd lives as long as the source. */
struct sync_source stream_from_file(int *fd);

#endif
