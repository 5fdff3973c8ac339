/* `drift history` of a document that changed ten times, as a process, in a history and in one ten times as long. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/stock.h"

static double median_ms(const char *store)
{
	char path[CORPUS_PATH_LEN + 1];
	const char *history[] = { drift_program(), "-C", store, "history", path, NULL };
	auto_free char *output = bench_path("history.out");
	struct child_options options = { .output = output };
	double ns, none;

	corpus_path(WATCHED_NUMBER, path);
	child_must(history, &options, NULL);
	if (!file_len(output))
		die("there is no history of '%s'", path);
	child_medians(history, NULL, 100, &ns, &none);
	return ns / 1e6;
}

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(100000),
				   .document_len = 215,
				   .commit_count = scaled(100000) };
	auto_free char *shorter = stock_get(&kind), *longer = NULL;
	struct figure f = { "in 100,000 commits", median_ms(shorter), "ms", NULL, 0, GOAL_AT_MOST, 5 };
	double before = f.drift;

	print_figure(&f);
	kind.commit_count *= 10;
	longer = stock_get(&kind);
	f = (struct figure){
		"in 1,000,000 commits", median_ms(longer), "ms", "in a tenth", before, GOAL_TIMES_AT_MOST, 1.1
	};
	print_figure(&f);
	return 0;
}
