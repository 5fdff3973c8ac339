#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A small one doubles, a large one grows by half. */
#define BUF_DOUBLES ((size_t)64 << 10)

char buf_empty[1];

void buf_init(struct buf *b)
{
	b->data = buf_empty;
	b->len = 0;
	b->capacity = 0;
	b->failed = false;
}

void buf_release(struct buf *b)
{
	if (b->capacity)
		free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->capacity)
		b->data[0] = '\0';
}

void buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	if (b->capacity)
		b->data[len] = '\0';
}

char *buf_take(struct buf *b, size_t *len_out)
{
	char *p;

	if (!b->capacity && !buf_reserve(b, 1))
		return NULL;
	if (b->failed)
		return NULL;
	p = b->data;
	if (len_out)
		*len_out = b->len;
	buf_init(b);
	return p;
}

int buf_check(const struct buf *b, struct drift_error *err)
{
	return b->failed ? error_no_memory(err) : 0;
}

char *buf_reserve(struct buf *b, size_t extra)
{
	size_t want;
	char *p;

	if (b->failed)
		return NULL;
	if (extra < b->capacity && b->len < b->capacity - extra)
		return b->data + b->len;
	want = b->capacity < BUF_DOUBLES ? 2 * b->capacity + 112 : b->capacity + b->capacity / 2;
	if (extra > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
		b->failed = true;
		return NULL;
	}
	if (want < b->len + extra + 1)
		want = b->len + extra + 1;
	p = realloc(b->capacity ? b->data : NULL, want);
	if (!p) {
		b->failed = true;
		return NULL;
	}
	b->data = p;
	b->capacity = want;
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	char *p = len ? buf_reserve(b, len) : NULL;

	if (!p)
		return;
	memcpy(p, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_byte(struct buf *b, unsigned char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n > 0 ? buf_reserve(b, (size_t)n + 1) : NULL;
	if (p) {
		vsnprintf(p, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_insert(struct buf *b, size_t at, const void *data, size_t len)
{
	size_t tail = b->len - at;

	assert(at <= b->len);
	if (!len || !buf_reserve(b, len))
		return;
	memmove(b->data + at + len, b->data + at, tail);
	memcpy(b->data + at, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

static void add_le(struct buf *b, uint64_t v, size_t n)
{
	unsigned char p[8];
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
	buf_add(b, p, n);
}

void buf_add_u16(struct buf *b, uint16_t v)
{
	add_le(b, v, 2);
}

void buf_add_u32(struct buf *b, uint32_t v)
{
	add_le(b, v, 4);
}

void buf_add_u64(struct buf *b, uint64_t v)
{
	add_le(b, v, 8);
}

size_t varint_put(unsigned char *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (unsigned char)v;
	return n;
}

size_t varint_len(uint64_t v)
{
	size_t n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}

void buf_add_varint(struct buf *b, uint64_t v)
{
	unsigned char p[10];

	buf_add(b, p, varint_put(p, v));
}

void buf_add_svarint(struct buf *b, int64_t v)
{
	buf_add_varint(b, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}
