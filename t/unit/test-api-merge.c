/* Merging through the library's face. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/shop.h"

static void put_on(struct shop *s, const char *branch, const char *path, const char *text)
{
	struct drift_commit_result result;
	struct drift_txn *t;

	shop_must(s, drift_txn_begin(s->repo, branch, &t, &s->err));
	shop_put(s, t, path, text);
	shop_must(s, drift_txn_commit(t, &shop_by_tester, &result, &s->err));
	drift_txn_free(t);
}

struct seen {
	struct shop *shop;
	size_t count;
	char versions[3][16]; /* sides, then the base */
};

static int see(void *data, const struct drift_conflict *c, struct drift_error *err)
{
	struct seen *seen = data;
	struct drift_value value;

	seen->count++;
	assert_string_equal(c->path, "x/1");
	assert_int_equal(c->path_len, 3);
	assert_int_equal(c->side_count, 2);
	assert_int_equal(c->base_count, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(drift_conflict_value(c, i, &value, err), 1);
		assert_true(value.len < sizeof(seen->versions[i]));
		memcpy(seen->versions[i], value.data, value.len);
		drift_value_release(&value);
	}
	assert_int_equal(drift_conflict_value(c, 3, &value, NULL), -1);
	return 0;
}

static void test_merge(void **state)
{
	struct shop *s = *state;
	const struct drift_merge_options options = { .actor = "tester" };
	struct drift_merge_options strict = { .actor = "tester", .no_conflicts = true }, nobody = { .branch = NULL };
	struct drift_merge_result result, again;
	struct seen seen = { .shop = s };
	struct drift_snapshot *snapshot;

	shop_commit_put(s, "x/1", "1");
	shop_must(s, drift_branch_create(s->repo, "topic", NULL, "tester", &s->err));
	put_on(s, "topic", "x/2", "2");
	shop_must(s, drift_merge(s->repo, "topic", &options, &result, &s->err));
	assert_int_equal(result.kind, DRIFT_MERGE_FORWARD);
	shop_must(s, drift_merge(s->repo, "topic", &options, &again, &s->err));
	assert_int_equal(again.kind, DRIFT_MERGE_NOTHING);
	assert_true(drift_id_equal(&result.id, &again.id));
	shop_commit_put(s, "x/1", "11");
	put_on(s, "topic", "x/1", "12");
	shop_refused(s, drift_merge(s->repo, "topic", &strict, &result, &s->err), DRIFT_ERR_CLASH);
	strict = (struct drift_merge_options){ .actor = "tester", .forward_only = true };
	shop_refused(s, drift_merge(s->repo, "topic", &strict, &result, &s->err), DRIFT_ERR_CLASH);
	shop_refused(s, drift_merge(s->repo, "topic", &nobody, &result, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_merge(s->repo, "nosuch", &options, &result, &s->err), DRIFT_ERR_NOT_FOUND);
	shop_must(s, drift_merge(s->repo, "topic", &options, &result, &s->err));
	assert_int_equal(result.kind, DRIFT_MERGE_COMMIT);
	assert_int_equal(result.conflict_count, 1);
	assert_int_equal(result.seq, 4);
	snapshot = shop_at(s, "HEAD");
	assert_int_equal(drift_conflicts(snapshot, "y", see, &seen, &s->err), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(drift_conflicts(snapshot, NULL, see, &seen, &s->err), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.versions[2], "1");
	assert_true(!strcmp(seen.versions[0], "11") ? !strcmp(seen.versions[1], "12") :
						      !strcmp(seen.versions[1], "11"));
	drift_snapshot_release(snapshot);
	shop_commit_put(s, "x/1", "13");
	snapshot = shop_at(s, "HEAD");
	assert_int_equal(drift_conflicts(snapshot, NULL, see, &seen, &s->err), 0);
	assert_int_equal(seen.count, 1);
	drift_snapshot_release(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_merge, shop_setup, shop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
