/* What docdiff.c found and docdiff_render.c shows. */
#ifndef MERGE_DOCDIFF_INTERNAL_H
#define MERGE_DOCDIFF_INTERNAL_H

#include <stdbool.h>

#include "merge/docdiff.h"

struct docdiff_side {
	bool present;
	struct text bytes;
	struct json_doc *json; /* NULL if it is none */
};

struct docdiff {
	enum docdiff_kind kind;
	struct docdiff_side from, to;
	struct json_diff *fields; /* DOCDIFF_JSON */
	struct textdiff *lines;   /* DOCDIFF_TEXT */
};

#endif
