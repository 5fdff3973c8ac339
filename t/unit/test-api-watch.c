/* The change feed as users of the library have it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "t/unit/shop.h"

struct reader {
	char told[1024];  /* "add a/1;" ... */
	char next[256];   /* of the last */
	unsigned left;    /* stop after so many; 0: never */
};

static int each(void *data, const struct drift_watch_event *event, struct drift_error *err)
{
	static const char *const words[] = { [DRIFT_ADD] = "add", [DRIFT_MODIFY] = "modify", [DRIFT_DELETE] = "delete" };
	struct reader *r = data;
	size_t len = strlen(r->told);

	(void)err;
	assert_true(event->has_commit);
	assert_int_equal(strlen(event->path), event->path_len);
	snprintf(r->told + len, sizeof(r->told) - len, "%s%s %s %llu;", event->kind == DRIFT_WATCH_BACK ? "back " : "",
		 event->kind == DRIFT_WATCH_RESET ? "reset" : words[event->change], event->path,
		 (unsigned long long)event->commit.seq);
	snprintf(r->next, sizeof(r->next), "%s", event->next);
	return r->left && !--r->left;
}

static struct drift_watch *watch(struct shop *s, struct reader *r, const char *since)
{
	const struct drift_watch_options options = { .since = since, .each = each, .data = r };
	struct drift_watch *w;

	*r->told = '\0';
	shop_must(s, drift_watch_open(s->repo, &options, &w, &s->err));
	return w;
}

static void it_tells_all_and_goes_on_behind_any(void **state)
{
	struct shop *s = *state;
	struct reader r = { .left = 0 };
	struct drift_watch *w;
	struct drift_txn *t;
	char next[256];

	w = watch(s, &r, NULL);
	assert_int_equal(drift_watch_run(w, 0, &s->err), 0);
	assert_string_equal(r.told, "");
	shop_commit_put(s, "a/1", "one");
	t = shop_begin(s);
	shop_put(s, t, "a/1", "two");
	shop_put(s, t, "b/1", "two");
	shop_commit(s, t);
	r.left = 2;
	assert_int_equal(drift_watch_run(w, 1000, &s->err), 1);
	assert_string_equal(r.told, "add a/1 1;modify a/1 2;");
	snprintf(next, sizeof(next), "%s", r.next);
	assert_int_equal(drift_watch_run(w, 0, &s->err), 0);
	assert_string_equal(r.told, "add a/1 1;modify a/1 2;add b/1 2;");
	drift_watch_close(w);
	w = watch(s, &r, next);
	assert_int_equal(drift_watch_run(w, 0, &s->err), 0);
	assert_string_equal(r.told, "add b/1 2;");
	drift_watch_close(w);
	w = watch(s, &r, "@seq:0");
	assert_int_equal(drift_watch_run(w, -1, &s->err), 0);
	assert_string_equal(r.told, "add a/1 1;modify a/1 2;add b/1 2;");
	drift_watch_close(w);
	drift_watch_close(NULL);
}

static void *commit_later(void *data)
{
	const struct timespec moment = { .tv_nsec = 50000000 };

	nanosleep(&moment, NULL);
	shop_commit_put(data, "late/1", "now");
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void it_waits(void **state)
{
	struct shop *s = *state;
	struct reader r = { .left = 0 };
	struct drift_watch *w = watch(s, &r, NULL);
	double start = seconds();
	pthread_t thread;

	assert_int_equal(drift_watch_run(w, 30, &s->err), 0);
	assert_true(seconds() - start >= 0.03);
	assert_string_equal(r.told, "");
	assert_int_equal(pthread_create(&thread, NULL, commit_later, s), 0);
	assert_int_equal(drift_watch_run(w, -1, &s->err), 0);
	assert_string_equal(r.told, "add late/1 1;");
	pthread_join(thread, NULL);
	drift_watch_close(w);
}

static void what_is_no_point_is_refused(void **state)
{
	struct shop *s = *state;
	struct reader r = { .left = 0 };
	struct drift_watch_options options = { .since = "nothing", .each = each, .data = &r };
	struct drift_watch *w;

	shop_refused(s, drift_watch_open(s->repo, &options, &w, &s->err), DRIFT_ERR_NOT_FOUND);
	options.since = "0000000000000000000000000000000000000000000000000000000000000001+3";
	shop_refused(s, drift_watch_open(s->repo, &options, &w, &s->err), DRIFT_ERR_NOT_FOUND);
	options.since = "@{";
	shop_refused(s, drift_watch_open(s->repo, &options, &w, &s->err), DRIFT_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_tells_all_and_goes_on_behind_any, shop_setup, shop_teardown),
		cmocka_unit_test_setup_teardown(it_waits, shop_setup, shop_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_point_is_refused, shop_setup, shop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
