/* `drift rollback` of the whole store by ten thousand commits: its time as a process, the bytes it adds. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/stock.h"

int main(void)
{
	struct stock_kind kind = { .document_count = scaled(100000),
				   .document_len = 215,
				   .commit_count = scaled(100000) };
	auto_free char *store = stock_copy(&kind, "rollback");
	auto_buf point = BUF_INIT;
	const char *rollback[] = {
		drift_program(), "-C", store, "rollback", "-q", "--author", "bench", point.data, NULL
	};
	const size_t rounds = 21;
	uint64_t before, after;
	double ns, none;
	struct figure f;
	struct desk d;

	buf_addf(&point, "HEAD~%zu", scaled(10000));
	rollback[7] = point.data;
	desk_open(&d, store, &kind, true);
	before = desk_stats(&d).used_bytes;
	desk_close(&d);
	child_medians(rollback, NULL, rounds, &ns, &none);
	desk_open(&d, store, &kind, true);
	after = desk_stats(&d).used_bytes;
	desk_close(&d);
	f = (struct figure){ "10,000 commits back", ns / 1e6, "ms", NULL, 0, GOAL_AT_MOST, 10 };
	print_figure(&f);
	f = (struct figure){ "bytes added", (double)(after - before) / (double)rounds, "bytes", NULL, 0, GOAL_AT_MOST,
			     4096 };
	print_figure(&f);
	remove_tree(store);
	return 0;
}
