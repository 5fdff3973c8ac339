/* A repository for a while, in the folder for temporary files (TMPDIR). */
#ifndef CLI_SCRATCH_REPO_H
#define CLI_SCRATCH_REPO_H

#include "repo/repo.h"

struct scratch_repo {
	struct repo *repo;
	struct buf dir;
};
#define SCRATCH_REPO_INIT { .repo = NULL, .dir = BUF_INIT }
#define auto_scratch_repo __attribute__((cleanup(scratch_repo_release))) struct scratch_repo

/* Empty; nothing in it waits for the disk. */
int scratch_repo_make(struct scratch_repo *scratch, struct drift_error *err) MUST_CHECK;
/* Closed, and gone. */
void scratch_repo_release(struct scratch_repo *scratch);

/* Remove a repository that never came to be: the store's folder and what is in it. What cannot be removed stays. */
void remove_store(const char *dir);

#endif
