/* Text made fit for terminals, and git's quoting. Declared in base/utf8.h. */
#include <string.h>

#include "base/utf8.h"

/* Joiners are none: scripts and emoji need them. */
bool utf8_deceptive(uint32_t code)
{
	return (code >= 0x80 && code < 0xa0) || code == 0x061c || code == 0x180e ||
	       code == 0x200b || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe0fff);
}

static void escape(struct buf *out, const unsigned char *p, size_t len, bool keep_lines)
{
	size_t start = 0, i = 0;

	while (i < len) {
		uint32_t code;
		size_t n;

		if (p[i] >= 0x20 && p[i] < 0x7f) {
			i++;
			continue;
		}
		n = utf8_decode(p + i, len - i, &code);
		if (n > 1 ? !utf8_deceptive(code)
			  : n && keep_lines && (code == '\n' || code == '\t')) {
			i += n;
			continue;
		}
		buf_add(out, p + start, i - start);
		if (n > 1)
			buf_addf(out, "\\u{%X}", (unsigned)code);
		else
			buf_addf(out, "\\x%02X", (unsigned)p[i]);
		i += n ? n : 1;
		start = i;
	}
	buf_add(out, p + start, len - start);
}

void text_escape_terminal(struct buf *out, const void *data, size_t len)
{
	escape(out, data, len, false);
}

void text_escape_lines(struct buf *out, const void *data, size_t len)
{
	escape(out, data, len, true);
}

/* Outside of strings JSON has nothing that would be escaped, and inside control characters are already. */
void text_escape_json(struct buf *out, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t start = 0, i = 0;

	while (i < len) {
		uint32_t code = p[i];
		size_t n = code < 0x80 ? 1 : utf8_decode(p + i, len - i, &code);

		if (n && (code == 0x7f || utf8_deceptive(code))) {
			buf_add(out, p + start, i - start);
			if (code > 0xffff)
				buf_addf(out, "\\u%04x\\u%04x", 0xd7c0U + (code >> 10), 0xdc00U + (code & 0x3ff));
			else
				buf_addf(out, "\\u%04x", (unsigned)code);
			start = i + n;
		}
		i += n ? n : 1;
	}
	buf_add(out, p + start, len - start);
}

static const char quoted_names[] = "abtnvfr"; /* from 7 on, as in C */

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

bool quote_c_needed(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_plain(p[i]))
			return true;
	return false;
}

void quote_c(struct buf *out, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i;

	if (!quote_c_needed(data, len)) {
		buf_add(out, data, len);
		return;
	}
	buf_add_byte(out, '"');
	for (i = 0; i < len; i++) {
		if (is_plain(p[i])) {
			buf_add_byte(out, p[i]);
		} else if (p[i] == '"' || p[i] == '\\') {
			buf_add_byte(out, '\\');
			buf_add_byte(out, p[i]);
		} else if (p[i] >= 7 && p[i] <= 13) {
			buf_add_byte(out, '\\');
			buf_add_byte(out, (unsigned char)quoted_names[p[i] - 7]);
		} else {
			buf_addf(out, "\\%03o", (unsigned)p[i]);
		}
	}
	buf_add_byte(out, '"');
}

/* The escape behind a backslash at p[0]: its byte in *out and its length, or 0. */
static size_t unescape(const char *p, size_t len, unsigned char *out)
{
	const char *name;

	if (!len)
		return 0;
	if (*p == '"' || *p == '\\') {
		*out = (unsigned char)*p;
		return 1;
	}
	name = *p ? strchr(quoted_names, *p) : NULL;
	if (name) {
		*out = (unsigned char)(name - quoted_names + 7);
		return 1;
	}
	if (len < 3 || p[0] < '0' || p[0] > '3' || p[1] < '0' || p[1] > '7' || p[2] < '0' ||
	    p[2] > '7')
		return 0;
	*out = (unsigned char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0'));
	return 3;
}

size_t unquote_c(const char *text, size_t len, struct buf *out)
{
	size_t start = out->len, i = 1;

	if (!len || text[0] != '"')
		return 0;
	while (i < len) {
		unsigned char c = (unsigned char)text[i++];
		size_t n;

		if (c == '"')
			return i;
		if (c == '\\') {
			n = unescape(text + i, len - i, &c);
			if (!n)
				break;
			i += n;
		}
		buf_add_byte(out, c);
	}
	buf_truncate(out, start);
	return 0;
}
