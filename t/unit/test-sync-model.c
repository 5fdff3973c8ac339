/*
 * Random histories, with merges of any number of parents, tags, large documents, and garbage collected meanwhile, are sent to another
 * store now and again: it has the same ids, and is sound. SYNC_SEEDS=FIRST-LAST takes other seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/ferry.h"
#include "t/unit/gc_model.h"

#define FIRST_SEED 1
#define LAST_SEED 6
#define STEPS 90

static void same_refs(struct model *m, struct repo *repo)
{
	for (size_t i = 0; i < MODEL_REFS; i++) {
		const struct model_ref *ref = &m->refs[i];
		struct ref_value value;

		model_must(m, odb_ref_read(repo_odb(repo), ref->name, false, &value, &m->err));
		if ((value.kind == REF_OBJECT) != (ref->value != NO_COMMIT) ||
		    (value.kind == REF_OBJECT && !oid_equal(&value.object.id, &ref->held)))
			model_fail(m, "%s is not where it should be", ref->name);
	}
}

static void run(uint64_t seed)
{
	struct model m;
	char dir[64];
	struct repo *other = ferry_make(dir);

	model_open(&m, seed);
	for (unsigned i = 0; i < STEPS; i++) {
		model_step(&m);
		if (model_random(&m, 6))
			continue;
		model_must(&m, ferry(m.repos[model_random(&m, MODEL_HANDLES)], other, &m.err));
		same_refs(&m, other);
	}
	model_must(&m, ferry(m.repos[0], other, &m.err));
	same_refs(&m, other);
	ferry_check(other);
	model_close(&m);
	ferry_remove(other, dir);
}

static void test_same_ids(void **state)
{
	const char *seeds = getenv("SYNC_SEEDS"), *dash = seeds ? strchr(seeds, '-') : NULL;
	uint64_t first = seeds ? strtoull(seeds, NULL, 10) : FIRST_SEED;
	uint64_t last = dash ? strtoull(dash + 1, NULL, 10) : seeds ? first : LAST_SEED;

	(void)state;
	for (uint64_t seed = first; seed <= last; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_ids) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
