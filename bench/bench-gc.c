/*
 * What becomes of a history by gc: its size, time and memory against git's, reads of old commits, how long it takes to open a
 * store, and how long commits wait while it runs.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"
#include "bench/peer_git.h"
#include "bench/stock.h"
#include "include/drift.h"

#define READ_COUNT 100000

static void collect(const char *store, const char *how, struct child_cost *cost)
{
	const char *gc[] = { drift_program(), "-C", store, "gc", "-q", how, NULL };

	child_must(gc, NULL, cost);
}

/* Of the whole store, caches and all. */
static double store_use(const char *store)
{
	auto_buf path = BUF_INIT;

	buf_addf(&path, "%s/.drift", store);
	return (double)disk_use(path.data);
}

static double git_use(const char *git)
{
	return (double)disk_use(git);
}

static void compare_git(const struct stock_kind *kind, const char *store, const char *plain)
{
	auto_free char *git = peer_git_history("gc.git", kind->document_count, kind->document_len, kind->commit_count);
	auto_free char *git_plain = peer_git_get(kind->document_count, kind->document_len);
	const char *git_gc[] = { "git", "--git-dir", git, "gc", "-q", NULL };
	struct child_cost ours, theirs, unused;
	double before = store_use(store), commits = (double)kind->commit_count;
	struct figure f;

	collect(store, NULL, &ours);
	collect(plain, NULL, &unused);
	child_must(git_gc, NULL, &theirs);
	f = (struct figure){ "before gc, documents and all", before / commits, "bytes/commit", NULL, 0, GOAL_NONE, 0 };
	print_figure(&f);
	f = (struct figure){ "a commit adds, all told",
			     (store_use(store) - store_use(plain)) / commits,
			     "bytes",
			     "git gc",
			     (git_use(git) - git_use(git_plain)) / commits,
			     GOAL_AT_MOST,
			     250 };
	print_figure(&f);
	f = (struct figure){ "time of gc", (double)ours.wall_ns / 1e9,       "s", "git gc", (double)theirs.wall_ns / 1e9,
			     GOAL_TIMES_AT_MOST, 1 };
	print_figure(&f);
	f = (struct figure){ "processor time of gc",        (double)ours.cpu_ns / 1e9, "s", "git gc",
			     (double)theirs.cpu_ns / 1e9, GOAL_NONE,                 0 };
	print_figure(&f);
	f = (struct figure){ "memory of gc", (double)ours.memory_kib / 1024, "MiB", "git gc",
			     (double)theirs.memory_kib / 1024, GOAL_AT_MOST, 100 };
	print_figure(&f);
	remove_tree(git);
}

static void read_one(struct drift_repo *repo, const struct drift_id *commit, size_t i)
{
	char path[CORPUS_PATH_LEN + 1], point[2 * sizeof(commit->bytes) + 1];
	struct drift_snapshot *snapshot;
	struct drift_value value;
	struct drift_error err;

	hex_encode(commit->bytes, sizeof(commit->bytes), point);
	must(drift_snapshot_open(repo, point, NULL, &snapshot, &err), &err);
	corpus_path(i, path);
	if (!must(drift_get(snapshot, path, &value, &err), &err))
		die("'%s' is missing at %s", path, point);
	drift_value_release(&value);
	drift_snapshot_release(snapshot);
}

static size_t read_ids(struct drift_repo *repo, size_t at_most, struct drift_id **ids_out)
{
	struct drift_id *ids = mem_alloc_array(at_most, sizeof(*ids));
	struct drift_commit commit;
	struct drift_error err;
	struct drift_log *log;
	size_t count = 0;

	if (!ids)
		die("no memory");
	must(drift_log_open(repo, NULL, &log, &err), &err);
	while (count < at_most && must(drift_log_next(log, &commit, &err), &err))
		ids[count++] = commit.id;
	drift_log_close(log);
	*ids_out = ids;
	return count;
}

/* Random documents at random commits, by one thread. */
static void read_past(const struct stock_kind *kind, const char *store)
{
	struct drift_options options = { .read_only = true };
	struct drift_repo *repo;
	struct drift_error err;
	uint64_t random = 1;
	auto_free struct drift_id *ids = NULL;
	size_t count;
	auto_samples rates = { .count = 0 };
	struct figure f;

	must(drift_open(store, &options, &repo, &err), &err);
	count = read_ids(repo, kind->commit_count, &ids);
	drift_close(repo);
	must(drift_open(store, &options, &repo, &err), &err);
	for (int round = 0; round < 5; round++) {
		int64_t begin = cpu_ns();

		for (size_t n = 0; n < scaled(READ_COUNT); n++)
			read_one(repo, &ids[next_random(&random, count)], next_random(&random, kind->document_count));
		samples_add(&rates, per_second((double)scaled(READ_COUNT), cpu_ns() - begin));
	}
	drift_close(repo);
	f = (struct figure){ "gets at random commits, the first", rates.values[0], "/s", NULL, 0, GOAL_NONE, 0 };
	print_figure(&f);
	f = (struct figure){ "gets at random commits", samples_median(&rates), "/s", NULL, 0, GOAL_AT_LEAST, 50000 };
	print_figure(&f);
}

static double open_ms(const char *store)
{
	char path[CORPUS_PATH_LEN + 1];
	const char *get[] = { drift_program(), "-C", store, "get", path, NULL };
	double ns, none;

	corpus_path(4711, path);
	child_medians(get, NULL, 200, &ns, &none);
	return ns / 1e6;
}

static void open_any_length(void)
{
	const size_t counts[] = { 1, 1000, 1000000 };
	double first = 0, ms;
	struct figure f;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct stock_kind kind = { .document_count = scaled(100000),
					   .document_len = 215,
					   .commit_count = i == 2 ? scaled(counts[i]) : counts[i] };
		auto_free char *store = stock_copy(&kind, "gc-open");
		auto_buf what = BUF_INIT;
		struct child_cost unused;

		collect(store, NULL, &unused);
		ms = open_ms(store);
		buf_addf(&what, "open and get, %zu commits", kind.commit_count);
		f = (struct figure){ what.data, ms, "ms", NULL, 0, GOAL_AT_MOST, i ? first + 1 : 5 };
		print_figure(&f);
		if (!i)
			first = ms;
		remove_tree(store);
	}
}

static void commit_some(struct desk *d, size_t count, pid_t until, struct samples *waits)
{
	int status;

	for (size_t n = 0; n < count; n++) {
		int64_t begin = now_ns();

		desk_commit_next(d);
		samples_add(waits, (double)(now_ns() - begin) / 1e3);
		if (until && waitpid(until, &status, WNOHANG) == until) {
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				die("gc failed");
			return;
		}
	}
	if (until)
		die("gc has not come to its end");
}

static int collect_all(void *data)
{
	struct child_cost unused;

	collect(data, "--full", &unused);
	return 0;
}

static void commit_beside(const struct stock_kind *kind)
{
	auto_free char *store = stock_copy(kind, "gc-beside");
	auto_samples quiet = { .count = 0 }, beside = { .count = 0 };
	struct figure f;
	struct desk d;

	desk_open(&d, store, kind, false);
	commit_some(&d, scaled(10000), 0, &quiet);
	commit_some(&d, 10000000, child_fork(collect_all, store), &beside);
	desk_close(&d);
	f = (struct figure){ "wait for a commit while gc runs, 99 %", samples_at(&beside, 0.99), "us", "without",
			     samples_at(&quiet, 0.99), GOAL_TIMES_AT_MOST, 5 };
	print_figure(&f);
	remove_tree(store);
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(100000),
				   .document_len = 215,
				   .commit_count = scaled(100000) };
	struct stock_kind plain_kind = { .document_count = kind.document_count, .document_len = kind.document_len };
	auto_free char *store = stock_copy(&kind, "gc"), *plain = stock_copy(&plain_kind, "gc-plain");

	compare_git(&kind, store, plain);
	read_past(&kind, store);
	commit_beside(&kind);
	open_any_length();
	remove_tree(store);
	remove_tree(plain);
	return 0;
}
