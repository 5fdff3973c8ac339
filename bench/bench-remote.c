/*
 * Two repositories of a million documents meet: push and fetch of one commit of one document, and a sync with nothing to do, as whole
 * processes, with the bytes of both ways and the round trips that they tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench/stock.h"

#define ROUNDS 20
#define MS_MAX 20
#define BYTES_MAX 2048
#define TRIPS_MAX 2
#define IDLE_BYTES_MAX 500

struct meeting {
	char *here, *there, *output;
	struct samples ms;
	double bytes, trips; /* the most of any */
};

static double number_after(const struct buf *text, const char *name)
{
	const char *at = strstr(text->data, name);

	if (!at)
		die("no %s in what drift printed", name);
	return strtod(at + strlen(name), NULL);
}

/* Run `drift COMMAND` here, and take down what it says and takes. */
static void run(struct meeting *m, const char *command)
{
	const char *argv[] = { drift_program(), "-C", m->here, command, "--json", NULL };
	const struct child_options options = { .output = m->output };
	struct child_cost cost;
	struct drift_error err;
	auto_buf text = BUF_INIT;
	double bytes, trips;

	child_must(argv, &options, &cost);
	must(file_read_whole(m->output, 1 << 20, &text, &err), &err);
	bytes = number_after(&text, "\"bytes_in\":") + number_after(&text, "\"bytes_out\":");
	trips = number_after(&text, "\"round_trips\":");
	samples_add(&m->ms, (double)cost.wall_ns / 1e6);
	m->bytes = bytes > m->bytes ? bytes : m->bytes;
	m->trips = trips > m->trips ? trips : m->trips;
}

static void commit(const char *dir, size_t number)
{
	char path[CORPUS_PATH_LEN + 1], value[32];
	const char *argv[] = { drift_program(), "-C", dir, "patch", path, "-j", value, "-m", "change", "-q", NULL };
	struct child_cost cost;

	corpus_path(number, path);
	snprintf(value, sizeof(value), "{\"changed\":%zu}", number);
	child_must(argv, NULL, &cost);
}

static void print(struct meeting *m, const char *what, double bytes_max, double trips_max)
{
	struct figure f = { what, samples_median(&m->ms), "ms", NULL, 0, GOAL_AT_MOST, MS_MAX };

	print_figure(&f);
	f = (struct figure){ "  its bytes, both ways", m->bytes, "bytes", NULL, 0, GOAL_AT_MOST, bytes_max };
	print_figure(&f);
	f = (struct figure){ "  its round trips", m->trips, "", NULL, 0, GOAL_AT_MOST, trips_max };
	print_figure(&f);
	samples_release(&m->ms);
	m->bytes = m->trips = 0;
	m->ms = (struct samples){ .values = NULL };
}

int main(void)
{
	const struct stock_kind kind = { .document_count = scaled(1000000), .document_len = 215 };
	struct meeting m = {
		.here = stock_copy(&kind, "remote-here"), .there = stock_copy(&kind, "remote-there"), .output = bench_path("remote-output"),
	};
	const char *add[] = { drift_program(), "-C", m.here, "remote", "add", "origin", m.there, NULL };
	const char *author[] = { drift_program(), "-C", m.here, "config", "user.name", "bench", NULL };
	const char *first[] = { drift_program(), "-C", m.here, "sync", "-q", NULL };
	const char *pull[] = { drift_program(), "-C", m.here, "pull", "-q", NULL };
	struct child_cost cost;

	child_must(author, NULL, &cost);
	child_must(add, NULL, &cost);
	child_must(first, NULL, &cost);
	for (size_t i = 0; i < ROUNDS; i++) {
		commit(m.here, 1000 + i);
		run(&m, "push");
	}
	print(&m, "drift push, one commit, 1,000,000 documents", BYTES_MAX, TRIPS_MAX);
	for (size_t i = 0; i < ROUNDS; i++) {
		commit(m.there, 2000 + i);
		run(&m, "fetch");
	}
	print(&m, "drift fetch, the same", BYTES_MAX, TRIPS_MAX);
	child_must(pull, NULL, &cost);
	for (size_t i = 0; i < ROUNDS; i++)
		run(&m, "sync");
	print(&m, "drift sync, nothing to do", IDLE_BYTES_MAX, 1);
	remove_tree(m.here);
	remove_tree(m.there);
	free(m.here);
	free(m.there);
	free(m.output);
	return 0;
}
