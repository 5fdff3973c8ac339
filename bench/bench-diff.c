/* Two commits one document apart, and ten thousand apart: processor time of comparing them in process, what is read kept. */
#include <stdlib.h>

#include "base/mem.h"
#include "bench/stock.h"
#include "repo/changed.h"

static int count_one(void *data, const struct path *path, const struct document *a, const struct document *b,
		     struct drift_error *err)
{
	(void)path;
	(void)a;
	(void)b;
	(void)err;
	++*(size_t *)data;
	return 0;
}

static double diff_ms(struct desk *d, const struct commit *a, const struct commit *b, size_t *count_out)
{
	struct tree_root of_a = desk_tree_of(a), of_b = desk_tree_of(b);
	struct tree_diff_options options = { .each = count_one, .data = count_out };
	struct drift_error err;
	int64_t begin = cpu_ns();

	*count_out = 0;
	must(tree_diff(repo_nodes(d->repo), &of_a, &of_b, &options, &err), &err);
	return (double)(cpu_ns() - begin) / 1e6;
}

static int count_name(void *data, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	(void)path;
	(void)kind;
	(void)err;
	++*(size_t *)data;
	return 0;
}

static double names_ms(struct desk *d, struct commit *a, struct commit *b, size_t count)
{
	struct point from = { .commit = a, .tree = desk_tree_of(a) }, to = { .commit = b, .tree = desk_tree_of(b) };
	size_t found = 0;
	struct changed_options options = { .each = count_name, .data = &found };
	struct drift_error err;
	int64_t begin = cpu_ns();
	double ms;

	must(changed_between(d->repo, &from, &to, &options, &err), &err);
	ms = (double)(cpu_ns() - begin) / 1e6;
	if (found != count)
		die("%zu documents differ, %zu are named", count, found);
	return ms;
}

static struct commit *commit_at(struct desk *d, struct commit *head, uint64_t seq)
{
	struct commit *c = NULL;
	struct drift_error err;

	if (!must(graph_at_seq(d->repo, head, seq, &c, &err), &err))
		die("there is no commit number %llu", (unsigned long long)seq);
	return c;
}

static void print_ms(const char *what, struct samples *samples, double reach)
{
	struct figure f = { what, samples_median(samples), "ms", NULL, 0, GOAL_AT_MOST, reach };

	print_figure(&f);
}

/* Opened anew for each figure of each round, so that the first comparison reads what it needs. */
static void measure(const char *store, const struct stock_kind *kind, size_t apart, double reach)
{
	auto_samples cold = { .count = 0 }, warm = { .count = 0 }, names = { .count = 0 };
	size_t count = 0;

	for (int i = 0; i < 18; i++) {
		struct desk d;
		struct commit *head, *old;

		desk_open(&d, store, kind, true);
		head = desk_head(&d);
		old = commit_at(&d, head, head->seq - apart);
		if (i % 2) {
			samples_add(&names, names_ms(&d, old, head, count));
		} else {
			samples_add(&cold, diff_ms(&d, old, head, &count));
			samples_add(&warm, diff_ms(&d, old, head, &count));
		}
		if (!count || count > apart)
			die("%zu documents differ, %zu were changed", count, apart);
		commit_unref(old);
		commit_unref(head);
		desk_close(&d);
	}
	print_ms(apart == 1 ? "1 document apart, paths" : "10,000 apart, paths", &names, reach);
	print_ms("  with the documents, first time", &cold, reach);
	print_ms("  with the documents, again", &warm, reach);
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(1000000), .document_len = 215 };
	auto_free char *store = stock_copy(&kind, "diff");
	struct desk d;

	desk_open(&d, store, &kind, true);
	for (size_t i = 0; i < scaled(10000); i++)
		desk_commit_edit(&d, i, 1);
	desk_close(&d);
	measure(store, &kind, 1, 0.5);
	measure(store, &kind, scaled(10000), 60);
	remove_tree(store);
	return 0;
}
