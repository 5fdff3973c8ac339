/* Merging what three trees hold at one path: see tree_merge.h for the rules. */
#ifndef MERGE_PATH_MERGE_H
#define MERGE_PATH_MERGE_H

#include "merge/conflict.h"
#include "merge/merge_rules.h"
#include "merge/tree_merge.h"

/* What all paths of a merge have in common. */
struct merge_setting {
	struct merge_store *store;
	struct merge_rules *rules;
	bool decided, second_wins; /* see struct merge_choices */
};

/* What a tree holds at a path. With two sides or more it is in conflict. */
struct path_state {
	bool present;
	struct document document;
	struct conflict conflict;
};
#define PATH_STATE_INIT                    \
	{                                  \
		.conflict = CONFLICT_INIT, \
	}
void path_state_release(struct path_state *s);
/* documents are compared as document_equal does */
bool path_state_equal(const struct path_state *a, const struct path_state *b);
static inline bool path_state_in_conflict(const struct path_state *s)
{
	return s->conflict.side_count > 1;
}

struct path_outcome {
	struct path_state state; /* its document may point into the inputs or into bytes */
	struct buf bytes;
	bool merged;  /* both sides had changed it, differently */
	bool clashed; /* and that could not be settled */
};
#define PATH_OUTCOME_INIT                                                 \
	{                                                                 \
		.state = { .conflict = CONFLICT_INIT }, .bytes = BUF_INIT \
	}
void path_outcome_release(struct path_outcome *o);

/* *out is initialised. */
int path_merge(const struct merge_setting *m, const struct path *path, const struct path_state *base,
	       const struct path_state *first, const struct path_state *second, struct path_outcome *out,
	       struct drift_error *err) MUST_CHECK;

#endif
