/*
 * The differences between two JSON values, by field. Objects are compared by
 * key in any order, numbers by value. Arrays are aligned by a longest common
 * subsequence of equal elements; what lies between is paired in order and
 * compared in its turn.
 */
#ifndef BASE_JSON_DIFF_H
#define BASE_JSON_DIFF_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

/* Values nested deeper than this are compared as a whole. */
#define JSON_DIFF_DEPTH_MAX 256
/* Arrays whose lengths (without equal ends) multiply to more are compared by index. */
#define JSON_DIFF_CELLS_MAX ((size_t)4 << 20)

enum json_change_kind { JSON_ADD, JSON_REMOVE, JSON_CHANGE };

/*
 * In an array, pointers of removed elements have the old index, all others the new one.
 * The list, taken one by one in its order, is a valid RFC 6902 patch.
 */
struct json_change {
	enum json_change_kind kind;
	const char *pointer; /* RFC 6901, with a NUL behind it */
	size_t pointer_len;
	const struct json_value *old_value; /* NULL for JSON_ADD */
	const struct json_value *new_value; /* NULL for JSON_REMOVE */
};

/* Owns the pointers; the values belong to the documents compared. */
struct json_diff;

/* Either side may be NULL: absent. */
int json_diff_new(const struct json_value *from, const struct json_value *to, struct json_diff **diff_out,
		  struct drift_error *err) MUST_CHECK;
void json_diff_free(struct json_diff *diff);
size_t json_diff_count(const struct json_diff *diff);
const struct json_change *json_diff_at(const struct json_diff *diff, size_t i);

/* The differences as an RFC 6902 patch, a value of doc; both sides must be present. */
int json_diff_patch(const struct json_diff *diff, struct json_doc *doc, struct json_value **patch_out,
		    struct drift_error *err) MUST_CHECK;

#endif
