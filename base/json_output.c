#include <stdlib.h>

#include "base/json.h"
#include "base/json_number.h"
#include "base/json_value_internal.h"
#include "base/mem.h"

/* What lies deeper stands on one line, or nesting alone could fill any disk. */
#define INDENT_LEVELS_MAX 100

enum style { CANONICAL, COMPACT, PRETTY };

struct frame {
	const struct json_value *container;
	size_t next;  /* child */
	size_t order; /* of its members, canonical style only */
};

struct emitter {
	struct buf *out;
	enum style style;
	struct frame *frames;
	size_t depth, frame_capacity;
	const struct json_member **order; /* sorted members of all open objects */
	size_t order_count, order_capacity;
};

static int compare_members(const void *x, const void *y)
{
	const struct json_member *const *a = x, *const *b = y;

	return json_key_compare((*a)->key, (*a)->key_len, (*b)->key, (*b)->key_len);
}

static int push_sorted(struct emitter *e, const struct json_value *object)
{
	const struct json_member **order;
	const char *key;
	size_t i, key_len;
	bool sorted = true;

	if (mem_grow(&e->order, &e->order_capacity, e->order_count + object->len, sizeof(*e->order)))
		return -1;
	order = e->order + e->order_count;
	for (i = 0; i < object->len; i++) {
		/* Asked for by its number so that there are no holes. */
		json_object_at(object, i, &key, &key_len);
		order[i] = object->u.members->items + i;
		sorted = sorted && (!i || compare_members(order + i - 1, order + i) < 0);
	}
	if (!sorted)
		qsort(order, object->len, sizeof(*order), compare_members);
	e->order_count += object->len;
	return 0;
}

static void add_mark(struct emitter *e, char mark)
{
	char *p = buf_reserve(e->out, 1);

	if (p) {
		p[0] = mark;
		p[1] = '\0';
		e->out->len++;
	}
}

/* Before an item of the container that is open at `depth`, or before its end. */
static void new_line(struct emitter *e, size_t depth)
{
	size_t levels = e->depth;

	if (e->style != PRETTY || depth > INDENT_LEVELS_MAX)
		return;
	buf_add_byte(e->out, '\n');
	while (levels--)
		buf_add(e->out, "  ", 2);
}

static int open_container(struct emitter *e, const struct json_value *v)
{
	struct frame f = { .container = v, .order = e->order_count };

	if (!json_count(v)) {
		buf_add_str(e->out, v->kind == JSON_OBJECT ? "{}" : "[]");
		return 0;
	}
	if (mem_grow(&e->frames, &e->frame_capacity, e->depth + 1, sizeof(*e->frames)))
		return -1;
	if (e->style == CANONICAL && v->kind == JSON_OBJECT && push_sorted(e, v))
		return -1;
	e->frames[e->depth++] = f;
	add_mark(e, v->kind == JSON_OBJECT ? '{' : '[');
	return 0;
}

static int emit_value(struct emitter *e, const struct json_value *v)
{
	switch (v->kind) {
	case JSON_NULL:
		buf_add(e->out, "null", 4);
		return 0;
	case JSON_FALSE:
		buf_add(e->out, "false", 5);
		return 0;
	case JSON_TRUE:
		buf_add(e->out, "true", 4);
		return 0;
	case JSON_NUMBER:
		if (e->style == CANONICAL)
			json_number_canonical(e->out, v->u.text, v->len);
		else
			buf_add(e->out, v->u.text, v->len);
		return 0;
	case JSON_STRING:
		json_quote(e->out, v->u.text, v->len);
		return 0;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return open_container(e, v);
	}
	return 0;
}

static const struct json_value *next_child(struct emitter *e, struct frame *f)
{
	size_t i = f->next++, key_len;
	const struct json_value *child;
	const char *key;

	if (f->container->kind == JSON_ARRAY)
		return json_array_at(f->container, i);
	if (e->style == CANONICAL) {
		key = e->order[f->order + i]->key;
		key_len = e->order[f->order + i]->key_len;
		child = e->order[f->order + i]->value;
	} else {
		child = json_object_at(f->container, i, &key, &key_len);
	}
	json_quote(e->out, key, key_len);
	add_mark(e, ':');
	if (e->style == PRETTY)
		add_mark(e, ' ');
	return child;
}

static int emit_step(struct emitter *e)
{
	struct frame *f = &e->frames[e->depth - 1];

	if (f->next < json_count(f->container)) {
		if (f->next)
			add_mark(e, ',');
		new_line(e, e->depth);
		return emit_value(e, next_child(e, f));
	}
	e->depth--;
	e->order_count = f->order;
	new_line(e, e->depth + 1);
	add_mark(e, f->container->kind == JSON_OBJECT ? '}' : ']');
	return 0;
}

static int emit(const struct json_value *v, struct buf *out, enum style style, struct drift_error *err)
{
	struct emitter e = { .out = out, .style = style };
	int r = emit_value(&e, v);

	while (!r && e.depth)
		r = emit_step(&e);
	free(e.frames);
	free(e.order);
	if (r)
		return error_no_memory(err);
	return buf_check(out, err);
}

int json_canonical(const struct json_value *v, struct buf *out, struct drift_error *err)
{
	return emit(v, out, CANONICAL, err);
}

int json_compact(const struct json_value *v, struct buf *out, struct drift_error *err)
{
	return emit(v, out, COMPACT, err);
}

int json_pretty(const struct json_value *v, struct buf *out, struct drift_error *err)
{
	return emit(v, out, PRETTY, err);
}

int json_canonical_bytes(const void *data, size_t len, struct buf *out, struct drift_error *err)
{
	struct json_doc *doc;
	int r;

	if (json_parse(data, len, &doc, err))
		return -1;
	r = json_canonical(doc->root, out, err);
	json_doc_free(doc);
	return r;
}
