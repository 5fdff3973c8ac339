/*
 * The commits that changed named documents, in the order of a walk by time, in time proportional to their own changes. What
 * log finds by walking over all commits and asking each.
 */
#ifndef CLI_DOCUMENT_LOG_H
#define CLI_DOCUMENT_LOG_H

#include "cli/revision_args.h"

struct document_log;

/*
 * NULL in *out where a walk has to do it: names of collections or prefixes, ranges, several points, or several documents where
 * there are merges (one that changed one document against one parent and another against the other is in no document's history).
 */
int document_log_open(struct cmd_context *ctx, const struct revision_args *args, bool first_parent,
		      struct document_log **out, struct drift_error *err) MUST_CHECK;
/* 1 with a reference for the caller, 0 at the end, -1. */
int document_log_next(struct document_log *l, struct commit **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void document_log_free(struct document_log *l);
void document_log_cleanup(struct document_log **l);
#define auto_document_log __attribute__((cleanup(document_log_cleanup))) struct document_log

#endif
