#include <stdbool.h>
#include <string.h>

#include "base/json_float_internal.h"

__extension__ typedef unsigned __int128 u128;

#define MANTISSA_BITS 52
#define INFINITY_BITS ((uint64_t)0x7ff << MANTISSA_BITS)
/* A midpoint of two doubles has at most 767 significant digits: beyond, one bit of news is enough. */
#define DIGITS_MAX 770
#define LIMBS_MAX 160

/* A natural number, lowest limb first. The largest here is below 2^4800. */
struct big {
	uint32_t limb[LIMBS_MAX];
	size_t count;
};

static void big_mul_add(struct big *b, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;
	size_t i;

	for (i = 0; i < b->count; i++) {
		carry += (uint64_t)b->limb[i] * factor;
		b->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry && b->count < LIMBS_MAX)
		b->limb[b->count++] = (uint32_t)carry;
}

static void big_mul_pow5(struct big *b, unsigned n)
{
	for (; n >= 13; n -= 13)
		big_mul_add(b, 1220703125, 0);
	for (; n; n--)
		big_mul_add(b, 5, 0);
}

static void big_shift_left(struct big *b, unsigned n)
{
	size_t limbs = n / 32;

	big_mul_add(b, (uint32_t)1 << n % 32, 0);
	if (!limbs || b->count + limbs > LIMBS_MAX)
		return;
	memmove(b->limb + limbs, b->limb, b->count * sizeof(b->limb[0]));
	memset(b->limb, 0, limbs * sizeof(b->limb[0]));
	b->count += limbs;
}

static int big_compare(const struct big *a, const struct big *b)
{
	size_t i = a->count;

	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	while (i--)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

/* Returns the power of ten that goes with the digits taken. */
static int64_t big_from_digits(struct big *b, const struct json_digits *d)
{
	size_t taken = 0, i;

	b->count = 0;
	for (i = 0; i < d->text_len && taken < DIGITS_MAX; i++) {
		if (d->text[i] == '.')
			continue;
		big_mul_add(b, 10, (uint32_t)(d->text[i] - '0'));
		taken++;
	}
	if (taken == d->count)
		return d->exponent;
	big_mul_add(b, 10, 1);
	return d->exponent + (int64_t)(d->count - taken) - 1;
}

/* How the number compares with the midpoint of the double of these bits and the next one. */
static int compare_to_midpoint(const struct json_digits *d, uint64_t bits)
{
	uint64_t biased = bits >> MANTISSA_BITS;
	uint64_t fraction = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	uint64_t m = 2 * (biased ? fraction | (uint64_t)1 << MANTISSA_BITS : fraction) + 1;
	int two = (int)(biased ? biased : 1) - 1076;
	struct big number, middle;
	int ten = (int)big_from_digits(&number, d);

	middle.limb[0] = (uint32_t)m;
	middle.limb[1] = (uint32_t)(m >> 32);
	middle.count = middle.limb[1] ? 2 : 1;
	/* number * 5^ten * 2^ten against middle * 2^two */
	if (ten >= 0)
		big_mul_pow5(&number, (unsigned)ten);
	else
		big_mul_pow5(&middle, (unsigned)-ten);
	if (ten >= two)
		big_shift_left(&number, (unsigned)(ten - two));
	else
		big_shift_left(&middle, (unsigned)(two - ten));
	return big_compare(&number, &middle);
}

/* Walk from a double that is near to the nearest one. */
static uint64_t settle(const struct json_digits *d, uint64_t bits)
{
	int c;

	while (bits < INFINITY_BITS) {
		c = compare_to_midpoint(d, bits);
		if (c < 0 || (c == 0 && !(bits & 1)))
			break;
		bits++;
		if (c == 0)
			return bits;
	}
	while (bits) {
		c = compare_to_midpoint(d, bits - 1);
		if (c > 0 || (c == 0 && !(bits & 1)))
			break;
		bits--;
	}
	return bits;
}

/*
 * w * 10^q by the 128-bit product of Lemire 2021. Returns whether the result
 * is certain; if not, it is at most one double away.
 */
static bool from_product(uint64_t w, int q, uint64_t *bits_out)
{
	struct json_pow10 g = json_pow10_table[q - JSON_POW10_MIN];
	int zeros = __builtin_clzll(w);
	int exponent = (int)(((int64_t)q * 217706) >> 16) + 63 - zeros + 1023;
	u128 low, sum;
	uint64_t high, mantissa, rest;
	bool exact = q >= 0 && q <= 55, certain;
	int drop;

	w <<= zeros;
	low = (u128)g.low * w;
	sum = (u128)g.high * w + (uint64_t)(low >> 64);
	high = (uint64_t)(sum >> 64);
	rest = (uint64_t)sum;
	/* The cut-off table makes the product too small by less than w: by one in `rest` at most. */
	certain = exact || rest < UINT64_MAX - 1;
	drop = 10;
	if (high >> 63) {
		drop++;
		exponent++;
	}
	if (exponent <= 0) {
		drop += 1 - exponent;
		exponent = 0;
		if (drop > 63) {
			*bits_out = 0;
			return false;
		}
	}
	mantissa = high >> drop;
	if (high << (64 - drop) == (uint64_t)1 << 63 && rest <= 1) {
		/* A tie, or so near to one that what was cut off decides. */
		certain = exact && rest == 0 && (uint64_t)low == 0;
		mantissa += mantissa & 1;
	} else {
		mantissa += high >> (drop - 1) & 1;
	}
	/* A carry out of the mantissa raises the exponent, out of a subnormal one to the first normal. */
	*bits_out = exponent ? ((uint64_t)(exponent - 1) << MANTISSA_BITS) + mantissa : mantissa;
	if (*bits_out >= INFINITY_BITS)
		*bits_out = INFINITY_BITS;
	return certain;
}

static bool from_small(uint64_t w, int64_t q, uint64_t *bits_out)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
					 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	double v = (double)w;

	if (w > (uint64_t)1 << 53 || q < -22 || q > 22)
		return false;
	/* Both operands are exact, so IEEE arithmetic rounds once. */
	v = q < 0 ? v / powers[-q] : v * powers[q];
	memcpy(bits_out, &v, sizeof(*bits_out));
	return true;
}

uint64_t json_float_nearest(const struct json_digits *d)
{
	uint64_t w = 0, bits, next;
	int64_t q = d->exponent;
	size_t taken = 0, i;

	/* The value is in [10^(count - 1 + q), 10^(count + q)). */
	if (!d->count || (int64_t)d->count + q < -325)
		return 0;
	if ((int64_t)d->count + q > 310)
		return INFINITY_BITS;
	for (i = 0; i < d->text_len && taken < 19; i++) {
		if (d->text[i] == '.')
			continue;
		w = w * 10 + (uint64_t)(d->text[i] - '0');
		taken++;
	}
	if (taken == d->count && from_small(w, q, &bits))
		return bits;
	q += (int64_t)(d->count - taken);
	/* w < 10^19: below a quarter of the smallest double. */
	if (q < JSON_POW10_MIN)
		return 0;
	if (from_product(w, (int)q, &bits) &&
	    (taken == d->count || (from_product(w + 1, (int)q, &next) && next == bits)))
		return bits;
	return settle(d, bits);
}
