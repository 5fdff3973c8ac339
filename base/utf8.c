#include "base/utf8.h"

#include <string.h>

#include "base/utf8_table_internal.h"

size_t utf8_decode(const void *p, size_t len, uint32_t *code_out)
{
	/* The least code point that needs so many bytes: anything below is overlong. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = p;
	uint32_t code;
	size_t n, i;

	if (!len)
		return 0;
	n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (!n || n > len || s[0] > 0xf4)
		return 0;
	code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	if (code_out)
		*code_out = code;
	return n;
}

size_t utf8_encode(uint32_t code, unsigned char *p)
{
	if (code < 0x80) {
		p[0] = (unsigned char)code;
		return 1;
	}
	if (code < 0x800) {
		p[0] = (unsigned char)(0xc0 | code >> 6);
		p[1] = (unsigned char)(0x80 | (code & 0x3f));
		return 2;
	}
	if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	if (code < 0x10000) {
		p[0] = (unsigned char)(0xe0 | code >> 12);
		p[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		p[2] = (unsigned char)(0x80 | (code & 0x3f));
		return 3;
	}
	p[0] = (unsigned char)(0xf0 | code >> 18);
	p[1] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
	p[2] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
	p[3] = (unsigned char)(0x80 | (code & 0x3f));
	return 4;
}

/* How many bytes at the start are below 128, counted by eights. */
static size_t ascii_run(const unsigned char *p, size_t len)
{
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t v;

		memcpy(&v, p + i, 8);
		if (v & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < len && p[i] < 0x80)
		i++;
	return i;
}

bool utf8_valid(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i = 0;

	while (i < len) {
		size_t n = ascii_run(p + i, len - i);

		if (!n)
			n = utf8_decode(p + i, len - i, NULL);
		if (!n)
			return false;
		i += n;
	}
	return true;
}

static bool in_ranges(uint32_t code, const struct utf8_range *ranges, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].last < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && ranges[low].first <= code;
}

int utf8_width(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return 0;
	if (code < 0x300)
		return 1;
	if (in_ranges(code, utf8_zero_width, ARRAY_SIZE(utf8_zero_width)))
		return 0;
	return in_ranges(code, utf8_wide, ARRAY_SIZE(utf8_wide)) ? 2 : 1;
}

/* Bytes and columns of the first character, be it valid or not. */
static size_t step(const unsigned char *p, size_t len, size_t *width_out)
{
	uint32_t code;
	size_t n = utf8_decode(p, len, &code);

	*width_out = n ? (size_t)utf8_width(code) : 1;
	return n ? n : 1;
}

size_t utf8_text_width(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t total = 0, i = 0;

	while (i < len) {
		size_t width;

		i += step(p + i, len - i, &width);
		total += width;
	}
	return total;
}

size_t utf8_cut(const void *data, size_t len, size_t max_width)
{
	const unsigned char *p = data;
	size_t total = 0, i = 0;

	while (i < len) {
		size_t width, n = step(p + i, len - i, &width);

		total += width;
		if (total > max_width)
			break;
		i += n;
	}
	return i;
}
