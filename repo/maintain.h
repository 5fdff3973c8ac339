/*
 * Looking after a repository in the background: packs what was sealed (gc_run, automatic), unless gc.auto is false.
 * Whoever commits asks after each commit, which is cheap; only a journal sealed since the last look is a reason, so
 * that a store that cannot be packed is not tried for each commit.
 */
#ifndef REPO_MAINTAIN_H
#define REPO_MAINTAIN_H

#include "repo/repo.h"

struct maintainer;

/* repo outlives it. */
int maintainer_new(struct repo *repo, struct maintainer **out, struct drift_error *err) MUST_CHECK;
/* Asks its thread to stop and waits; NULL-safe. Nothing that it did is lost or half done. */
void maintainer_free(struct maintainer *m);
/* Was a journal sealed since the last call, or since it was made, and is it to be packed? For who starts a process. */
bool maintainer_is_due(struct maintainer *m);
/* If so, a thread packs, with handles of its own; at most one. Any thread may call this. */
void maintainer_look(struct maintainer *m);

#endif
