/*
 * Fetches and pushes that are cut after any number of bytes, either way, then done again: they complete, both stores are sound, nothing was
 * visible before, and no more is sent again than what had not come as far as a checkpoint. CUT_STEP=N cuts at every N-th byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "refs/refname.h"
#include "sync/fetch.h"
#include "sync/push.h"
#include "t/unit/desk.h"
#include "t/unit/ferry.h"
#include "t/unit/line.h"

/* Paths are reached by lines that can be cut. */
#define channel_pair line_pair
#include "sync/transport_path.c"

#define MAIN "refs/heads/main"
#define COMMITS 900
#define CUTS 6        /* in each direction of each transfer */
#define CHECKPOINT_COMMITS 256
#define FRAME_LEN (33 << 10) /* what comes of a stream comes in such pieces, or less */
#define TALK_LEN 2000        /* besides the stream */

static struct drift_error err;

static void must(int r)
{
	if (r < 0)
		fail_msg("%s", err.message);
}

static void grow(struct desk *d, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char path[32], text[300];
		size_t len = (size_t)snprintf(text, sizeof(text), "{\"n\":%zu,\"random\":\"", i);

		snprintf(path, sizeof(path), "c/k%u", (unsigned)desk_random(d, 100));
		while (len < 260)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%08x", (unsigned)desk_random(d, UINT32_MAX));
		snprintf(text + len, sizeof(text) - len, "\"}");
		desk_commit_put(d, path, text);
	}
}

static int fetch(struct repo *to, struct desk *from)
{
	auto_refspecs specs = { .items = NULL };
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	auto_fetch_result result = { .refs = NULL };
	struct fetch_options options = { .specs = &specs, .actor = "tester" };
	struct client_options how = { .push = false };

	must(remote_of_url(from->dir, &remote, &err));
	must(refspec_add(&specs, "refs/heads/*:refs/heads/*", REFSPEC_FETCH, &err));
	how.remote = options.remote = remote;
	must(client_open(to, &how, &client, &err));
	return fetch_run(to, client, &options, &result, &err);
}

static int push(struct desk *from, const char *dir)
{
	auto_refspecs specs = { .items = NULL };
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	auto_push_result result = { .refs = NULL };
	struct push_options options = { .specs = &specs, .actor = "tester" };
	struct client_options how = { .push = true };

	must(remote_of_url(dir, &remote, &err));
	must(refspec_add(&specs, MAIN, REFSPEC_PUSH, &err));
	how.remote = options.remote = remote;
	must(client_open(from->repo, &how, &client, &err));
	if (push_run(from->repo, client, &options, &result, &err))
		return -1;
	assert_int_equal(result.failed_count, 0);
	return 0;
}

/* Where main stands; absent: a zero id. */
static struct oid tip(struct repo *repo)
{
	struct ref_resolved at;

	must(refs_resolve(repo_odb(repo), MAIN, false, &at, &err));
	return at.exists ? at.object.id : (struct oid){ { 0 } };
}

struct transfer {
	struct desk *from;
	bool push;
	enum line_way data; /* which way the stream goes */
	uint64_t whole[2];  /* bytes of a transfer without cuts */
};

static int transfer(const struct transfer *t, struct repo *to, const char *dir)
{
	return t->push ? push(t->from, dir) : fetch(to, t->from);
}

/* One that is cut, then another. Has the first one failed? */
static bool cut_once(const struct transfer *t, enum line_way way, uint64_t after)
{
	struct oid wanted = tip(t->from->repo);
	char dir[64];
	struct repo *to = ferry_make(dir);
	int64_t begin_usec = date_now_us();
	uint64_t came, again;
	struct oid is;
	int r;

	line_cut(way, after);
	r = transfer(t, to, dir);
	came = line_passed(t->data);
	line_cut(way, LINE_WHOLE);
	if (r && err.code != DRIFT_ERR_IO)
		fail_msg("cut at %llu: %s", (unsigned long long)after, err.message);
	if (date_now_us() - begin_usec > 30000000)
		fail_msg("cut at %llu: it hangs", (unsigned long long)after);
	is = tip(to);
	/* Of a push all may have come but the answer. */
	if (!oid_is_zero(&is) && (!oid_equal(&is, &wanted) || (r && !t->push)))
		fail_msg("cut at %llu: a part is visible", (unsigned long long)after);
	if (!r && oid_is_zero(&is))
		fail_msg("cut at %llu: success, and nothing has come", (unsigned long long)after);
	must(transfer(t, to, dir));
	again = line_passed(t->data);
	is = tip(to);
	assert_true(oid_equal(&is, &wanted));
	/* Since the last checkpoint, and since the last frame. */
	if (came + again > t->whole[t->data] * (COMMITS + CHECKPOINT_COMMITS) / COMMITS + FRAME_LEN + TALK_LEN)
		fail_msg("cut at %llu: %llu bytes came, and then %llu more of %llu", (unsigned long long)after,
			 (unsigned long long)came, (unsigned long long)again, (unsigned long long)t->whole[t->data]);
	ferry_check(to);
	ferry_remove(to, dir);
	return r;
}

static void cut_everywhere(struct transfer *t)
{
	const char *knob = getenv("CUT_STEP");
	char dir[64];
	struct repo *to = ferry_make(dir);

	must(transfer(t, to, dir));
	for (int way = 0; way < 2; way++)
		t->whole[way] = line_passed((enum line_way)way);
	ferry_remove(to, dir);
	for (int way = 0; way < 2; way++) {
		uint64_t step = knob ? strtoull(knob, NULL, 10) : t->whole[way] / CUTS + 1, failed = 0, cuts = 0;

		for (uint64_t after = 0; after < t->whole[way]; after += step, cuts++)
			failed += cut_once(t, (enum line_way)way, after);
		/* How many keep-alive frames there are is a matter of time, and nobody needs the last byte of what is said at the end. */
		assert_true(failed + 2 > cuts);
		if (knob)
			printf("# %s, cut %s: %llu of %llu bytes\n", t->push ? "push" : "fetch", way ? "to the client" : "to the server",
			       (unsigned long long)cuts, (unsigned long long)t->whole[way]);
	}
	ferry_check(t->from->repo);
}

static void test_fetch(void **state)
{
	struct transfer t = { .from = *state, .data = LINE_TO_CLIENT };

	grow(t.from, COMMITS);
	cut_everywhere(&t);
}

static void test_push(void **state)
{
	struct transfer t = { .from = *state, .push = true, .data = LINE_TO_SERVER };

	grow(t.from, COMMITS);
	cut_everywhere(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fetch, desk_setup, desk_teardown),
		cmocka_unit_test_setup_teardown(test_push, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
