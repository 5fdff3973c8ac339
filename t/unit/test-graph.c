/* Questions about random graphs of commits, answered twice: by the store's pointers and from sets of ancestors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/graph.h"
#include "t/unit/dag_model.h"

static uint64_t model_bases(const struct model *m, size_t a, size_t b)
{
	uint64_t common = m->ancestors[a] & m->ancestors[b], best = common;

	for (size_t i = 0; i < m->count; i++) {
		if (common >> i & 1)
			best &= ~(m->ancestors[i] & ~(UINT64_C(1) << i));
	}
	return best;
}

static void check_bases(const struct model *m, size_t a, size_t b)
{
	struct drift_error err;
	struct commit **bases;
	size_t count;
	uint64_t wanted = model_bases(m, a, b);

	if (graph_merge_bases(m->dag->repo, model_commit(m, a), model_commit(m, b), &bases, &count, &err) < 0)
		fail_msg("%s", err.message);
	if (count != (size_t)__builtin_popcountll(wanted))
		fail_msg("%zu and %zu have %zu bases instead of %d", a, b, count, __builtin_popcountll(wanted));
	for (size_t k = 0; k < count; k++) {
		assert_true(wanted >> model_number(m, bases[k]) & 1);
		assert_true(!k || oid_compare(&bases[k - 1]->id, &bases[k]->id) < 0);
	}
	graph_free_list(bases, count);
}

static void check_ancestor(const struct model *m, size_t a, size_t b)
{
	struct drift_error err;
	int rc = graph_is_ancestor(m->dag->repo, model_commit(m, a), model_commit(m, b), &err);

	if (rc < 0)
		fail_msg("%s", err.message);
	if (rc != (int)(m->ancestors[b] >> a & 1))
		fail_msg("is %zu an ancestor of %zu: %d", a, b, rc);
}

static void check_reach(const struct model *m, size_t b)
{
	auto_graph_reach *r = NULL;

	assert_int_equal(graph_reach_new(m->dag->repo, model_commit(m, b), 1, &r, NULL), 0);
	for (size_t n = 0; n < m->count; n++) {
		size_t a = (size_t)dag_random(m->dag, m->count);

		assert_int_equal(graph_reach_has(r, model_commit(m, a), NULL), (int)(m->ancestors[b] >> a & 1));
	}
}

/* Along first parents, one by one. */
static void check_line(const struct model *m, size_t tip)
{
	struct repo *repo = m->dag->repo;
	struct commit *found;
	int64_t later = INT64_MAX;
	size_t i = tip;

	assert_int_equal(graph_at_seq(repo, model_commit(m, tip), 0, &found, NULL), 0);
	assert_int_equal(graph_at_seq(repo, model_commit(m, tip), model_commit(m, tip)->seq + 1, &found, NULL), 0);
	for (;;) {
		struct commit *c = model_commit(m, i);

		assert_int_equal(graph_at_seq(repo, model_commit(m, tip), c->seq, &found, NULL), 1);
		assert_true(oid_equal(&found->id, &c->id));
		commit_unref(found);
		if (c->time_usec < later) {
			assert_int_equal(graph_at_time(repo, model_commit(m, tip), c->time_usec, &found, NULL), 1);
			assert_true(oid_equal(&found->id, &c->id));
			commit_unref(found);
			assert_int_equal(graph_at_time(repo, model_commit(m, tip), later - 1, &found, NULL), 1);
			assert_true(oid_equal(&found->id, &c->id));
			commit_unref(found);
		}
		later = c->time_usec;
		if (!m->parent_count[i])
			break;
		i = m->parents[i][0];
	}
	assert_int_equal(graph_at_time(repo, model_commit(m, tip), later - 1, &found, NULL), 0);
}

static void test_random_graphs(void **state)
{
	size_t left = model_rounds(300);
	struct dag d;

	(void)state;
	dag_open(&d, model_seed());
	while (left) {
		struct model models[20];
		size_t n = left < ARRAY_SIZE(models) ? left : ARRAY_SIZE(models);

		for (size_t i = 0; i < n; i++)
			model_make(models + i, &d);
		dag_flush(&d, NULL, 0);
		for (size_t i = 0; i < n; i++) {
			const struct model *m = models + i;

			for (size_t k = 0; k < 40; k++) {
				size_t a = (size_t)dag_random(&d, m->count), b = (size_t)dag_random(&d, m->count);

				check_bases(m, a, b);
				check_ancestor(m, a, b);
			}
			check_reach(m, m->count - 1);
			check_line(m, m->count - 1);
		}
		dag_forget(&d);
		left -= n;
	}
	dag_close(&d);
}

/* Two branches that merged each other: each of the merged commits is a best common one. */
static void test_criss_cross(void **state)
{
	struct dag d;
	struct commit **bases;
	size_t count, root, a1, b1, a2, b2;

	(void)state;
	dag_open(&d, 1);
	root = dag_add(&d, &(struct dag_commit){ .time_usec = 1 });
	a1 = dag_add(&d, &(struct dag_commit){ .parents = &root, .parent_count = 1, .time_usec = 2 });
	b1 = dag_add(&d, &(struct dag_commit){ .parents = &root, .parent_count = 1, .time_usec = 2 });
	a2 = dag_add(&d, &(struct dag_commit){ .parents = (size_t[]){ a1, b1 }, .parent_count = 2, .time_usec = 3 });
	b2 = dag_add(&d, &(struct dag_commit){ .parents = (size_t[]){ b1, a1 }, .parent_count = 2, .time_usec = 3 });
	dag_flush(&d, NULL, 0);
	assert_int_equal(graph_merge_bases(d.repo, d.commits[a2], d.commits[b2], &bases, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_true(oid_compare(&bases[0]->id, &bases[1]->id) < 0);
	assert_true(oid_equal(&bases[0]->id, &d.commits[a1]->id) || oid_equal(&bases[0]->id, &d.commits[b1]->id));
	graph_free_list(bases, count);
	dag_close(&d);
}

/* A branch merged again and again from where it then stood: more entries to a stretch than are compared one by one. */
static void test_vendor_branch(void **state)
{
	struct dag d;
	struct commit **bases;
	size_t count, tip, vendor[60], other;

	(void)state;
	dag_open(&d, 1);
	tip = dag_add(&d, &(struct dag_commit){ .time_usec = 1 });
	vendor[0] = dag_add(&d, &(struct dag_commit){ .time_usec = 1 });
	for (size_t i = 1; i < ARRAY_SIZE(vendor); i++)
		vendor[i] = dag_add(
			&d, &(struct dag_commit){ .parents = &vendor[i - 1], .parent_count = 1, .time_usec = 1 });
	for (size_t i = 0; i < 50; i++)
		tip = dag_add(&d, &(struct dag_commit){
					  .parents = (size_t[]){ tip, vendor[i] }, .parent_count = 2, .time_usec = 1 });
	other = dag_add(&d, &(struct dag_commit){ .parents = &vendor[52], .parent_count = 1, .time_usec = 1 });
	dag_flush(&d, NULL, 0);
	assert_int_equal(graph_merge_bases(d.repo, d.commits[tip], d.commits[other], &bases, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_true(oid_equal(&bases[0]->id, &d.commits[vendor[49]]->id));
	graph_free_list(bases, count);
	for (size_t i = 0; i < ARRAY_SIZE(vendor); i++)
		assert_int_equal(graph_is_ancestor(d.repo, d.commits[vendor[i]], d.commits[tip], NULL), i < 50);
	dag_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_graphs),
		cmocka_unit_test(test_criss_cross),
		cmocka_unit_test(test_vendor_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
