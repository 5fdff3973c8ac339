/* Repair, told to people and programs. */
#ifndef CLI_MENDING_OUTPUT_H
#define CLI_MENDING_OUTPUT_H

#include "cli/fault_output.h"
#include "repo/repair.h"

struct mending {
	bool dry_run;
	bool isolate;     /* mark what stays lost */
	const char *from; /* who may have what is lost (cli/repair_from.h), or NULL */
	bool lost_told;   /* what stays damaged is told already */
};

/*
 * Repair the repository of ctx, or with dry_run say what would be done: a line for each action, or with --json an
 * object. EXIT_DONE if nothing is left to do; EXIT_NO if something stays damaged or lost, or would be mended.
 */
int mending_run(struct cmd_context *ctx, const struct mending *mending);

#endif
