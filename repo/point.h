/* Points in time: see Documentation/drift-points.adoc for what a user may write. */
#ifndef REPO_POINT_H
#define REPO_POINT_H

#include "repo/graph.h"

struct point {
	struct commit *commit; /* NULL: the empty store before the first commit, or a tree alone */
	bool bare_tree;        /* the text named a tree, not a commit */
	struct tree_root tree;
	char ref[REF_NAME_MAX + 1]; /* the ref that the text began with, or "" */
};

/*
 * Resolve text against `branch` (a full ref name; NULL: HEAD) for @seq, @now and times. Two matches are DRIFT_ERR_AMBIGUOUS
 * and named, none is DRIFT_ERR_NOT_FOUND, malformed text DRIFT_ERR_INVALID: never silently now. A branch without a commit yet
 * is the empty store for HEAD, @now, times and @seq; so is a ref at a time when it did not exist. Of objects whose id begins
 * with the text, commits are meant before tags, tags before trees.
 */
int point_resolve(struct repo *repo, const char *text, size_t len, const char *branch, struct point *out,
		  struct drift_error *err) MUST_CHECK;
void point_release(struct point *p);
#define auto_point __attribute__((cleanup(point_release))) struct point
#define POINT_INIT             \
	{                      \
		.commit = NULL \
	}

/*
 * As point_resolve, but the text must name an object: an id of any kind, the beginning of one (two that begin so are
 * DRIFT_ERR_AMBIGUOUS, whatever they are), a ref or other point, POINT^{tree}, POINT:PATH, POINT: (the tree).
 */
struct object_name {
	struct oid id;
	enum object_kind kind;
	uint64_t loc;
	/* POINT:PATH: the document (an inline one is found nowhere else) and what keeps its memory; else node is NULL. */
	struct node *node;
	struct document document;
};
int point_object(struct repo *repo, const char *text, size_t len, const char *branch, struct object_name *out,
		 struct drift_error *err) MUST_CHECK;
void object_name_release(struct object_name *name);
#define auto_object_name __attribute__((cleanup(object_name_release))) struct object_name
#define OBJECT_NAME_INIT     \
	{                    \
		.node = NULL \
	}

/* "A..B", "A...B", "A", "^A" put into a walk; an empty side is HEAD. */
int point_range(struct repo *repo, const char *text, size_t len, const char *branch, struct revwalk *walk,
		struct drift_error *err) MUST_CHECK;

/* A time more than core.maxClockAhead seconds (default a day) ahead of our clock is refused by writers: DRIFT_ERR_INVALID. */
int point_check_clock(struct repo *repo, int64_t time_usec, struct drift_error *err) MUST_CHECK;

#endif
