/* fsck, told to people and programs. */
#ifndef CLI_CHECKING_H
#define CLI_CHECKING_H

#include "cli/fault_output.h"

struct checking {
	bool full;
	unsigned threads; /* 0: one a processor */
	bool read_only;   /* nothing is changed, indexes included */
};

/*
 * Check the repository of ctx and print what is found: EXIT_DONE, EXIT_NO if something is damaged or lost, also where that keeps the
 * store from being opened (ctx->repo is NULL then), EXIT_FAILED.
 */
int checking_run(struct cmd_context *ctx, const struct checking *checking);

#endif
