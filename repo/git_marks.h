/*
 * What the marks of a stream stand for. A blob comes before the commit that says where it goes, so its bytes wait until then: short ones
 * for ever, since they stand in leaves and nowhere else; long ones until they are stored as a version of what was at their path. What
 * waits is in memory up to a bound, beyond it in a nameless file.
 */
#ifndef REPO_GIT_MARKS_H
#define REPO_GIT_MARKS_H

#include "objects/odb.h"

enum git_mark_kind {
	GIT_MARK_FREE = 0,
	GIT_MARK_WAITING, /* a blob whose bytes wait */
	GIT_MARK_BLOB,    /* stored */
	GIT_MARK_COMMIT,
	GIT_MARK_TAG,
	GIT_MARK_NAMED    /* by id in a file of marks; what it is has not been looked at */
};

struct git_mark {
	uint64_t number;
	enum git_mark_kind kind;
	uint64_t len; /* of a blob */
	struct object_ref object; /* waiting: object.loc says where, object.id is not set */
};

struct git_marks;

/* dir is for the file. */
int git_marks_new(const char *dir, struct git_marks **out, struct drift_error *err) MUST_CHECK;
void git_marks_free(struct git_marks *m);

/* NULL if it was not set. Good until the next one is set. */
struct git_mark *git_marks_get(struct git_marks *m, uint64_t number);
/* Setting it again replaces it. Number 0 is for what has no mark: nothing happens. */
int git_marks_set(struct git_marks *m, const struct git_mark *mark, struct drift_error *err) MUST_CHECK;
/* Keep the bytes of a blob. */
int git_marks_wait(struct git_marks *m, uint64_t number, struct text bytes, struct drift_error *err) MUST_CHECK;
/* Append the bytes of a blob that waits. */
int git_marks_bytes(struct git_marks *m, const struct git_mark *mark, struct buf *out, struct drift_error *err) MUST_CHECK;
/* It is stored now: its bytes need not wait any longer. */
int git_marks_stored(struct git_marks *m, struct git_mark *mark, const struct object_ref *object,
		     struct drift_error *err) MUST_CHECK;
/* The batch was appended: what it gave provisional places has real ones now. */
void git_marks_settle(struct git_marks *m, struct odb_batch *batch);
/* In order of number; non-zero stops. */
int git_marks_each(struct git_marks *m, int (*each)(void *data, const struct git_mark *mark, struct drift_error *err),
		   void *data, struct drift_error *err) MUST_CHECK;

#endif
