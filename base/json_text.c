/* Strings of JSON as text: quoting and the order of keys. */
#include <string.h>

#include "base/json.h"
#include "base/json_lex_internal.h"

static const char hex_digits[] = "0123456789abcdef";

static void add_u_escape(struct buf *out, unsigned c)
{
	char text[6] = { '\\', 'u' };
	int i;

	for (i = 0; i < 4; i++)
		text[2 + i] = hex_digits[c >> (12 - 4 * i) & 15];
	buf_add(out, text, sizeof(text));
}

static void add_escaped_ascii(struct buf *out, unsigned char c)
{
	static const char controls[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	const char *at = c ? strchr(controls, c) : NULL;
	char text[2] = { '\\' };

	if (!at) {
		add_u_escape(out, c);
		return;
	}
	text[1] = letters[at - controls];
	buf_add(out, text, sizeof(text));
}

static bool is_surrogate(const unsigned char *p, const unsigned char *end)
{
	return end - p >= 3 && p[0] == 0xed && p[1] >= 0xa0 && p[1] <= 0xbf && (p[2] & 0xc0) == 0x80;
}

/* What begins at p and is no plain ASCII character; returns the bytes used up. */
static size_t add_special(struct buf *out, const unsigned char *p, const unsigned char *end)
{
	size_t n;

	if (*p < 0x80) {
		add_escaped_ascii(out, *p);
		return 1;
	}
	n = json_utf8_sequence(p, end);
	if (n) {
		buf_add(out, p, n);
		return n;
	}
	if (is_surrogate(p, end)) {
		add_u_escape(out, 0xd000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
		return 3;
	}
	buf_add(out, "\xef\xbf\xbd", 3);
	return 1;
}

static const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
	uint64_t word;

	while (end - p >= 8) {
		memcpy(&word, p, sizeof(word));
		if (json_special_bytes(word))
			break;
		p += 8;
	}
	while (p < end && *p >= ' ' && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

void json_quote(struct buf *out, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes, *end = p + len, *run = p;
	char *room = buf_reserve(out, len + 2);

	if (!room)
		return;
	/* Mostly there is nothing but plain text, which is written in one go. */
	p = skip_plain(p, end);
	*room = '"';
	memcpy(room + 1, run, (size_t)(p - run));
	out->len += 1 + (size_t)(p - run);
	while (p < end) {
		p += add_special(out, p, end);
		run = p;
		p = skip_plain(p, end);
		buf_add(out, run, (size_t)(p - run));
	}
	buf_add_byte(out, '"');
}

/* The UTF-16 units of a well-formed string, one after the other; surrogates in three bytes are one. */
struct units {
	const unsigned char *p, *end;
	unsigned low; /* second half of a pair that is still to come */
};

/* -1 at the end. What is cut short, against the contract, is one unit above all. */
static int next_unit(struct units *u)
{
	const unsigned char *p = u->p;
	unsigned c = u->low;
	size_t n;

	if (c) {
		u->low = 0;
		return (int)c;
	}
	if (p == u->end)
		return -1;
	n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	if ((size_t)(u->end - p) < n) {
		u->p = u->end;
		return 0x10000;
	}
	u->p += n;
	switch (n) {
	case 1:
		return *p;
	case 2:
		return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	case 3:
		return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	default:
		c = (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
		c -= 0x10000;
		u->low = 0xdc00 | (c & 0x3ff);
		return (int)(0xd800 | (c >> 10 & 0x3ff));
	}
}

/* From where both strings begin a character that differs. */
static int compare_units(const unsigned char *a, const unsigned char *a_end, const unsigned char *b,
			 const unsigned char *b_end)
{
	struct units x = { a, a_end, 0 }, y = { b, b_end, 0 };
	int c, d;

	do {
		c = next_unit(&x);
		d = next_unit(&y);
	} while (c == d && c >= 0);
	return c < d ? -1 : c > d;
}

int json_key_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;
	size_t common = a_len < b_len ? a_len : b_len, i;

	for (i = 0; i < common && p[i] == q[i]; i++)
		;
	if (i == common)
		return a_len < b_len ? -1 : a_len > b_len;
	/* Bytes order as code points do; units differ from that only for what lies beyond
	 * U+FFFF, whose lead byte then differs from that of a surrogate or a higher unit. */
	if ((p[i] >= 0xf0) != (q[i] >= 0xf0) && p[i] >= 0xed && q[i] >= 0xed)
		return compare_units(p + i, p + a_len, q + i, q + b_len);
	return p[i] < q[i] ? -1 : 1;
}
