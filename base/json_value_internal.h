/* The tree behind json.h, for the files that build and walk it. */
#ifndef BASE_JSON_VALUE_INTERNAL_H
#define BASE_JSON_VALUE_INTERNAL_H

#include <stdint.h>

#include "base/json.h"
#include "base/json_arena_internal.h"

struct json_doc {
	struct json_arena arena;
	struct json_value *root;
};

struct json_elements {
	size_t capacity;
	struct json_value *items[];
};

struct json_member {
	const char *key;
	size_t key_len;
	struct json_value *value; /* NULL: removed, a hole until the next json_object_at */
};

/* Finds members by key; objects of more than JSON_INDEX_MIN have one. */
struct json_index {
	size_t mask;      /* slots - 1; at least half of them are free */
	uint32_t slots[]; /* position + 1; 0: free */
};

#define JSON_INDEX_MIN 16
#define JSON_MEMBERS_MAX ((size_t)1 << 31)

struct json_members {
	size_t capacity;
	size_t used; /* with holes */
	struct json_index *index;
	struct json_member items[];
};

struct json_value {
	enum json_kind kind;
	size_t len; /* bytes of text, or children */
	union {
		const char *text;
		struct json_elements *elements; /* NULL if there was never one */
		struct json_members *members;
	} u;
};

static inline struct json_value *json_value_new(struct json_doc *doc, enum json_kind kind)
{
	struct json_value *v = json_arena_alloc(&doc->arena, sizeof(*v));

	if (v) {
		v->kind = kind;
		v->len = 0;
		v->u.text = NULL;
	}
	return v;
}

/* Make a container of the children, which may be none. -1 without memory. Members may
 * have duplicate keys: the value of the last goes to the place of the first. */
int json_elements_fill(struct json_doc *doc, struct json_value *array, const struct json_member *children,
		       size_t count);
int json_members_fill(struct json_doc *doc, struct json_value *object, const struct json_member *children,
		      size_t count);

#endif
