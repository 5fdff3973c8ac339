/*
 * Three-way merge of texts by line (diff3: Khanna, Kunal, Pierce 2007). A part
 * that one side left alone becomes the other side's; changed the same by both,
 * that. Parts changed differently by both, or touching, clash. merge3(base, a, b)
 * and merge3(base, b, a) merge or clash alike.
 */
#ifndef BASE_MERGE3_H
#define BASE_MERGE3_H

#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/textdiff.h"

struct merge3_input {
	struct text base, ours, theirs;
};

enum merge3_kind { MERGE3_MERGED, MERGE3_CLASH };

/* Parts in order make up the result; each piece borrows from the input. */
struct merge3_part {
	enum merge3_kind kind;
	struct text merged; /* MERGE3_MERGED */
	struct text base, ours, theirs; /* MERGE3_CLASH */
};

struct merge3 {
	struct merge3_part *parts;
	size_t count;
	size_t clash_count;
};

int merge3_run(const struct merge3_input *input, struct merge3 *out, struct drift_error *err)
	MUST_CHECK;
void merge3_release(struct merge3 *m);

/* Names behind the markers; base_name NULL leaves the base's part out. */
struct merge3_labels {
	const char *ours, *base, *theirs;
};

/* Append the merged text, clashes between <<<<<<< ======= >>>>>>> markers. */
int merge3_append(const struct merge3 *m, const struct merge3_labels *labels, struct buf *out,
		  struct drift_error *err) MUST_CHECK;

#endif
