/* gc as a whole, and who starts it: what is taken, who waits for whom, what a cancelled run leaves. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "objects/odb_files.h"
#include "repo/gc.h"
#include "repo/gc_plan.h"
#include "repo/maintain.h"
#include "t/unit/desk.h"

#define DOCUMENT_LEN 1500 /* a blob each */
#define COUNT 120

static void commit_number(struct desk *d, unsigned i)
{
	char path[32], text[DOCUMENT_LEN + 1];

	for (size_t j = 0; j < DOCUMENT_LEN; j++)
		text[j] = (char)('!' + desk_random(d, 90));
	text[DOCUMENT_LEN] = '\0';
	(void)snprintf(path, sizeof(path), "c/%u", i);
	(void)desk_commit_put(d, path, text);
}

static void count_files(struct desk *d, size_t *packs_out, size_t *journals_out)
{
	struct odb_files files;

	desk_must(d, odb_files_get(d->odb, &files, &d->err));
	*packs_out = *journals_out = 0;
	for (size_t i = 0; i < files.count; i++)
		*(files.items[i].pack ? packs_out : journals_out) += 1;
	odb_files_release(&files);
}

static void assert_files(struct desk *d, size_t packs, size_t journals)
{
	size_t packs_now, journals_now;

	count_files(d, &packs_now, &journals_now);
	assert_int_equal(packs_now, packs);
	assert_int_equal(journals_now, journals);
}

static void short_journals(struct desk *d)
{
	desk_must(d, repo_config_set(d->repo, "journal.limit", "30000", &d->err));
	desk_reopen(d);
}

static void test_takes_what_is_sealed(void **state)
{
	const struct gc_options automatic = { .automatic = true, .prune_before_usec = INT64_MIN };
	const struct gc_options by_hand = { .prune_before_usec = INT64_MIN };
	struct desk *d = *state;
	struct gc_result r;

	(void)desk_commit_put(d, "a/1", "one");
	desk_must(d, gc_run(d->repo, &automatic, &r, &d->err));
	assert_false(r.ran);
	assert_files(d, 0, 1);
	desk_must(d, gc_run(d->repo, &by_hand, &r, &d->err));
	assert_true(r.ran);
	assert_int_equal(r.commits_kept, 1);
	assert_int_equal(r.objects_dropped, 0);
	desk_head_holds(d, "a/1", "one");
	desk_reopen(d);
	assert_files(d, 1, 1);
	desk_must(d, gc_run(d->repo, &by_hand, &r, &d->err));
	assert_false(r.ran);
	desk_head_holds(d, "a/1", "one");
}

static void test_one_at_a_time(void **state)
{
	struct gc_options options = { .prune_before_usec = INT64_MIN };
	struct desk *d = *state;
	struct gc_result r;

	(void)desk_commit_put(d, "a/1", "one");
	assert_int_equal(odb_gc_lock(d->odb, false, &d->err), 0);
	desk_refused(d, gc_run(d->repo, &options, &r, &d->err), DRIFT_ERR_CLASH, "another gc");
	options.automatic = true;
	desk_must(d, gc_run(d->repo, &options, &r, &d->err));
	assert_false(r.ran);
	odb_gc_unlock(d->odb);
	options.automatic = false;
	desk_must(d, gc_run(d->repo, &options, &r, &d->err));
	assert_true(r.ran);
}

static void no_step(void *data, const char *what, uint64_t done, uint64_t total)
{
	(void)data, (void)what, (void)done, (void)total;
}

struct holder {
	struct desk *d;
	atomic_bool waited;
};

static void waits(void *data)
{
	struct holder *h = data;

	atomic_store(&h->waited, true);
}

/* Lets go once it is waited for. */
static void *hold(void *data)
{
	struct holder *h = data;
	const struct timespec moment = { .tv_nsec = 1000000 };

	while (!atomic_load(&h->waited))
		nanosleep(&moment, NULL);
	nanosleep(&moment, NULL);
	odb_gc_unlock(h->d->odb);
	return NULL;
}

static void test_waits(void **state)
{
	struct desk *d = *state;
	struct holder h = { .d = d };
	const struct gc_progress progress = { .step = no_step, .waits = waits, .data = &h };
	const struct gc_options options = { .wait = true, .prune_before_usec = INT64_MIN, .progress = &progress };
	struct gc_result r;
	pthread_t thread;

	(void)desk_commit_put(d, "a/1", "one");
	assert_int_equal(odb_gc_lock(d->odb, false, &d->err), 0);
	assert_int_equal(pthread_create(&thread, NULL, hold, &h), 0);
	desk_must(d, gc_run(d->repo, &options, &r, &d->err));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(atomic_load(&h.waited));
	assert_true(r.ran);
	atomic_store(&h.waited, false);
	desk_must(d, gc_run(d->repo, &options, &r, &d->err));
	assert_false(atomic_load(&h.waited));
}

static void test_cancelled(void **state)
{
	atomic_bool cancel = true;
	struct gc_options options = { .prune_before_usec = INT64_MIN, .cancel = &cancel };
	struct desk *d = *state;
	struct gc_result r;

	(void)desk_commit_put(d, "a/1", "one");
	desk_refused(d, gc_run(d->repo, &options, &r, &d->err), DRIFT_ERR_NOTHING, "stop");
	desk_reopen(d);
	assert_files(d, 0, 2); /* sealed, not packed */
	desk_head_holds(d, "a/1", "one");
	options.cancel = NULL;
	desk_must(d, gc_run(d->repo, &options, &r, &d->err));
	desk_reopen(d);
	assert_files(d, 1, 1);
	desk_head_holds(d, "a/1", "one");
}

static int append(struct desk *d, const struct odb_append *a, struct drift_error *err)
{
	uint64_t ticket;
	int r;

	desk_must(d, odb_lock(d->odb, &d->err));
	r = odb_append(d->odb, a, &ticket, err);
	odb_unlock(d->odb);
	return r;
}

static int append_batch(struct desk *d, struct odb_batch *batch, struct drift_error *err)
{
	const struct odb_append a = { .batch = batch, .actor = "test", .reason = "test" };

	return append(d, &a, err);
}

/* A blob that nothing refers to. */
static void store_alone(struct desk *d, const char *text)
{
	struct odb_batch *batch;
	struct object_ref ref;

	desk_must(d, odb_batch_new(d->odb, &batch, &d->err));
	desk_must(d, odb_batch_blob(batch, text, strlen(text), LOC_UNKNOWN, &ref, &d->err));
	desk_must(d, append_batch(d, batch, &d->err));
	odb_batch_free(batch);
}

/* A tag of what is nowhere: who knows what that would lead to? */
static void test_keeps_all_where_something_is_missing(void **state)
{
	const struct gc_options now = { .prune_before_usec = INT64_MAX };
	const struct tag from = { .target = { { 9 } }, .target_kind = OBJECT_COMMIT, .name = { "lost", 4 } };
	struct ref_value value = { .kind = REF_OBJECT };
	const struct odb_ref_update update = { "refs/tags/lost", &value };
	struct odb_append a = { .updates = &update, .update_count = 1, .actor = "t", .reason = "t" };
	struct desk *d = *state;
	struct gc_result r;
	auto_tag *tag = NULL;

	(void)desk_commit_put(d, "a/1", "one");
	store_alone(d, "nobody's");
	desk_must(d, tag_new(&from, &tag, &d->err));
	desk_must(d, odb_batch_new(d->odb, &a.batch, &d->err));
	desk_must(d, odb_batch_tag(a.batch, tag, &value.object, &d->err));
	desk_must(d, append(d, &a, &d->err));
	odb_batch_free(a.batch);
	for (unsigned i = 0; i < 2; i++) {
		desk_must(d, gc_run(d->repo, &now, &r, &d->err));
		assert_int_equal(r.ran, !i);
		assert_int_equal(r.objects_dropped, 0);
		assert_int_equal(r.lost.code, DRIFT_ERR_NOT_FOUND);
		assert_non_null(strstr(r.lost.message, "09000000"));
	}
	desk_head_holds(d, "a/1", "one");
	value.kind = REF_ABSENT;
	a.batch = NULL;
	desk_must(d, append(d, &a, &d->err));
	desk_must(d, repo_config_set(d->repo, "gc.reflogExpire", "now", &d->err));
	desk_must(d, gc_run(d->repo, &now, &r, &d->err));
	assert_int_equal(r.lost.code, DRIFT_OK);
	assert_int_equal(r.objects_dropped, 2);
	desk_head_holds(d, "a/1", "one");
}

/* What a batch found to be stored, and a gc removed before it was appended. */
static void test_reused_and_removed(void **state)
{
	const struct gc_options now = { .prune_before_usec = INT64_MAX };
	struct desk *d = *state;
	char text[DOCUMENT_LEN];
	struct odb_batch *batch;
	struct object_ref ref;
	struct gc_result r;

	memset(text, 'x', sizeof(text));
	(void)desk_commit_put(d, "a/1", "one");
	desk_must(d, odb_batch_new(d->odb, &batch, &d->err));
	desk_must(d, odb_batch_blob(batch, text, sizeof(text), LOC_UNKNOWN, &ref, &d->err));
	desk_must(d, append_batch(d, batch, &d->err));
	odb_batch_clear(batch);
	desk_must(d, odb_batch_blob(batch, text, sizeof(text), LOC_UNKNOWN, &ref, &d->err));
	assert_int_not_equal(loc_file(ref.loc), LOC_PENDING);
	desk_must(d, gc_run(d->repo, &now, &r, &d->err));
	assert_int_equal(r.objects_dropped, 1);
	desk_refused(d, append_batch(d, batch, &d->err), DRIFT_ERR_CLASH, "a gc has replaced files");
	odb_batch_clear(batch);
	desk_must(d, odb_batch_blob(batch, text, sizeof(text), LOC_UNKNOWN, &ref, &d->err));
	assert_int_equal(loc_file(ref.loc), LOC_PENDING);
	desk_must(d, append_batch(d, batch, &d->err));
	odb_batch_free(batch);
}

/* More than is held in memory: documents are stored before the commit is made that refers to them. */
static void test_beside_a_large_commit(void **state)
{
	const struct gc_options now = { .prune_before_usec = INT64_MAX };
	enum { DOCUMENTS = 14, LARGE = 5 << 20 };
	char *text = malloc(LARGE + 1), path[32];
	struct desk *d = *state;
	struct edits *e = desk_edits(d);
	struct gc_result r;

	assert_non_null(text);
	memset(text, 'x', LARGE);
	text[LARGE] = '\0';
	desk_must(d, repo_config_set(d->repo, "gc.reflogExpire", "now", &d->err));
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		memset(text, 'a' + (int)i, DOCUMENT_LEN);
		(void)snprintf(path, sizeof(path), "c/%u", i);
		desk_put(d, e, path, text);
	}
	desk_must(d, gc_run(d->repo, &now, &r, &d->err));
	assert_true(r.ran && r.objects_kept > DOCUMENTS / 2);
	assert_int_equal(r.objects_dropped, 0);
	(void)desk_commit(d, e);
	for (unsigned times = 0; times < 2; times++) {
		for (unsigned i = 0; i < DOCUMENTS; i++) {
			memset(text, 'a' + (int)i, DOCUMENT_LEN);
			(void)snprintf(path, sizeof(path), "c/%u", i);
			desk_head_holds(d, path, text);
		}
		desk_must(d, gc_run(d->repo, &now, &r, &d->err));
	}
	free(text);
}

static void test_maintainer(void **state)
{
	struct desk *d = *state;
	struct maintainer *m;
	size_t packs = 0, journals;

	short_journals(d);
	desk_must(d, maintainer_new(d->repo, &m, &d->err));
	assert_false(maintainer_is_due(m));
	for (unsigned i = 0; i < COUNT; i++) {
		commit_number(d, i);
		maintainer_look(m);
	}
	for (unsigned tries = 0; !packs && tries < 200; tries++) {
		const struct timespec moment = { .tv_nsec = 10000000 };

		nanosleep(&moment, NULL);
		count_files(d, &packs, &journals);
	}
	maintainer_free(m);
	assert_true(packs > 0);
	d->random = 42;
	for (unsigned i = 0; i < COUNT; i++) {
		char path[32], text[DOCUMENT_LEN + 1];

		for (size_t j = 0; j < DOCUMENT_LEN; j++)
			text[j] = (char)('!' + desk_random(d, 90));
		text[DOCUMENT_LEN] = '\0';
		(void)snprintf(path, sizeof(path), "c/%u", i);
		desk_head_holds(d, path, text);
	}
}

static void test_maintainer_told_not_to(void **state)
{
	struct desk *d = *state;
	struct maintainer *m;

	desk_must(d, repo_config_set(d->repo, "gc.auto", "false", &d->err));
	short_journals(d);
	desk_must(d, maintainer_new(d->repo, &m, &d->err));
	for (unsigned i = 0; i < COUNT; i++)
		commit_number(d, i);
	assert_true(odb_sealed_count(d->odb) > 0);
	assert_false(maintainer_is_due(m));
	maintainer_free(m);
}

static void test_expiry(void **state)
{
	struct drift_error err = { DRIFT_OK, "" };
	int64_t before;

	(void)state;
	assert_int_equal(gc_parse_expiry("now", 1000, &before, &err), 0);
	assert_true(before == INT64_MAX);
	assert_int_equal(gc_parse_expiry("never", 1000, &before, &err), 0);
	assert_true(before < -INT64_MAX / 2);
	assert_int_equal(gc_parse_expiry("2 days ago", INT64_C(400000000000), &before, &err), 0);
	assert_true(before == INT64_C(400000000000) - INT64_C(172800000000));
	assert_int_equal(gc_parse_expiry("whenever", 1000, &before, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_takes_what_is_sealed, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_one_at_a_time, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_waits, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_keeps_all_where_something_is_missing, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_reused_and_removed, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_beside_a_large_commit, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_maintainer, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_maintainer_told_not_to, desk_setup, desk_teardown),
		cmocka_unit_test(test_expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
