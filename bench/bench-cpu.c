/* Processor time of a commit of one document that does not wait for the disk (no_sync), in process. */
#include <stdlib.h>

#include "base/mem.h"
#include "bench/peer_sqlite.h"
#include "bench/stock.h"

static void drift_round(struct desk *d, size_t count, struct samples *s)
{
	int64_t begin = cpu_ns();

	for (size_t i = 0; i < count; i++)
		desk_commit_next(d);
	samples_add(s, (double)(cpu_ns() - begin) / 1e3 / (double)count);
}

static void sqlite_round(struct peer_sqlite *p, const struct desk *d, uint64_t *random, size_t count, struct samples *s)
{
	char key[CORPUS_KEY_LEN + 1], text[CORPUS_TEXT_MAX + 1];
	int64_t begin = cpu_ns();

	for (size_t n = 0; n < count; n++) {
		size_t i = next_random(random, d->document_count);

		corpus_key(i, key);
		corpus_text(i, next_random(random, 1 << 20) + 1, d->document_len, text);
		peer_sqlite_put(p, key, text, d->document_len);
	}
	samples_add(s, (double)(cpu_ns() - begin) / 1e3 / (double)count);
}

static void compare(size_t documents, const char *what)
{
	struct stock_kind kind = { .document_count = documents, .document_len = 215 };
	auto_free char *store = stock_copy(&kind, "cpu");
	auto_free char *lines = stock_lines(kind.document_count, kind.document_len);
	auto_free char *database = bench_path("cpu.sqlite");
	auto_samples drift = { .count = 0 }, sqlite = { .count = 0 };
	struct peer_sqlite *p;
	uint64_t random = 1;
	struct desk d;
	struct figure f;

	remove_tree(database);
	p = peer_sqlite_open(database, true);
	peer_sqlite_fill(p, lines);
	desk_open(&d, store, &kind, true);
	for (size_t i = 0; i < 7; i++) {
		drift_round(&d, scaled(20000), &drift);
		sqlite_round(p, &d, &random, scaled(5000), &sqlite);
	}
	f = (struct figure){ what, samples_median(&drift), "us", "SQLite", samples_median(&sqlite), GOAL_AT_MOST, 40 };
	print_figure(&f);
	desk_close(&d);
	peer_sqlite_close(p);
	remove_tree(database);
	remove_tree(store);
}

int main(void)
{
	compare(scaled(100000), "a commit to 100,000 documents");
	compare(scaled(1000000), "a commit to 1,000,000 documents");
	return 0;
}
