/* Questions about the graph, in process: sequence number or time to commit in a million commits; merge bases of far branches. */
#include <stdlib.h>
#include <stdio.h>

#include "base/mem.h"
#include "bench/stock.h"

#define QUESTION_COUNT 1000

static double ask_ms(struct desk *d, struct commit *head, const struct commit *first, bool by_time)
{
	auto_samples s = { .count = 0 };
	uint64_t random = 3, span = (uint64_t)(head->time_usec - first->time_usec) + 1;

	for (size_t i = 0; i < QUESTION_COUNT; i++) {
		uint64_t seq = next_random(&random, head->seq) + 1;
		int64_t time_usec = first->time_usec + (int64_t)next_random(&random, span), begin = now_ns();
		struct commit *c = NULL;
		struct drift_error err;

		if (!must(by_time ? graph_at_time(d->repo, head, time_usec, &c, &err) :
				    graph_at_seq(d->repo, head, seq, &c, &err),
			  &err))
			die("a commit was not found");
		samples_add(&s, (double)(now_ns() - begin) / 1e6);
		if (!by_time && c->seq != seq)
			die("a wrong commit was found");
		commit_unref(c);
	}
	return samples_median(&s);
}

static void points(void)
{
	struct stock_kind kind = { .document_count = scaled(100000),
				   .document_len = 215,
				   .commit_count = scaled(1000000) };
	auto_free char *store = stock_get(&kind);
	struct commit *head, *first = NULL;
	struct drift_error err;
	struct figure f;
	struct desk d;

	desk_open(&d, store, &kind, true);
	head = desk_head(&d);
	if (!must(graph_at_seq(d.repo, head, 1, &first, &err), &err))
		die("there is no first commit");
	f = (struct figure){
		"sequence number to commit", ask_ms(&d, head, first, false), "ms", NULL, 0, GOAL_AT_MOST, 0.1
	};
	print_figure(&f);
	f = (struct figure){ "time to commit", ask_ms(&d, head, first, true), "ms", NULL, 0, GOAL_AT_MOST, 0.1 };
	print_figure(&f);
	commit_unref(first);
	commit_unref(head);
	desk_close(&d);
}

/* A line of commits of one tree on top of c, a reference to which is taken over; every merge_every-th merges a commit beside it. */
static struct commit *add_line(struct desk *d, struct odb_batch *batch, struct commit *c, size_t count,
			       size_t merge_every)
{
	struct signature_line who = { .who = { "bench", 5 }, .time_usec = c->time_usec, .zone = "+0000" };
	struct drift_error err;

	for (size_t i = 1; i <= count; i++) {
		struct object_ref parents[2] = { { c->id, c->loc } };
		struct commit from = {
			.tree = c->tree, .parents = parents, .parent_count = 1, .committer = who, .author = who
		};
		struct commit *next, *beside = NULL;

		from.author.time_usec = from.committer.time_usec = ++who.time_usec;
		from.message = (struct text){ "line\n", 5 };
		if (merge_every && i % merge_every == 0) {
			from.message = (struct text){ "side\n", 5 };
			must(writer_add_commit(d->repo, batch, &from, &beside, &err), &err);
			from.message = (struct text){ "join\n", 5 };
			parents[1] = (struct object_ref){ beside->id, beside->loc };
			from.parent_count = 2;
		}
		must(writer_add_commit(d->repo, batch, &from, &next, &err), &err);
		commit_unref(beside);
		commit_unref(c);
		c = next;
	}
	return c;
}

static struct object_ref add_branch(struct desk *d, const char *name, size_t count, size_t merge_every)
{
	struct ref_change change = { .name = name, .value = { .kind = REF_OBJECT } };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "bench", .reason = "bench" };
	struct commit *tip = desk_head(d);
	struct object_ref made;
	struct drift_error err;

	must(odb_batch_new(d->odb, &t.batch, &err), &err);
	tip = add_line(d, t.batch, tip, count, merge_every);
	change.value.object = (struct object_ref){ tip->id, tip->loc };
	t.time_usec = tip->time_usec;
	must(refs_apply(d->odb, &t, &err), &err);
	made = (struct object_ref){ tip->id, odb_batch_loc(t.batch, tip->loc) };
	commit_unref(tip);
	odb_batch_free(t.batch);
	return made;
}

/* The time of a first question to a store just opened, processor caches and files warm. */
static void merge_base(const char *store, const struct stock_kind *kind, const struct object_ref tips[2],
		       const char *what)
{
	auto_samples cold = { .count = 0 }, warm = { .count = 0 };
	struct figure f;

	for (int i = 0; i < 21; i++) {
		struct desk d;

		desk_open(&d, store, kind, true);
		for (int again = 0; again < 2; again++) {
			struct commit *a, *b, **bases;
			size_t count;
			struct drift_error err;
			int64_t begin = now_ns();

			must(odb_commit(d.odb, &tips[0].id, tips[0].loc, &a, &err), &err);
			must(odb_commit(d.odb, &tips[1].id, tips[1].loc, &b, &err), &err);
			must(graph_merge_bases(d.repo, a, b, &bases, &count, &err), &err);
			samples_add(again ? &warm : &cold, (double)(now_ns() - begin) / 1e6);
			if (count != 1)
				die("%zu merge bases", count);
			graph_free_list(bases, count);
			commit_unref(a);
			commit_unref(b);
		}
		desk_close(&d);
	}
	f = (struct figure){ what, samples_median(&cold), "ms", NULL, 0, GOAL_AT_MOST, 2 };
	print_figure(&f);
	f = (struct figure){ "  again", samples_median(&warm), "ms", NULL, 0, GOAL_AT_MOST, 2 };
	print_figure(&f);
}

static void bases(size_t merge_every, const char *what)
{
	struct stock_kind kind = { .document_count = 1000, .document_len = 215 };
	auto_free char *store = stock_copy(&kind, "graph");
	struct object_ref tips[2];
	struct desk d;

	desk_open(&d, store, &kind, true);
	tips[0] = add_branch(&d, "refs/heads/a", scaled(10000), merge_every);
	tips[1] = add_branch(&d, "refs/heads/b", scaled(10000), merge_every);
	desk_close(&d);
	merge_base(store, &kind, tips, what);
	remove_tree(store);
}

int main(void)
{
	points();
	bases(0, "merge-base 10,000 apart");
	bases(100, "  every 100th commit a merge");
	return 0;
}
