/* Base 16 and base 64 (RFC 4648). */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"

/* 2 * len lower-case digits and a NUL. */
void hex_encode(const void *data, size_t len, char *out);
void hex_append(struct buf *out, const void *data, size_t len);
/* The value of a digit of either case, or -1. */
int hex_digit(unsigned char c);
/* Read 2 * len digits of either case (there must be so many) into out; false if one is no digit. */
bool hex_decode(const char *hex, unsigned char *out, size_t len) MUST_CHECK;

/* With padding, without line breaks. */
void base64_append(struct buf *out, const void *data, size_t len);
/*
 * Append the bytes of a base 64 text. Strict: padded, no blanks, unused bits zero; so
 * that base64_append of the result gives the same text. False, out unchanged, if it is not so.
 */
bool base64_decode(const char *text, size_t len, struct buf *out) MUST_CHECK;

#endif
