/*
 * The tokens of RFC 8259, shared by everything in base/json*.c that reads text.
 * Functions take the first byte of a token and the end of the text and return
 * what is behind the token, or NULL with the fault filled in.
 */
#ifndef BASE_JSON_LEX_INTERNAL_H
#define BASE_JSON_LEX_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct json_fault {
	const unsigned char *at;
	const char *why;
};

static inline const unsigned char *json_fault_set(struct json_fault *fault, const unsigned char *at, const char *why)
{
	fault->at = at;
	fault->why = why;
	return NULL;
}

/* Set err to the fault with its line and column in data; returns -1. */
int json_fault_report(const struct json_fault *fault, const void *data, struct drift_error *err);

/* As if data began at that line and column (both from 1). */
struct json_place {
	uint64_t line, column;
};
void json_place_advance(struct json_place *place, const void *data, size_t len);
int json_fault_report_from(const struct json_fault *fault, const void *data, struct json_place place,
			   struct drift_error *err);

/* Validate one JSON text; 0, -1 with the fault, or -1 with fault->why NULL: no memory. */
int json_scan_text(const void *data, size_t len, struct json_fault *fault);

/* The number of bytes (2 to 4) of the well-formed UTF-8 sequence at p, 0 if it is none. */
size_t json_utf8_sequence(const unsigned char *p, const unsigned char *end);

/* Resolve the escapes of a valid string without its quotes; out may be raw. Returns the length. */
size_t json_unescape(unsigned char *out, const unsigned char *raw, size_t len);

/* The rest of a string from p, where something else than plain ASCII is, or nothing. */
const unsigned char *json_lex_string_rest(const unsigned char *p, const unsigned char *end, struct json_fault *fault);
/* "true", "false" or "null". */
const unsigned char *json_lex_word(const unsigned char *p, const unsigned char *end, struct json_fault *fault);

static inline bool json_is_digit(unsigned char c)
{
	return (unsigned char)(c - '0') < 10;
}

static inline const unsigned char *json_skip_space(const unsigned char *p, const unsigned char *end)
{
	while (p < end && *p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* The high bit of each byte of the word that ends a run of plain characters: quote,
 * backslash, control or not ASCII. Exact up to the lowest such byte. */
static inline uint64_t json_special_bytes(uint64_t word)
{
	const uint64_t ones = UINT64_MAX / 0xff;
	uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

	return ((quote - ones) | (backslash - ones) | (word - ones * ' ') | word) & ones * 0x80;
}

/* p is behind the opening quote, the result behind the closing one. */
static inline const unsigned char *json_lex_string(const unsigned char *p, const unsigned char *end,
						   struct json_fault *fault)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	while (end - p >= 8) {
		uint64_t word, special;

		memcpy(&word, p, sizeof(word));
		special = json_special_bytes(word);
		if (special) {
			p += __builtin_ctzll(special) >> 3;
			break;
		}
		p += 8;
	}
#endif
	if (p < end && *p == '"')
		return p + 1;
	return json_lex_string_rest(p, end, fault);
}

static inline const unsigned char *json_lex_number(const unsigned char *p, const unsigned char *end,
						   struct json_fault *fault)
{
	if (p < end && *p == '-')
		p++;
	if (p == end || !json_is_digit(*p))
		return json_fault_set(fault, p, "a digit is missing in a number");
	if (*p++ != '0')
		while (p < end && json_is_digit(*p))
			p++;
	if (p < end && *p == '.') {
		if (++p == end || !json_is_digit(*p))
			return json_fault_set(fault, p, "a digit is missing behind the point");
		while (p < end && json_is_digit(*p))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (p == end || !json_is_digit(*p))
			return json_fault_set(fault, p, "a digit is missing in the exponent");
		while (p < end && json_is_digit(*p))
			p++;
	}
	return p;
}

#endif
