/* Threads that commit to one branch at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/desk.h"

#define RACERS 4
#define ROUNDS 1000

struct race {
	struct desk *d;
	pthread_barrier_t start, end;
	struct oid tip;
	atomic_uint won, lost, failed;
	unsigned number; /* of the next racer */
	pthread_mutex_t mutex;
};

static void race_once(struct race *race, struct edits *e, unsigned round, unsigned me)
{
	struct commit_options options = desk_options();
	struct drift_error err = { DRIFT_OK, "" };
	struct commit_result r;
	char text[32];

	options.has_expect = true;
	options.expect = race->tip;
	edits_clear(e);
	snprintf(text, sizeof(text), "%u by %u", round, me);
	if (edits_put(e, "counter", 7, text, strlen(text), DOCUMENT_NO_MODE, &err) < 0)
		atomic_fetch_add(&race->failed, 1);
	else if (!edits_commit(e, &options, &r, &err))
		atomic_fetch_add(&race->won, 1);
	else
		atomic_fetch_add(err.code == DRIFT_ERR_CLASH ? &race->lost : &race->failed, 1);
}

static void *race_expecting(void *data)
{
	struct race *race = data;
	struct edits *e = desk_edits(race->d);
	unsigned round, me;

	pthread_mutex_lock(&race->mutex);
	me = race->number++;
	pthread_mutex_unlock(&race->mutex);
	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&race->start);
		race_once(race, e, round, me);
		pthread_barrier_wait(&race->end);
	}
	edits_free(e);
	return NULL;
}

static void exactly_one_wins(void **state)
{
	struct desk *d = *state;
	struct race race = { .d = d,
			     .tip = desk_commit_put(d, "counter", "start").id,
			     .mutex = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[RACERS];
	unsigned round, i;

	pthread_barrier_init(&race.start, NULL, RACERS + 1);
	pthread_barrier_init(&race.end, NULL, RACERS + 1);
	for (i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race_expecting, &race), 0);
	for (round = 0; round < ROUNDS; round++) {
		struct ref_resolved at;

		pthread_barrier_wait(&race.start);
		pthread_barrier_wait(&race.end);
		assert_int_equal(atomic_exchange(&race.won, 0), 1);
		assert_int_equal(atomic_exchange(&race.lost, 0), RACERS - 1);
		assert_int_equal(atomic_load(&race.failed), 0);
		desk_must(d, refs_resolve(d->odb, REF_HEAD, false, &at, &d->err));
		race.tip = at.object.id;
	}
	for (i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&race.start);
	pthread_barrier_destroy(&race.end);
}

#define OWN_COMMITS 150

static void *commit_own_keys(void *data)
{
	struct race *race = data;
	struct edits *e = desk_edits(race->d);
	struct commit_options options = desk_options();
	struct drift_error err;
	struct commit_result r;
	unsigned i, me;
	char path[32];

	pthread_mutex_lock(&race->mutex);
	me = race->number++;
	pthread_mutex_unlock(&race->mutex);
	for (i = 0; i < OWN_COMMITS; i++) {
		edits_clear(e);
		snprintf(path, sizeof(path), "t%u/%u", me, i);
		if (edits_put(e, path, strlen(path), path, strlen(path), DOCUMENT_NO_MODE, &err) < 0 ||
		    edits_patch(e, "count/er", 8, PATCH_MERGE, "{\"x\":1}", 7, &err) < 0 ||
		    edits_commit(e, &options, &r, &err) < 0)
			atomic_fetch_add(&race->failed, 1);
	}
	edits_free(e);
	return NULL;
}

static void disjoint_commits_are_all_there(void **state)
{
	struct desk *d = *state;
	struct race race = { .d = d, .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct tree_root tree;
	struct tree_totals totals;
	pthread_t threads[RACERS];
	unsigned i;
	struct commit *head;

	desk_commit_put(d, "count/er", "{}");
	for (i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, commit_own_keys, &race), 0);
	for (i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&race.failed), 0);
	head = desk_head(d);
	assert_int_equal(head->seq, 1 + RACERS * OWN_COMMITS);
	commit_unref(head);
	tree = desk_head_tree(d);
	desk_must(d, tree_totals(repo_nodes(d->repo), &tree, &totals, &d->err));
	assert_int_equal(totals.document_count, 1 + RACERS * OWN_COMMITS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exactly_one_wins),
		TEST(disjoint_commits_are_all_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
