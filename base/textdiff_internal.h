/* The search for the shortest script, apart from texts and their lines. */
#ifndef BASE_TEXTDIFF_INTERNAL_H
#define BASE_TEXTDIFF_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

/* A sequence of line classes: equal lines have equal numbers. */
struct sequence {
	const uint32_t *classes;
	size_t count;
	unsigned char *changed; /* one a line; set to 1 where it is not common */
};

/* Mark what is not common to a and b in both. */
int textdiff_mark(struct sequence *a, struct sequence *b, struct drift_error *err) MUST_CHECK;

#endif
