/* How points are resolved: shared by the files of point.h. */
#ifndef REPO_POINT_INTERNAL_H
#define REPO_POINT_INTERNAL_H

#include "repo/point.h"
#include "repo/point_parse.h"

#define TAG_DEPTH_MAX 32

struct point_target {
	bool empty; /* the empty store: no object */
	enum object_kind kind;
	struct object_ref object;
	char ref[REF_NAME_MAX + 1]; /* that the text began with, or "" */
};

/* Whom an abbreviated id may mean. */
enum id_preference {
	ID_COMMIT_FIRST, /* a commit, else a tag, else a tree, else a blob */
	ID_ANY           /* two matches of whatever kind are too many */
};

struct point_context {
	struct repo *repo;
	const char *branch; /* NULL: HEAD */
	enum id_preference preference;
};

/* What the base of the text stands for. Errors as point_resolve. */
int point_base(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
	       struct drift_error *err) MUST_CHECK;
/* The one object whose id is, or begins with, the text's: 1 / 0 none / -1. */
int point_id(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
	     struct drift_error *err) MUST_CHECK;
/* Base and steps. */
int point_target(const struct point_context *ctx, const struct point_text *text, struct point_target *out,
		 struct drift_error *err) MUST_CHECK;
/* Fill in kind and location of target->object. DRIFT_ERR_NOT_FOUND if it is not stored. */
int point_locate(struct repo *repo, struct point_target *target, struct drift_error *err) MUST_CHECK;

#endif
