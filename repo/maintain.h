/* Looking after a repository in the background: packs what was sealed (gc_run, automatic), unless gc.auto is false. */
#ifndef REPO_MAINTAIN_H
#define REPO_MAINTAIN_H

#include "repo/repo.h"

/* Is there anything to do? Cheap: for after each commit. */
bool maintain_is_due(struct repo *repo);

/*
 * In a thread with a repository of its own, at most one a process and repository. It must be stopped before `repo`
 * is closed.
 */
struct maintainer;
int maintainer_start(struct repo *repo, struct maintainer **out, struct drift_error *err) MUST_CHECK;
/* Asks it to stop and waits; NULL-safe. Nothing that it did is lost or half done. */
void maintainer_stop(struct maintainer *m);

#endif
