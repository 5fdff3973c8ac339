/* Which elements of two arrays belong together. */
#ifndef BASE_JSON_ALIGN_INTERNAL_H
#define BASE_JSON_ALIGN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

struct json_alignment {
	/* For each element of the new array: its partner in the old one, JSON_ALIGN_ADDED, or
	 * JSON_ALIGN_EQUAL if there is an equal one that needs no look. */
	size_t *partner;
	bool *removed; /* for each element of the old array */
};

#define JSON_ALIGN_ADDED SIZE_MAX
#define JSON_ALIGN_EQUAL (SIZE_MAX - 1)

/*
 * Equal elements by a longest common subsequence; between them, in order, the first with
 * the first. Partners are in order. Release the alignment, whether it failed or not.
 */
int json_align(const struct json_value *from, const struct json_value *to, struct json_alignment *out,
	       struct drift_error *err) MUST_CHECK;
void json_alignment_release(struct json_alignment *a);

#endif
