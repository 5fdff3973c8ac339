#include "base/json_number.h"

#include <string.h>

#include "base/json_float_internal.h"
#include "base/json_lex_internal.h"

/* Beyond this an exponent makes zero or infinity of any text that fits in memory. */
#define EXPONENT_MAX ((int64_t)1 << 62)
#define DOUBLE_DIGITS_MAX 17
#define NORMAL_MIN_BITS ((uint64_t)1 << 52)
#define INFINITY_BITS ((uint64_t)0x7ff << 52)

struct parts {
	bool negative;
	bool exponent_cut; /* the exponent was beyond EXPONENT_MAX */
	struct json_digits digits;
};

bool json_number_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	struct json_fault fault;

	return json_lex_number(p, p + len, &fault) == p + len;
}

static int64_t read_exponent(const char *p, const char *end, bool *cut_out)
{
	bool negative = *p == '-';
	int64_t v = 0;

	if (*p == '-' || *p == '+')
		p++;
	for (; p < end; p++) {
		if (v > EXPONENT_MAX / 16) {
			*cut_out = true;
			v = EXPONENT_MAX;
			break;
		}
		v = v * 10 + (*p - '0');
	}
	return negative ? -v : v;
}

/* Leave the digits from the first to the last that is not 0, and the power of ten of the last. */
static void strip_zeros(struct json_digits *d, const char *p, const char *end)
{
	const char *point = memchr(p, '.', (size_t)(end - p)), *q;
	int64_t places = point ? end - point - 1 : 0;

	while (p < end && (*p == '0' || *p == '.'))
		p++;
	for (q = end; q > p && (q[-1] == '0' || q[-1] == '.'); q--)
		;
	d->text = p;
	d->text_len = (size_t)(q - p);
	d->count = d->text_len - (point && point > p && point < q);
	/* Digits between the last one kept and the end of the text, not counting the point. */
	d->exponent += (end - q) - (point && point >= q) - places;
}

/* Split a valid number. */
static void split(struct parts *n, const char *text, size_t len)
{
	const char *end = text + len, *e = text;

	n->negative = *text == '-';
	n->exponent_cut = false;
	n->digits.exponent = 0;
	text += n->negative;
	for (e = text; e < end && *e != 'e' && *e != 'E'; e++)
		;
	if (e < end)
		n->digits.exponent = read_exponent(e + 1, end, &n->exponent_cut);
	strip_zeros(&n->digits, text, e);
}

/* The text of digits * 10^exponent by ECMAScript's Number::toString. */
static size_t format_decimal(const struct json_decimal *d, char *out)
{
	char digits[20], *p = out;
	uint64_t v = d->digits;
	int count = 0, point, i, e;

	for (; v; v /= 10)
		digits[19 - count++] = (char)('0' + v % 10);
	point = count + d->exponent;
	if (point > 21 || point < -5) {
		*p++ = digits[20 - count];
		if (count > 1)
			*p++ = '.';
		for (i = 1; i < count; i++)
			*p++ = digits[20 - count + i];
		e = point - 1;
		*p++ = 'e';
		*p++ = e < 0 ? '-' : '+';
		e = e < 0 ? -e : e;
		if (e >= 100)
			*p++ = (char)('0' + e / 100);
		if (e >= 10)
			*p++ = (char)('0' + e / 10 % 10);
		*p++ = (char)('0' + e % 10);
		return (size_t)(p - out);
	}
	if (point <= 0) {
		*p++ = '0';
		*p++ = '.';
		for (i = point; i < 0; i++)
			*p++ = '0';
	}
	for (i = 0; i < count || i < point; i++) {
		if (i && i == point)
			*p++ = '.';
		*p++ = i < count ? digits[20 - count + i] : '0';
	}
	return (size_t)(p - out);
}

size_t json_double_format(double v, char out[JSON_DOUBLE_TEXT_MAX])
{
	struct json_decimal d;
	uint64_t bits;
	bool negative;

	memcpy(&bits, &v, sizeof(bits));
	negative = bits >> 63;
	bits &= UINT64_MAX >> 1;
	if (bits >= INFINITY_BITS)
		return 0;
	if (!bits) {
		out[0] = '0';
		return 1;
	}
	json_float_shortest(bits, &d);
	if (negative)
		*out = '-';
	return negative + format_decimal(&d, out + negative);
}

bool json_number_to_double(const char *text, size_t len, double *value_out)
{
	struct parts n;
	uint64_t bits;

	if (!json_number_valid(text, len))
		return false;
	split(&n, text, len);
	bits = json_float_nearest(&n.digits) | (uint64_t)n.negative << 63;
	memcpy(value_out, &bits, sizeof(bits));
	return true;
}

/* The digits as an integer; false if they are more than 64 bits hold. */
static bool digits_value(const struct json_digits *d, uint64_t *value_out)
{
	uint64_t v = 0;
	size_t i;

	if (d->count > 20)
		return false;
	for (i = 0; i < d->text_len; i++)
		if (d->text[i] != '.' && (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
					  __builtin_add_overflow(v, (uint64_t)(d->text[i] - '0'), &v)))
			return false;
	*value_out = v;
	return true;
}

bool json_number_to_int64(const char *text, size_t len, int64_t *value_out)
{
	struct parts n;
	uint64_t v, limit;
	int64_t e;

	if (!json_number_valid(text, len))
		return false;
	split(&n, text, len);
	if (!n.digits.count) {
		*value_out = 0;
		return true;
	}
	if (n.digits.exponent < 0 || n.digits.exponent > 19 || !digits_value(&n.digits, &v))
		return false;
	for (e = n.digits.exponent; e; e--)
		if (__builtin_mul_overflow(v, (uint64_t)10, &v))
			return false;
	limit = (uint64_t)INT64_MAX + n.negative;
	if (v > limit)
		return false;
	*value_out = n.negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

/* The shortest decimal of the number's double; false if the number must keep its text. */
static bool survives(const struct parts *n, struct json_decimal *out)
{
	const struct json_digits *d = &n->digits;
	uint64_t bits, v;

	out->digits = 0;
	out->exponent = 0;
	if (!d->count)
		return true;
	bits = json_float_nearest(d);
	if (!bits || bits >= INFINITY_BITS)
		return false;
	json_float_shortest(bits, out);
	if (out->exponent == d->exponent && digits_value(d, &v) && v == out->digits)
		return true;
	if (d->count > DOUBLE_DIGITS_MAX || bits < NORMAL_MIN_BITS)
		return false;
	return d->exponent < 0 || (int64_t)d->count + d->exponent > 21;
}

/* Short integers are what they look like. */
static bool is_plain(const char *text, size_t len)
{
	size_t i;

	if (len > DOUBLE_DIGITS_MAX - 2)
		return false;
	for (i = 0; i < len && json_is_digit((unsigned char)text[i]); i++)
		;
	return i == len;
}

void json_number_canonical(struct buf *out, const char *text, size_t len)
{
	struct json_decimal d;
	struct parts n;
	char *room;

	if (is_plain(text, len)) {
		buf_add(out, text, len);
		return;
	}
	split(&n, text, len);
	if (!survives(&n, &d)) {
		buf_add(out, text, len);
		return;
	}
	room = buf_reserve(out, JSON_DOUBLE_TEXT_MAX);
	if (!room)
		return;
	if (!d.digits) {
		buf_add_byte(out, '0');
		return;
	}
	if (n.negative)
		*room++ = '-';
	out->len += n.negative + format_decimal(&d, room);
	out->data[out->len] = '\0';
}

/* Whether the digits, apart from points, are the same. */
static bool same_digits(const struct json_digits *a, const struct json_digits *b)
{
	size_t i = 0, j = 0, left;

	if (a->count != b->count)
		return false;
	for (left = a->count; left; left--) {
		i += a->text[i] == '.';
		j += b->text[j] == '.';
		if (a->text[i++] != b->text[j++])
			return false;
	}
	return true;
}

bool json_number_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct json_decimal x, y;
	struct parts m, n;
	bool kept;

	if (a_len == b_len && !memcmp(a, b, a_len))
		return true;
	split(&m, a, a_len);
	split(&n, b, b_len);
	if (!m.digits.count || !n.digits.count)
		return m.digits.count == n.digits.count;
	if (m.negative != n.negative)
		return false;
	kept = !survives(&m, &x);
	if (kept != !survives(&n, &y))
		return false;
	if (!kept)
		return x.digits == y.digits && x.exponent == y.exponent;
	/* An exponent that was cut is not known: only equal texts are equal then. */
	return !m.exponent_cut && !n.exponent_cut && m.digits.exponent == n.digits.exponent &&
	       same_digits(&m.digits, &n.digits);
}
