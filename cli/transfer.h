/* What fetch, pull, push, sync and clone share: which remote, how far it is, what became of each ref. */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include "cli/command.h"
#include "sync/fetch.h"
#include "sync/join.h"
#include "sync/push.h"

/*
 * The remote that a user names: a remote's name, or a URL or path. NULL: what `branch` (a full name) follows, else the only
 * remote, else "origin".
 */
int ctx_remote(struct cmd_context *ctx, const char *name, const char *branch, struct remote **out, struct drift_error *err)
	MUST_CHECK;
/* The branch that HEAD names, or the one asked for by --branch; NULL after saying why not. Lives as long as ctx. */
int ctx_current_branch(struct cmd_context *ctx, char out[REF_NAME_MAX + 1], struct drift_error *err) MUST_CHECK;

/* --tags, --no-tags, or what the remote is set to. */
enum remote_tags transfer_tags(const struct remote *remote, bool all, bool none);

/* --only COLLECTION/[,..], several times. */
int transfer_only(const struct option_list *list, struct collection_set *out, struct drift_error *err) MUST_CHECK;

/* Progress of one transfer; hand transfer_bar_progress to those who tell of it. */
struct transfer_bar {
	struct progress *bar;
	struct sync_progress progress;
};
void transfer_bar_start(struct cmd_context *ctx, struct transfer_bar *bar, const char *title);
void transfer_bar_finish(struct transfer_bar *bar);

/* A line a ref on standard output, or with --json an object; "from URL" before the first that moved. Nothing with -q. */
int transfer_print_fetch(struct cmd_context *ctx, const struct remote *remote, const struct fetch_result *result);
int transfer_print_push(struct cmd_context *ctx, const struct remote *remote, const struct push_result *result);
/* What became of the branch. */
int transfer_print_join(struct cmd_context *ctx, const char *branch, const struct join_result *result);
/* What travelled: an object with --json, else a line on standard error. */
struct transfer_totals {
	struct sync_counts received, sent;
	struct wire_counts wire;
};
void transfer_totals_add(struct transfer_totals *to, const struct sync_counts *received, const struct sync_counts *sent);
int transfer_print_totals(struct cmd_context *ctx, const struct transfer_totals *totals);

/* After a push whose refs were not all moved: the hint, and EXIT_NO. */
int transfer_refused(struct cmd_context *ctx, const struct remote *remote, const struct push_result *result);
/* "cannot WHAT 'REMOTE': why"; EXIT_NO where a race was lost or what was asked for is not there. */
int transfer_failed(struct cmd_context *ctx, const char *what, const struct remote *remote);

#endif
