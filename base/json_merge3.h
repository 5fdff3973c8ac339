/*
 * Three-way merge of JSON values by field. What one side changed wins over what
 * the other left alone; equal changes are one; objects merge member by member
 * (where both sides added an object, as if the base were empty). Everything
 * else, arrays that both changed among it, is a clash. Symmetric but for the
 * order of members: ours first, then what theirs added.
 */
#ifndef BASE_JSON_MERGE3_H
#define BASE_JSON_MERGE3_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

/* Objects nested deeper than this merge as a whole. */
#define JSON_MERGE3_DEPTH_MAX 1024

/* Each may be NULL: absent. They may belong to any document. */
struct json_merge3_input {
	const struct json_value *base;
	const struct json_value *ours;
	const struct json_value *theirs;
};

struct json_clash {
	const char *pointer; /* RFC 6901, with a NUL behind it */
	size_t pointer_len;
	const struct json_value *base, *ours, *theirs; /* NULL: absent */
};

struct json_merge3;

/* Clashes are no error: see json_merge3_clash_count. */
int json_merge3_new(const struct json_merge3_input *input, struct json_merge3 **merge_out,
		    struct drift_error *err) MUST_CHECK;
void json_merge3_free(struct json_merge3 *merge);
/* The merged value, with ours where they clash; NULL: absent. It lives as long as merge. */
const struct json_value *json_merge3_result(const struct json_merge3 *merge);
/* In the order of their pointers. */
size_t json_merge3_clash_count(const struct json_merge3 *merge);
const struct json_clash *json_merge3_clash(const struct json_merge3 *merge, size_t i);

#endif
