/* Taking back what commits changed, three-way: what came after them stays. */
#ifndef CLI_REVERSION_H
#define CLI_REVERSION_H

#include "cli/command.h"

struct reversion {
	struct tree_builder builder; /* for writer_commit: the first member. DRIFT_ERR_CLASH names the first document */
	struct repo *repo;
	struct commit *const *commits; /* taken back in this order, each against its first parent */
	size_t commit_count;
	struct buf clashes;          /* after DRIFT_ERR_CLASH: a line a clash, "PATH: both sides changed ..." */
};
void reversion_init(struct reversion *r, struct repo *repo, struct commit *const *commits, size_t commit_count);
void reversion_release(struct reversion *r);

#endif
