#include "base/hex.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(const unsigned char *p, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = hex_digits[p[i] >> 4];
		out[2 * i + 1] = hex_digits[p[i] & 15];
	}
}

void hex_encode(const void *data, size_t len, char *out)
{
	encode(data, len, out);
	out[2 * len] = '\0';
}

void hex_append(struct buf *out, const void *data, size_t len)
{
	char *p;

	if (len > SIZE_MAX / 2) {
		out->failed = true;
		return;
	}
	p = buf_reserve(out, 2 * len);
	if (!p)
		return;
	encode(data, len, p);
	out->len += 2 * len;
	out->data[out->len] = '\0';
}

int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(const char *hex, unsigned char *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		int high = hex_digit((unsigned char)hex[2 * i]);
		int low = high < 0 ? -1 : hex_digit((unsigned char)hex[2 * i + 1]);

		if (low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void base64_append(struct buf *out, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t full = len / 3, rest = len % 3, i;
	char *q;

	if (len > SIZE_MAX / 2) {
		out->failed = true;
		return;
	}
	q = buf_reserve(out, (full + 1) * 4);
	if (!q)
		return;
	for (i = 0; i < full; i++, p += 3, q += 4) {
		q[0] = base64_digits[p[0] >> 2];
		q[1] = base64_digits[(p[0] & 3) << 4 | p[1] >> 4];
		q[2] = base64_digits[(p[1] & 15) << 2 | p[2] >> 6];
		q[3] = base64_digits[p[2] & 63];
	}
	if (rest) {
		unsigned second = rest == 2 ? p[1] : 0;

		*q++ = base64_digits[p[0] >> 2];
		*q++ = base64_digits[(p[0] & 3u) << 4 | second >> 4];
		*q++ = rest == 2 ? base64_digits[(second & 15) << 2] : '=';
		*q++ = '=';
	}
	out->len = (size_t)(q - out->data);
	out->data[out->len] = '\0';
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bits of n digits, first digit highest; or -1. */
static int32_t base64_bits(const char *text, size_t n)
{
	int32_t bits = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		int v = base64_value(text[i]);

		if (v < 0)
			return -1;
		bits = bits << 6 | v;
	}
	return bits;
}

bool base64_decode(const char *text, size_t len, struct buf *out)
{
	size_t pad = 0, start = out->len, i;

	if (len % 4)
		return false;
	if (len && text[len - 1] == '=')
		pad = text[len - 2] == '=' ? 2 : 1;
	for (i = 0; i < len; i += 4) {
		size_t unused = i + 4 == len ? pad : 0;
		int32_t bits = base64_bits(text + i, 4 - unused);
		unsigned char bytes[3];

		/* With 2 digits 4 bits are over, with 3 digits 2: they must be zero. */
		if (bits < 0 || bits & ((1 << 2 * unused) - 1)) {
			buf_truncate(out, start);
			return false;
		}
		bits <<= 6 * unused;
		bytes[0] = (unsigned char)(bits >> 16);
		bytes[1] = (unsigned char)(bits >> 8);
		bytes[2] = (unsigned char)bits;
		buf_add(out, bytes, 3 - unused);
	}
	return true;
}
