#include <stdlib.h>

#include "base/json_lex_internal.h"
#include "base/json_value_internal.h"
#include "base/mem.h"

struct frame {
	struct json_value *container;
	size_t first; /* of its children among those that wait */
};

struct parser {
	struct json_doc *doc;
	unsigned char *base;
	const unsigned char *end;
	struct json_fault *fault;
	struct frame *frames;
	size_t depth, frame_capacity;
	struct json_member *waiting; /* children of all open containers */
	size_t waiting_count, waiting_capacity;
	struct json_member key; /* of the value that comes next */
};

static const unsigned char *no_memory(struct parser *ps, const unsigned char *p)
{
	return json_fault_set(ps->fault, p, NULL);
}

/* Resolve escapes where the string stands: it only becomes shorter. */
static const char *string_text(struct parser *ps, const unsigned char *raw, const unsigned char *behind,
			       size_t *len_out)
{
	size_t len = (size_t)(behind - 1 - raw);
	unsigned char *own = ps->base + (raw - ps->base);

	*len_out = memchr(raw, '\\', len) ? json_unescape(own, raw, len) : len;
	return (const char *)raw;
}

static const unsigned char *parse_key(struct parser *ps, const unsigned char *p)
{
	const unsigned char *raw;

	p = json_skip_space(p, ps->end);
	if (p == ps->end || *p != '"')
		return json_fault_set(ps->fault, p, "a key in quotes is expected");
	raw = p + 1;
	p = json_lex_string(raw, ps->end, ps->fault);
	if (!p)
		return NULL;
	ps->key.key = string_text(ps, raw, p, &ps->key.key_len);
	p = json_skip_space(p, ps->end);
	if (p == ps->end || *p != ':')
		return json_fault_set(ps->fault, p, "':' is expected behind a key");
	return p + 1;
}

/* Let the value wait for the end of its container. */
static int add_child(struct parser *ps, struct json_value *v)
{
	if (mem_grow(&ps->waiting, &ps->waiting_capacity, ps->waiting_count + 1, sizeof(*ps->waiting)))
		return -1;
	ps->key.value = v;
	ps->waiting[ps->waiting_count++] = ps->key;
	return 0;
}

static int open_container(struct parser *ps, struct json_value *v)
{
	if (mem_grow(&ps->frames, &ps->frame_capacity, ps->depth + 1, sizeof(*ps->frames)))
		return -1;
	ps->frames[ps->depth++] = (struct frame){ v, ps->waiting_count };
	return 0;
}

static int close_container(struct parser *ps)
{
	struct frame *f = &ps->frames[--ps->depth];
	size_t count = ps->waiting_count - f->first;

	ps->waiting_count = f->first;
	if (f->container->kind == JSON_OBJECT)
		return json_members_fill(ps->doc, f->container, ps->waiting + f->first, count);
	return json_elements_fill(ps->doc, f->container, ps->waiting + f->first, count);
}

/* '{' or '[' at p: up to the first value, or behind an empty container. */
static const unsigned char *parse_open(struct parser *ps, const unsigned char *p, struct json_value *v,
				       bool *complete_out)
{
	v->kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
	p = json_skip_space(p + 1, ps->end);
	if (p < ps->end && *p == (v->kind == JSON_OBJECT ? '}' : ']'))
		return p + 1;
	*complete_out = false;
	if (open_container(ps, v))
		return no_memory(ps, p);
	return v->kind == JSON_OBJECT ? parse_key(ps, p) : p;
}

static const unsigned char *parse_scalar(struct parser *ps, const unsigned char *p, struct json_value *v)
{
	const unsigned char *start = p;

	switch (*p) {
	case '"':
		v->kind = JSON_STRING;
		p = json_lex_string(++start, ps->end, ps->fault);
		if (p)
			v->u.text = string_text(ps, start, p, &v->len);
		return p;
	case 't':
	case 'f':
	case 'n':
		v->kind = *p == 't' ? JSON_TRUE : *p == 'f' ? JSON_FALSE : JSON_NULL;
		return json_lex_word(p, ps->end, ps->fault);
	default:
		if (*p != '-' && !json_is_digit(*p))
			return json_fault_set(ps->fault, p, "a value is expected");
		v->kind = JSON_NUMBER;
		v->u.text = (const char *)p;
		p = json_lex_number(p, ps->end, ps->fault);
		if (p)
			v->len = (size_t)(p - start);
		return p;
	}
}

/* From behind a complete value to the next, or to the end of the text where depth is 0. */
static const unsigned char *parse_next(struct parser *ps, const unsigned char *p)
{
	bool object;

	for (;;) {
		p = json_skip_space(p, ps->end);
		if (!ps->depth)
			return p == ps->end ? p : json_fault_set(ps->fault, p, "more text behind the value");
		if (p == ps->end)
			return json_fault_set(ps->fault, p, "the text ends within a container");
		object = ps->frames[ps->depth - 1].container->kind == JSON_OBJECT;
		if (*p == ',')
			return object ? parse_key(ps, p + 1) : p + 1;
		if (*p != (object ? '}' : ']'))
			return json_fault_set(ps->fault, p,
					      object ? "',' or '}' is expected" : "',' or ']' is expected");
		if (close_container(ps))
			return no_memory(ps, p);
		p++;
	}
}

static struct json_value *parse_text(struct parser *ps)
{
	const unsigned char *p = ps->base;
	struct json_value *root = NULL, *v;
	bool complete;

	do {
		p = json_skip_space(p, ps->end);
		if (p == ps->end) {
			json_fault_set(ps->fault, p, "the text ends where a value is expected");
			return NULL;
		}
		v = json_value_new(ps->doc, JSON_NULL);
		if (!v || (root && add_child(ps, v))) {
			no_memory(ps, p);
			return NULL;
		}
		if (!root)
			root = v;
		complete = true;
		if (*p == '{' || *p == '[')
			p = parse_open(ps, p, v, &complete);
		else
			p = parse_scalar(ps, p, v);
		if (p && complete)
			p = parse_next(ps, p);
		if (!p)
			return NULL;
	} while (ps->depth);
	return root;
}

int json_parse_value(struct json_doc *doc, const void *data, size_t len, struct json_value **value_out,
		     struct drift_error *err)
{
	struct json_fault fault;
	struct parser ps = { .doc = doc, .fault = &fault };
	struct json_value *v;

	ps.base = (unsigned char *)json_arena_copy(&doc->arena, data, len);
	if (!ps.base)
		return error_no_memory(err);
	ps.end = ps.base + len;
	v = parse_text(&ps);
	free(ps.frames);
	free(ps.waiting);
	if (v) {
		*value_out = v;
		return 0;
	}
	if (!fault.why)
		return error_no_memory(err);
	/* The place is counted in the original: the copy has lost its escapes. */
	fault.at = (const unsigned char *)data + (fault.at - ps.base);
	return json_fault_report(&fault, data, err);
}

int json_parse(const void *data, size_t len, struct json_doc **doc_out, struct drift_error *err)
{
	struct json_doc *doc = json_doc_new(err);

	if (!doc)
		return -1;
	if (json_parse_value(doc, data, len, &doc->root, err)) {
		json_doc_free(doc);
		return -1;
	}
	*doc_out = doc;
	return 0;
}
