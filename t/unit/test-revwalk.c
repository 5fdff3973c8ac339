/* Walks over random graphs of commits against a plain model: the set that is shown, and its order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "repo/graph.h"
#include "t/unit/dag_model.h"

struct request {
	size_t include[4], exclude[3];
	size_t include_count, exclude_count;
	struct revwalk_options options;
};

static void make_request(const struct model *m, struct request *r)
{
	struct dag *d = m->dag;

	r->include_count = 1 + (size_t)dag_random(d, ARRAY_SIZE(r->include));
	r->exclude_count = (size_t)dag_random(d, ARRAY_SIZE(r->exclude) + 1);
	for (size_t i = 0; i < r->include_count; i++)
		r->include[i] = (size_t)dag_random(d, m->count);
	for (size_t i = 0; i < r->exclude_count; i++)
		r->exclude[i] = (size_t)dag_random(d, m->count);
	r->options.order = dag_random(d, 2) ? REVWALK_TIME : REVWALK_TOPOLOGICAL;
	r->options.first_parent = !dag_random(d, 3);
}

static size_t parents_followed(const struct model *m, const struct request *r, size_t i)
{
	return r->options.first_parent && m->parent_count[i] > 1 ? 1 : m->parent_count[i];
}

static uint64_t wanted_set(const struct model *m, const struct request *r)
{
	uint64_t shown = 0, hidden = 0;

	for (size_t i = 0; i < r->exclude_count; i++)
		hidden |= m->ancestors[r->exclude[i]];
	for (size_t i = 0; i < r->include_count; i++)
		shown |= UINT64_C(1) << r->include[i];
	for (size_t i = m->count; i--;) {
		if ((shown & ~hidden) >> i & 1) {
			for (size_t n = 0; n < parents_followed(m, r, i); n++)
				shown |= UINT64_C(1) << m->parents[i][n];
		}
	}
	return shown & ~hidden;
}

static bool newer(const struct commit *x, const struct commit *y)
{
	if (x->time_usec != y->time_usec)
		return x->time_usec > y->time_usec;
	return x->gen != y->gen ? x->gen > y->gen : oid_compare(&x->id, &y->id) < 0;
}

/* The newest commit of a set without a child in it. */
static size_t newest_top(const struct model *m, const struct request *r, uint64_t set, uint64_t among)
{
	size_t best = m->count;

	for (size_t i = 0; i < m->count; i++) {
		if (set >> i & 1) {
			for (size_t n = 0; n < parents_followed(m, r, i); n++)
				among &= ~(UINT64_C(1) << m->parents[i][n]);
		}
	}
	for (size_t i = 0; i < m->count; i++) {
		if ((among >> i & 1) && (best == m->count || newer(model_commit(m, i), model_commit(m, best))))
			best = i;
	}
	return best;
}

/* Which commit a walk in topological order shows next: the deepest parent line first, then what was ready before. */
static size_t next_on_line(const struct model *m, const struct request *r, uint64_t left, const size_t *shown,
			   size_t count)
{
	for (size_t k = count; k--;) {
		for (size_t n = parents_followed(m, r, shown[k]); n--;) {
			uint64_t bit = UINT64_C(1) << m->parents[shown[k]][n];

			if ((left & bit) && newest_top(m, r, left, bit) != m->count)
				return m->parents[shown[k]][n];
		}
	}
	return newest_top(m, r, left, left);
}

static struct revwalk *open_walk(const struct model *m, const struct request *r)
{
	struct revwalk *w;

	assert_int_equal(revwalk_new(m->dag->repo, &r->options, &w, NULL), 0);
	for (size_t i = 0; i < r->include_count; i++)
		assert_int_equal(revwalk_include(w, model_commit(m, r->include[i]), NULL), 0);
	for (size_t i = 0; i < r->exclude_count; i++)
		assert_int_equal(revwalk_exclude(w, model_commit(m, r->exclude[i]), NULL), 0);
	return w;
}

static void check_walk(const struct model *m, const struct request *r)
{
	auto_revwalk *w = open_walk(m, r);
	uint64_t left = wanted_set(m, r);
	size_t shown[MODEL_COMMIT_MAX], count = 0;
	struct drift_error err;
	struct commit *c;
	int rc;

	while ((rc = revwalk_next(w, &c, &err)) > 0) {
		size_t i = model_number(m, c), wanted;

		commit_unref(c);
		if (r->options.order == REVWALK_TIME)
			wanted = newest_top(m, r, left, left);
		else
			wanted = next_on_line(m, r, left, shown, count);
		if (i != wanted)
			fail_msg("%zu shown instead of %zu, as number %zu, order %d", i, wanted, count,
				 r->options.order);
		left &= ~(UINT64_C(1) << i);
		shown[count++] = i;
	}
	if (rc < 0)
		fail_msg("%s", err.message);
	assert_true(left == 0);
	assert_int_equal(revwalk_next(w, &c, &err), 0);
}

static void test_random_walks(void **state)
{
	size_t left = model_rounds(200);
	struct dag d;

	(void)state;
	dag_open(&d, model_seed());
	while (left) {
		struct model models[20];
		size_t n = left < ARRAY_SIZE(models) ? left : ARRAY_SIZE(models);

		for (size_t i = 0; i < n; i++)
			model_make(models + i, &d);
		dag_flush(&d, NULL, 0);
		for (size_t i = 0; i < 20 * n; i++) {
			struct request r;

			make_request(models + i % n, &r);
			check_walk(models + i % n, &r);
		}
		dag_forget(&d);
		left -= n;
	}
	dag_close(&d);
}

/* A walk that is given up leaves nothing behind; one without a start is empty. */
static void test_unfinished(void **state)
{
	struct dag d;
	struct model m;
	struct commit *c;

	(void)state;
	dag_open(&d, 7);
	model_make(&m, &d);
	dag_flush(&d, NULL, 0);
	for (int order = REVWALK_TIME; order <= REVWALK_TOPOLOGICAL; order++) {
		struct revwalk_options options = { .order = (enum revwalk_order)order };
		struct revwalk *w;

		assert_int_equal(revwalk_new(d.repo, &options, &w, NULL), 0);
		assert_int_equal(revwalk_next(w, &c, NULL), 0);
		revwalk_free(w);
		assert_int_equal(revwalk_new(d.repo, &options, &w, NULL), 0);
		assert_int_equal(revwalk_include(w, model_commit(&m, m.count - 1), NULL), 0);
		assert_int_equal(revwalk_next(w, &c, NULL), 1);
		commit_unref(c);
		revwalk_free(w);
	}
	dag_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_walks),
		cmocka_unit_test(test_unfinished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
