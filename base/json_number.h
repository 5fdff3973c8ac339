/*
 * JSON numbers: text to double and back, exactly, in any locale. Reading is
 * correctly rounded (Lemire 2021, big integers where that cannot decide);
 * printing gives the shortest digits that read back as the same double
 * (Giulietti 2020, "The Schubfach way to render doubles") in the form of
 * ECMAScript's Number::toString, which RFC 8785 prescribes.
 */
#ifndef BASE_JSON_NUMBER_H
#define BASE_JSON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Room that json_double_format needs; its longest text has 24 characters. */
#define JSON_DOUBLE_TEXT_MAX 32

/* Write v to out, without a NUL; returns the length, 0 if v is not finite. */
size_t json_double_format(double v, char out[JSON_DOUBLE_TEXT_MAX]);

/* Whether text is, from end to end, a number by the grammar of RFC 8259. */
bool json_number_valid(const char *text, size_t len);

/*
 * The double nearest to the number, ties to even; infinity beyond the range.
 * False if text is no JSON number.
 */
bool json_number_to_double(const char *text, size_t len, double *value_out);

/* The value if it is an integer of that range, however written (1e3, 2.0); else false. */
bool json_number_to_int64(const char *text, size_t len, int64_t *value_out);

/*
 * Append the number in canonical form: that of RFC 8785, or its own text where
 * the double of RFC 8785 would lose digits, that is for
 * - what overflows, or becomes zero without being zero;
 * - more than 17 significant digits, integers below 1e21 and numbers below the
 *   normal range of a double, unless the double prints the same decimal value.
 * The text must be a valid JSON number.
 */
void json_number_canonical(struct buf *out, const char *text, size_t len);

/* Whether two valid numbers have one value: 1, 1.0 and 10e-1 are equal. Numbers that
 * json_number_canonical leaves as they are compare by their exact decimal value. */
bool json_number_equal(const char *a, size_t a_len, const char *b, size_t b_len);

/* A number that counts as often as `times` says: 1 or -1. */
struct json_number_text {
	const char *text;
	size_t len;
	int times;
};
/* Append the exact decimal sum. False, and nothing, where it would span more than JSON_SUM_DIGITS_MAX digits. */
#define JSON_SUM_DIGITS_MAX 4096
bool json_number_sum(struct buf *out, const struct json_number_text *terms, size_t count);

#endif
