/*
 * Twenty processes commit to one branch at once, each a hundred times: to keys of their own, then all to one counter by
 * compare-and-swap. What counts is that nothing is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/stock.h"
#include "repo/documents.h"

#define PROCESS_COUNT 20
#define ROUND_COUNT 100

struct racer {
	const char *store;
	size_t number;
};

static int put(struct desk *d, const char *path, const char *text, const struct oid *expect)
{
	struct commit_options options = { .author = "bench", .message = "race\n", .message_len = 5 };
	struct commit_result result;
	struct drift_error err;

	if (expect) {
		options.has_expect = true;
		options.expect = *expect;
	}
	edits_clear(d->edits);
	must(edits_put(d->edits, path, strlen(path), text, strlen(text), DOCUMENT_NO_MODE, &err), &err);
	if (!edits_commit(d->edits, &options, &result, &err))
		return 0;
	if (err.code != DRIFT_ERR_CLASH)
		die("%s", err.message);
	return 1;
}

static int own_keys(void *data)
{
	const struct racer *r = data;
	struct stock_kind kind = { .document_count = 0 };
	char path[64];
	struct desk d;

	desk_open(&d, r->store, &kind, false);
	for (size_t i = 0; i < ROUND_COUNT; i++) {
		snprintf(path, sizeof(path), "race/%zu/%zu", r->number, i);
		if (put(&d, path, "1", NULL))
			die("a commit to a key of its own clashed");
	}
	desk_close(&d);
	return 0;
}

static unsigned long read_counter(struct desk *d, const struct commit *head)
{
	struct tree_root tree = desk_tree_of(head);
	auto_buf text = BUF_INIT;
	struct drift_error err;

	if (!must(documents_get(d->repo, &tree, "counter", 7, &text, NULL, &err), &err))
		die("there is no counter");
	return strtoul(text.data, NULL, 10);
}

static int shared_counter(void *data)
{
	const struct racer *r = data;
	struct stock_kind kind = { .document_count = 0 };
	struct desk d;

	desk_open(&d, r->store, &kind, false);
	for (size_t i = 0; i < ROUND_COUNT;) {
		struct commit *head = desk_head(&d);
		char text[32];

		snprintf(text, sizeof(text), "%lu", read_counter(&d, head) + 1);
		i += !put(&d, "counter", text, &head->id);
		commit_unref(head);
	}
	desk_close(&d);
	return 0;
}

static int64_t race(const char *store, int (*run)(void *data))
{
	struct racer racers[PROCESS_COUNT];
	pid_t pids[PROCESS_COUNT];
	int64_t begin = now_ns();

	for (size_t i = 0; i < PROCESS_COUNT; i++) {
		racers[i] = (struct racer){ store, i };
		pids[i] = child_fork(run, &racers[i]);
	}
	for (size_t i = 0; i < PROCESS_COUNT; i++)
		child_wait(pids[i]);
	return now_ns() - begin;
}

static double count_own(struct desk *d, const struct commit *head)
{
	struct tree_root tree = desk_tree_of(head);
	double found = 0;
	char path[64];

	for (size_t n = 0; n < PROCESS_COUNT * ROUND_COUNT; n++) {
		auto_buf text = BUF_INIT;
		struct drift_error err;

		snprintf(path, sizeof(path), "race/%zu/%zu", n / ROUND_COUNT, n % ROUND_COUNT);
		found += must(documents_get(d->repo, &tree, path, strlen(path), &text, NULL, &err), &err);
	}
	return found;
}

static void report(const char *store, const char *what, int64_t spent_ns, bool own, uint64_t seq_before)
{
	const double all = PROCESS_COUNT * ROUND_COUNT;
	struct stock_kind kind = { .document_count = 0 };
	struct figure f;
	struct commit *head;
	struct desk d;

	desk_open(&d, store, &kind, false);
	head = desk_head(&d);
	f = (struct figure){
		what, own ? count_own(&d, head) : (double)read_counter(&d, head), "kept", "made", all, GOAL_TIMES, 1
	};
	print_figure(&f);
	f = (struct figure){
		"  commits on the branch", (double)(head->seq - seq_before), "", "made", all, GOAL_TIMES, 1
	};
	print_figure(&f);
	f = (struct figure){ "  rate", per_second(all, spent_ns), "/s", NULL, 0, GOAL_NONE, 0 };
	print_figure(&f);
	commit_unref(head);
	desk_close(&d);
}

int main(void)
{
	auto_free char *store = stock_empty("race");
	struct stock_kind kind = { .document_count = 0 };
	struct desk d;
	int64_t spent_ns;

	desk_open(&d, store, &kind, false);
	if (put(&d, "counter", "0", NULL))
		die("the first commit clashed");
	desk_close(&d);
	spent_ns = race(store, own_keys);
	report(store, "20 x 100 commits, own keys", spent_ns, true, 1);
	spent_ns = race(store, shared_counter);
	report(store, "20 x 100 increments of one counter", spent_ns, false, 1 + PROCESS_COUNT * ROUND_COUNT);
	remove_tree(store);
	return 0;
}
