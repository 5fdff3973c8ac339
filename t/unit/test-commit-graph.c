/* The graph of commits in cache/graph: random graphs against sets of ancestors, however the file was made or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "objects/odb_files.h"
#include "repo/commit_graph_internal.h"
#include "repo/derived_table.h"
#include "repo/graph.h"
#include "t/unit/dag_model.h"

#define BATCH 10

static uint64_t model_bases(const struct model *m, size_t a, size_t b)
{
	uint64_t common = m->ancestors[a] & m->ancestors[b], best = common;

	for (size_t i = 0; i < m->count; i++) {
		if (common >> i & 1)
			best &= ~(m->ancestors[i] & ~(UINT64_C(1) << i));
	}
	return best;
}

static uint64_t loc_of(const struct model *m, size_t i)
{
	return model_commit(m, i)->loc;
}

static void check_bases(const struct commit_graph *g, const struct model *m, size_t a, size_t b)
{
	uint64_t wanted = model_bases(m, a, b), *locs = NULL;
	size_t count;

	assert_int_equal(commit_graph_bases(g, loc_of(m, a), loc_of(m, b), &locs, &count, NULL), 1);
	assert_int_equal(count, __builtin_popcountll(wanted));
	for (size_t i = 0; i < count; i++) {
		auto_commit *c = NULL;

		assert_int_equal(odb_commit(repo_odb(m->dag->repo), NULL, locs[i], &c, NULL), 0);
		assert_true(wanted >> model_number(m, c) & 1);
	}
	free(locs);
}

static void check_count(const struct commit_graph *g, const struct model *m, size_t a, size_t b, size_t c)
{
	uint64_t from[2] = { loc_of(m, a), loc_of(m, b) }, without = loc_of(m, c), count;

	assert_int_equal(commit_graph_count(g, from, 2, &without, 1, &count, NULL), 1);
	assert_int_equal(count, __builtin_popcountll((m->ancestors[a] | m->ancestors[b]) & ~m->ancestors[c]));
	assert_int_equal(commit_graph_count(g, from, 1, NULL, 0, &count, NULL), 1);
	assert_int_equal(count, __builtin_popcountll(m->ancestors[a]));
}

static void check_model(struct dag *d, const struct commit_graph *g, const struct model *m, size_t questions)
{
	for (size_t k = 0; k < questions; k++) {
		size_t a = (size_t)dag_random(d, m->count), b = (size_t)dag_random(d, m->count);

		check_bases(g, m, a, b);
		check_count(g, m, a, b, (size_t)dag_random(d, m->count));
	}
}

static void check_all(struct dag *d, const struct model *models, size_t count, size_t questions)
{
	auto_commit_graph *g = NULL;
	struct drift_error err;

	if (commit_graph_open(d->repo, NULL, &g, &err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < count; i++)
		check_model(d, g, models + i, questions);
}

static void seal(struct dag *d)
{
	struct odb *odb = repo_odb(d->repo);

	assert_int_equal(odb_lock(odb, NULL), 0);
	assert_true(odb_seal(odb, NULL) >= 0);
	odb_unlock(odb);
}

static void file_of(struct dag *d, struct buf *path)
{
	file_join(path, repo_dir(d->repo), "cache/graph");
	assert_int_equal(buf_check(path, NULL), 0);
}

static void test_random_graphs(void **state)
{
	size_t left = model_rounds(100);
	struct dag d;

	(void)state;
	dag_open(&d, model_seed());
	for (size_t round = 0; left; round++) {
		static struct model models[BATCH];
		size_t n = left < BATCH ? left : BATCH;
		auto_buf path = BUF_INIT;

		for (size_t i = 0; i < n; i++)
			model_make(models + i, &d);
		dag_flush(&d, NULL, 0);
		if (round % 3 != 2)
			seal(&d);
		check_all(&d, models, n, 20);
		check_all(&d, models, n, 20);
		file_of(&d, &path);
		if (round % 4 == 3)
			assert_int_equal(file_unlink(path.data, NULL), 0);
		dag_forget(&d);
		left -= n;
	}
	dag_close(&d);
}

/* The same commits stored again: they count once, and are met wherever a child leads. */
static void test_stored_twice(void **state)
{
	auto_commit_graph *g = NULL;
	uint64_t both[2], count, *locs = NULL;
	struct oid roots[2];
	struct dag d;
	size_t n;

	(void)state;
	dag_open(&d, 1);
	for (size_t i = 0; i < 2; i++) {
		size_t root = dag_add(&d, &(struct dag_commit){ .time_usec = 1 });
		size_t side = dag_add(&d, &(struct dag_commit){
						  .parents = &root, .parent_count = 1, .time_usec = 10 + (int64_t)i });

		dag_flush(&d, NULL, 0);
		seal(&d);
		roots[i] = d.commits[root]->id;
		both[i] = d.commits[side]->loc;
		dag_forget(&d);
		if (i)
			continue;
		assert_int_equal(commit_graph_open(d.repo, NULL, &g, NULL), 0);
		commit_graph_free(g);
		g = NULL;
	}
	assert_true(oid_equal(&roots[0], &roots[1]));
	assert_int_equal(commit_graph_open(d.repo, NULL, &g, NULL), 0);
	assert_int_equal(g->count, 4);
	assert_int_equal(commit_graph_count(g, both, 2, NULL, 0, &count, NULL), 1);
	assert_int_equal(count, 3);
	assert_int_equal(commit_graph_bases(g, both[0], both[1], &locs, &n, NULL), 1);
	assert_int_equal(n, 1);
	free(locs);
	dag_close(&d);
}

/* Another file under the name, not waiting for the disk. */
static void replace(const char *path, const char *data, size_t len)
{
	auto_buf temp = BUF_INIT;
	FILE *f;

	buf_addf(&temp, "%s.other", path);
	f = fopen(temp.data, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(temp.data, path), 0);
}

static void test_damage(void **state)
{
	static struct model models[BATCH];
	auto_buf path = BUF_INIT, good = BUF_INIT;
	struct dag d;

	(void)state;
	dag_open(&d, model_seed());
	for (size_t i = 0; i < BATCH; i++)
		model_make(models + i, &d);
	dag_flush(&d, NULL, 0);
	seal(&d);
	check_all(&d, models, BATCH, 1);
	file_of(&d, &path);
	assert_int_equal(file_read_whole(path.data, 1 << 24, &good, NULL), 0);
	assert_true(good.len > DERIVED_BLOCK_LEN);
	for (size_t at = 0; at < good.len; at += at < 100 ? 1 : 37) {
		good.data[at] ^= 0x10;
		replace(path.data, good.data, good.len);
		good.data[at] ^= 0x10;
		check_all(&d, models, BATCH, 1);
	}
	for (size_t len = 0; len < good.len; len += 777) {
		replace(path.data, good.data, len);
		check_all(&d, models, BATCH, 1);
	}
	dag_close(&d);
}

/* The walk itself gives the same number, and goes on to do so where the graph takes over. */
static void test_long_walk(void **state)
{
	struct revwalk_options options = { .order = REVWALK_TOPOLOGICAL };
	size_t tip, beside = 0;
	uint64_t counts[3];
	struct dag d;

	(void)state;
	dag_open(&d, 1);
	tip = dag_add(&d, &(struct dag_commit){ .time_usec = 1 });
	for (int64_t i = 2; i < 6000; i++) {
		beside = dag_add(&d, &(struct dag_commit){ .parents = &tip, .parent_count = 1, .time_usec = i });
		tip = dag_add(&d, &(struct dag_commit){
					  .parents = (size_t[]){ tip, beside }, .parent_count = 2, .time_usec = i });
	}
	dag_flush(&d, NULL, 0);
	for (size_t i = 0; i < 3; i++) {
		auto_revwalk *w = NULL;

		options.order = i ? REVWALK_TIME : REVWALK_TOPOLOGICAL;
		assert_int_equal(revwalk_new(d.repo, &options, &w, NULL), 0);
		assert_int_equal(revwalk_include(w, d.commits[tip], NULL), 0);
		if (i == 2)
			assert_int_equal(revwalk_exclude(w, d.commits[20], NULL), 0);
		assert_int_equal(revwalk_count(w, NULL, &counts[i], NULL), 0);
	}
	assert_int_equal(counts[0], 2 * 5998 + 1);
	assert_int_equal(counts[1], counts[0]);
	assert_int_equal(counts[2], counts[0] - 21);
	dag_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_graphs),
		cmocka_unit_test(test_stored_twice),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_long_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
