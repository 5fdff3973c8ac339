/* Two lines of history that changed 5,000 documents each, none of them the same, of 100,000: merging them, in process. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/peer_git.h"
#include "bench/stock.h"
#include "repo/merge_commit.h"

#define ROUNDS 15

static void make_branch(struct desk *d, const struct commit *base, const char *name)
{
	struct ref_change change = { .name = name,
				     .expect = REF_EXPECT_ABSENT,
				     .value = { .kind = REF_OBJECT, .object = { base->id, base->loc } } };
	struct ref_transaction t = { .changes = &change, .change_count = 1, .actor = "bench", .reason = "bench" };
	struct drift_error err;

	must(refs_apply(d->odb, &t, &err), &err);
}

/* Change the documents numbered from `from` on, in one commit. */
static struct commit *change(struct desk *d, const char *branch, size_t from, size_t count)
{
	struct commit_options options = { .author = "bench", .message = "m", .message_len = 1, .branch = branch };
	struct commit_result result;
	struct commit *c;
	struct drift_error err;

	edits_clear(d->edits);
	for (size_t i = from; i < from + count; i++) {
		char path[CORPUS_PATH_LEN + 1], text[CORPUS_TEXT_MAX + 1];

		corpus_path(i, path);
		corpus_text(i, 1, d->document_len, text);
		must(edits_put(d->edits, path, CORPUS_PATH_LEN, text, d->document_len, DOCUMENT_NO_MODE, &err), &err);
	}
	must(edits_commit(d->edits, &options, &result, &err), &err);
	if (!must(refs_commit(d->odb, branch, false, &c, &err), &err))
		die("'%s' has no commit", branch);
	return c;
}

/* As far as the commit, but for what the disk would do with it. */
static void merge(struct desk *d, struct commit *a, struct commit *b, struct samples *wall, struct samples *cpu)
{
	struct merge_result result;
	struct odb_batch *batch;
	struct drift_error err;
	int64_t begin = now_ns(), begin_cpu = cpu_ns();

	must(odb_batch_new(d->odb, &batch, &err), &err);
	must(merge_automatic(d->repo, batch, a, b, &result, &err), &err);
	samples_add(wall, (double)(now_ns() - begin) / 1e6);
	samples_add(cpu, (double)(cpu_ns() - begin_cpu) / 1e6);
	if (result.kind != MERGE_MADE || result.stats.conflict_count)
		die("the merge is none");
	commit_unref(result.commit);
	odb_batch_free(batch);
}

/* The trees alone, in memory: what a trial, or verifying, takes. */
static void merge_trees(struct desk *d, struct commit *a, struct commit *b, struct samples *wall, struct samples *cpu)
{
	struct merge_job job = { .repo = d->repo, .sides = { a, b } };
	auto_merge_store *store = NULL;
	struct tree_merge_stats stats;
	struct tree_root root;
	struct drift_error err;
	int64_t begin = now_ns(), begin_cpu = cpu_ns();

	must(merge_store_new(d->odb, &store, &err), &err);
	job.store = store;
	must(merge_commit_trees(&job, &root, &stats, &err), &err);
	samples_add(wall, (double)(now_ns() - begin) / 1e6);
	samples_add(cpu, (double)(cpu_ns() - begin_cpu) / 1e6);
}

static void print_ms(const char *what, double ms, double reach)
{
	struct figure f = { what, ms, "ms", NULL, 0, reach ? GOAL_AT_MOST : GOAL_NONE, reach };

	print_figure(&f);
}

/* Whole processes that read the trees, write the merged one and print its id. */
static void compare_git(const char *store, const char *git)
{
	const char *ours[] = { drift_program(), "-C", store, "merge-tree", "a", "b", NULL };
	const char *theirs[] = { "git", "--git-dir", git, "merge-tree", "--write-tree", "a", "b", NULL };
	struct figure f = { "merge-tree, a whole process", 0, "ms", "git merge-tree", 0, GOAL_NONE, 0 };

	child_medians(ours, theirs, ROUNDS, &f.drift, &f.peer);
	f.drift /= 1e6;
	f.peer /= 1e6;
	print_figure(&f);
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(100000), .document_len = 215 };
	auto_free char *store = stock_copy(&kind, "merge");
	auto_free char *git = peer_git_branches("merge.git", kind.document_count, kind.document_len, scaled(5000));
	auto_samples wall = { .count = 0 }, cpu = { .count = 0 }, trees = { .count = 0 }, trees_cpu = { .count = 0 };
	struct commit *base, *a, *b;
	struct desk d;

	desk_open(&d, store, &kind, true);
	base = desk_head(&d);
	make_branch(&d, base, "refs/heads/a");
	make_branch(&d, base, "refs/heads/b");
	a = change(&d, "refs/heads/a", 0, scaled(5000));
	b = change(&d, "refs/heads/b", scaled(5000), scaled(5000));
	desk_close(&d);
	desk_open(&d, store, &kind, true);
	/* What is written takes the place of what it replaces in memory: the trees are read before each merge, but for the first. */
	for (int i = 0; i < ROUNDS; i++) {
		merge(&d, a, b, &wall, &cpu);
		merge_trees(&d, a, b, &trees, &trees_cpu);
	}
	trees.count = trees_cpu.count = 0;
	for (int i = 0; i < ROUNDS; i++)
		merge_trees(&d, a, b, &trees, &trees_cpu);
	print_ms("the trees alone", samples_median(&trees), 25);
	print_ms("  processor time", samples_median(&trees_cpu), 0);
	print_ms("with the commit, the first time", wall.values[0], 0);
	print_ms("again", samples_median(&wall), 25);
	print_ms("processor time", samples_median(&cpu), 0);
	commit_unref(a);
	commit_unref(b);
	commit_unref(base);
	desk_close(&d);
	compare_git(store, git);
	remove_tree(git);
	remove_tree(store);
	return 0;
}
