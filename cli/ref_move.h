/* Moving and listing refs, for the commands that people use for it. */
#ifndef CLI_REF_MOVE_H
#define CLI_REF_MOVE_H

#include "cli/command.h"

/* One transaction in the name of the author, at --date, DRIFT_DATE or now. batch may be NULL. */
int ctx_move_refs(struct cmd_context *ctx, const struct ref_change *changes, size_t count, struct odb_batch *batch,
		  const char *reason, struct drift_error *err) MUST_CHECK;
/* What the point leads to, for a new branch or tag; DRIFT_ERR_NOT_FOUND where it is the empty store. NULL: the tip. */
int ctx_commit_of(struct cmd_context *ctx, const char *text, struct object_ref *out, struct drift_error *err) MUST_CHECK;
/* The value of a ref that must exist: DRIFT_ERR_NOT_FOUND "there is no branch 'x'" (what is "branch"). */
int ctx_ref_value(struct cmd_context *ctx, const char *full, const char *what, struct ref_value *out,
		  struct drift_error *err) MUST_CHECK;

#endif
