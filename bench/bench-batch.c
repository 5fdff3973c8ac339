/*
 * `drift batch` through pipes: each commit sent after the last answer, in turns with SQLite driven the same way and with the disk alone; many sent ahead; and
 * eight processes at once. All wait for the disk.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/peer_disk.h"
#include "bench/peer_sqlite.h"
#include "bench/stock.h"

#define PROCESS_COUNT 8

struct drive {
	const char *const *argv;
	bool is_drift;
	size_t document_count, commit_count;
	uint64_t random;
	struct talk talk;
	int64_t spent_ns;
};

/* A request for one durable change: for drift two lines with two answers. */
static void send_change(struct drive *d, FILE *to)
{
	size_t i = next_random(&d->random, d->document_count);
	char path[CORPUS_PATH_LEN + 1], text[CORPUS_TEXT_MAX + 1];

	corpus_path(i, path);
	corpus_text(i, next_random(&d->random, 1 << 20) + 1, 215, text);
	if (d->is_drift)
		fprintf(to,
			"{\"op\":\"put\",\"path\":\"%s\",\"json\":%s}\n"
			"{\"op\":\"commit\",\"message\":\"bench\",\"author\":\"bench\"}\n",
			path, text);
	else
		fprintf(to, "%s %s\n", path + sizeof(CORPUS_COLLECTION), text);
}

static void take_answer(const struct drive *d, FILE *from)
{
	char line[4096];

	for (int i = 0; i < (d->is_drift ? 2 : 1); i++) {
		if (!fgets(line, sizeof(line), from))
			die("'%s' ended", d->argv[0]);
		/* An edit may draw the value that is there. */
		if (strstr(line, "\"ok\":false") && !strstr(line, "\"nothing\""))
			die("%s", line);
	}
}

static void one_by_one(struct drive *d)
{
	int64_t begin = now_ns();

	for (size_t i = 0; i < d->commit_count; i++) {
		send_change(d, d->talk.to);
		fflush(d->talk.to);
		take_answer(d, d->talk.from);
	}
	d->spent_ns = now_ns() - begin;
}

/* Until its files have the size at which they stay, more or less. */
static void start_drive(struct drive *d, size_t warm_up_count)
{
	struct drive few = *d;

	talk_start(&d->talk, d->argv);
	few.talk = d->talk;
	few.commit_count = warm_up_count;
	one_by_one(&few);
}

static void end_drive(struct drive *d)
{
	if (talk_finish(&d->talk))
		die("'%s' failed", d->argv[0]);
}

static void *send_all(void *data)
{
	struct drive *d = data;

	for (size_t i = 0; i < d->commit_count; i++)
		send_change(d, d->talk.to);
	fflush(d->talk.to);
	return NULL;
}

static void pipelined(struct drive *d)
{
	pthread_t thread;
	int64_t begin = now_ns();

	if (pthread_create(&thread, NULL, send_all, d))
		die("cannot start a thread");
	for (size_t i = 0; i < d->commit_count; i++)
		take_answer(d, d->talk.from);
	d->spent_ns = now_ns() - begin;
	pthread_join(thread, NULL);
}

static int drive_alone(void *data)
{
	struct drive *d = data;

	start_drive(d, 0);
	one_by_one(d);
	end_drive(d);
	return 0;
}

static void many_processes(struct drive *d)
{
	struct drive drives[PROCESS_COUNT];
	pid_t pids[PROCESS_COUNT];
	int64_t begin = now_ns();

	for (size_t i = 0; i < PROCESS_COUNT; i++) {
		drives[i] = *d;
		drives[i].commit_count = d->commit_count / PROCESS_COUNT;
		drives[i].random = d->random + i * 1000003;
		pids[i] = child_fork(drive_alone, &drives[i]);
	}
	for (size_t i = 0; i < PROCESS_COUNT; i++)
		child_wait(pids[i]);
	d->spent_ns = now_ns() - begin;
}

static void run_round(void (*run)(struct drive *d), struct drive *d, struct samples *s)
{
	d->random++;
	run(d);
	samples_add(s, per_second((double)d->commit_count, d->spent_ns));
}

static void compare(const char *const *drift, const char *const *sqlite, const char *const *disk, size_t document_count)
{
	struct samples rates[5] = { { .count = 0 } };
	struct drive d = { .argv = drift, .is_drift = true, .document_count = document_count };
	struct drive p = { .argv = sqlite, .document_count = document_count };
	struct drive q = { .argv = disk, .document_count = document_count };
	double one;
	struct figure f;

	start_drive(&d, 200);
	start_drive(&p, 1000);
	start_drive(&q, 200);
	for (size_t i = 0; i < scaled(50); i++) {
		d.commit_count = p.commit_count = q.commit_count = 200;
		run_round(one_by_one, &d, &rates[0]);
		run_round(one_by_one, &p, &rates[1]);
		run_round(one_by_one, &q, &rates[4]);
		d.commit_count = 2000;
		run_round(pipelined, &d, &rates[2]);
		if (i % 5)
			continue;
		d.commit_count = 4000;
		run_round(many_processes, &d, &rates[3]);
	}
	end_drive(&d);
	end_drive(&p);
	end_drive(&q);
	one = samples_median(&rates[0]);
	f = (struct figure){ "one after the other", one, "/s", "SQLite", samples_median(&rates[1]), GOAL_TIMES, 1.3 };
	print_figure(&f);
	f = (struct figure){ "", one, "/s", "fdatasync, over", samples_median(&rates[4]), GOAL_NONE, 0 };
	print_figure(&f);
	f = (struct figure){ "pipelined", samples_median(&rates[2]), "/s", "one by one", one, GOAL_TIMES, 3 };
	print_figure(&f);
	f = (struct figure){ "8 processes at once", samples_median(&rates[3]), "/s", "one by one", one, GOAL_TIMES, 2 };
	print_figure(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		samples_release(&rates[i]);
}

/* Answers each line when 512 bytes are durable: what a pipe and a disk leave to be beaten. */
static void serve_disk(const char *path)
{
	auto_free char *line = NULL;
	size_t capacity = 0;
	struct peer_disk disk;

	peer_disk_open(&disk, path, (uint64_t)16 << 20);
	while (getline(&line, &capacity, stdin) > 0) {
		peer_disk_put(&disk, 512);
		puts("ok");
		fflush(stdout);
	}
	peer_disk_close(&disk);
}

int main(int argc, char **argv)
{
	struct stock_kind kind = { .document_count = scaled(100000), .document_len = 215 };
	auto_free char *store = NULL, *database = NULL, *lines = NULL, *over = NULL;
	struct peer_sqlite *p;

	if (argc == 3 && !strcmp(argv[1], "disk")) {
		serve_disk(argv[2]);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "serve")) {
		p = peer_sqlite_open(argv[2], false);
		peer_sqlite_serve(p);
	} else {
		store = stock_copy(&kind, "batch");
		database = bench_path("batch.sqlite");
		over = bench_path("over");
		lines = stock_lines(kind.document_count, kind.document_len);
		const char *drift[] = { drift_program(), "-C", store, "batch", NULL };
		const char *sqlite[] = { argv[0], "serve", database, NULL };
		const char *disk[] = { argv[0], "disk", over, NULL };

		remove_tree(database);
		p = peer_sqlite_open(database, false);
		peer_sqlite_fill(p, lines);
		compare(drift, sqlite, disk, kind.document_count);
	}
	peer_sqlite_close(p);
	if (store)
		remove_tree(store);
	return 0;
}
