/*
 * Random histories with sealing and collection of garbage at random moments: no answer changes by it, and nothing that
 * a ref leads to is ever lost. GC_MODEL_SEEDS=FIRST-LAST takes other seeds than the few that are quick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/gc_model.h"

#define FIRST_SEED 1
#define LAST_SEED 16
#define STEPS 90

static void run(uint64_t seed, uint64_t *collected, uint64_t *dropped)
{
	struct model m;
	unsigned i;

	model_open(&m, seed);
	for (i = 0; i < STEPS; i++) {
		model_step(&m);
		if (!model_random(&m, 4))
			model_check(&m, m.repos[model_random(&m, MODEL_HANDLES)], false);
	}
	for (i = 0; i < MODEL_HANDLES; i++)
		model_check(&m, m.repos[i], true);
	*collected += m.collected;
	*dropped += m.dropped_count;
	model_close(&m);
}

static void test_no_answer_changes(void **state)
{
	const char *seeds = getenv("GC_MODEL_SEEDS"), *dash = seeds ? strchr(seeds, '-') : NULL;
	uint64_t first = seeds ? strtoull(seeds, NULL, 10) : FIRST_SEED;
	uint64_t last = dash ? strtoull(dash + 1, NULL, 10) : seeds ? first : LAST_SEED;
	uint64_t seed, collected = 0, dropped = 0;

	(void)state;
	for (seed = first; seed <= last; seed++)
		run(seed, &collected, &dropped);
	print_message("# %llu collections, %llu objects dropped\n", (unsigned long long)collected,
		      (unsigned long long)dropped);
	if (last - first > 10) {
		assert_true(collected > 0);
		assert_true(dropped > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_answer_changes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
