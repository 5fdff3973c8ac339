/* Makes a store or a file of documents. usage: bench-stock DOCUMENTS LENGTH COMMITS | bench-stock lines DOCUMENTS LENGTH */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/stock.h"

int main(int argc, char **argv)
{
	auto_free char *path = NULL;

	if (argc != 4)
		die("usage: bench-stock DOCUMENTS LENGTH COMMITS | bench-stock lines DOCUMENTS LENGTH");
	if (!strcmp(argv[1], "lines")) {
		path = stock_lines(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	} else {
		struct stock_kind kind = { .document_count = strtoul(argv[1], NULL, 10),
					   .document_len = strtoul(argv[2], NULL, 10),
					   .commit_count = strtoul(argv[3], NULL, 10) };

		path = stock_get(&kind);
	}
	puts(path);
	return 0;
}
