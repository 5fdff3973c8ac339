/* The library used by many threads at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "include/drift.h"
#include "t/unit/desk.h"

#define THREADS 8
#define OWN_COMMITS 60
#define INCREMENTS 25
#define SHARED_DOCUMENTS 400

struct crowd {
	void *desk;
	struct drift_repo *repo;
	struct drift_snapshot *frozen; /* all its documents are "old" */
	atomic_uint next_number, failed, writing;
	char message[DRIFT_ERROR_MESSAGE_MAX]; /* of a failure, by whoever came first */
};

static int setup(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	struct drift_options options = { .no_sync = true };
	struct drift_error err = { DRIFT_OK, "" };

	assert_non_null(c);
	desk_setup(&c->desk);
	if (drift_open(((struct desk *)c->desk)->dir, &options, &c->repo, &err))
		fail_msg("%s", err.message);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct crowd *c = *state;

	drift_close(c->repo);
	desk_teardown(&c->desk);
	free(c);
	return 0;
}

static void failed(struct crowd *c, const struct drift_error *err)
{
	if (!atomic_fetch_add(&c->failed, 1))
		snprintf(c->message, sizeof(c->message), "%s", err->message);
}

static void run(struct crowd *c, void *(*first)(void *), void *(*second)(void *))
{
	pthread_t threads[THREADS];

	atomic_store(&c->next_number, 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i % 2 ? second : first, c), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (atomic_load(&c->failed))
		fail_msg("%u failures, the first: %s", atomic_load(&c->failed), c->message);
}

static int put_one(struct crowd *c, const char *path, const char *text, struct drift_error *err)
{
	struct drift_commit_options options = { .author = "tester", .message = "test" };
	struct drift_txn *t;
	int r;

	if (drift_txn_begin(c->repo, NULL, &t, err))
		return -1;
	r = drift_txn_put(t, path, text, strlen(text), err);
	if (!r)
		r = drift_txn_commit(t, &options, NULL, err);
	drift_txn_free(t);
	return r;
}

static void *write_own(void *data)
{
	struct crowd *c = data;
	unsigned me = atomic_fetch_add(&c->next_number, 1);
	struct drift_error err = { DRIFT_OK, "" };
	char path[32];

	for (unsigned i = 0; i < OWN_COMMITS; i++) {
		snprintf(path, sizeof(path), "t%u/%u", me, i);
		if (put_one(c, path, path, &err))
			failed(c, &err);
	}
	return NULL;
}

static void disjoint_commits_are_all_there(void **state)
{
	struct crowd *c = *state;
	struct drift_error err = { DRIFT_OK, "" };
	struct drift_snapshot *snapshot;
	struct drift_commit commit;
	struct drift_log *log;
	uint64_t count;
	unsigned commits = 0;

	run(c, write_own, write_own);
	assert_int_equal(drift_snapshot_open(c->repo, NULL, NULL, &snapshot, &err), 0);
	assert_int_equal(drift_count(snapshot, "t", &count, &err), 0);
	assert_int_equal(count, THREADS * OWN_COMMITS);
	assert_true(drift_snapshot_commit(snapshot, &commit));
	assert_int_equal(commit.seq, THREADS * OWN_COMMITS);
	drift_snapshot_release(snapshot);
	assert_int_equal(drift_log_open(c->repo, NULL, &log, &err), 0);
	while (drift_log_next(log, &commit, &err) == 1)
		commits++;
	drift_log_close(log);
	assert_int_equal(commits, THREADS * OWN_COMMITS);
}

static int increment(struct drift_txn *t, void *data, struct drift_error *err)
{
	struct drift_value v;
	char text[32] = "0";
	int found = drift_txn_get_for_update(t, "shared/counter", &v, err);

	(void)data;
	if (found < 0)
		return -1;
	if (found) {
		memcpy(text, v.data, v.len);
		text[v.len] = '\0';
		drift_value_release(&v);
	}
	snprintf(text, sizeof(text), "%d", (int)strtol(text, NULL, 10) + 1);
	return drift_txn_put(t, "shared/counter", text, strlen(text), err);
}

static void *count_up(void *data)
{
	struct crowd *c = data;
	struct drift_error err = { DRIFT_OK, "" };
	struct drift_retry retry = { .body = increment,
				     .commit = { .author = "counter", .message = "count" },
				     .attempt_max = 100000 };

	for (unsigned i = 0; i < INCREMENTS; i++)
		if (drift_txn_retry(c->repo, &retry, NULL, &err))
			failed(c, &err);
	return NULL;
}

static void no_increment_is_lost(void **state)
{
	struct crowd *c = *state;
	struct drift_error err = { DRIFT_OK, "" };
	struct drift_snapshot *snapshot;
	struct drift_value v;
	char expected[32];

	run(c, count_up, count_up);
	assert_int_equal(drift_snapshot_open(c->repo, NULL, NULL, &snapshot, &err), 0);
	assert_int_equal(drift_get(snapshot, "shared/counter", &v, &err), 1);
	assert_int_equal(snprintf(expected, sizeof(expected), "%d", THREADS * INCREMENTS), v.len);
	assert_memory_equal(v.data, expected, v.len);
	drift_value_release(&v);
	drift_snapshot_release(snapshot);
}

/* --- one snapshot for all readers, while others write --- */

static int is_old(struct crowd *c, const char *path, struct drift_error *err)
{
	struct drift_value v;
	int r = drift_get(c->frozen, path, &v, err);

	if (r == 1) {
		r = v.len == 3 && !memcmp(v.data, "old", 3);
		drift_value_release(&v);
	}
	if (r == 0)
		snprintf(err->message, sizeof(err->message), "'%s' changed in a snapshot", path);
	return r == 1 ? 0 : -1;
}

/* The state of now by a point's text, its log, and the history of a document that others change. */
static int look_around(struct crowd *c, struct drift_error *err)
{
	struct drift_snapshot *now;
	struct drift_history *history = NULL;
	struct drift_version_info version;
	struct drift_commit commit, top;
	struct drift_log *log = NULL;
	int r = drift_snapshot_open(c->repo, "HEAD~0", NULL, &now, err);

	if (r)
		return -1;
	r = drift_history_open(now, "c0/000", &history, err);
	while (!r && (r = drift_history_next(history, &version, err)) > 0)
		r = 0;
	if (!r)
		r = drift_log_open(c->repo, NULL, &log, err);
	/* A log that is opened later begins at the same commit or a later one. */
	if (!r && drift_log_next(log, &commit, err) == 1 && drift_snapshot_commit(now, &top) && commit.seq < top.seq)
		r = -1;
	drift_log_close(log);
	drift_history_close(history);
	drift_snapshot_release(now);
	return r;
}

static void *read_frozen(void *data)
{
	struct crowd *c = data;
	unsigned me = atomic_fetch_add(&c->next_number, 1), round = 0;
	struct drift_error err = { DRIFT_OK, "" };
	char path[32];

	do {
		struct drift_cursor *cursor;
		struct drift_entry entry;
		uint64_t count = 0;
		unsigned seen = 0;

		for (unsigned i = 0; i < SHARED_DOCUMENTS; i++) {
			snprintf(path, sizeof(path), "c%u/%03u", (i + me) % 3, (i * 31 + me) % SHARED_DOCUMENTS);
			if (is_old(c, path, &err))
				failed(c, &err);
		}
		if (look_around(c, &err))
			failed(c, &err);
		if (drift_cursor_open(c->frozen, "c1/", &cursor, &err)) {
			failed(c, &err);
			break;
		}
		while (drift_cursor_next(cursor, &entry, &err) == 1)
			seen++;
		drift_cursor_close(cursor);
		if (drift_count(c->frozen, "c1/", &count, &err) || count != seen || seen != SHARED_DOCUMENTS)
			failed(c, &err);
	} while (round++ < 3 || atomic_load(&c->writing));
	return NULL;
}

static void *write_new(void *data)
{
	struct crowd *c = data;
	unsigned me = atomic_fetch_add(&c->next_number, 1);
	struct drift_error err = { DRIFT_OK, "" };
	char path[32];

	for (unsigned i = 0; i < OWN_COMMITS; i++) {
		snprintf(path, sizeof(path), "c%u/%03u", i % 3, (i * 7 + me) % SHARED_DOCUMENTS);
		if (put_one(c, path, i % 2 ? "new" : "newer", &err))
			failed(c, &err);
	}
	atomic_fetch_sub(&c->writing, 1);
	return NULL;
}

static void snapshots_do_not_move(void **state)
{
	struct drift_commit_options options = { .author = "tester", .message = "test" };
	struct crowd *c = *state;
	struct drift_error err = { DRIFT_OK, "" };
	struct drift_txn *t;
	char path[32];

	assert_int_equal(drift_txn_begin(c->repo, NULL, &t, &err), 0);
	for (unsigned i = 0; i < 3 * SHARED_DOCUMENTS; i++) {
		snprintf(path, sizeof(path), "c%u/%03u", i % 3, i / 3);
		assert_int_equal(drift_txn_put(t, path, "old", 3, &err), 0);
	}
	assert_int_equal(drift_txn_commit(t, &options, NULL, &err), 0);
	drift_txn_free(t);
	assert_int_equal(drift_snapshot_open(c->repo, NULL, NULL, &c->frozen, &err), 0);
	atomic_store(&c->writing, THREADS / 2);
	run(c, read_frozen, write_new);
	drift_snapshot_release(c->frozen);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(disjoint_commits_are_all_there),
		TEST(no_increment_is_lost),
		TEST(snapshots_do_not_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
