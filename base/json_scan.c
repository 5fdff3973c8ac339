#include <stdlib.h>

#include "base/json.h"
#include "base/json_lex_internal.h"
#include "base/mem.h"

#define NEAR_WORDS 4

/* One bit a level of nesting: set in an object, clear in an array. */
struct scan {
	const unsigned char *end;
	struct json_fault *fault;
	uint64_t *levels;
	size_t depth, word_count;
	uint64_t near[NEAR_WORDS];
};

/* The top-level field that is looked for. */
struct watch {
	const unsigned char *name;
	size_t name_len;
	bool pending; /* its key was just read */
	const unsigned char *start, *end;
};

static bool push_level(struct scan *s, bool object)
{
	size_t word = s->depth / 64;
	uint64_t bit = (uint64_t)1 << s->depth % 64;

	if (word == s->word_count) {
		uint64_t *grown = mem_alloc_array(s->word_count, 2 * sizeof(*grown));

		if (!grown)
			return false;
		memcpy(grown, s->levels, s->word_count * sizeof(*grown));
		if (s->levels != s->near)
			free(s->levels);
		s->levels = grown;
		s->word_count *= 2;
	}
	s->levels[word] = object ? s->levels[word] | bit : s->levels[word] & ~bit;
	s->depth++;
	return true;
}

static inline bool in_object(const struct scan *s)
{
	return s->levels[(s->depth - 1) / 64] >> (s->depth - 1) % 64 & 1;
}

/* 1, 0, or -1 without memory. */
static int key_matches(const struct watch *watch, const unsigned char *key, size_t len)
{
	auto_free unsigned char *text = NULL;

	if (!memchr(key, '\\', len))
		return len == watch->name_len && !memcmp(key, watch->name, len);
	text = mem_alloc_array(len, 1);
	if (!text)
		return -1;
	len = json_unescape(text, key, len);
	return len == watch->name_len && !memcmp(text, watch->name, len);
}

/* A key and its colon, where p is at the key's quote. */
static inline const unsigned char *scan_key(struct scan *s, const unsigned char *p, struct watch *watch)
{
	const unsigned char *key = p + 1;

	if (p == s->end || *p != '"')
		return json_fault_set(s->fault, p, "a key in quotes is expected");
	p = json_lex_string(key, s->end, s->fault);
	if (!p)
		return NULL;
	if (watch && s->depth == 1) {
		int match = key_matches(watch, key, (size_t)(p - 1 - key));

		if (match < 0)
			return json_fault_set(s->fault, p, NULL);
		watch->pending = match;
	}
	p = json_skip_space(p, s->end);
	if (p == s->end || *p != ':')
		return json_fault_set(s->fault, p, "':' is expected behind a key");
	return p + 1;
}

/* Behind '{' or '[' up to the first value or behind the empty container, which is popped. */
static inline const unsigned char *scan_open(struct scan *s, const unsigned char *p, bool object, struct watch *watch,
					     bool *empty_out)
{
	if (!push_level(s, object))
		return json_fault_set(s->fault, p, NULL);
	p = json_skip_space(p, s->end);
	*empty_out = p < s->end && *p == (object ? '}' : ']');
	if (*empty_out) {
		s->depth--;
		return p + 1;
	}
	return object ? scan_key(s, p, watch) : p;
}

/* The value at p, or the beginning of a container that is not empty. */
static inline const unsigned char *scan_value(struct scan *s, const unsigned char *p, struct watch *watch,
					      bool *complete_out)
{
	*complete_out = true;
	if (p == s->end)
		return json_fault_set(s->fault, p, "the text ends where a value is expected");
	switch (*p) {
	case '"':
		return json_lex_string(p + 1, s->end, s->fault);
	case '{':
	case '[':
		return scan_open(s, p + 1, *p == '{', watch, complete_out);
	case 't':
	case 'f':
	case 'n':
		return json_lex_word(p, s->end, s->fault);
	default:
		if (*p != '-' && !json_is_digit(*p))
			return json_fault_set(s->fault, p, "a value is expected");
		return json_lex_number(p, s->end, s->fault);
	}
}

/* From behind a complete value to the next one; at the end of the text s->depth is 0. */
static inline const unsigned char *scan_next(struct scan *s, const unsigned char *p, struct watch *watch)
{
	bool object;

	for (;;) {
		if (watch && s->depth == 1 && watch->pending) {
			watch->pending = false;
			watch->end = p;
		}
		p = json_skip_space(p, s->end);
		if (!s->depth) {
			if (p < s->end)
				return json_fault_set(s->fault, p, "more text behind the value");
			return p;
		}
		if (p == s->end)
			return json_fault_set(s->fault, p, "the text ends within a container");
		object = in_object(s);
		if (*p == ',') {
			p++;
			return object ? scan_key(s, json_skip_space(p, s->end), watch) : p;
		}
		if (*p != (object ? '}' : ']'))
			return json_fault_set(s->fault, p,
					      object ? "',' or '}' is expected" : "',' or ']' is expected");
		s->depth--;
		p++;
	}
}

static inline __attribute__((always_inline)) int scan_text(struct scan *s, const unsigned char *p, struct watch *watch)
{
	bool complete;

	do {
		p = json_skip_space(p, s->end);
		if (watch && s->depth == 1 && watch->pending)
			watch->start = p;
		p = scan_value(s, p, watch, &complete);
		if (p && complete)
			p = scan_next(s, p, watch);
		if (!p)
			return -1;
	} while (s->depth);
	return 0;
}

static void scan_init(struct scan *s, const void *data, size_t len, struct json_fault *fault)
{
	s->end = (const unsigned char *)data + len;
	s->fault = fault;
	s->levels = s->near;
	s->depth = 0;
	s->word_count = NEAR_WORDS;
	memset(s->near, 0, sizeof(s->near));
}

static void scan_release(struct scan *s)
{
	if (s->levels != s->near)
		free(s->levels);
}

int json_scan_text(const void *data, size_t len, struct json_fault *fault)
{
	struct scan s;
	int r;

	scan_init(&s, data, len, fault);
	r = scan_text(&s, data, NULL);
	scan_release(&s);
	return r;
}

int json_validate(const void *data, size_t len, struct drift_error *err)
{
	struct json_fault fault;

	if (!json_scan_text(data, len, &fault))
		return 0;
	return fault.why ? json_fault_report(&fault, data, err) : error_no_memory(err);
}

static enum json_kind kind_of_byte(unsigned char c)
{
	switch (c) {
	case '"':
		return JSON_STRING;
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

int json_find_field(const void *data, size_t len, const char *name, size_t name_len, struct json_slice *value_out,
		    struct drift_error *err)
{
	struct watch watch = { .name = (const unsigned char *)name, .name_len = name_len };
	struct json_fault fault;
	struct scan s;
	int r;

	scan_init(&s, data, len, &fault);
	r = scan_text(&s, data, &watch);
	scan_release(&s);
	if (r)
		return fault.why ? json_fault_report(&fault, data, err) : error_no_memory(err);
	if (!watch.end)
		return 0;
	value_out->data = (const char *)watch.start;
	value_out->len = (size_t)(watch.end - watch.start);
	value_out->kind = kind_of_byte(*watch.start);
	return 1;
}
