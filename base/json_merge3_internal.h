/* What the parts of the merge of JSON share. */
#ifndef BASE_JSON_MERGE3_INTERNAL_H
#define BASE_JSON_MERGE3_INTERNAL_H

#include "base/json_arena_internal.h"
#include "base/json_merge3.h"

/* Objects of all sides that are to be merged into a new, empty one. */
struct json_merge3_step {
	struct json_merge3_input input;
	struct json_value *into;
	const struct json_path *path;
	const struct json_rule *rule;
};

struct json_merge3 {
	struct json_merge3_options options;
	struct json_doc *doc; /* the result and the paths' values */
	struct json_arena arena;
	struct json_clash *clashes;
	size_t clash_count, clash_capacity;
	struct json_merge3_step *steps;
	size_t step_count, step_capacity;
};

/* Where a value comes from; no node of the path is made before it is needed. */
struct json_place {
	const struct json_path *up;
	bool root, element;
	const char *key;
	size_t key_len, index;
	const struct json_rule *rule; /* of the value, or NULL */
};

/* The merged value, or NULL if it is absent, in *value_out; an object's members come later. */
int json_merge3_value(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
		      struct json_value **value_out, struct drift_error *err) MUST_CHECK;
/* Note a clash; *picked_out is what the result has there. */
int json_merge3_clashes(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
			const struct json_value **picked_out, struct drift_error *err) MUST_CHECK;
int json_merge3_path(struct json_merge3 *m, const struct json_place *at, const struct json_path **path_out,
		     struct drift_error *err) MUST_CHECK;

/*
 * Both sides are arrays, as is the base if there is one, and all differ: 1 with the merged array, 0 if the rule does not fit,
 * -1. A sequence always fits.
 */
int json_merge3_sequence(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
			 struct json_value **value_out, struct drift_error *err) MUST_CHECK;
int json_merge3_set(struct json_merge3 *m, const struct json_merge3_input *in, struct json_value **value_out,
		    struct drift_error *err) MUST_CHECK;
int json_merge3_keyed(struct json_merge3 *m, const struct json_merge3_input *in, const struct json_place *at,
		      struct json_value **value_out, struct drift_error *err) MUST_CHECK;

#endif
