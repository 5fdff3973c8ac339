#include <stdbool.h>

#include "base/json_float_internal.h"

__extension__ typedef unsigned __int128 u128;

#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1075

/* floor(e * log2(10)) and, for the lower boundary of a power of two, log10 of 3/4. */
static int floor_log2_pow10(int e)
{
	return (int)(((int64_t)e * 1741647) >> 19);
}

static int floor_log10_pow2(int e, bool three_quarters)
{
	return (int)(((int64_t)e * 1262611 - (three_quarters ? 524031 : 0)) >> 22);
}

/* The table rounded up, as the proof of Schubfach wants it. */
static struct json_pow10 pow10_ceiling(int k)
{
	struct json_pow10 g = json_pow10_table[k - JSON_POW10_MIN];

	if (k < 0 || k > 55) {
		g.low++;
		g.high += !g.low;
	}
	return g;
}

/* g * c / 2^128, with the lowest bit set if anything was cut off. */
static uint64_t round_to_odd(struct json_pow10 g, uint64_t c)
{
	u128 low = (u128)g.low * c;
	u128 sum = (u128)g.high * c + (uint64_t)(low >> 64);

	return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

static void set_stripped(struct json_decimal *out, uint64_t digits, int exponent)
{
	while (digits && digits % 10 == 0) {
		digits /= 10;
		exponent++;
	}
	out->digits = digits;
	out->exponent = exponent;
}

void json_float_shortest(uint64_t bits, struct json_decimal *out)
{
	uint64_t fraction = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	int biased = (int)(bits >> MANTISSA_BITS);
	uint64_t c = biased ? fraction | (uint64_t)1 << MANTISSA_BITS : fraction;
	int q = (biased ? biased : 1) - EXPONENT_BIAS;
	bool closer = !fraction && biased > 1;
	uint64_t odd = c & 1, low, high, v, s, tens;
	struct json_pow10 g;
	int k, h;

	if (q <= 0 && q > -MANTISSA_BITS - 1 && !(c & (((uint64_t)1 << -q) - 1))) {
		set_stripped(out, c >> -q, 0);
		return;
	}
	k = floor_log10_pow2(q, closer);
	h = q + floor_log2_pow10(-k) + 1;
	g = pow10_ceiling(-k);
	/* Four times the value and the ends of the interval that rounds to it, over 10^k. */
	low = round_to_odd(g, (4 * c - 2 + closer) << h) + odd;
	v = round_to_odd(g, (4 * c) << h);
	high = round_to_odd(g, (4 * c + 2) << h) - odd;
	s = v / 4;
	tens = s / 10;
	if (s >= 10) {
		bool below = low <= 40 * tens, above = 40 * tens + 40 <= high;

		if (below != above) {
			set_stripped(out, tens + above, k + 1);
			return;
		}
	}
	if ((low <= 4 * s) != (4 * s + 4 <= high))
		s += 4 * s + 4 <= high;
	else
		s += v > 4 * s + 2 || (v == 4 * s + 2 && (s & 1));
	set_stripped(out, s, k);
}
