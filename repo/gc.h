/*
 * Collection of garbage: sealed journals and the packs behind them become one pack; what no ref, log entry, stage or
 * grace period needs is left out. Locations, ids and all answers stay as they are. Others read and commit meanwhile;
 * the append lock is held for moments, at the start and at the end. Killed at any instant it loses nothing; what it
 * leaves is removed by the next.
 *
 *  1. taken: all sealed journals, and packs from the newest back while one is smaller than twice what is taken
 *      already (full: all)
 *  2. mark what is needed of them (gc_mark.h)
 *  3. stubs, in order of location (stub.h)
 *  4. families of nodes and blobs, each newest first, in groups (gc_encode.h)
 *  5. the new pack and its index, durably; then, under the append lock, what was referred to since 2 is looked at,
 *      and `current` is replaced
 *     Before that, what refs and their log hold is looked up in the new pack (gc_check.h)
 *  6. unlink what is not named any more
 */
#ifndef REPO_GC_H
#define REPO_GC_H

#include <stdatomic.h>

#include "repo/repo.h"

#define GC_PRUNE_SEC ((int64_t)14 * 86400)  /* gc.pruneExpire: objects nothing refers to */
#define GC_REFLOG_SEC ((int64_t)30 * 86400) /* gc.reflogExpire: what refs held */

struct gc_progress {
	void (*step)(void *data, const char *what, uint64_t done, uint64_t total); /* total 0: not known */
	void (*waits)(void *data); /* another is at work, and will be waited for; may be NULL */
	void *data;
};

struct gc_options {
	bool wait;      /* another at work: wait until it is done, instead of DRIFT_ERR_CLASH; not if automatic */
	bool automatic; /* only what is sealed already; keep everything; nothing to do, or another at work: at once, without error */
	bool merge;                /* all packs into one */
	bool full;                 /* the same, best compression */
	bool keep;                 /* remove nothing */
	bool dry_run;              /* only say what would be done */
	int64_t prune_before_usec; /* drop unreachable objects sealed before; INT64_MIN: by config or default */
	const struct gc_progress *progress; /* may be NULL */
	const atomic_bool *cancel;          /* may be NULL; once true: stops soon, with DRIFT_ERR_NOTHING */
};

struct gc_result {
	bool ran;
	uint64_t files_before, files_after, bytes_before, bytes_after; /* of the whole store, index files included */
	uint64_t commits_kept, objects_kept, objects_dropped;
	struct drift_error lost; /* not DRIFT_OK: what is needed and missing, for which reason nothing was removed */
	struct drift_error stuck; /* not DRIFT_OK: a file that nothing names any more and that cannot be unlinked; the next run tries again */
};

/*
 * DRIFT_ERR_CLASH if another gc is at work and not waited for; DRIFT_ERR_CORRUPT names what cannot be read, and nothing has changed
 * then.
 */
int gc_run(struct repo *repo, const struct gc_options *options, struct gc_result *result_out,
	   struct drift_error *err) MUST_CHECK;

#endif
