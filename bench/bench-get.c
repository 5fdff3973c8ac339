/* Documents read by path through libdrift, warm, in one process on one core, in rounds that take turns with SQLite and LMDB. */
#include <stdlib.h>

#include "base/mem.h"
#include "bench/peer_lmdb.h"
#include "bench/peer_sqlite.h"
#include "bench/stock.h"
#include "include/drift.h"

#define CACHE_LEN ((size_t)1 << 30)

struct readers {
	struct drift_repo *repo;
	struct drift_snapshot *snapshot;
	struct peer_sqlite *sqlite;
	struct peer_lmdb *lmdb;
	size_t count;
	uint64_t random;
};

static size_t read_drift(struct readers *r, size_t i)
{
	char path[CORPUS_PATH_LEN + 1];
	struct drift_value value;
	struct drift_error err;
	size_t len;

	corpus_path(i, path);
	if (!must(drift_get(r->snapshot, path, &value, &err), &err))
		die("'%s' is missing", path);
	len = value.len;
	drift_value_release(&value);
	return len;
}

static void open_drift(struct readers *r, const char *store)
{
	struct drift_options options = { .read_only = true, .cache_len = CACHE_LEN };
	struct drift_error err;

	must(drift_open(store, &options, &r->repo, &err), &err);
	must(drift_snapshot_open(r->repo, NULL, NULL, &r->snapshot, &err), &err);
}

static size_t read_sqlite(struct readers *r, size_t i)
{
	char key[CORPUS_KEY_LEN + 1];

	corpus_key(i, key);
	return peer_sqlite_get(r->sqlite, key);
}

static size_t read_lmdb(struct readers *r, size_t i)
{
	char key[CORPUS_KEY_LEN + 1];

	corpus_key(i, key);
	return peer_lmdb_get(r->lmdb, key);
}

static void run_round(struct readers *r, size_t (*get)(struct readers *r, size_t i), size_t count, struct samples *s)
{
	int64_t begin = cpu_ns();

	for (size_t n = 0; n < count; n++)
		if (get(r, next_random(&r->random, r->count)) != 215)
			die("a document is not as it was written");
	samples_add(s, per_second((double)count, cpu_ns() - begin));
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(1000000), .document_len = 215 };
	auto_free char *store = stock_get(&kind);
	auto_free char *lines = stock_lines(kind.document_count, kind.document_len);
	auto_free char *database = bench_path("get.sqlite"), *lmdb = bench_path("get.lmdb");
	auto_samples of_drift = { .count = 0 }, of_sqlite = { .count = 0 }, of_lmdb = { .count = 0 };
	struct readers r = { .count = kind.document_count, .random = 1 };
	struct figure f;

	remove_tree(database);
	remove_tree(lmdb);
	r.sqlite = peer_sqlite_open(database, true);
	peer_sqlite_fill(r.sqlite, lines);
	r.lmdb = peer_lmdb_open(lmdb, r.count, kind.document_len);
	peer_lmdb_read(r.lmdb);
	open_drift(&r, store);
	for (size_t i = 0; i < r.count; i++)
		(void)read_drift(&r, i);
	for (int i = 0; i < 7; i++) {
		run_round(&r, read_drift, scaled(1000000), &of_drift);
		run_round(&r, read_sqlite, scaled(300000), &of_sqlite);
		run_round(&r, read_lmdb, scaled(1000000), &of_lmdb);
	}
	f = (struct figure){ "get by path", samples_median(&of_drift),  "/s",
			     "SQLite",      samples_median(&of_sqlite), GOAL_AT_LEAST,
			     700000 };
	print_figure(&f);
	f = (struct figure){
		"", samples_median(&of_drift), "/s", "LMDB, no history", samples_median(&of_lmdb), GOAL_NONE, 0
	};
	print_figure(&f);
	drift_snapshot_release(r.snapshot);
	drift_close(r.repo);
	peer_sqlite_close(r.sqlite);
	peer_lmdb_close(r.lmdb);
	remove_tree(database);
	remove_tree(lmdb);
	return 0;
}
