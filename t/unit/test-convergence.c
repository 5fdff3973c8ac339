/*
 * Nodes that were apart become equal, whoever meets whom first, and nothing that anybody wrote is lost: see net_model.h.
 * NET_SEEDS=FIRST-LAST takes other seeds, NET_COMMITS=N so many commits of each node; both tell what came of it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/line.h"
#include "t/unit/net_model.h"

/* Paths are reached by lines that can be cut. */
#define channel_pair line_pair
#include "sync/transport_path.c"

#define FIRST_SEED 1
#define LAST_SEED 3
#define COMMITS 20

static void run(uint64_t seed, unsigned commits, bool tell)
{
	struct net_totals totals;
	struct net_model m;

	net_open(&m, seed);
	while (net_step(&m, commits))
		;
	net_settle(&m, &totals);
	if (tell)
		printf("# seed %" PRIu64 ": %" PRIu64 " commits, %" PRIu64 " merges of %u meetings, %u letters, %u races, %u cuts; "
		       "%" PRIu64 " documents in conflict, equal after %u rounds\n",
		       seed, totals.commits, totals.merges, m.meetings, m.letters, m.races, m.cuts, totals.conflicts,
		       totals.rounds);
	fflush(stdout);
	net_close(&m);
}

static void test_convergence(void **state)
{
	const char *seeds = getenv("NET_SEEDS"), *dash = seeds ? strchr(seeds, '-') : NULL, *commits = getenv("NET_COMMITS");
	uint64_t first = seeds ? strtoull(seeds, NULL, 10) : FIRST_SEED;
	uint64_t last = dash ? strtoull(dash + 1, NULL, 10) : seeds ? first : LAST_SEED;

	(void)state;
	for (uint64_t seed = first; seed <= last; seed++)
		run(seed, commits ? (unsigned)strtoul(commits, NULL, 10) : COMMITS, seeds != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_convergence) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
