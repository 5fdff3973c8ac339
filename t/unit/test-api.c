/* The documented face of the library by what drift.h promises: repositories, snapshots, cursors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/oid.h"
#include "t/unit/shop.h"

/* --- versions, ids, repositories --- */

static void versions_and_ids(void **state)
{
	struct shop *s = *state;
	char hex[DRIFT_ID_HEX_LEN + 1];
	struct drift_id a, b = { { 0 } };

	assert_string_equal(drift_version(), DRIFT_VERSION);
	assert_true(drift_id_is_zero(&b));
	memset(hex, 'A', DRIFT_ID_HEX_LEN);
	hex[DRIFT_ID_HEX_LEN] = '\0';
	shop_must(s, drift_id_parse(hex, &a, &s->err));
	assert_int_equal(a.bytes[31], 0xaa);
	assert_false(drift_id_equal(&a, &b));
	assert_false(drift_id_is_zero(&a));
	assert_ptr_equal(drift_id_format(&a, hex), hex);
	assert_int_equal(hex[63], 'a');
	hex[63] = '\0';
	shop_refused(s, drift_id_parse(hex, &b, &s->err), DRIFT_ERR_INVALID);
	assert_int_equal(drift_id_parse("x", &b, NULL), -1);
}

static void repositories_are_made_and_found(void **state)
{
	struct shop *s = *state;
	struct drift_init_options options = { .branch = "trunk" };
	struct drift_repo *repo;
	struct drift_ref head;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/sub", s->dir);
	shop_must(s, drift_init(dir, &options, &s->err));
	shop_refused(s, drift_init(dir, NULL, &s->err), DRIFT_ERR_EXISTS);
	shop_must(s, drift_open(dir, NULL, &repo, &s->err));
	assert_non_null(strstr(drift_dir(repo), "/sub/.drift"));
	assert_int_equal(drift_ref_read(repo, "HEAD", &head, &s->err), 1);
	assert_string_equal(head.name, "HEAD");
	assert_string_equal(head.target, "refs/heads/trunk");
	assert_true(drift_id_is_zero(&head.id));
	assert_int_equal(drift_damage(repo, NULL, NULL), 0);
	drift_close(repo);
	drift_close(NULL);
	options.branch = "..";
	snprintf(dir, sizeof(dir), "%s/other", s->dir);
	shop_refused(s, drift_init(dir, &options, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_open("/", NULL, &repo, &s->err), DRIFT_ERR_NOT_FOUND);
}

static void what_is_read_only_is_not_written(void **state)
{
	struct shop *s = *state;
	struct drift_options options = { .read_only = true };
	struct drift_repo *repo;
	struct drift_txn *t;

	shop_commit_put(s, "a/1", "one");
	shop_must(s, drift_open(s->dir, &options, &repo, &s->err));
	shop_must(s, drift_txn_begin(repo, NULL, &t, &s->err));
	shop_put(s, t, "a/1", "two");
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_PERMISSION);
	shop_refused(s, drift_tag_create(repo, "v1", NULL, "tester", &s->err), DRIFT_ERR_PERMISSION);
	drift_txn_free(t);
	drift_close(repo);
	shop_point_holds(s, NULL, "a/1", "one");
}

static void stats_count(void **state)
{
	struct shop *s = *state;
	struct drift_stats stats;

	shop_commit_put(s, "a/1", "one");
	shop_must(s, drift_stats(s->repo, true, &stats, &s->err));
	assert_int_equal(stats.file_count, 1);
	assert_int_equal(stats.commit_count, 1);
	assert_int_equal(stats.node_count, 2);
	assert_true(stats.used_len > 0 && stats.file_len >= stats.used_len);
	shop_must(s, drift_stats(s->repo, false, &stats, &s->err));
	assert_int_equal(stats.commit_count, 0);
}

/* --- snapshots --- */

static void snapshots_stay_as_they_are(void **state)
{
	struct shop *s = *state;
	struct drift_snapshot *empty = shop_at(s, NULL), *one, *two;
	struct drift_commit c, d;
	struct drift_id tree, other;
	uint64_t count;

	shop_holds(s, empty, "a/1", NULL);
	assert_false(drift_snapshot_commit(empty, &c));
	shop_must(s, drift_count(empty, NULL, &count, &s->err));
	assert_int_equal(count, 0);
	shop_commit_put(s, "a/1", "one");
	one = shop_at(s, NULL);
	/* Often enough that the only leaf is kept. */
	for (int i = 0; i < 40; i++) {
		shop_holds(s, one, "a/1", "one");
		shop_holds(s, one, "a/2", NULL);
	}
	shop_commit_put(s, "a/1", "two");
	two = shop_at(s, "HEAD");
	shop_holds(s, empty, "a/1", NULL);
	shop_holds(s, one, "a/1", "one");
	shop_holds(s, two, "a/1", "two");
	shop_point_holds(s, "HEAD~1", "a/1", "one");
	shop_point_holds(s, "@seq:1", "a/1", "one");
	assert_true(drift_snapshot_commit(one, &c));
	assert_true(drift_snapshot_commit(two, &d));
	assert_int_equal(c.seq, 1);
	assert_int_equal(d.seq, 2);
	assert_string_equal(d.author, "tester");
	assert_string_equal(d.committer, "tester");
	assert_string_equal(d.message, "test");
	assert_int_equal(d.message_len, 4);
	assert_true(d.time_us >= c.time_us && d.author_us == d.committer_us);
	assert_int_equal(d.parent_count, 1);
	assert_true(drift_commit_parent(&d, 0, &other));
	assert_true(drift_id_equal(&other, &c.id));
	assert_false(drift_commit_parent(&d, 1, &other));
	drift_snapshot_tree(one, &tree);
	assert_true(drift_id_equal(&tree, &c.tree));
	drift_snapshot_release(empty);
	drift_snapshot_release(one);
	drift_snapshot_release(two);
	drift_snapshot_release(NULL);
}

static void points_and_branches_are_checked(void **state)
{
	struct shop *s = *state;
	struct drift_snapshot *snapshot;
	struct drift_value v;

	shop_commit_put(s, "a/1", "one");
	shop_refused(s, drift_snapshot_open(s->repo, "nowhere", NULL, &snapshot, &s->err), DRIFT_ERR_NOT_FOUND);
	shop_refused(s, drift_snapshot_open(s->repo, "HEAD~7", NULL, &snapshot, &s->err), DRIFT_ERR_NOT_FOUND);
	shop_refused(s, drift_snapshot_open(s->repo, "a..b", NULL, &snapshot, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_snapshot_open(s->repo, NULL, "..", &snapshot, &s->err), DRIFT_ERR_INVALID);
	shop_must(s, drift_snapshot_open(s->repo, NULL, "no-such-branch", &snapshot, &s->err));
	shop_holds(s, snapshot, "a/1", NULL);
	drift_snapshot_release(snapshot);
	shop_must(s, drift_snapshot_open(s->repo, "@seq:1", "refs/heads/main", &snapshot, &s->err));
	shop_holds(s, snapshot, "a/1", "one");
	shop_refused(s, drift_get(snapshot, "a//1", &v, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_get(snapshot, "", &v, &s->err), DRIFT_ERR_INVALID);
	drift_snapshot_release(snapshot);
}

static void values_outlive_everything(void **state)
{
	struct shop *s = *state;
	char *big = calloc(1, 5001);
	struct drift_snapshot *snapshot;
	struct drift_txn *t = shop_begin(s);
	struct drift_value small_value, big_value;
	struct drift_id id, again;

	memset(big, 'x', 5000);
	shop_put(s, t, "a/small", "{\"x\":1}");
	shop_put(s, t, "a/big", big);
	shop_must(s, drift_txn_put(t, "a/empty", NULL, 0, &s->err));
	shop_commit(s, t);
	snapshot = shop_at(s, NULL);
	shop_must(s, drift_get(snapshot, "a/small", &small_value, &s->err));
	shop_must(s, drift_get(snapshot, "a/big", &big_value, &s->err));
	shop_holds(s, snapshot, "a/empty", "");
	drift_snapshot_release(snapshot);
	drift_close(s->repo);
	s->repo = NULL;
	assert_int_equal(small_value.kind, DRIFT_DOCUMENT);
	assert_int_equal(small_value.mode, 0);
	/* git hash-object --stdin in a repository of the sha256 format says so too. */
	drift_value_id(&big_value, &id);
	object_hash(OBJECT_BLOB, big, 5000, (struct oid *)(void *)&again);
	assert_true(drift_id_equal(&id, &again));
	drift_value_id(&small_value, &id);
	object_hash(OBJECT_BLOB, "{\"x\":1}", 7, (struct oid *)(void *)&again);
	assert_true(drift_id_equal(&id, &again));
	shop_value_is(s, 1, &small_value, "{\"x\":1}");
	shop_value_is(s, 1, &big_value, big);
	free(big);
}

static void objects_may_be_closed_in_any_order(void **state)
{
	struct shop *s = *state;
	struct drift_cursor *cursor;
	struct drift_snapshot *snapshot;
	struct drift_history *history;
	struct drift_version_info version;
	struct drift_entry entry;

	shop_commit_put(s, "a/1", "one");
	snapshot = shop_at(s, NULL);
	shop_must(s, drift_cursor_open(snapshot, NULL, &cursor, &s->err));
	shop_must(s, drift_history_open(snapshot, "a/1", &history, &s->err));
	drift_close(s->repo);
	s->repo = NULL;
	drift_snapshot_release(snapshot);
	assert_int_equal(drift_cursor_next(cursor, &entry, &s->err), 1);
	assert_string_equal(entry.path, "a/1");
	drift_cursor_close(cursor);
	assert_int_equal(drift_history_next(history, &version, &s->err), 1);
	drift_history_close(history);
}

/* Enough reads that nodes are kept, in maps of more than one level, within and beyond the budget for it. */
static void reads_are_right_warm_and_cold(void **state)
{
	struct shop *s = *state;
	struct drift_txn *t = shop_begin(s);
	char path[32], text[128];
	unsigned round, i;

	for (i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "c%u/%05u", i % 3, i * 2);
		snprintf(text, sizeof(text), "document %u %0100u", i, i);
		shop_put(s, t, path, text);
	}
	shop_commit(s, t);
	for (round = 0; round < 2; round++) {
		struct drift_options options = { .cache_len = round ? 60000 : 0 };
		struct drift_snapshot *snapshot;
		struct drift_repo *repo;

		shop_must(s, drift_open(s->dir, &options, &repo, &s->err));
		shop_must(s, drift_snapshot_open(repo, NULL, NULL, &snapshot, &s->err));
		for (i = 0; i < 20000; i++) {
			unsigned n = i * 7919 % 5010;

			snprintf(path, sizeof(path), "c%u/%05u", n % 3, n * 2);
			snprintf(text, sizeof(text), "document %u %0100u", n, n);
			shop_holds(s, snapshot, path, n < 5000 ? text : NULL);
			snprintf(path, sizeof(path), "c%u/%05u", n % 3, n * 2 + 1);
			shop_holds(s, snapshot, path, NULL);
		}
		shop_holds(s, snapshot, "c4/00000", NULL);
		drift_snapshot_release(snapshot);
		drift_close(repo);
	}
}

/* --- cursors --- */

static void yields(struct shop *s, struct drift_cursor *c, const char *path)
{
	struct drift_entry entry;
	int r = drift_cursor_next(c, &entry, &s->err);

	shop_must(s, r);
	assert_int_equal(r, path != NULL);
	if (!path)
		return;
	assert_string_equal(entry.path, path);
	assert_int_equal(entry.path_len, strlen(path));
}

static struct drift_snapshot *shelf(struct shop *s)
{
	static const char *const paths[] = { "top",         "users",     "a/1",      "a/2",       "users/ada",
					     "users/ada/x", "users/bob", "users2/z", "z/\xff\xff" };
	struct drift_txn *t = shop_begin(s);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		shop_put(s, t, paths[i], paths[i]);
	shop_commit(s, t);
	return shop_at(s, NULL);
}

static void cursors_go_in_order(void **state)
{
	struct shop *s = *state;
	struct drift_snapshot *snapshot = shelf(s);
	struct drift_cursor *c;
	struct drift_value v;
	struct drift_id id, again;

	shop_must(s, drift_cursor_open(snapshot, NULL, &c, &s->err));
	shop_refused(s, drift_cursor_value(c, &v, &s->err), DRIFT_ERR_NOT_FOUND);
	yields(s, c, "top");
	shop_value_is(s, drift_cursor_value(c, &v, &s->err) ? -1 : 1, &v, "top");
	shop_must(s, drift_cursor_id(c, &id, &s->err));
	object_hash(OBJECT_BLOB, "top", 3, (struct oid *)(void *)&again);
	assert_true(drift_id_equal(&id, &again));
	yields(s, c, "users");
	yields(s, c, "a/1");
	yields(s, c, "a/2");
	yields(s, c, "users/ada");
	yields(s, c, "users/ada/x");
	yields(s, c, "users/bob");
	yields(s, c, "users2/z");
	yields(s, c, "z/\xff\xff");
	yields(s, c, NULL);
	yields(s, c, NULL);
	shop_refused(s, drift_cursor_id(c, &id, &s->err), DRIFT_ERR_NOT_FOUND);
	shop_must(s, drift_cursor_seek(c, "users/b", &s->err));
	yields(s, c, "users/bob");
	shop_must(s, drift_cursor_seek(c, "users/zz", &s->err));
	yields(s, c, "users2/z");
	shop_must(s, drift_cursor_seek(c, "b/", &s->err));
	yields(s, c, "users/ada");
	shop_must(s, drift_cursor_seek(c, "", &s->err));
	yields(s, c, "top");
	shop_must(s, drift_cursor_seek(c, "zz/1", &s->err));
	yields(s, c, NULL);
	drift_cursor_close(c);
	drift_cursor_close(NULL);
	drift_snapshot_release(snapshot);
}

static void prefixes_bound_cursors_and_counts(void **state)
{
	static const struct {
		const char *prefix;
		unsigned count;
		const char *first;
	} cases[] = { { "", 9, "top" },
		      { "users", 5, "users" },
		      { "users/", 3, "users/ada" },
		      { "users/ada", 2, "users/ada" },
		      { "users/ada/", 1, "users/ada/x" },
		      { "u", 5, "users" },
		      { "a/2", 1, "a/2" },
		      { "t", 1, "top" },
		      { "x", 0, NULL },
		      { "users/c", 0, NULL },
		      { "/", 0, NULL },
		      { "z/\xff", 1, "z/\xff\xff" },
		      { "\xff", 0, NULL } };
	struct shop *s = *state;
	struct drift_snapshot *snapshot = shelf(s);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct drift_cursor *c;
		struct drift_entry entry;
		uint64_t count = 99;
		unsigned seen = 0;

		shop_must(s, drift_count(snapshot, cases[i].prefix, &count, &s->err));
		assert_int_equal(count, cases[i].count);
		shop_must(s, drift_cursor_open(snapshot, cases[i].prefix, &c, &s->err));
		while (drift_cursor_next(c, &entry, &s->err) == 1)
			seen++;
		assert_int_equal(seen, cases[i].count);
		/* Seeking does not leave the prefix. */
		shop_must(s, drift_cursor_seek(c, "", &s->err));
		yields(s, c, cases[i].first);
		shop_must(s, drift_cursor_seek(c, "zzz/1", &s->err));
		yields(s, c, NULL);
		drift_cursor_close(c);
	}
	drift_snapshot_release(snapshot);
}

/* Skipping n is n times next, from wherever. */
static void skipping_is_going_on(void **state)
{
	struct shop *s = *state;
	struct drift_txn *t = shop_begin(s);
	struct drift_snapshot *snapshot;
	struct drift_cursor *c;
	struct drift_entry entry;
	char path[32], paths[900][16];
	unsigned i;

	for (i = 0; i < 900; i++) {
		snprintf(path, sizeof(path), "%s/%03u", i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", i);
		shop_put(s, t, path, path);
	}
	shop_commit(s, t);
	snapshot = shop_at(s, NULL);
	shop_must(s, drift_cursor_open(snapshot, NULL, &c, &s->err));
	for (i = 0; drift_cursor_next(c, &entry, &s->err) == 1; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s", entry.path);
	assert_int_equal(i, 900);
	for (i = 0; i < 950; i += 7) {
		unsigned from = i * 13 % 900;

		shop_must(s, drift_cursor_seek(c, paths[from], &s->err));
		shop_must(s, drift_cursor_skip(c, i, &s->err));
		yields(s, c, from + i < 900 ? paths[from + i] : NULL);
		shop_must(s, drift_cursor_skip(c, 3, &s->err));
		yields(s, c, from + i + 4 < 900 ? paths[from + i + 4] : NULL);
	}
	drift_cursor_close(c);
	shop_must(s, drift_cursor_open(snapshot, "b/1", &c, &s->err));
	shop_must(s, drift_cursor_skip(c, 34, &s->err));
	yields(s, c, NULL);
	shop_must(s, drift_cursor_seek(c, "", &s->err));
	shop_must(s, drift_cursor_skip(c, 33, &s->err));
	yields(s, c, "b/199");
	yields(s, c, NULL);
	drift_cursor_close(c);
	drift_snapshot_release(snapshot);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_and_ids),
		TEST(repositories_are_made_and_found),
		TEST(what_is_read_only_is_not_written),
		TEST(stats_count),
		TEST(snapshots_stay_as_they_are),
		TEST(points_and_branches_are_checked),
		TEST(values_outlive_everything),
		TEST(objects_may_be_closed_in_any_order),
		TEST(reads_are_right_warm_and_cold),
		TEST(cursors_go_in_order),
		TEST(prefixes_bound_cursors_and_counts),
		TEST(skipping_is_going_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
