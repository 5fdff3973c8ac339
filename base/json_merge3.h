/*
 * Three-way merge of JSON values by field. What one side changed wins over what the other left alone; equal changes are
 * one; objects merge member by member (where both sides added an object, as if the base were empty), arrays as sequences of
 * elements (diff3). Rules say otherwise for parts of a document. What neither settles is a clash, which the result decides for
 * one side: the first, or the one that has the value where the other removed it. Symmetric: who is ours and who theirs
 * makes no difference to who is first.
 */
#ifndef BASE_JSON_MERGE3_H
#define BASE_JSON_MERGE3_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_pointer.h"

/* Objects nested deeper than this merge as a whole. */
#define JSON_MERGE3_DEPTH_MAX 1024

enum json_rule_kind {
	JSON_RULE_FIELDS,  /* as above */
	JSON_RULE_LATER,   /* the side that is later, be the value absent there */
	JSON_RULE_COUNTER, /* numbers: both sides' differences to the base are added, exactly; an absent base is 0 */
	JSON_RULE_SET,     /* arrays: elements that were added or removed by either; each once */
	JSON_RULE_KEYED,   /* arrays of objects: element by element, known by the scalar that is their member `name` */
	JSON_RULE_SCRIPT   /* by json_merge3_options.script, which knows it by `name` */
};

/* How a value merges that both sides changed, differently. Where the rule does not fit what is there, as JSON_RULE_FIELDS. */
struct json_rule {
	enum json_rule_kind kind;
	const char *name;
	size_t name_len;
	const struct json_rule_child *children; /* of its members and elements, in order of json_key_compare */
	size_t child_count;
	const struct json_rule *any; /* of those that children does not name, or NULL */
};
struct json_rule_child {
	const char *
		key; /* elements have no name, but those of keyed arrays that of their key's value, if it is a string */
	size_t key_len;
	const struct json_rule *rule;
};
/* The rule of a member, or NULL. */
const struct json_rule *json_rule_below(const struct json_rule *rule, const char *key, size_t key_len);

enum json_side { JSON_OURS, JSON_THEIRS };

/* Each may be NULL: absent. They may belong to any document. */
struct json_merge3_input {
	const struct json_value *base;
	const struct json_value *ours;
	const struct json_value *theirs;
};

struct json_merge3_options {
	const struct json_rule *rule; /* of the whole, or NULL */
	enum json_side first, later;
	bool decided; /* clashes are decided for the first side and are none, even if it removed the value */
	/*
	 * For JSON_RULE_SCRIPT: 1 with the value, made in doc, or NULL for absent, 0 to leave it a clash, -1.
	 */
	int (*script)(void *data, const struct json_rule *rule, const struct json_merge3_input *in,
		      struct json_doc *doc, struct json_value **value_out, struct drift_error *err);
	void *data;
};

struct json_clash {
	const char *pointer; /* RFC 6901, with a NUL behind it; of elements by their place in the result */
	size_t pointer_len;
	const struct json_value *base, *ours, *theirs; /* NULL: absent */
};

struct json_merge3;

/* Clashes are no error: see json_merge3_clash_count. options may be NULL. */
int json_merge3_new(const struct json_merge3_input *input, const struct json_merge3_options *options,
		    struct json_merge3 **merge_out, struct drift_error *err) MUST_CHECK;
void json_merge3_free(struct json_merge3 *merge);
/* The merged value; NULL: absent. It lives as long as merge. */
const struct json_value *json_merge3_result(const struct json_merge3 *merge);
/* In the order of their pointers. */
size_t json_merge3_clash_count(const struct json_merge3 *merge);
const struct json_clash *json_merge3_clash(const struct json_merge3 *merge, size_t i);

#endif
