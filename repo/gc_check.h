/*
 * The last look before a pack takes the place of files: what refs, the stage and young log entries hold must be found
 * in it or in the files that stay, by location and as the object it is meant to be; so must the roots of commits, and
 * the log entries themselves. Whatever went wrong before, marking or packing, is found out while everything is still
 * there. Costs a look-up for each ref and for each log entry since the first file that is taken.
 */
#ifndef REPO_GC_CHECK_H
#define REPO_GC_CHECK_H

#include "repo/gc_source.h"

struct gc_check;

/* name: of a pack made from what the source takes, published. The source lives as long as the check. */
int gc_check_new(struct gc_source *source, const struct pack_name *name, int64_t reflog_since_usec,
		 struct gc_check **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_check_free(struct gc_check *c);
/* Everything. DRIFT_ERR_CORRUPT names what is missing. */
int gc_check_all(struct gc_check *c, struct drift_error *err) MUST_CHECK;
/* What the log got since the last of either; short enough for the append lock. */
int gc_check_since(struct gc_check *c, struct drift_error *err) MUST_CHECK;

#endif
