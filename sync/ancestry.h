/* Is one commit an ancestor of another that may only just have come, and waits in a batch? */
#ifndef SYNC_ANCESTRY_H
#define SYNC_ANCESTRY_H

#include "repo/graph.h"
#include "sync/receive.h"

/* Both are commits; `old` is stored. `received` may be NULL: both are stored. 1 / 0 / -1 */
int received_is_ancestor(struct repo *repo, struct received *received, const struct object_ref *old,
			 const struct object_ref *new, struct drift_error *err) MUST_CHECK;

#endif
