/*
 * The formats of `drift log --format`: git's letters where they make sense.
 *
 *	%H %h   id, short         %T %t   tree            %P %p   parents
 *	%an %ae author's name, mail       %cn %ce committer's
 *	%at %aI %ai %ad %ar  author's time: seconds, RFC 3339, ISO-like, default, relative; %c.. the committer's
 *	%s subject   %b body   %B message   %N seq   %n newline   %x00 byte   %% percent
 */
#ifndef CLI_LOG_FORMAT_H
#define CLI_LOG_FORMAT_H

#include "cli/output.h"

/* DRIFT_ERR_INVALID names a letter that is not known. */
int log_format_check(const char *format, struct drift_error *err) MUST_CHECK;
/* Append; format was checked. */
void log_format_append(const struct cmd_context *ctx, const char *format, const struct commit *c, struct buf *out);

#endif
