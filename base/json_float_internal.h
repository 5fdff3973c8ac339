/* The two conversions below json_number.h: binary to shortest decimal, decimal to binary. */
#ifndef BASE_JSON_FLOAT_INTERNAL_H
#define BASE_JSON_FLOAT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#define JSON_POW10_MIN (-342)
#define JSON_POW10_MAX 324

/*
 * The 128 leading bits of 10^q, the highest one set, rest cut off: exact for q
 * from 0 to 55 only.
 */
struct json_pow10 {
	uint64_t high, low;
};
extern const struct json_pow10 json_pow10_table[JSON_POW10_MAX - JSON_POW10_MIN + 1];

/* The value digits * 10^exponent; no trailing zeros in digits unless it is 0. */
struct json_decimal {
	uint64_t digits;
	int exponent;
};

/* The shortest decimal that reads back as the positive, finite double of these bits,
 * of several the one nearest to it. */
void json_float_shortest(uint64_t bits, struct json_decimal *out);

/*
 * Digits of a decimal number without leading or trailing zeros, perhaps in two
 * stretches of text around a point: the value is digits * 10^exponent.
 */
struct json_digits {
	const char *text; /* digits and at most one '.', from the first to the last that is not 0 */
	size_t text_len;
	size_t count; /* digits; 0 for the value 0 */
	int64_t exponent;
};

/* The bits of the nearest positive double; those of infinity beyond the range. */
uint64_t json_float_nearest(const struct json_digits *d);

#endif
