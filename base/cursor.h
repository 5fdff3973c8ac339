/*
 * The one bounds-checked way to parse bytes. Reading past the end, or a varint
 * that is not in shortest form, makes the cursor fail: it yields zeros from
 * then on, and whoever parsed asks cursor_ok() or cursor_done() once.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const unsigned char *pos;
	const unsigned char *end;
	bool failed;
};

static inline void cursor_init(struct cursor *c, const void *data, size_t len)
{
	c->pos = data;
	c->end = c->pos + len;
	c->failed = false;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->pos);
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

/* Parsed without fault and nothing left over. */
static inline bool cursor_done(const struct cursor *c)
{
	return !c->failed && c->pos == c->end;
}

static inline void cursor_fail(struct cursor *c)
{
	c->failed = true;
	c->pos = c->end;
}

/* The next len bytes, or NULL if there are not so many. */
static inline const unsigned char *cursor_bytes(struct cursor *c, size_t len)
{
	const unsigned char *p = c->pos;

	if (c->failed || len > cursor_left(c)) {
		cursor_fail(c);
		return NULL;
	}
	c->pos += len;
	return p;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const unsigned char *p = cursor_bytes(c, 1);

	return p ? *p : 0;
}

static inline uint64_t cursor_le(struct cursor *c, size_t n)
{
	const unsigned char *p = cursor_bytes(c, n);
	uint64_t v = 0;

	while (p && n--)
		v = v << 8 | p[n];
	return v;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_le(c, 2);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_le(c, 4);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	return cursor_le(c, 8);
}

/* Unsigned LEB128; fails on more than 64 bits and on a superfluous zero byte. */
static inline uint64_t cursor_varint(struct cursor *c)
{
	const unsigned char *p = c->pos;
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; p != c->end; shift += 7) {
		uint8_t b = *p++;

		if ((shift == 63 && b > 1) || (shift && !b))
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			c->pos = p;
			return v;
		}
	}
	cursor_fail(c);
	return 0;
}

static inline int64_t cursor_svarint(struct cursor *c)
{
	uint64_t v = cursor_varint(c);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
