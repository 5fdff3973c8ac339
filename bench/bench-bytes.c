/*
 * What a commit of one document takes on disk, nothing repacked: in the journal, and in what is kept beside it (index, change lists and
 * history, which stand in the journal too, as far as they can be told apart).
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench/stock.h"

static double cache_use(const char *store)
{
	auto_buf path = BUF_INIT;

	buf_addf(&path, "%s/.drift/cache", store);
	return (double)disk_use(path.data);
}

static void measure(const char *what, const struct stock_kind *kind, double reach)
{
	const size_t count = 20000;
	auto_free char *store = stock_copy(kind, "bytes");
	uint64_t used;
	double beside;
	struct desk d;
	struct figure f;

	desk_open(&d, store, kind, true);
	desk_commit_next(&d);
	used = desk_stats(&d).used_bytes;
	beside = cache_use(store);
	for (size_t i = 0; i < count; i++)
		desk_commit_next(&d);
	f = (struct figure){
		what, (double)(desk_stats(&d).used_bytes - used) / (double)count, "bytes", NULL, 0, GOAL_AT_MOST, reach
	};
	print_figure(&f);
	f = (struct figure){
		"  beside it (index)", (cache_use(store) - beside) / (double)count, "bytes", NULL, 0, GOAL_AT_MOST, 200
	};
	print_figure(&f);
	desk_close(&d);
	remove_tree(store);
}

int main(void)
{
	struct stock_kind small = { .document_count = 10000, .document_len = 400 };
	struct stock_kind large = { .document_count = scaled(1000000), .document_len = 215 };

	measure("10,000 documents of 400 bytes", &small, 400);
	measure("1,000,000 documents of 215 bytes", &large, 500);
	return 0;
}
