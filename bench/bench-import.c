/*
 * A million documents in one commit: `drift import jsonl` on one core and on all of them, in turns with SQLite's inserts; git fast-import
 * once. Memory at its peak, and what is on disk afterwards against the file compressed as a whole.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "bench/peer_git.h"
#include "bench/peer_sqlite.h"
#include "bench/stock.h"

struct import {
	struct stock_kind kind;
	const char *lines;
	bool has_command;
	struct samples one_core, all_cores, sqlite, memory_mib;
	struct samples drift_cpu, sqlite_cpu; /* documents a second of processor time */
	uint64_t disk;
};

static bool has_import(void)
{
	const char *argv[] = { drift_program(), "import", "-h", NULL };
	struct child_cost cost;

	child_run(argv, NULL, &cost);
	return !cost.status;
}

/* Without the command, the tree is built in process from documents that are sorted already. */
static int fill_in_process(void *data)
{
	const struct import *m = data;
	auto_free char *store = bench_path("import");
	struct desk d;

	desk_open(&d, store, &m->kind, false);
	desk_fill(&d);
	desk_close(&d);
	return 0;
}

static void drift_round(struct import *m, bool one_core)
{
	auto_free char *store = stock_empty("import");
	const char *argv[] = { drift_program(), "-C",     store,          "import",
			       "jsonl",         m->lines, "--collection", CORPUS_COLLECTION,
			       "--key",         "id",     "-m",           "Import",
			       "--author",      "bench",  "-q",           NULL };
	struct child_options options = { .one_core = one_core };
	struct child_cost cost = { .memory_kib = 0 };
	int64_t begin = now_ns();

	if (m->has_command)
		child_must(argv, &options, &cost);
	else
		child_wait(child_fork(fill_in_process, m));
	samples_add(one_core ? &m->one_core : &m->all_cores,
		    per_second((double)m->kind.document_count, now_ns() - begin));
	if (m->has_command)
		samples_add(&m->drift_cpu, per_second((double)m->kind.document_count, cost.cpu_ns));
	samples_add(&m->memory_mib, (double)cost.memory_kib / 1024);
	m->disk = disk_use(store);
	remove_tree(store);
}

struct sqlite_import {
	const char *database, *lines;
	int64_t wall_ns, cpu_ns;
};

static int fill_sqlite(void *data)
{
	struct sqlite_import *i = data;
	struct peer_sqlite *p = peer_sqlite_open(i->database, false);
	int64_t begin = now_ns(), begin_cpu = cpu_ns();

	peer_sqlite_fill(p, i->lines);
	i->wall_ns = now_ns() - begin;
	i->cpu_ns = cpu_ns() - begin_cpu;
	peer_sqlite_close(p);
	return 0;
}

/* In a process of its own: what is ours counts as memory of the children that we spawn later. */
static void sqlite_round(struct import *m)
{
	auto_free char *database = bench_path("import.sqlite");
	struct sqlite_import *i = mmap(NULL, sizeof(*i), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const double count = (double)m->kind.document_count;

	if (i == MAP_FAILED)
		die("no memory");
	remove_tree(database);
	*i = (struct sqlite_import){ .database = database, .lines = m->lines };
	child_wait(child_fork(fill_sqlite, i));
	samples_add(&m->sqlite, per_second(count, i->wall_ns));
	samples_add(&m->sqlite_cpu, per_second(count, i->cpu_ns));
	munmap(i, sizeof(*i));
	remove_tree(database);
}

static double zstd_len(const struct import *m)
{
	auto_free char *packed = bench_path("import.zst");
	const char *argv[] = { "zstd", "-3", "-q", "-f", m->lines, "-o", packed, NULL };
	double len;

	child_must(argv, NULL, NULL);
	len = (double)file_len(packed);
	remove_tree(packed);
	return len;
}

static void print(struct import *m)
{
	const double mib = 1 << 20, one = samples_median(&m->one_core), all = samples_median(&m->all_cores);
	double zstd = zstd_len(m);
	struct child_cost cost;
	auto_free char *git = peer_git_import("import.git", m->kind.document_count, m->kind.document_len, &cost);
	struct figure f = { "documents, one core", one, "/s", "SQLite", samples_median(&m->sqlite), GOAL_NONE, 0 };

	print_figure(&f);
	f = (struct figure){ "documents, all cores", all, "/s", "SQLite", samples_median(&m->sqlite), GOAL_TIMES, 6 };
	print_figure(&f);
	f = (struct figure){
		"",         all, "/s", "git fast-import", per_second((double)m->kind.document_count, cost.wall_ns),
		GOAL_TIMES, 30
	};
	print_figure(&f);
	f = (struct figure){ "second core", all, "/s", "one core", one, GOAL_TIMES, 1.05 };
	if (m->has_command)
		print_figure(&f);
	f = (struct figure){ "documents, a processor second",
			     samples_median(&m->drift_cpu),
			     "",
			     "SQLite",
			     samples_median(&m->sqlite_cpu),
			     GOAL_NONE,
			     0 };
	if (m->has_command)
		print_figure(&f);
	f = (struct figure){ "",
			     samples_median(&m->drift_cpu),
			     "",
			     "git fast-import",
			     per_second((double)m->kind.document_count, cost.cpu_ns),
			     GOAL_NONE,
			     0 };
	if (m->has_command)
		print_figure(&f);
	f = (struct figure){ "memory at its peak", samples_at(&m->memory_mib, 1), "MiB", NULL, 0, GOAL_AT_MOST, 150 };
	if (m->has_command)
		print_figure(&f);
	f = (struct figure){ "on disk", (double)m->disk / mib, "MiB", "zstd -3", zstd / mib, GOAL_TIMES_AT_MOST, 1.5 };
	print_figure(&f);
	remove_tree(git);
}

int main(void)
{
	struct import m = { .kind = { .document_count = scaled(1000000), .document_len = 215 },
			    .has_command = has_import() };
	auto_free char *lines = stock_lines(m.kind.document_count, m.kind.document_len);

	m.lines = lines;
	if (!m.has_command)
		print_absent("", "there is no `drift import`: the tree is built in process");
	for (int i = 0; i < 3; i++) {
		drift_round(&m, true);
		sqlite_round(&m);
		drift_round(&m, false);
	}
	print(&m);
	samples_release(&m.one_core);
	samples_release(&m.all_cores);
	samples_release(&m.sqlite);
	samples_release(&m.memory_mib);
	samples_release(&m.drift_cpu);
	samples_release(&m.sqlite_cpu);
	return 0;
}
