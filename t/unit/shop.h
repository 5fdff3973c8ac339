/* Support of unit tests of the library's face: a repository in a temporary folder, opened as users do. */
#ifndef T_UNIT_SHOP_H
#define T_UNIT_SHOP_H

#include "include/drift.h"

struct shop {
	void *desk;
	const char *dir;
	struct drift_repo *repo;
	struct drift_error err; /* of the last call that failed */
};

/* Setup and teardown of cmocka: *state is a struct shop. What fails here fails the test. */
int shop_setup(void **state);
int shop_teardown(void **state);

/* Fails the test with the message unless r >= 0. */
void shop_must(const struct shop *s, int r);
/* Fails the test unless r < 0 with that code. */
void shop_refused(struct shop *s, int r, enum drift_error_code code);

extern const struct drift_commit_options shop_by_tester;
struct drift_txn *shop_begin(struct shop *s);
void shop_put(struct shop *s, struct drift_txn *t, const char *path, const char *text);
/* Commit to HEAD and free the transaction; the result must be good. */
struct drift_commit_result shop_commit(struct shop *s, struct drift_txn *t);
struct drift_commit_result shop_commit_put(struct shop *s, const char *path, const char *text);

struct drift_snapshot *shop_at(struct shop *s, const char *point);
/* Fails the test unless found is 1 and the value, which is released, has the text; text NULL: unless it is 0. */
void shop_value_is(struct shop *s, int found, struct drift_value *v, const char *text);
void shop_holds(struct shop *s, struct drift_snapshot *snapshot, const char *path, const char *text);
void shop_point_holds(struct shop *s, const char *point, const char *path, const char *text);

#endif
