#include "base/json_patch.h"

#include <stdlib.h>

#include "base/json_arena_internal.h"
#include "base/mem.h"

struct step {
	struct json_value *target;
	const struct json_value *patch;
};

struct steps {
	struct step *items;
	size_t count, capacity;
};

static int push_step(struct steps *s, struct json_value *target, const struct json_value *patch)
{
	if (mem_grow(&s->items, &s->capacity, s->count + 1, sizeof(*s->items)))
		return -1;
	s->items[s->count++] = (struct step){ target, patch };
	return 0;
}

/* Objects of the patch that meet an object, or make one, wait on the stack. */
static int apply_member(struct json_doc *doc, struct steps *steps, struct json_value *target, size_t i,
			const struct json_value *patch)
{
	const char *key;
	size_t len;
	const struct json_value *change = json_object_at(patch, i, &key, &len);
	struct json_value *value;

	if (json_kind(change) == JSON_NULL) {
		json_object_remove(target, key, len);
		return 0;
	}
	if (json_kind(change) != JSON_OBJECT) {
		value = json_copy(doc, change);
		return value ? json_object_set(doc, target, key, len, value) : -1;
	}
	value = json_object_get(target, key, len);
	if (!value || json_kind(value) != JSON_OBJECT) {
		value = json_new_object(doc);
		if (!value || json_object_set(doc, target, key, len, value))
			return -1;
	}
	return push_step(steps, value, change);
}

static int apply(struct json_doc *doc, struct steps *steps)
{
	while (steps->count) {
		struct step s = steps->items[--steps->count];
		size_t i;

		for (i = 0; i < json_count(s.patch); i++)
			if (apply_member(doc, steps, s.target, i, s.patch))
				return -1;
	}
	return 0;
}

int json_merge_patch(struct json_doc *doc, const struct json_value *patch, struct drift_error *err)
{
	struct json_value *root = json_root(doc);
	struct steps steps = { 0 };
	int r;

	if (json_kind(patch) != JSON_OBJECT)
		root = json_copy(doc, patch);
	else if (!root || json_kind(root) != JSON_OBJECT)
		root = json_new_object(doc);
	if (!root)
		return error_no_memory(err);
	r = json_kind(patch) == JSON_OBJECT && push_step(&steps, root, patch) ? -1 : apply(doc, &steps);
	free(steps.items);
	if (r)
		return error_no_memory(err);
	json_set_root(doc, root);
	return 0;
}

/* A pair of objects, and the patch from one to the other, which joins that of the pair
 * above when it gets its first member. */
struct level {
	struct level *up, *waiting;
	const char *key;
	size_t key_len;
	const struct json_value *from, *to;
	struct json_value *patch;
	bool joined;
};

struct creation {
	struct json_doc *doc;
	struct json_arena arena;
	struct level *waiting;
	struct drift_error *err;
};

static int cannot_say(struct creation *c)
{
	return error_set(c->err, DRIFT_ERR_UNSUPPORTED, "a merge patch cannot set a member to null");
}

static int add_level(struct creation *c, const struct level *model)
{
	struct level *level = json_arena_alloc(&c->arena, sizeof(*level));

	if (!level)
		return error_no_memory(c->err);
	*level = *model;
	level->patch = json_new_object(c->doc);
	if (!level->patch)
		return error_no_memory(c->err);
	level->waiting = c->waiting;
	c->waiting = level;
	return 0;
}

static int set_member(struct creation *c, struct level *level, const char *key, size_t key_len,
		      struct json_value *value)
{
	if (!value || json_object_set(c->doc, level->patch, key, key_len, value))
		return error_no_memory(c->err);
	for (; !level->joined; level = level->up) {
		if (json_object_set(c->doc, level->up->patch, level->key, level->key_len, level->patch))
			return error_no_memory(c->err);
		level->joined = true;
	}
	return 0;
}

/* Whether the value is or holds, arrays apart, a null that a patch would take for a removal. */
static int check_nulls(struct creation *c, const struct json_value *v)
{
	struct steps steps = { 0 };
	const char *key;
	size_t i, len;
	int r = json_kind(v) == JSON_NULL ? cannot_say(c) : 0;

	if (!r && json_kind(v) == JSON_OBJECT && push_step(&steps, NULL, v))
		r = error_no_memory(c->err);
	while (!r && steps.count) {
		v = steps.items[--steps.count].patch;
		for (i = 0; !r && i < json_count(v); i++) {
			const struct json_value *child = json_object_at(v, i, &key, &len);

			if (json_kind(child) == JSON_NULL)
				r = cannot_say(c);
			else if (json_kind(child) == JSON_OBJECT && push_step(&steps, NULL, child))
				r = error_no_memory(c->err);
		}
	}
	free(steps.items);
	return r;
}

static int compare_member(struct creation *c, struct level *level, size_t i)
{
	struct level below = { .up = level };
	int equal;

	below.to = json_object_at(level->to, i, &below.key, &below.key_len);
	below.from = json_object_get(level->from, below.key, below.key_len);
	if (below.from && json_kind(below.from) == JSON_OBJECT && json_kind(below.to) == JSON_OBJECT)
		return add_level(c, &below);
	equal = below.from ? json_equal(below.from, below.to, c->err) : 0;
	if (equal)
		return equal < 0 ? -1 : 0;
	if (check_nulls(c, below.to))
		return -1;
	return set_member(c, level, below.key, below.key_len, json_copy(c->doc, below.to));
}

static int compare_level(struct creation *c, struct level *level)
{
	const char *key;
	size_t i, len;

	for (i = 0; i < json_count(level->from); i++) {
		json_object_at(level->from, i, &key, &len);
		if (!json_object_get(level->to, key, len) && set_member(c, level, key, len, json_new_null(c->doc)))
			return -1;
	}
	for (i = 0; i < json_count(level->to); i++)
		if (compare_member(c, level, i))
			return -1;
	return 0;
}

int json_merge_patch_create(struct json_doc *doc, const struct json_value *from, const struct json_value *to,
			    struct json_value **patch_out, struct drift_error *err)
{
	struct creation c = { .doc = doc, .err = err };
	struct level root = { .from = from, .to = to, .joined = true }, *level;
	struct json_value *patch;
	int r = 0;

	if (json_kind(from) != JSON_OBJECT || json_kind(to) != JSON_OBJECT) {
		if (json_kind(to) == JSON_OBJECT && check_nulls(&c, to))
			return -1;
		patch = json_copy(doc, to);
		if (!patch)
			return error_no_memory(err);
		*patch_out = patch;
		return 0;
	}
	json_arena_init(&c.arena);
	r = add_level(&c, &root);
	patch = r ? NULL : c.waiting->patch;
	while (!r && c.waiting) {
		level = c.waiting;
		c.waiting = level->waiting;
		r = compare_level(&c, level);
	}
	json_arena_release(&c.arena);
	if (!r)
		*patch_out = patch;
	return r;
}
