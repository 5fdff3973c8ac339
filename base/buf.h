/*
 * A growing byte buffer. Appending cannot fail visibly: without memory the
 * buffer remembers that it failed and ignores what follows; whoever uses the
 * result asks buf_check() once. The bytes are always followed by a NUL that
 * does not count, so that text can be printed.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct buf {
	char *data; /* never NULL after BUF_INIT; data[len] is NUL */
	size_t len;
	size_t capacity; /* 0: data is not ours */
	bool failed;
};

extern char buf_empty[1];
#define BUF_INIT { .data = buf_empty, .len = 0, .capacity = 0, .failed = false }
#define auto_buf __attribute__((cleanup(buf_release))) struct buf

void buf_init(struct buf *b);
/* Free the bytes and make it an empty buffer again. */
void buf_release(struct buf *b);
/* Forget the bytes and any failure, keep the memory. */
void buf_clear(struct buf *b);
/* Cut to len bytes; len must not exceed b->len. */
void buf_truncate(struct buf *b, size_t len);
/* The bytes, to be freed by the caller; the buffer is empty then. NULL if it had failed. */
char *buf_take(struct buf *b, size_t *len_out);
/* 0, or -1 with DRIFT_ERR_NO_MEMORY if an append was lost. */
int buf_check(const struct buf *b, struct drift_error *err) MUST_CHECK;

/* Room for `extra` bytes behind the end, which the caller fills and adds to len; NULL if failed. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_add_byte(struct buf *b, unsigned char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Put bytes at offset `at`, moving the rest back. */
void buf_insert(struct buf *b, size_t at, const void *data, size_t len);

/* Little-endian fixed width. */
void buf_add_u16(struct buf *b, uint16_t v);
void buf_add_u32(struct buf *b, uint32_t v);
void buf_add_u64(struct buf *b, uint64_t v);
/* Unsigned LEB128, shortest form (see cursor_varint). */
void buf_add_varint(struct buf *b, uint64_t v);
/* Zigzag, then LEB128. */
void buf_add_svarint(struct buf *b, int64_t v);

/* The number of bytes that buf_add_varint writes for v: 1 to 10. */
size_t varint_len(uint64_t v);
/* Write v at p, which has room for 10 bytes; returns the bytes written. */
size_t varint_put(unsigned char *p, uint64_t v);

#endif
