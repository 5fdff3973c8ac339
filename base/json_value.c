#include <stdlib.h>
#include <string.h>

#include "base/json_lex_internal.h"
#include "base/json_number.h"
#include "base/json_value_internal.h"
#include "base/mem.h"

struct json_doc *json_doc_new(struct drift_error *err)
{
	struct json_doc *doc = malloc(sizeof(*doc));

	if (!doc) {
		error_no_memory(err);
		return NULL;
	}
	json_arena_init(&doc->arena);
	doc->root = NULL;
	return doc;
}

void json_doc_free(struct json_doc *doc)
{
	if (!doc)
		return;
	json_arena_release(&doc->arena);
	free(doc);
}

struct json_value *json_root(const struct json_doc *doc)
{
	return doc->root;
}

void json_set_root(struct json_doc *doc, struct json_value *value)
{
	doc->root = value;
}

size_t json_doc_size(const struct json_doc *doc)
{
	return doc->arena.size;
}

enum json_kind json_kind(const struct json_value *v)
{
	return v->kind;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",     [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",  [JSON_NUMBER] = "number",
		[JSON_STRING] = "string", [JSON_ARRAY] = "array",   [JSON_OBJECT] = "object",
	};

	return names[kind];
}

const char *json_text(const struct json_value *v, size_t *len_out)
{
	if (v->kind != JSON_STRING && v->kind != JSON_NUMBER)
		return NULL;
	*len_out = v->len;
	return v->u.text;
}

bool json_is_string(const struct json_value *v, const char *s)
{
	return v->kind == JSON_STRING && v->len == strlen(s) && !memcmp(v->u.text, s, v->len);
}

size_t json_count(const struct json_value *v)
{
	return v->kind == JSON_ARRAY || v->kind == JSON_OBJECT ? v->len : 0;
}

struct json_value *json_array_at(const struct json_value *array, size_t i)
{
	return array->u.elements->items[i];
}

struct json_value *json_new_null(struct json_doc *doc)
{
	return json_value_new(doc, JSON_NULL);
}

struct json_value *json_new_bool(struct json_doc *doc, bool value)
{
	return json_value_new(doc, value ? JSON_TRUE : JSON_FALSE);
}

static struct json_value *new_text(struct json_doc *doc, enum json_kind kind, const char *text, size_t len)
{
	struct json_value *v = json_value_new(doc, kind);

	if (!v)
		return NULL;
	v->u.text = json_arena_copy(&doc->arena, text, len);
	v->len = len;
	return v->u.text ? v : NULL;
}

struct json_value *json_new_int(struct json_doc *doc, int64_t value)
{
	uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char text[24], *p = text + sizeof(text);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	if (value < 0)
		*--p = '-';
	return new_text(doc, JSON_NUMBER, p, (size_t)(text + sizeof(text) - p));
}

struct json_value *json_new_double(struct json_doc *doc, double value)
{
	char text[JSON_DOUBLE_TEXT_MAX];
	size_t len = json_double_format(value, text);

	return len ? new_text(doc, JSON_NUMBER, text, len) : NULL;
}

struct json_value *json_new_number(struct json_doc *doc, const char *text, size_t len)
{
	return json_number_valid(text, len) ? new_text(doc, JSON_NUMBER, text, len) : NULL;
}

/* UTF-8 with surrogates that stand alone: two that are a pair would have another form. */
static bool is_json_text(const unsigned char *p, const unsigned char *end)
{
	size_t n;
	bool high = false;

	for (; p < end; p += n) {
		bool surrogate = end - p >= 3 && p[0] == 0xed && p[1] >= 0xa0 && p[1] <= 0xbf && (p[2] & 0xc0) == 0x80;

		n = surrogate ? 3 : *p < 0x80 ? 1 : json_utf8_sequence(p, end);
		if (!n || (surrogate && high && p[1] >= 0xb0))
			return false;
		high = surrogate && p[1] < 0xb0;
	}
	return true;
}

struct json_value *json_new_string(struct json_doc *doc, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;

	return is_json_text(p, p + len) ? new_text(doc, JSON_STRING, bytes, len) : NULL;
}

struct json_value *json_new_array(struct json_doc *doc)
{
	return json_value_new(doc, JSON_ARRAY);
}

struct json_value *json_new_object(struct json_doc *doc)
{
	return json_value_new(doc, JSON_OBJECT);
}

static struct json_elements *elements_new(struct json_doc *doc, size_t capacity)
{
	struct json_elements *all;

	if (capacity > SIZE_MAX / 16)
		return NULL;
	all = json_arena_alloc(&doc->arena, sizeof(*all) + capacity * sizeof(all->items[0]));
	if (all)
		all->capacity = capacity;
	return all;
}

int json_elements_fill(struct json_doc *doc, struct json_value *array, const struct json_member *children, size_t count)
{
	struct json_elements *all;
	size_t i;

	if (!count)
		return 0;
	all = elements_new(doc, count);
	if (!all)
		return -1;
	for (i = 0; i < count; i++)
		all->items[i] = children[i].value;
	array->u.elements = all;
	array->len = count;
	return 0;
}

int json_array_insert(struct json_doc *doc, struct json_value *array, size_t i, struct json_value *value)
{
	struct json_elements *all = array->u.elements, *grown;
	size_t tail = array->len - i;

	if (!all || array->len == all->capacity) {
		grown = elements_new(doc, array->len < 2 ? 4 : 2 * array->len);
		if (!grown)
			return -1;
		if (all)
			memcpy(grown->items, all->items, array->len * sizeof(all->items[0]));
		array->u.elements = all = grown;
	}
	memmove(all->items + i + 1, all->items + i, tail * sizeof(all->items[0]));
	all->items[i] = value;
	array->len++;
	return 0;
}

int json_array_append(struct json_doc *doc, struct json_value *array, struct json_value *value)
{
	return json_array_insert(doc, array, array->len, value);
}

void json_array_replace(struct json_value *array, size_t i, struct json_value *value)
{
	array->u.elements->items[i] = value;
}

void json_array_remove(struct json_value *array, size_t i)
{
	struct json_value **items = array->u.elements->items;

	array->len--;
	memmove(items + i, items + i + 1, (array->len - i) * sizeof(*items));
}
