/* Deep copies and comparisons, with stacks of their own instead of recursion. */
#include <stdlib.h>
#include <string.h>

#include "base/json_number.h"
#include "base/json_value_internal.h"
#include "base/mem.h"

struct pair {
	const struct json_value *from;
	struct json_value *to;
};

struct pair_stack {
	struct pair *items;
	size_t count, capacity;
};

static int push_pair(struct pair_stack *stack, const struct json_value *from, struct json_value *to)
{
	if (mem_grow(&stack->items, &stack->capacity, stack->count + 1, sizeof(*stack->items)))
		return -1;
	stack->items[stack->count++] = (struct pair){ from, to };
	return 0;
}

/* A copy of v, of a container without its children, which wait on the stack. */
static struct json_value *copy_one(struct json_doc *doc, struct pair_stack *stack, const struct json_value *v)
{
	struct json_value *copy = json_value_new(doc, v->kind);

	if (!copy)
		return NULL;
	if (v->kind == JSON_STRING || v->kind == JSON_NUMBER) {
		copy->u.text = json_arena_copy(&doc->arena, v->u.text, v->len);
		copy->len = v->len;
		return copy->u.text ? copy : NULL;
	}
	return json_count(v) && push_pair(stack, v, copy) ? NULL : copy;
}

static int copy_children(struct json_doc *doc, struct pair_stack *stack, struct pair p)
{
	bool object = p.from->kind == JSON_OBJECT;
	auto_free struct json_member *children = mem_alloc_array(p.from->len, sizeof(*children));
	const struct json_value *from;
	size_t i;

	if (!children)
		return -1;
	for (i = 0; i < p.from->len; i++) {
		struct json_member *m = children + i;

		if (object) {
			from = json_object_at(p.from, i, &m->key, &m->key_len);
			m->key = json_arena_copy(&doc->arena, m->key, m->key_len);
			if (!m->key)
				return -1;
		} else {
			from = json_array_at(p.from, i);
		}
		m->value = copy_one(doc, stack, from);
		if (!m->value)
			return -1;
	}
	return object ? json_members_fill(doc, p.to, children, p.from->len) :
			json_elements_fill(doc, p.to, children, p.from->len);
}

struct json_value *json_copy(struct json_doc *doc, const struct json_value *v)
{
	struct pair_stack stack = { 0 };
	struct json_value *copy = copy_one(doc, &stack, v);

	while (copy && stack.count) {
		struct pair p = stack.items[--stack.count];

		if (copy_children(doc, &stack, p))
			copy = NULL;
	}
	free(stack.items);
	return copy;
}

static bool shallow_equal(const struct json_value *a, const struct json_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == JSON_NUMBER)
		return json_number_equal(a->u.text, a->len, b->u.text, b->len);
	if (a->len != b->len)
		return false;
	return a->kind != JSON_STRING || !memcmp(a->u.text, b->u.text, a->len);
}

struct twins {
	const struct json_value *a, *b;
};

struct twin_stack {
	struct twins *items;
	size_t count, capacity;
};

/* Compare the children and remember those that have children themselves; 1, 0, -1. */
static int children_equal(struct twin_stack *stack, struct twins t)
{
	const struct json_value *x, *y;
	const char *key;
	size_t i, key_len;

	for (i = 0; i < json_count(t.a); i++) {
		if (t.a->kind == JSON_OBJECT) {
			x = json_object_at(t.a, i, &key, &key_len);
			y = json_object_get(t.b, key, key_len);
		} else {
			x = json_array_at(t.a, i);
			y = json_array_at(t.b, i);
		}
		if (!y || !shallow_equal(x, y))
			return 0;
		if (!json_count(x))
			continue;
		if (mem_grow(&stack->items, &stack->capacity, stack->count + 1, sizeof(*stack->items)))
			return -1;
		stack->items[stack->count++] = (struct twins){ x, y };
	}
	return 1;
}

int json_equal(const struct json_value *a, const struct json_value *b, struct drift_error *err)
{
	struct twin_stack stack = { 0 };
	int r = shallow_equal(a, b);

	if (r == 1)
		r = children_equal(&stack, (struct twins){ a, b });
	while (r == 1 && stack.count)
		r = children_equal(&stack, stack.items[--stack.count]);
	free(stack.items);
	return r < 0 ? error_no_memory(err) : r;
}
