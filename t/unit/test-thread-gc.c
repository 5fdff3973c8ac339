/* Threads that write, read, seal and collect garbage at once, by one handle and by their own. */
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

#include "base/date.h"
#include "objects/odb_files.h"
#include "repo/documents.h"
#include "repo/gc.h"
#include "repo/history.h"
#include "t/unit/desk.h"

#define WRITERS 4
#define READERS 3
#define COLLECTORS 2
#define OWN_COMMITS 120
#define KEYS 10

struct made {
	struct oid id;
	unsigned writer, number;
};

struct crowd {
	struct desk *d;
	pthread_mutex_t mutex; /* for made */
	struct made made[WRITERS * OWN_COMMITS];
	atomic_size_t made_count;
	atomic_uint next_writer, next_reader, next_collector, writing, collected, failed;
	char message[DRIFT_ERROR_MESSAGE_MAX]; /* of a failure, by whoever came first */
};

static int setup(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	void *desk;

	assert_non_null(c);
	desk_setup(&desk);
	c->d = desk;
	pthread_mutex_init(&c->mutex, NULL);
	desk_must(c->d, repo_config_set(c->d->repo, "journal.limit", "8192", &c->d->err));
	desk_reopen(c->d);
	desk_commit_put(c->d, "start/1", "start");
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct crowd *c = *state;
	void *desk = c->d;

	desk_teardown(&desk);
	pthread_mutex_destroy(&c->mutex);
	free(c);
	return 0;
}

static bool went_wrong(struct crowd *c, int r, const struct drift_error *err, const char *what)
{
	if (r >= 0)
		return false;
	if (!atomic_fetch_add(&c->failed, 1))
		snprintf(c->message, sizeof(c->message), "%s: %.180s", what, err->message);
	return true;
}

/* Odd ones share the handle of all, the others have their own. */
static struct repo *handle(struct crowd *c, unsigned me)
{
	struct repo_options options = { .no_sync = true };
	struct drift_error err = { DRIFT_OK, "" };
	struct repo *repo = NULL;

	if (me % 2)
		return c->d->repo;
	return went_wrong(c, repo_open(c->d->dir, &options, &repo, &err), &err, "open") ? NULL : repo;
}

static void give_back(struct crowd *c, struct repo *repo)
{
	if (repo != c->d->repo)
		repo_close(repo);
}

static void text_of(unsigned writer, unsigned number, char text[64])
{
	snprintf(text, 64, "{\"by\":%u,\"number\":%u,\"again\":%u}", writer, number, number * 7919u);
}

static void path_of(unsigned writer, unsigned number, char path[32])
{
	snprintf(path, 32, "w%u/%u", writer, number % KEYS);
}

static bool write_one(struct crowd *c, struct edits *e, unsigned me, unsigned number)
{
	struct commit_options options = desk_options();
	struct drift_error err = { DRIFT_OK, "" };
	struct commit_result r;
	char path[32], text[64];

	path_of(me, number, path);
	text_of(me, number, text);
	edits_clear(e);
	if (went_wrong(c, edits_put(e, path, strlen(path), text, strlen(text), DOCUMENT_NO_MODE, &err), &err, "put") ||
	    went_wrong(c, edits_commit(e, &options, &r, &err), &err, "commit"))
		return false;
	pthread_mutex_lock(&c->mutex);
	c->made[atomic_load(&c->made_count)] = (struct made){ r.id, me, number };
	atomic_fetch_add(&c->made_count, 1);
	pthread_mutex_unlock(&c->mutex);
	return true;
}

static void *write_all(void *data)
{
	struct crowd *c = data;
	unsigned me = atomic_fetch_add(&c->next_writer, 1), i;
	struct repo *repo = handle(c, me);
	struct drift_error err = { DRIFT_OK, "" };
	struct edits *e = NULL;

	if (repo && !went_wrong(c, edits_new(repo, &e, &err), &err, "edits"))
		for (i = 0; i < OWN_COMMITS && write_one(c, e, me, i); i++)
			;
	edits_free(e);
	give_back(c, repo);
	atomic_fetch_sub(&c->writing, 1);
	return NULL;
}

/* A commit that was acknowledged has what was written, whatever became of the file in which it stood. */
static bool read_one(struct crowd *c, struct repo *repo, const struct made *made)
{
	struct drift_error err = { DRIFT_OK, "" };
	auto_commit *commit = NULL;
	auto_buf out = BUF_INIT;
	struct tree_root root;
	char path[32], text[64];
	int r;

	path_of(made->writer, made->number, path);
	text_of(made->writer, made->number, text);
	if (went_wrong(c, odb_commit(repo_odb(repo), &made->id, LOC_UNKNOWN, &commit, &err), &err, "read a commit"))
		return false;
	root = (struct tree_root){ commit->tree.id, commit->tree.loc };
	r = documents_get(repo, &root, path, strlen(path), &out, NULL, &err);
	if (went_wrong(c, r, &err, "get"))
		return false;
	snprintf(err.message, sizeof(err.message), "another document");
	return !went_wrong(c, r && out.len == strlen(text) && !memcmp(out.data, text, out.len) ? 0 : -1, &err, path);
}

/* All versions of a document, and the one that was asked for among them. */
static bool read_history(struct crowd *c, struct repo *repo, const struct made *made)
{
	struct drift_error err = { DRIFT_OK, "" };
	struct point from = POINT_INIT;
	struct history_event event;
	auto_history *h = NULL;
	unsigned want = made->number / KEYS + 1, count = 0;
	char path[32];
	int r = -1;

	path_of(made->writer, made->number, path);
	if (!odb_commit(repo_odb(repo), &made->id, LOC_UNKNOWN, &from.commit, &err)) {
		from.tree = (struct tree_root){ from.commit->tree.id, from.commit->tree.loc };
		r = history_open(repo, &from, path, strlen(path), &h, &err);
		while (!r && (r = history_next(h, &event, &err)) > 0) {
			count++;
			r = 0;
		}
	}
	point_release(&from);
	if (went_wrong(c, r, &err, "history"))
		return false;
	snprintf(err.message, sizeof(err.message), "%u versions, not %u", count, want);
	return !went_wrong(c, count == want ? 0 : -1, &err, path);
}

static void *read_all(void *data)
{
	struct crowd *c = data;
	unsigned me = atomic_fetch_add(&c->next_reader, 1);
	struct repo *repo = handle(c, me);
	uint64_t random = me + 1;

	while (repo && atomic_load(&c->writing) && !atomic_load(&c->failed)) {
		size_t count = atomic_load(&c->made_count);
		struct made made;

		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		if (!count)
			continue;
		pthread_mutex_lock(&c->mutex);
		made = c->made[(random >> 33) % count];
		pthread_mutex_unlock(&c->mutex);
		if (!read_one(c, repo, &made) || ((random >> 40) % 4 == 0 && !read_history(c, repo, &made)))
			break;
	}
	give_back(c, repo);
	return NULL;
}

static void *collect_all(void *data)
{
	struct crowd *c = data;
	unsigned me = atomic_fetch_add(&c->next_collector, 1), round = 0;
	struct drift_error err = { DRIFT_OK, "" };
	struct repo *repo = handle(c, me);

	while (repo && atomic_load(&c->writing) && !atomic_load(&c->failed)) {
		bool prune = round % 3 == 1;
		struct gc_options options = { .automatic = round % 3 == 0,
					      .full = round % 4 == 3,
					      .prune_before_usec = prune ? date_now_us() : INT64_MIN };
		struct gc_result result = { .ran = false };
		int r = gc_run(repo, &options, &result, &err);

		round++;
		if (r < 0 && err.code == DRIFT_ERR_CLASH)
			continue;
		if (went_wrong(c, r, &err, "gc"))
			break;
		atomic_fetch_add(&c->collected, result.ran);
	}
	give_back(c, repo);
	return NULL;
}

static void check_all(struct crowd *c, const char *when)
{
	struct commit *head = desk_head(c->d);
	size_t i;

	assert_int_equal(head->seq, 1 + WRITERS * OWN_COMMITS);
	commit_unref(head);
	assert_int_equal(atomic_load(&c->made_count), WRITERS * OWN_COMMITS);
	for (i = 0; i < WRITERS * OWN_COMMITS; i++)
		if (!read_one(c, c->d->repo, &c->made[i]))
			fail_msg("%s, commit %zu: %s", when, i, c->message);
}

static void nothing_is_lost_and_nobody_complains(void **state)
{
	struct crowd *c = *state;
	struct gc_options full = { .full = true, .prune_before_usec = INT64_MIN };
	struct gc_result result;
	pthread_t threads[WRITERS + READERS + COLLECTORS];
	size_t i;

	atomic_store(&c->writing, WRITERS);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						i < WRITERS           ? write_all :
						i < WRITERS + READERS ? read_all :
									collect_all,
						c),
				 0);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	if (atomic_load(&c->failed))
		fail_msg("%u failures, %s", atomic_load(&c->failed), c->message);
	assert_true(atomic_load(&c->collected) > 0);
	check_all(c, "by the handle that saw it all");
	desk_must(c->d, gc_run(c->d->repo, &full, &result, &c->d->err));
	check_all(c, "after a full collection");
	desk_reopen(c->d);
	check_all(c, "opened anew");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_lost_and_nobody_complains, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
