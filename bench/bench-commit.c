/*
 * Durable commits of one document, one after the other, in process, against SQLite with history and against the disk alone, in
 * rounds that take turns.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "bench/peer_disk.h"
#include "bench/peer_sqlite.h"
#include "bench/stock.h"

enum { DRIFT, SQLITE, OVER, APPEND, CONTESTANT_COUNT };

struct contest {
	struct desk desk;
	struct peer_sqlite *sqlite;
	struct peer_disk over, append;
	uint64_t random;
	struct samples rates[CONTESTANT_COUNT];
	struct samples waits[CONTESTANT_COUNT];
};

#define RECORD_LEN 512

static void sqlite_put(struct contest *c, size_t count, size_t len)
{
	size_t i = next_random(&c->random, count);
	char key[CORPUS_KEY_LEN + 1], text[CORPUS_TEXT_MAX + 1];

	corpus_key(i, key);
	corpus_text(i, next_random(&c->random, 1 << 20) + 1, len, text);
	peer_sqlite_put(c->sqlite, key, text, len);
}

static void put(struct contest *c, int who)
{
	switch (who) {
	case DRIFT:
		desk_commit_next(&c->desk);
		break;
	case SQLITE:
		sqlite_put(c, c->desk.document_count, c->desk.document_len);
		break;
	case OVER:
		peer_disk_put(&c->over, RECORD_LEN);
		break;
	case APPEND:
	default:
		peer_disk_put(&c->append, RECORD_LEN);
		break;
	}
}

static void run_round(struct contest *c, int who, size_t count)
{
	int64_t begin = now_ns(), last = begin, now;

	for (size_t i = 0; i < count; i++, last = now) {
		put(c, who);
		now = now_ns();
		samples_add(&c->waits[who], (double)(now - last) / 1e3);
	}
	samples_add(&c->rates[who], per_second((double)count, last - begin));
}

static void print(struct contest *c)
{
	double drift = samples_median(&c->rates[DRIFT]);
	struct figure f = { "commits", drift, "/s", "SQLite", samples_median(&c->rates[SQLITE]), GOAL_TIMES, 1.3 };

	print_figure(&f);
	f = (struct figure){ "", drift, "/s", "fdatasync, over", samples_median(&c->rates[OVER]), GOAL_TIMES, 0.75 };
	print_figure(&f);
	f = (struct figure){ "", drift, "/s", "fdatasync, append", samples_median(&c->rates[APPEND]), GOAL_NONE, 0 };
	print_figure(&f);
	f = (struct figure){ "wait for one, median",
			     samples_median(&c->waits[DRIFT]),
			     "us",
			     "fdatasync, over",
			     samples_median(&c->waits[OVER]),
			     GOAL_NONE,
			     0 };
	print_figure(&f);
	f = (struct figure){ "wait for one, 99 of 100 below",
			     samples_at(&c->waits[DRIFT], 0.99),
			     "us",
			     "SQLite",
			     samples_at(&c->waits[SQLITE], 0.99),
			     GOAL_NONE,
			     0 };
	print_figure(&f);
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(1000000), .document_len = 215 };
	/* Short turns, so that what else the disk does falls on all of them. */
	const size_t rounds = scaled(100), count = 200;
	auto_free char *store = stock_copy(&kind, "commit");
	auto_free char *lines = stock_lines(kind.document_count, kind.document_len);
	auto_free char *database = bench_path("commit.sqlite"), *over = bench_path("over"),
		       *append = bench_path("append");
	struct contest c = { .random = 1 };

	remove_tree(database);
	c.sqlite = peer_sqlite_open(database, false);
	peer_sqlite_fill(c.sqlite, lines);
	peer_disk_open(&c.over, over, (uint64_t)16 << 20);
	peer_disk_open(&c.append, append, 0);
	desk_open(&c.desk, store, &kind, false);
	for (int who = 0; who < CONTESTANT_COUNT; who++)
		for (size_t i = 0; i < 2 * count; i++)
			put(&c, who);
	for (size_t i = 0; i < rounds; i++)
		for (int who = 0; who < CONTESTANT_COUNT; who++)
			run_round(&c, who, count);
	print(&c);
	for (int who = 0; who < CONTESTANT_COUNT; who++) {
		samples_release(&c.rates[who]);
		samples_release(&c.waits[who]);
	}
	desk_close(&c.desk);
	peer_sqlite_close(c.sqlite);
	peer_disk_close(&c.over);
	peer_disk_close(&c.append);
	remove_tree(database);
	remove_tree(store);
	return 0;
}
