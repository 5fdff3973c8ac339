/*
 * Partial clones: repositories that have some collections, with all their history, and of the others nothing but what root maps say
 * of them. Which they have stands in the configuration: core.only, once for each name with a slash behind it. A repository without that
 * key has all.
 */
#ifndef REPO_PARTIAL_H
#define REPO_PARTIAL_H

#include "repo/repo.h"

#define PARTIAL_KEY "core.only"

/* Tell the store, which has just been opened, what the configuration says. */
int partial_open(struct repo *repo, struct drift_error *err) MUST_CHECK;
/* What the file says now: 1, or 0 if it has all; -1. `out` is empty before. */
int partial_load(struct repo *repo, struct collection_set *out, struct drift_error *err) MUST_CHECK;
/* The same of the text of a configuration. */
int partial_of_text(const char *text, size_t len, struct collection_set *out, struct drift_error *err) MUST_CHECK;
/* Have these too, durably; repositories that are open do not learn of it. */
int partial_add(struct repo *repo, const struct collection_set *more, struct drift_error *err) MUST_CHECK;

#endif
