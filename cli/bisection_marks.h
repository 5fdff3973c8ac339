/* What a search by halves is told, written into its refs: see cli/bisection.h. */
#ifndef CLI_BISECTION_MARKS_H
#define CLI_BISECTION_MARKS_H

#include "cli/bisection.h"

struct bisection_marks {
	struct commit_list good, bad, skipped; /* of several bad ones the last counts */
};
#define BISECTION_MARKS_INIT { .good = { .items = NULL } }
#define auto_bisection_marks __attribute__((cleanup(bisection_marks_release))) struct bisection_marks
void bisection_marks_release(struct bisection_marks *marks);

/*
 * All in one transaction, which clashes if others have marked meanwhile; `after` (released by the caller) is what is known
 * then and `step` what comes next. DRIFT_ERR_INVALID where the marks contradict what is known: nothing is changed.
 */
int bisection_mark(struct cmd_context *ctx, const struct bisection_marks *marks, const char *reason,
		   struct bisection *after, struct bisection_step *step) MUST_CHECK;
/* Begin anew at commit `from`. `after` has repo and first_parent set. */
int bisection_begin(struct cmd_context *ctx, struct commit *from, const struct bisection_marks *marks,
		    struct bisection *after, struct bisection_step *step) MUST_CHECK;
/* 1, or 0 if there was none. */
int bisection_end(struct cmd_context *ctx) MUST_CHECK;

/* Print the marks in the order in which they were made: commands to be run again, or with --json an object a line. */
int bisection_print_log(struct cmd_context *ctx, const struct bisection *b) MUST_CHECK;

#endif
