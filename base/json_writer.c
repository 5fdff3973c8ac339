#include "base/json_writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/json_number.h"
#include "base/mem.h"
#include "base/utf8.h"

struct json_writer_frame {
	bool object, begun; /* begun: it has a first value */
	bool sorted;        /* each key so far was greater than the one before */
	size_t first;       /* member of this object */
};

struct json_writer_member {
	char *key; /* what it says, without escapes */
	size_t key_len;
	size_t start, end; /* of key and value in the output, without the comma */
};

void json_writer_init(struct json_writer *w, struct buf *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	buf_init(&w->scratch);
}

void json_writer_release(struct json_writer *w)
{
	struct buf *out = w->out;

	while (w->member_count)
		free(w->members[--w->member_count].key);
	free(w->members);
	free(w->frames);
	buf_release(&w->scratch);
	json_writer_init(w, out);
}

int json_writer_finish(struct json_writer *w, struct drift_error *err)
{
	bool failed = w->failed;

	assert(failed || !w->frame_count);
	json_writer_release(w);
	return failed ? error_no_memory(err) : buf_check(w->out, err);
}

static struct json_writer_frame *top(struct json_writer *w)
{
	return w->frame_count ? &w->frames[w->frame_count - 1] : NULL;
}

/* Before each value: the comma of an array. */
static void before_value(struct json_writer *w)
{
	struct json_writer_frame *f = top(w);

	if (!f || f->object)
		return;
	if (f->begun)
		buf_add_byte(w->out, ',');
	f->begun = true;
}

static void begin(struct json_writer *w, bool object)
{
	before_value(w);
	if (w->failed || mem_grow(&w->frames, &w->frame_capacity, w->frame_count + 1, sizeof(*w->frames))) {
		w->failed = true;
		return;
	}
	w->frames[w->frame_count++] =
		(struct json_writer_frame){ .object = object, .sorted = true, .first = w->member_count };
	buf_add_byte(w->out, object ? '{' : '[');
}

void json_writer_begin_object(struct json_writer *w)
{
	begin(w, true);
}

void json_writer_begin_array(struct json_writer *w)
{
	begin(w, false);
}

void json_writer_end_array(struct json_writer *w)
{
	if (w->failed)
		return;
	assert(w->frame_count && !top(w)->object);
	w->frame_count--;
	buf_add_byte(w->out, ']');
}

static int compare_keys(const struct json_writer_member *a, const struct json_writer_member *b)
{
	return json_key_compare(a->key, a->key_len, b->key, b->key_len);
}

/* Equal keys in the order in which they came. */
static int compare_members(const void *x, const void *y)
{
	const struct json_writer_member *a = x, *b = y;
	int c = compare_keys(a, b);

	return c ? c : a->start < b->start ? -1 : 1;
}

static void sort_members(struct json_writer *w, struct json_writer_member *members, size_t count)
{
	size_t from = members[0].start, i;

	buf_clear(&w->scratch);
	qsort(members, count, sizeof(*members), compare_members);
	for (i = 0; i < count; i++) {
		if (i + 1 < count && !compare_keys(members + i, members + i + 1))
			continue;
		if (w->scratch.len)
			buf_add_byte(&w->scratch, ',');
		buf_add(&w->scratch, w->out->data + members[i].start, members[i].end - members[i].start);
	}
	if (w->scratch.failed) {
		w->failed = true;
		return;
	}
	buf_truncate(w->out, from);
	buf_add(w->out, w->scratch.data, w->scratch.len);
}

void json_writer_end_object(struct json_writer *w)
{
	struct json_writer_frame *f = top(w);

	if (w->failed)
		return;
	assert(f && f->object);
	if (w->member_count > f->first) {
		w->members[w->member_count - 1].end = w->out->len;
		if (!f->sorted && !w->out->failed)
			sort_members(w, w->members + f->first, w->member_count - f->first);
	}
	while (w->member_count > f->first)
		free(w->members[--w->member_count].key);
	w->frame_count--;
	buf_add_byte(w->out, '}');
}

/* The key as it was written, which for bytes that are no UTF-8 is not as it was given. */
static bool set_key(struct json_writer_member *m, const struct buf *out, const char *key, size_t len)
{
	auto_buf said = BUF_INIT;

	if (!utf8_valid(key, len)) {
		json_unquote(&said, out->data + m->start, out->len - m->start);
		key = said.data;
		len = said.len;
	}
	m->key = mem_dup_str(key, len);
	m->key_len = len;
	return m->key && !said.failed && !out->failed;
}

void json_writer_key_bytes(struct json_writer *w, const char *key, size_t len)
{
	struct json_writer_frame *f = top(w);
	struct json_writer_member m = { 0 };

	if (w->failed)
		return;
	assert(f && f->object);
	if (f->begun) {
		w->members[w->member_count - 1].end = w->out->len;
		buf_add_byte(w->out, ',');
	}
	f->begun = true;
	m.start = w->out->len;
	json_quote(w->out, key, len);
	if (!set_key(&m, w->out, key, len) ||
	    mem_grow(&w->members, &w->member_capacity, w->member_count + 1, sizeof(m))) {
		free(m.key);
		w->failed = true;
		return;
	}
	buf_add_byte(w->out, ':');
	if (w->member_count > f->first && compare_keys(&w->members[w->member_count - 1], &m) >= 0)
		f->sorted = false;
	w->members[w->member_count++] = m;
}

void json_writer_key(struct json_writer *w, const char *key)
{
	json_writer_key_bytes(w, key, strlen(key));
}

void json_writer_raw(struct json_writer *w, const char *json, size_t len)
{
	before_value(w);
	buf_add(w->out, json, len);
}

void json_writer_string(struct json_writer *w, const char *bytes, size_t len)
{
	before_value(w);
	json_quote(w->out, bytes, len);
}

void json_writer_str(struct json_writer *w, const char *s)
{
	json_writer_string(w, s, strlen(s));
}

static void add_integer(struct json_writer *w, bool negative, uint64_t v)
{
	char text[24], *p = text + sizeof(text);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	if (negative)
		*--p = '-';
	json_writer_raw(w, p, (size_t)(text + sizeof(text) - p));
}

void json_writer_int(struct json_writer *w, int64_t value)
{
	add_integer(w, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_writer_uint(struct json_writer *w, uint64_t value)
{
	add_integer(w, false, value);
}

void json_writer_double(struct json_writer *w, double value)
{
	char text[JSON_DOUBLE_TEXT_MAX];
	size_t len = json_double_format(value, text);

	if (len)
		json_writer_raw(w, text, len);
	else
		json_writer_null(w);
}

void json_writer_bool(struct json_writer *w, bool value)
{
	json_writer_raw(w, value ? "true" : "false", value ? 4 : 5);
}

void json_writer_null(struct json_writer *w)
{
	json_writer_raw(w, "null", 4);
}

void json_writer_base64(struct json_writer *w, const void *bytes, size_t len)
{
	before_value(w);
	buf_add_byte(w->out, '"');
	base64_append(w->out, bytes, len);
	buf_add_byte(w->out, '"');
}

void json_writer_member_str(struct json_writer *w, const char *key, const char *s)
{
	json_writer_key(w, key);
	json_writer_str(w, s);
}

void json_writer_member_uint(struct json_writer *w, const char *key, uint64_t value)
{
	json_writer_key(w, key);
	json_writer_uint(w, value);
}

void json_writer_member_bool(struct json_writer *w, const char *key, bool value)
{
	json_writer_key(w, key);
	json_writer_bool(w, value);
}

void json_writer_member_null(struct json_writer *w, const char *key)
{
	json_writer_key(w, key);
	json_writer_null(w);
}

void json_writer_text(struct json_writer *w, const char *key, const char *bytes, size_t len)
{
	auto_buf name = BUF_INIT;

	if (utf8_valid(bytes, len)) {
		json_writer_key(w, key);
		json_writer_string(w, bytes, len);
		return;
	}
	buf_add_str(&name, key);
	buf_add_str(&name, "_b64");
	if (name.failed)
		w->failed = true;
	json_writer_key_bytes(w, name.data, name.len);
	json_writer_base64(w, bytes, len);
}
