/* Changing the stage: shared by stage.c, stage_add.c and stage_commit.c. */
#ifndef REPO_STAGE_INTERNAL_H
#define REPO_STAGE_INTERNAL_H

#include "repo/stage.h"
#include "repo/stage_map.h"

/* One change of the stage on its way; build makes the new stage from the old one and the tree at the tip of the branch. */
struct stage_job {
	int (*build)(struct stage_job *self, struct odb_batch *batch, const struct tree_root *stage,
		     const struct tree_root *tip, struct tree_root *stage_out, struct drift_error *err);
	const char *branch; /* NULL: HEAD */
	const char *actor, *reason;
	bool heavy; /* as in struct tree_builder */
};
/* Run it and make it durable; nothing is written if nothing changes. */
int stage_run(struct repo *repo, struct stage_job *job, struct drift_error *err) MUST_CHECK;

/* The stage as readers see it, or the holder of the append lock. */
int stage_root(struct repo *repo, bool locked, struct tree_root *root_out, struct drift_error *err) MUST_CHECK;

/* The staged changes as changes of a tree. */
struct stage_stream {
	struct tree_changes changes;
	struct stage_cursor *cursor;
	struct staged staged;
};

#endif
