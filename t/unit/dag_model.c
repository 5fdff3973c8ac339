#include "t/unit/dag_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct commit *model_commit(const struct model *m, size_t i)
{
	return m->dag->commits[m->first + i];
}

static size_t pick_parent(struct model *m, size_t i, uint64_t near)
{
	uint64_t back = dag_random(m->dag, 4) < near ? dag_random(m->dag, 3) : dag_random(m->dag, i);

	return i - 1 - (size_t)(back < i ? back : i - 1);
}

void model_parents(struct model *m, size_t i, uint64_t straight, uint64_t near)
{
	struct dag *d = m->dag;
	size_t wanted = 0;

	if (i && dag_random(d, 40))
		wanted = dag_random(d, 10) < straight ? 1 : 1 + (size_t)dag_random(d, MODEL_PARENT_MAX);
	for (size_t n = 0; n < wanted; n++) {
		size_t p = pick_parent(m, i, near), k = 0;

		while (k < m->parent_count[i] && m->parents[i][k] != p)
			k++;
		if (k < m->parent_count[i])
			continue;
		m->parents[i][m->parent_count[i]++] = p;
		m->ancestors[i] |= m->ancestors[p];
	}
	m->ancestors[i] |= UINT64_C(1) << i;
}

static void add_random(struct model *m, size_t i, uint64_t straight, uint64_t near)
{
	size_t numbers[MODEL_PARENT_MAX];
	struct dag_commit c = { .parents = numbers, .time_usec = (int64_t)dag_random(m->dag, 1000) * 1000 };

	model_parents(m, i, straight, near);
	for (size_t n = 0; n < m->parent_count[i]; n++)
		numbers[n] = m->first + m->parents[i][n];
	c.parent_count = m->parent_count[i];
	dag_add(m->dag, &c);
	m->count++;
}

void model_make(struct model *m, struct dag *d)
{
	size_t size = 1 + (size_t)dag_random(d, MODEL_COMMIT_MAX - 1);
	uint64_t straight = dag_random(d, 11), near = dag_random(d, 5);

	memset(m, 0, sizeof(*m));
	m->dag = d;
	m->first = d->count;
	for (size_t i = 0; i < size; i++)
		add_random(m, i, straight, near);
}

size_t model_number(const struct model *m, const struct commit *c)
{
	size_t i = 0;

	while (i < m->count && !oid_equal(&model_commit(m, i)->id, &c->id))
		i++;
	assert_true(i < m->count);
	return i;
}

uint64_t model_seed(void)
{
	const char *given = getenv("DRIFT_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	print_message("DRIFT_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

size_t model_rounds(size_t normal)
{
	const char *given = getenv("DRIFT_TEST_ROUNDS");

	return given ? strtoull(given, NULL, 10) : normal;
}
