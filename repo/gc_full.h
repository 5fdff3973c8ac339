/*
 * Which pack is as small as can be already: cache/full has its name, so that a second gc --full has nothing to do. A
 * hint: without it all is packed once more.
 */
#ifndef REPO_GC_FULL_H
#define REPO_GC_FULL_H

#include "objects/pack.h"
#include "repo/repo.h"

/* This pack was made at the best level; that it cannot be noted is no failure. */
void gc_full_note(struct repo *repo, const struct pack_name *pack);
/* Is it the one that was noted? */
bool gc_full_is(struct repo *repo, const struct pack_name *pack);

#endif
