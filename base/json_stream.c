#include "base/json_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_lex_internal.h"

enum state {
	BEFORE_ARRAY,
	AFTER_OPEN,  /* an element or ']' */
	AFTER_COMMA, /* an element */
	IN_ELEMENT,
	AFTER_ELEMENT, /* ',' or ']' */
	AFTER_ARRAY,
	FAILED
};

struct json_stream {
	struct buf bytes;
	size_t start; /* of the element in bytes, or what is not looked at yet */
	size_t pos;   /* looked at up to here; > start only in an element */
	size_t element_max;
	enum state state;
	size_t depth; /* of brackets and braces within the element */
	bool in_string, escaped;
	struct json_place place; /* of start */
	uint64_t line;           /* of the last element */
};

struct json_stream *json_stream_new(size_t element_max, struct drift_error *err)
{
	struct json_stream *s = calloc(1, sizeof(*s));

	if (!s) {
		error_no_memory(err);
		return NULL;
	}
	buf_init(&s->bytes);
	s->element_max = element_max;
	s->place = (struct json_place){ 1, 1 };
	return s;
}

void json_stream_free(struct json_stream *s)
{
	if (!s)
		return;
	buf_release(&s->bytes);
	free(s);
}

uint64_t json_stream_line(const struct json_stream *s)
{
	return s->line;
}

static int fail(struct json_stream *s, const char *why, struct drift_error *err)
{
	s->state = FAILED;
	return error_set(err, DRIFT_ERR_INVALID, "line %llu column %llu: %s", (unsigned long long)s->place.line,
			 (unsigned long long)s->place.column, why);
}

int json_stream_feed(struct json_stream *s, const void *data, size_t len, struct drift_error *err)
{
	size_t left = s->bytes.len - s->start;

	if (s->state == FAILED)
		return error_set(err, DRIFT_ERR_INVALID, "the stream has failed before");
	if (s->start) {
		memmove(s->bytes.data, s->bytes.data + s->start, left);
		buf_truncate(&s->bytes, left);
		s->pos -= s->start;
		s->start = 0;
	}
	buf_add(&s->bytes, data, len);
	return buf_check(&s->bytes, err);
}

/* Go over n bytes that need no more attention. */
static void pass(struct json_stream *s, size_t n)
{
	json_place_advance(&s->place, s->bytes.data + s->start, n);
	s->start += n;
	s->pos = s->start;
}

/* The next byte that is not white space, in *c_out; false if there is none yet. */
static bool next_byte(struct json_stream *s, unsigned char *c_out)
{
	const unsigned char *base = (const unsigned char *)s->bytes.data;
	const unsigned char *p = json_skip_space(base + s->start, base + s->bytes.len);

	pass(s, (size_t)(p - base) - s->start);
	if (s->start == s->bytes.len)
		return false;
	*c_out = base[s->start];
	return true;
}

/* Whether the element is complete, s->pos behind it. Its grammar is not looked at here. */
static bool find_end(struct json_stream *s)
{
	const char *p = s->bytes.data;

	for (; s->pos < s->bytes.len; s->pos++) {
		char c = p[s->pos];

		if (s->in_string) {
			if (s->escaped)
				s->escaped = false;
			else if (c == '\\')
				s->escaped = true;
			else if (c == '"')
				s->in_string = false;
		} else if (c == '"') {
			s->in_string = true;
		} else if (c == '[' || c == '{') {
			s->depth++;
		} else if (c == ']' || c == '}') {
			if (!s->depth)
				return true;
			s->depth--;
		} else if (c == ',' && !s->depth) {
			return true;
		}
	}
	return false;
}

static int take_element(struct json_stream *s, struct json_slice *out, struct drift_error *err)
{
	static const char begins[] = "\"[{tfn";
	static const enum json_kind kinds[] = {
		JSON_STRING, JSON_ARRAY, JSON_OBJECT, JSON_TRUE, JSON_FALSE, JSON_NULL
	};
	const char *data = s->bytes.data + s->start, *at;
	size_t len = s->pos - s->start;
	struct json_fault fault;

	while (len && memchr(" \t\n\r", data[len - 1], 4))
		len--;
	if (json_scan_text(data, len, &fault)) {
		s->state = FAILED;
		return fault.why ? json_fault_report_from(&fault, data, s->place, err) : error_no_memory(err);
	}
	at = strchr(begins, *data);
	out->data = data;
	out->len = len;
	out->kind = at ? kinds[at - begins] : JSON_NUMBER;
	s->line = s->place.line;
	pass(s, s->pos - s->start);
	s->state = AFTER_ELEMENT;
	return 1;
}

static int continue_element(struct json_stream *s, struct json_slice *out, struct drift_error *err)
{
	bool complete = find_end(s);

	if (s->pos - s->start > s->element_max) {
		s->state = FAILED;
		return error_set(err, DRIFT_ERR_LIMIT, "line %llu column %llu: the element is longer than %zu bytes",
				 (unsigned long long)s->place.line, (unsigned long long)s->place.column,
				 s->element_max);
	}
	return complete ? take_element(s, out, err) : 0;
}

/* One byte between elements: 0, or -1 if it is out of place. */
static int between(struct json_stream *s, unsigned char c, struct drift_error *err)
{
	if (s->state == BEFORE_ARRAY) {
		if (c != '[')
			return fail(s, "'[' is expected, a JSON array", err);
		s->state = AFTER_OPEN;
	} else if (s->state == AFTER_ARRAY) {
		return fail(s, "more text behind the array", err);
	} else if (c == ']') {
		s->state = AFTER_ARRAY;
	} else {
		if (c != ',')
			return fail(s, "',' or ']' is expected", err);
		s->state = AFTER_COMMA;
	}
	pass(s, 1);
	return 0;
}

int json_stream_next(struct json_stream *s, struct json_slice *element_out, struct drift_error *err)
{
	unsigned char c;

	if (s->state == FAILED)
		return error_set(err, DRIFT_ERR_INVALID, "the stream has failed before");
	while (s->state != IN_ELEMENT) {
		if (!next_byte(s, &c))
			return 0;
		if (s->state != AFTER_COMMA && (s->state != AFTER_OPEN || c == ']')) {
			if (between(s, c, err))
				return -1;
			continue;
		}
		if (c == ',' || c == ']' || c == '}')
			return fail(s, "a value is expected", err);
		s->state = IN_ELEMENT;
		s->depth = 0;
		s->in_string = s->escaped = false;
	}
	return continue_element(s, element_out, err);
}

int json_stream_finish(struct json_stream *s, struct drift_error *err)
{
	if (s->state == FAILED)
		return error_set(err, DRIFT_ERR_INVALID, "the stream has failed before");
	if (s->state == AFTER_ARRAY && s->start == s->bytes.len)
		return 0;
	pass(s, s->bytes.len - s->start);
	return fail(s, s->state == AFTER_ARRAY ? "more text behind the array" : "the text ends within the array", err);
}
