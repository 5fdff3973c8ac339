#include <stdlib.h>
#include <string.h>

#include "base/json_number.h"
#include "base/mem.h"

#define EXPONENT_MAX 100000

/* A valid number, its digits still in its text: the first of them counts 10^top, the last 10^bottom. */
struct number {
	const char *digits, *end; /* with perhaps a point between */
	long top, bottom;
	bool negative;
};

/* False if the exponent is absurd. */
static bool read_number(const char *text, size_t len, struct number *n)
{
	const char *end = text + len, *p = text, *point = NULL;
	long exponent = 0, sign = 1;

	n->negative = *p == '-';
	p += n->negative;
	n->digits = p;
	for (; p < end && *p != 'e' && *p != 'E'; p++)
		point = *p == '.' ? p : point;
	n->end = p;
	if (p < end) {
		sign = p[1] == '-' ? -1 : 1;
		for (p += p[1] == '-' || p[1] == '+' ? 2 : 1; p < end && exponent <= EXPONENT_MAX; p++)
			exponent = exponent * 10 + (*p - '0');
	}
	if (exponent > EXPONENT_MAX || len > EXPONENT_MAX)
		return false;
	n->bottom = sign * exponent - (point ? n->end - point - 1 : 0);
	n->top = n->bottom + (n->end - n->digits) - (point != NULL) - 1;
	return true;
}

/* Sums of digits, each of its own power of ten, the lowest first, into digits of one number; true if it is negative. */
static bool carry(int *digits, size_t count)
{
	bool negative = false;
	int over;

	for (int round = 0; round < 2; round++) {
		over = 0;
		for (size_t i = 0; i < count; i++) {
			int value = digits[i] + over;

			over = value < 0 ? -((9 - value) / 10) : value / 10;
			digits[i] = value - over * 10;
		}
		if (over >= 0)
			break;
		/* What is left over says that all of it is negative: the same with the other sign. */
		digits[count - 1] += over * 10;
		for (size_t i = 0; i < count; i++)
			digits[i] = -digits[i];
		negative = true;
	}
	return negative;
}

static void print(struct buf *out, const int *digits, size_t count, long bottom, bool negative)
{
	long top = bottom + (long)count - 1;

	while (top > 0 && !digits[top - bottom])
		top--;
	if (negative)
		buf_add_byte(out, '-');
	for (long at = top; at >= bottom || at >= 0; at--) {
		if (at == -1)
			buf_add_byte(out, '.');
		buf_add_byte(out, (unsigned char)('0' + (at >= bottom && at <= top ? digits[at - bottom] : 0)));
	}
}

bool json_number_sum(struct buf *out, const struct json_number_text *terms, size_t count)
{
	long top = 0, bottom = 0;
	auto_free int *digits = NULL;
	struct number n;
	size_t total;

	for (size_t i = 0; i < count; i++) {
		if (!read_number(terms[i].text, terms[i].len, &n))
			return false;
		top = n.top > top ? n.top : top;
		bottom = n.bottom < bottom ? n.bottom : bottom;
	}
	if (top - bottom >= JSON_SUM_DIGITS_MAX)
		return false;
	total = (size_t)(top - bottom) + 3; /* room for what is carried */
	digits = mem_calloc(total, sizeof(*digits));
	if (!digits) {
		out->failed = true;
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		read_number(terms[i].text, terms[i].len, &n);
		for (const char *p = n.digits; p < n.end; p++) {
			if (*p != '.')
				digits[n.top-- - bottom] += (n.negative ? -1 : 1) * terms[i].times * (*p - '0');
		}
	}
	print(out, digits, total, bottom, carry(digits, total));
	return true;
}
