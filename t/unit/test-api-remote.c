/* libdrift with another repository: fetch, push, sync, and what cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "include/drift.h"
#include "t/unit/ferry.h"

static struct drift_error err;

/* Two stores in folders of their own, and libdrift's handles on them. */
struct two {
	struct repo *made[2];
	char dirs[2][64];
	struct drift_repo *repos[2];
};

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", err.message);
}

static int setup(void **state)
{
	static struct two t;

	for (int i = 0; i < 2; i++) {
		t.made[i] = ferry_make(t.dirs[i]);
		must(drift_open(t.dirs[i], NULL, &t.repos[i], &err));
	}
	*state = &t;
	return 0;
}

static int teardown(void **state)
{
	struct two *t = *state;

	for (int i = 0; i < 2; i++) {
		drift_close(t->repos[i]);
		ferry_remove(t->made[i], t->dirs[i]);
	}
	return 0;
}

static void put(struct drift_repo *repo, const char *path, const char *value)
{
	const struct drift_commit_options how = { .author = "tester", .message = "m" };
	struct drift_txn *txn;

	must(drift_txn_begin(repo, NULL, &txn, &err));
	must(drift_txn_put(txn, path, value, strlen(value), &err));
	must(drift_txn_commit(txn, &how, NULL, &err));
	drift_txn_free(txn);
}

static struct drift_id at(struct drift_repo *repo, const char *name)
{
	struct drift_ref ref;

	assert_int_equal(drift_ref_read(repo, name, &ref, &err), 1);
	return ref.id;
}

static void same(struct two *t)
{
	struct drift_id a = at(t->repos[0], "main"), b = at(t->repos[1], "main");

	assert_memory_equal(&a, &b, sizeof(a));
	ferry_check(t->made[0]);
	ferry_check(t->made[1]);
}

static void meets(void **state)
{
	struct two *t = *state;
	struct drift_remote_options how = { .remote = t->dirs[0], .actor = "tester" };
	struct drift_remote_result result;

	put(t->repos[0], "c/1", "{\"a\":1,\"b\":1}");
	must(drift_remote_sync(t->repos[1], &how, &result, &err));
	assert_int_equal(result.commits_in, 1);
	assert_int_equal(result.round_trips, 1);
	same(t);
	put(t->repos[1], "c/2", "2");
	must(drift_remote_push(t->repos[1], &how, &result, &err));
	assert_int_equal(result.commits_out, 1);
	assert_int_equal(result.round_trips, 2);
	same(t);
	put(t->repos[0], "c/1", "{\"a\":2,\"b\":1}");
	put(t->repos[1], "c/1", "{\"a\":1,\"b\":2}");
	assert_int_equal(drift_remote_push(t->repos[1], &how, NULL, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CLASH);
	must(drift_remote_sync(t->repos[1], &how, &result, &err));
	assert_int_equal(result.conflict_count, 0);
	same(t);
	put(t->repos[0], "c/1", "{\"a\":3,\"b\":1}");
	put(t->repos[1], "c/1", "{\"a\":4,\"b\":2}");
	how.no_conflicts = true;
	assert_int_equal(drift_remote_sync(t->repos[1], &how, NULL, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CLASH);
	how.no_conflicts = false;
	must(drift_remote_sync(t->repos[1], &how, &result, &err));
	assert_int_equal(result.conflict_count, 1);
	same(t);
	must(drift_remote_sync(t->repos[1], &how, &result, &err));
	assert_int_equal(result.round_trips, 1);
	assert_true(result.bytes_in + result.bytes_out < 500);
}

static void fetches(void **state)
{
	struct two *t = *state;
	const struct drift_remote_options how = { .remote = t->dirs[0], .branch = "main", .actor = "tester" };
	struct drift_remote_result result;
	struct drift_id a, b;

	put(t->repos[0], "c/1", "1");
	must(drift_remote_fetch(t->repos[1], &how, &result, &err));
	assert_int_equal(result.commits_in, 1);
	a = at(t->repos[0], "main");
	b = at(t->repos[1], "FETCH_HEAD");
	assert_memory_equal(&a, &b, sizeof(a));
}

static void refused(struct drift_repo *repo, const char *remote, const char *branch, const char *actor,
		    enum drift_error_code code)
{
	const struct drift_remote_options how = { .remote = remote, .branch = branch, .actor = actor };

	assert_int_equal(drift_remote_fetch(repo, &how, NULL, &err), -1);
	assert_int_equal(err.code, code);
}

static void cannot_be(void **state)
{
	struct two *t = *state;

	put(t->repos[0], "c/1", "1");
	refused(t->repos[1], NULL, NULL, "tester", DRIFT_ERR_INVALID);
	refused(t->repos[1], t->dirs[0], NULL, NULL, DRIFT_ERR_INVALID);
	refused(t->repos[1], t->dirs[0], NULL, "two\nlines", DRIFT_ERR_INVALID);
	refused(t->repos[1], "nobody", NULL, "tester", DRIFT_ERR_NOT_FOUND);
	refused(t->repos[1], "/no/such/place", NULL, "tester", DRIFT_ERR_IO);
	refused(t->repos[1], "-x:y", NULL, "tester", DRIFT_ERR_INVALID);
	refused(t->repos[1], t->dirs[0], "no-such", "tester", DRIFT_ERR_NOT_FOUND);
	ferry_check(t->made[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(meets), TEST(fetches), TEST(cannot_be) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
