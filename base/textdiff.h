/*
 * What changed between two texts, by line (Myers 1986, linear space). The
 * shortest script for texts that are not too different; where the search gets
 * too dear (TEXTDIFF_COST_MAX) a good one. Lines end
 * with "\n", which belongs to them; a last line without one is another line
 * than the same with it. Texts are borrowed.
 */
#ifndef BASE_TEXTDIFF_H
#define BASE_TEXTDIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

/* Texts of more bytes are refused with DRIFT_ERR_LIMIT. */
#define TEXTDIFF_TEXT_MAX ((size_t)1 << 30)
/* Edits looked ahead from each side. Texts of which no part needs twice as many get the shortest script. */
enum { TEXTDIFF_COST_MAX = 512 };

struct text {
	const char *data;
	size_t len;
};

/* One place where lines [a_start, a_start + a_count) of a became lines [b_start, ...) of b. */
struct textdiff_change {
	size_t a_start, a_count;
	size_t b_start, b_count;
};

struct textdiff;

int textdiff_create(struct text a, struct text b, struct textdiff **out, struct drift_error *err)
	MUST_CHECK;
void textdiff_free(struct textdiff *d);

/* In order, never touching each other, never empty on both sides. */
const struct textdiff_change *textdiff_changes(const struct textdiff *d, size_t *count_out);
size_t textdiff_a_count(const struct textdiff *d);
size_t textdiff_b_count(const struct textdiff *d);
/* Line i with its newline. */
struct text textdiff_a_line(const struct textdiff *d, size_t i);
struct text textdiff_b_line(const struct textdiff *d, size_t i);

/* Changes [first, end) that are shown together, and the lines shown, context included. */
struct textdiff_hunk {
	size_t first, end;
	size_t a_start, a_count;
	size_t b_start, b_count;
};

struct textdiff_style {
	size_t context;
	/* Sequences put before and after what they name, or NULL. */
	const char *hunk, *removed, *added, *reset;
	bool escape; /* control characters escaped, for a terminal */
};

/* Append hunks in unified form ("@@ -1,3 +1,4 @@", " ", "-", "+"), no file headers. */
int textdiff_unified(const struct textdiff *d, const struct textdiff_style *style,
		     struct buf *out, struct drift_error *err) MUST_CHECK;

/* True if the first 8000 bytes hold a NUL: not a text to show by line. */
bool text_is_binary(struct text text);

#endif
