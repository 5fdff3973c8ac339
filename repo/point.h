/* Points in time: see Documentation/drift-points.adoc for what a user may write. */
#ifndef REPO_POINT_H
#define REPO_POINT_H

#include "repo/graph.h"

struct point {
	struct commit *commit;  /* NULL: the empty store before the first commit */
	struct tree_root tree;
	char ref[REF_NAME_MAX + 1]; /* the ref that the text began with, or "" */
};

/*
 * Resolve text against `branch` (a full ref name; NULL: HEAD) for @seq, @now and times. Two matches are DRIFT_ERR_AMBIGUOUS,
 * none DRIFT_ERR_NOT_FOUND, malformed text DRIFT_ERR_INVALID: never silently now. A branch without a commit yet
 * is the empty store for HEAD, @now, times and @seq.
 */
int point_resolve(struct repo *repo, const char *text, size_t len, const char *branch, struct point *out,
		  struct drift_error *err) MUST_CHECK;
void point_release(struct point *p);
#define auto_point __attribute__((cleanup(point_release))) struct point
#define POINT_INIT { .commit = NULL }

/* As point_resolve, but the text must name a stored object of any kind (id, prefix, ref, POINT:PATH, POINT^{tree}). */
struct object_name {
	struct oid id;
	enum object_kind kind;
	uint64_t loc;
};
int point_object(struct repo *repo, const char *text, size_t len, const char *branch, struct object_name *out,
		 struct drift_error *err) MUST_CHECK;

/* "A..B", "A...B", "A", "^A" put into a walk; an empty side is HEAD. */
int point_range(struct repo *repo, const char *text, size_t len, const char *branch, struct revwalk *walk,
		struct drift_error *err) MUST_CHECK;

/* An author's clock more than core.maxClockAhead (default a day) ahead of ours is refused by writers. */
int point_check_clock(struct repo *repo, int64_t time_usec, struct drift_error *err) MUST_CHECK;

#endif
