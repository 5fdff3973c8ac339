/* The documented face of the library by what drift.h promises: transactions, history, refs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/shop.h"

/* --- transactions --- */

static void transactions_see_their_own_writes(void **state)
{
	struct shop *s = *state;
	struct drift_txn *t;
	struct drift_value v;

	shop_commit_put(s, "a/1", "{\"x\":1}");
	shop_commit_put(s, "a/2", "two");
	t = shop_begin(s);
	shop_value_is(s, drift_txn_get(t, "a/1", &v, &s->err), &v, "{\"x\":1}");
	shop_put(s, t, "a/3", "three");
	shop_must(s, drift_txn_patch(t, "a/1", DRIFT_MERGE_PATCH, "{\"y\":2}", 7, &s->err));
	shop_must(s, drift_txn_delete(t, "a/2", &s->err));
	shop_must(s, drift_txn_delete(t, "a/9", &s->err));
	shop_commit_put(s, "a/4", "by another");
	shop_value_is(s, drift_txn_get(t, "a/1", &v, &s->err), &v, "{\"x\":1,\"y\":2}");
	shop_value_is(s, drift_txn_get(t, "a/2", &v, &s->err), &v, NULL);
	shop_value_is(s, drift_txn_get(t, "a/3", &v, &s->err), &v, "three");
	shop_value_is(s, drift_txn_get(t, "a/4", &v, &s->err), &v, NULL);
	shop_refused(s, drift_txn_get(t, "a//4", &v, &s->err), DRIFT_ERR_INVALID);
	shop_holds(s, drift_txn_snapshot(t), "a/3", NULL);
	shop_point_holds(s, NULL, "a/3", NULL);
	shop_commit(s, t);
	shop_point_holds(s, NULL, "a/1", "{\"x\":1,\"y\":2}");
	shop_point_holds(s, NULL, "a/2", NULL);
	shop_point_holds(s, NULL, "a/3", "three");
	shop_point_holds(s, NULL, "a/4", "by another");
}

static void commits_say_what_became_of_them(void **state)
{
	struct shop *s = *state;
	struct drift_commit_result first = shop_commit_put(s, "a/1", "one"), r;
	struct drift_txn *t = shop_begin(s);

	shop_put(s, t, "a/2", "two");
	shop_commit_put(s, "a/3", "three");
	shop_must(s, drift_txn_commit(t, &shop_by_tester, &r, &s->err));
	assert_int_equal(first.seq, 1);
	assert_false(first.rebased);
	assert_int_equal(r.seq, 3);
	assert_int_equal(r.changed_count, 1);
	assert_true(r.rebased);
	shop_refused(s, drift_txn_put(t, "a/4", "", 0, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_INVALID);
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, &r, &s->err), DRIFT_ERR_NOTHING);
	shop_put(s, t, "a/4", "four");
	shop_must(s, drift_txn_commit(t, &shop_by_tester, &r, &s->err));
	assert_int_equal(r.seq, 4);
	assert_false(r.rebased);
	drift_txn_free(t);
	drift_txn_free(NULL);
}

static void commit_options_count(void **state)
{
	struct shop *s = *state;
	struct drift_commit_result first = shop_commit_put(s, "a/1", "one"), r;
	struct drift_commit_options o = {
		.author = "Ada <a@b.c>", .committer = "robot", .message = "a\n\nb\n", .time_us = 1700000000123456
	};
	struct drift_id zero = { { 0 } };
	struct drift_txn *t = shop_begin(s);
	struct drift_snapshot *snapshot;
	struct drift_commit c;

	o.expect = &zero;
	shop_put(s, t, "a/1", "two");
	shop_refused(s, drift_txn_commit(t, &o, &r, &s->err), DRIFT_ERR_CLASH);
	o.expect = &first.id;
	o.author = NULL;
	shop_refused(s, drift_txn_commit(t, &o, &r, &s->err), DRIFT_ERR_INVALID);
	o.author = "two\nlines";
	shop_refused(s, drift_txn_commit(t, &o, &r, &s->err), DRIFT_ERR_INVALID);
	o.author = "Ada <a@b.c>";
	shop_must(s, drift_txn_commit(t, &o, &r, &s->err));
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_refused(s, drift_txn_commit(t, &o, &r, &s->err), DRIFT_ERR_CLASH);
	drift_txn_free(t);
	shop_must(s, drift_txn_begin(s->repo, "new/branch", &t, &s->err));
	o.expect = &zero;
	o.allow_empty = true;
	shop_must(s, drift_txn_commit(t, &o, &r, &s->err));
	assert_int_equal(r.seq, 1);
	drift_txn_free(t);
	shop_must(s, drift_txn_begin(s->repo, "old/branch", &t, &s->err));
	o.time_us = 0;
	o.has_time = true;
	shop_must(s, drift_txn_commit(t, &o, NULL, &s->err));
	drift_txn_free(t);
	snapshot = shop_at(s, "old/branch");
	assert_true(drift_snapshot_commit(snapshot, &c));
	assert_true(c.author_us == 0 && c.time_us == 0);
	drift_snapshot_release(snapshot);
	snapshot = shop_at(s, "new/branch");
	assert_true(drift_snapshot_commit(snapshot, &c));
	assert_string_equal(c.author, "Ada <a@b.c>");
	assert_string_equal(c.committer, "robot");
	assert_string_equal(c.message, "a\n\nb\n");
	assert_true(c.author_us == 1700000000123456);
	drift_snapshot_release(snapshot);
	shop_refused(s, drift_txn_begin(s->repo, "a..b", &t, &s->err), DRIFT_ERR_INVALID);
}

static void what_is_required_is_checked(void **state)
{
	struct shop *s = *state;
	struct drift_txn *t = shop_begin(s);
	struct drift_value v;
	struct drift_id id;

	shop_commit_put(s, "a/1", "one");
	shop_must(s, drift_txn_require(t, "a/1", NULL, &s->err));
	shop_put(s, t, "a/2", "two");
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_CLASH);
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_must(s, drift_get(drift_txn_snapshot(t), "a/1", &v, &s->err));
	drift_value_id(&v, &id);
	drift_value_release(&v);
	shop_must(s, drift_txn_require(t, "a/1", &id, &s->err));
	shop_put(s, t, "a/2", "two");
	shop_commit_put(s, "a/9", "nobody minds");
	shop_must(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err));
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_value_is(s, drift_txn_get_for_update(t, "a/1", &v, &s->err), &v, "one");
	shop_put(s, t, "a/2", "three");
	shop_commit_put(s, "a/1", "other");
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_CLASH);
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_value_is(s, drift_txn_get_for_update(t, "a/7", &v, &s->err), &v, NULL);
	shop_put(s, t, "a/2", "three");
	shop_commit_put(s, "a/7", "other");
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_CLASH);
	/* Own writes do not clash with what was read before or after them. */
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_put(s, t, "a/1", "mine");
	shop_value_is(s, drift_txn_get_for_update(t, "a/1", &v, &s->err), &v, "mine");
	shop_commit(s, t);
	shop_point_holds(s, NULL, "a/2", "two");
	shop_point_holds(s, NULL, "a/1", "mine");
}

static void patches_are_checked(void **state)
{
	struct shop *s = *state;
	struct drift_txn *t;
	struct drift_value v;
	const char *test = "[{\"op\":\"test\",\"path\":\"/x\",\"value\":2}]";
	const char *add = "[{\"op\":\"add\",\"path\":\"/y\",\"value\":[]}]";

	shop_commit_put(s, "a/1", "{\"x\":1}");
	shop_commit_put(s, "a/2", "no json");
	t = shop_begin(s);
	shop_refused(s, drift_txn_patch(t, "a/1", DRIFT_MERGE_PATCH, "{", 1, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_txn_patch(t, "a/1", DRIFT_MERGE_PATCH, NULL, 0, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_txn_patch(t, "a/1", (enum drift_patch)7, "{}", 2, &s->err), DRIFT_ERR_INVALID);
	shop_must(s, drift_txn_patch(t, "a/1", DRIFT_JSON_PATCH, test, strlen(test), &s->err));
	shop_refused(s, drift_txn_get(t, "a/1", &v, &s->err), DRIFT_ERR_CLASH);
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_CLASH);
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_must(s, drift_txn_patch(t, "a/2", DRIFT_MERGE_PATCH, "{}", 2, &s->err));
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_INVALID);
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_must(s, drift_txn_patch(t, "a/3", DRIFT_MERGE_PATCH, "{}", 2, &s->err));
	shop_refused(s, drift_txn_commit(t, &shop_by_tester, NULL, &s->err), DRIFT_ERR_NOT_FOUND);
	shop_must(s, drift_txn_reset(t, &s->err));
	shop_must(s, drift_txn_patch(t, "a/1", DRIFT_JSON_PATCH, add, strlen(add), &s->err));
	shop_commit(s, t);
	shop_point_holds(s, NULL, "a/1", "{\"x\":1,\"y\":[]}");
}

static void waiting_can_be_shared(void **state)
{
	struct shop *s = *state;
	struct drift_commit_options o = shop_by_tester;
	struct drift_commit_result r;
	char path[16];
	int i;

	o.no_wait = true;
	for (i = 0; i < 5; i++) {
		struct drift_txn *t = shop_begin(s);

		snprintf(path, sizeof(path), "a/%d", i);
		shop_put(s, t, path, path);
		shop_must(s, drift_txn_commit(t, &o, &r, &s->err));
		drift_txn_free(t);
	}
	shop_must(s, drift_sync(s->repo, r.ticket, &s->err));
	for (i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "a/%d", i);
		shop_point_holds(s, NULL, path, path);
	}
}

struct attempt {
	struct shop *s;
	int disturb, calls; /* how often another comes first */
	int fail;
};

static int count_up(struct drift_txn *t, void *data, struct drift_error *err)
{
	struct attempt *a = data;
	struct drift_value v;
	char text[32] = "0";
	int found = drift_txn_get_for_update(t, "counter", &v, err);

	a->calls++;
	if (found < 0)
		return -1;
	if (found) {
		memcpy(text, v.data, v.len);
		text[v.len] = '\0';
		drift_value_release(&v);
	}
	if (a->disturb-- > 0)
		shop_commit_put(a->s, "counter", a->disturb % 2 ? "10" : "20");
	if (a->fail) {
		snprintf(err->message, sizeof(err->message), "enough");
		err->code = DRIFT_ERR_CLASH;
		return -1;
	}
	snprintf(text, sizeof(text), "%d", (int)strtol(text, NULL, 10) + 1);
	return drift_txn_put(t, "counter", text, strlen(text), err);
}

static void retrying_gives_up_at_last(void **state)
{
	struct shop *s = *state;
	struct attempt a = { .s = s, .disturb = 3 };
	struct drift_retry retry = { .body = count_up, .data = &a, .commit = shop_by_tester };
	struct drift_commit_result r;

	shop_must(s, drift_txn_retry(s->repo, &retry, &r, &s->err));
	assert_int_equal(a.calls, 4);
	assert_int_equal(r.seq, 4);
	shop_point_holds(s, NULL, "counter", "21");
	a = (struct attempt){ .s = s, .disturb = 5 };
	retry.attempt_max = 2;
	shop_refused(s, drift_txn_retry(s->repo, &retry, NULL, &s->err), DRIFT_ERR_CLASH);
	assert_int_equal(a.calls, 2);
	a = (struct attempt){ .s = s, .fail = 1 };
	shop_refused(s, drift_txn_retry(s->repo, &retry, NULL, &s->err), DRIFT_ERR_CLASH);
	assert_int_equal(a.calls, 1);
	assert_string_equal(s->err.message, "enough");
}

/* --- history --- */

static unsigned log_count(struct shop *s, const struct drift_log_options *o, uint64_t first_seq)
{
	struct drift_log *log;
	struct drift_commit c;
	unsigned count = 0;
	uint64_t seq = 0;

	shop_must(s, drift_log_open(s->repo, o, &log, &s->err));
	while (drift_log_next(log, &c, &s->err) == 1) {
		assert_true(count == 0 || c.seq < seq);
		seq = c.seq;
		if (!count++)
			assert_int_equal(c.seq, first_seq);
	}
	assert_int_equal(drift_log_next(log, &c, &s->err), 0);
	drift_log_close(log);
	return count;
}

static void logs_go_back(void **state)
{
	struct shop *s = *state;
	struct drift_log_options o = { .point = "HEAD~3" };
	struct drift_log *log;
	char text[16];

	assert_int_equal(log_count(s, NULL, 0), 0);
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "%d", i);
		shop_commit_put(s, "a/1", text);
	}
	assert_int_equal(log_count(s, NULL, 10), 10);
	assert_int_equal(log_count(s, &o, 7), 7);
	o.limit = 2;
	o.topological = true;
	assert_int_equal(log_count(s, &o, 7), 2);
	o = (struct drift_log_options){ .point = "HEAD~5..HEAD~2", .first_parent = true };
	assert_int_equal(log_count(s, &o, 8), 3);
	o = (struct drift_log_options){ .branch = "main" };
	assert_int_equal(log_count(s, &o, 10), 10);
	o = (struct drift_log_options){ .branch = "none" };
	assert_int_equal(log_count(s, &o, 0), 0);
	o.point = "none";
	shop_refused(s, drift_log_open(s->repo, &o, &log, &s->err), DRIFT_ERR_NOT_FOUND);
	drift_log_close(NULL);
}

static void histories_tell_of_one_document(void **state)
{
	static const enum drift_change_kind kinds[] = { DRIFT_ADD, DRIFT_DELETE, DRIFT_MODIFY, DRIFT_ADD };
	static const char *const texts[] = { "three", NULL, "two", "one" };
	struct shop *s = *state;
	struct drift_snapshot *snapshot;
	struct drift_history *h;
	struct drift_version_info version;
	struct drift_value v;
	struct drift_txn *t;

	shop_commit_put(s, "a/1", "one");
	shop_commit_put(s, "b/1", "x");
	shop_commit_put(s, "a/1", "two");
	t = shop_begin(s);
	shop_must(s, drift_txn_delete(t, "a/1", &s->err));
	shop_commit(s, t);
	shop_commit_put(s, "a/1", "three");
	snapshot = shop_at(s, NULL);
	shop_must(s, drift_history_open(snapshot, "a/1", &h, &s->err));
	shop_value_is(s, drift_history_value(h, &v, &s->err), &v, NULL);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(drift_history_next(h, &version, &s->err), 1);
		assert_int_equal(version.kind, kinds[i]);
		assert_string_equal(version.commit.author, "tester");
		shop_value_is(s, drift_history_value(h, &v, &s->err), &v, texts[i]);
	}
	assert_int_equal(version.commit.seq, 1);
	assert_int_equal(drift_history_next(h, &version, &s->err), 0);
	shop_value_is(s, drift_history_value(h, &v, &s->err), &v, NULL);
	drift_history_close(h);
	shop_refused(s, drift_history_open(snapshot, "a//1", &h, &s->err), DRIFT_ERR_INVALID);
	drift_snapshot_release(snapshot);
	drift_history_close(NULL);
}

struct seen {
	struct shop *s;
	char text[256];
	int stop_at;
};

static int note_change(void *data, const struct drift_change *change, struct drift_error *err)
{
	struct seen *seen = data;
	struct drift_value v;
	size_t len = strlen(seen->text);
	int had, has;

	assert_int_equal(change->path_len, strlen(change->path));
	had = drift_change_value(change, DRIFT_OLD, &v, err);
	assert_int_equal(had, change->kind != DRIFT_ADD);
	if (had) {
		assert_int_equal(v.len, change->old_len);
		drift_value_release(&v);
	}
	has = drift_change_value(change, DRIFT_NEW, &v, err);
	assert_int_equal(has, change->kind != DRIFT_DELETE);
	if (has) {
		assert_int_equal(v.len, change->new_len);
		drift_value_release(&v);
	}
	snprintf(seen->text + len, sizeof(seen->text) - len, "%c%s ", "?AMD"[change->kind], change -> path);
	return --seen->stop_at ? 0 : 42;
}

static void differs(struct shop *s, struct drift_snapshot *from, struct drift_snapshot *to, const char *prefix,
		    const char *expected)
{
	struct seen seen = { .s = s };

	shop_must(s, drift_diff(from, to, prefix, note_change, &seen, &s->err));
	assert_string_equal(seen.text, expected);
}

static void differences_are_told(void **state)
{
	struct shop *s = *state;
	struct drift_snapshot *empty = shop_at(s, NULL), *one, *two;
	struct seen seen = { .s = s, .stop_at = 1 };
	struct drift_txn *t = shop_begin(s);

	shop_put(s, t, "a/1", "one");
	shop_put(s, t, "a/2", "two");
	shop_put(s, t, "b/1", "x");
	shop_commit(s, t);
	one = shop_at(s, NULL);
	t = shop_begin(s);
	shop_put(s, t, "a/1", "other");
	shop_must(s, drift_txn_delete(t, "b/1", &s->err));
	shop_put(s, t, "top", "level");
	shop_commit(s, t);
	two = shop_at(s, NULL);
	differs(s, one, two, NULL, "Atop Ma/1 Db/1 ");
	differs(s, two, one, NULL, "Dtop Ma/1 Ab/1 ");
	differs(s, one, two, "a/", "Ma/1 ");
	differs(s, one, one, NULL, "");
	differs(s, NULL, one, NULL, "Aa/1 Aa/2 Ab/1 ");
	differs(s, one, empty, "b", "Db/1 ");
	assert_int_equal(drift_diff(one, two, NULL, note_change, &seen, &s->err), 42);
	assert_string_equal(seen.text, "Atop ");
	drift_snapshot_release(empty);
	drift_snapshot_release(one);
	drift_snapshot_release(two);
}

/* --- refs --- */

static int note_ref(void *data, const struct drift_ref *ref, struct drift_error *err)
{
	struct seen *seen = data;
	size_t len = strlen(seen->text);
	struct drift_ref again;

	assert_int_equal(drift_ref_read(seen->s->repo, ref->name, &again, err), 1);
	assert_true(drift_id_equal(&ref->id, &again.id));
	snprintf(seen->text + len, sizeof(seen->text) - len, "%s ", ref->name);
	return 0;
}

static void branches_and_tags_come_and_go(void **state)
{
	struct shop *s = *state;
	struct drift_commit_result one, two;
	struct seen seen = { .s = s };
	struct drift_ref ref;

	shop_refused(s, drift_branch_create(s->repo, "b", NULL, "tester", &s->err), DRIFT_ERR_NOT_FOUND);
	one = shop_commit_put(s, "a/1", "one");
	two = shop_commit_put(s, "a/1", "two");
	shop_must(s, drift_branch_create(s->repo, "side", "HEAD~1", "tester", &s->err));
	shop_must(s, drift_tag_create(s->repo, "v1", NULL, "tester", &s->err));
	shop_refused(s, drift_tag_create(s->repo, "v1", NULL, "tester", &s->err), DRIFT_ERR_EXISTS);
	shop_refused(s, drift_tag_create(s->repo, "v..1", NULL, "tester", &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_tag_create(s->repo, "v2", "none", "tester", &s->err), DRIFT_ERR_NOT_FOUND);
	shop_refused(s, drift_tag_create(s->repo, "v2", NULL, NULL, &s->err), DRIFT_ERR_INVALID);
	shop_refused(s, drift_branch_create(s->repo, "side/b", NULL, "tester", &s->err), DRIFT_ERR_EXISTS);
	assert_int_equal(drift_ref_read(s->repo, "side", &ref, &s->err), 1);
	assert_string_equal(ref.name, "refs/heads/side");
	assert_string_equal(ref.target, "");
	assert_true(drift_id_equal(&ref.id, &one.id));
	assert_int_equal(drift_ref_read(s->repo, "HEAD", &ref, &s->err), 1);
	assert_true(drift_id_equal(&ref.id, &two.id));
	assert_int_equal(drift_ref_read(s->repo, "none", &ref, &s->err), 0);
	shop_refused(s, drift_ref_read(s->repo, "a..b", &ref, &s->err), DRIFT_ERR_INVALID);
	shop_must(s, drift_ref_each(s->repo, NULL, note_ref, &seen, &s->err));
	assert_string_equal(seen.text, "refs/heads/main refs/heads/side refs/tags/v1 ");
	seen.text[0] = '\0';
	shop_must(s, drift_ref_each(s->repo, "", note_ref, &seen, &s->err));
	assert_string_equal(seen.text, "HEAD refs/heads/main refs/heads/side refs/tags/v1 ");
	seen.text[0] = '\0';
	shop_must(s, drift_ref_each(s->repo, "refs/tags/", note_ref, &seen, &s->err));
	assert_string_equal(seen.text, "refs/tags/v1 ");
	shop_must(s, drift_branch_delete(s->repo, "side", "tester", &s->err));
	shop_refused(s, drift_branch_delete(s->repo, "side", "tester", &s->err), DRIFT_ERR_NOT_FOUND);
	shop_refused(s, drift_branch_delete(s->repo, "main", "tester", &s->err), DRIFT_ERR_INVALID);
	shop_must(s, drift_tag_delete(s->repo, "v1", "tester", &s->err));
	assert_int_equal(drift_ref_read(s->repo, "v1", &ref, &s->err), 0);
}

static void refs_move_together_or_not_at_all(void **state)
{
	struct shop *s = *state;
	struct drift_commit_result one = shop_commit_put(s, "a/1", "one"), two = shop_commit_put(s, "a/1", "two");
	struct drift_ref_change changes[3] = {
		{ .name = "refs/heads/x", .expect = DRIFT_EXPECT_ABSENT, .new_id = one.id },
		{ .name = "HEAD", .action = DRIFT_REF_LINK, .target = "refs/heads/x" },
		{ .name = "refs/heads/main", .expect = DRIFT_EXPECT_ID, .action = DRIFT_REF_CHECK, .old_id = one.id },
	};
	struct drift_ref_update update = { changes, 3, "tester", "switch" };
	struct drift_ref ref;

	shop_refused(s, drift_ref_update(s->repo, &update, &s->err), DRIFT_ERR_CLASH);
	assert_int_equal(drift_ref_read(s->repo, "refs/heads/x", &ref, &s->err), 0);
	changes[2].old_id = two.id;
	shop_must(s, drift_ref_update(s->repo, &update, &s->err));
	shop_point_holds(s, NULL, "a/1", "one");
	assert_int_equal(drift_ref_read(s->repo, "HEAD", &ref, &s->err), 1);
	assert_string_equal(ref.target, "refs/heads/x");
	shop_refused(s, drift_ref_update(s->repo, &update, &s->err), DRIFT_ERR_CLASH);
	changes[0] = (struct drift_ref_change){ .name = "refs/heads/x", .new_id = { { 1 } } };
	update.change_count = 1;
	shop_refused(s, drift_ref_update(s->repo, &update, &s->err), DRIFT_ERR_NOT_FOUND);
	changes[0] = (struct drift_ref_change){ .name = "STAGE", .action = DRIFT_REF_DELETE };
	shop_refused(s, drift_ref_update(s->repo, &update, &s->err), DRIFT_ERR_INVALID);
	changes[0] = (struct drift_ref_change){ .name = "HEAD", .action = DRIFT_REF_LINK };
	shop_refused(s, drift_ref_update(s->repo, &update, &s->err), DRIFT_ERR_INVALID);
	changes[0] = (struct drift_ref_change){
		.name = "refs/heads/main", .expect = DRIFT_EXPECT_ID, .action = DRIFT_REF_DELETE, .old_id = two.id
	};
	shop_must(s, drift_ref_update(s->repo, &update, &s->err));
	assert_int_equal(drift_ref_read(s->repo, "main", &ref, &s->err), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(transactions_see_their_own_writes),
		TEST(commits_say_what_became_of_them),
		TEST(commit_options_count),
		TEST(what_is_required_is_checked),
		TEST(patches_are_checked),
		TEST(waiting_can_be_shared),
		TEST(retrying_gives_up_at_last),
		TEST(logs_go_back),
		TEST(histories_tell_of_one_document),
		TEST(differences_are_told),
		TEST(branches_and_tags_come_and_go),
		TEST(refs_move_together_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
