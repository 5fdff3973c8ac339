/* What the commands share that have the store packed: gc, compact, snapshot. */
#ifndef PORCELAIN_GC_REPORT_H
#define PORCELAIN_GC_REPORT_H

#include "cli/command.h"
#include "repo/gc.h"

/* Run it with progress on standard error. */
int gc_report_run(struct cmd_context *ctx, struct gc_options *options, struct gc_result *out, struct drift_error *err);
/* Say what was done, unless -q; table: that is named, or NULL. */
int gc_report_print(struct cmd_context *ctx, const struct gc_options *options, const struct gc_result *result,
		    const char *table);
/* All of compact and snapshot but how much is packed: arguments, the table, the run, the answer. */
int gc_report_table(struct cmd_context *ctx, int argc, char **argv, const char *table, struct gc_options *options);

#endif
