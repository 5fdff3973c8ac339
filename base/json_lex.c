#include "base/json_lex_internal.h"

#include <string.h>

#include "base/json.h"

void json_place_advance(struct json_place *place, const void *data, size_t len)
{
	const unsigned char *p = data, *end = p + len;

	for (; p < end; p++) {
		if (*p == '\n') {
			place->line++;
			place->column = 1;
		} else if ((*p & 0xc0) != 0x80) {
			place->column++;
		}
	}
}

void json_error_drop_line(struct drift_error *err)
{
	static const char head[] = "line 1 ";
	size_t head_len = sizeof(head) - 1;

	if (!strncmp(err->message, head, head_len))
		memmove(err->message, err->message + head_len, strlen(err->message + head_len) + 1);
}

int json_fault_report_from(const struct json_fault *fault, const void *data, struct json_place place,
			   struct drift_error *err)
{
	const unsigned char *start = data;

	json_place_advance(&place, start, (size_t)(fault->at - start));
	return error_set(err, DRIFT_ERR_INVALID, "line %llu column %llu: %s", (unsigned long long)place.line,
			 (unsigned long long)place.column, fault->why);
}

int json_fault_report(const struct json_fault *fault, const void *data, struct drift_error *err)
{
	return json_fault_report_from(fault, data, (struct json_place){ 1, 1 }, err);
}

static bool is_tail(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

size_t json_utf8_sequence(const unsigned char *p, const unsigned char *end)
{
	size_t left = (size_t)(end - p);
	unsigned char low = 0x80, high = 0xbf;

	if (left < 2 || p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	if (p[0] < 0xe0)
		return is_tail(p[1], low, high) ? 2 : 0;
	/* Refuse overlong forms, surrogates and what lies beyond U+10FFFF by the second byte. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (left < 3 || !is_tail(p[1], low, high) || !is_tail(p[2], 0x80, 0xbf))
		return 0;
	if (p[0] < 0xf0)
		return 3;
	return left >= 4 && is_tail(p[3], 0x80, 0xbf) ? 4 : 0;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* p is behind the backslash. */
static const unsigned char *lex_escape(const unsigned char *p, const unsigned char *end, struct json_fault *fault)
{
	int i;

	if (p == end)
		return json_fault_set(fault, p, "the text ends within a string");
	if (*p != 'u') {
		if (!memchr("\"\\/bfnrt", *p, 8))
			return json_fault_set(fault, p - 1, "unknown escape in a string");
		return p + 1;
	}
	for (i = 1; i <= 4; i++)
		if (end - p <= i || hex_value(p[i]) < 0)
			return json_fault_set(fault, p - 1, "\\u needs four hexadecimal digits");
	return p + 5;
}

const unsigned char *json_lex_string_rest(const unsigned char *p, const unsigned char *end, struct json_fault *fault)
{
	size_t n;

	while (p < end) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\') {
			p = lex_escape(p + 1, end, fault);
			if (!p)
				return NULL;
		} else if (*p < ' ') {
			return json_fault_set(fault, p, "control character in a string");
		} else if (*p < 0x80) {
			p++;
		} else {
			n = json_utf8_sequence(p, end);
			if (!n)
				return json_fault_set(fault, p, "invalid UTF-8 in a string");
			p += n;
		}
	}
	return json_fault_set(fault, p, "the text ends within a string");
}

const unsigned char *json_lex_word(const unsigned char *p, const unsigned char *end, struct json_fault *fault)
{
	const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
	size_t len = strlen(word);

	if ((size_t)(end - p) < len || memcmp(p, word, len))
		return json_fault_set(fault, p, "unknown word, a value is expected");
	return p + len;
}

static uint32_t hex4(const unsigned char *p)
{
	return (uint32_t)hex_value(p[0]) << 12 | (uint32_t)hex_value(p[1]) << 8 | (uint32_t)hex_value(p[2]) << 4 |
	       (uint32_t)hex_value(p[3]);
}

static size_t put_utf8(unsigned char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xc0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xe0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

/* raw is at "uXXXX"; returns the bytes of raw used up. */
static size_t unescape_u(unsigned char *out, const unsigned char *raw, const unsigned char *end, size_t *written_out)
{
	uint32_t c = hex4(raw + 1), low;

	if (c >= 0xd800 && c < 0xdc00 && end - raw >= 11 && raw[5] == '\\' && raw[6] == 'u') {
		low = hex4(raw + 7);
		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			*written_out = put_utf8(out, c);
			return 11;
		}
	}
	*written_out = put_utf8(out, c);
	return 5;
}

size_t json_unescape(unsigned char *out, const unsigned char *raw, size_t len)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const unsigned char *end = raw + len, *run;
	unsigned char *start = out;
	size_t written;

	while (raw < end) {
		run = memchr(raw, '\\', (size_t)(end - raw));
		if (!run)
			run = end;
		memmove(out, raw, (size_t)(run - raw));
		out += run - raw;
		raw = run;
		if (raw == end)
			break;
		raw++;
		if (*raw == 'u') {
			raw += unescape_u(out, raw, end, &written);
			out += written;
		} else {
			const char *at = strchr(from, *raw);

			*out++ = at ? (unsigned char)to[at - from] : *raw;
			raw++;
		}
	}
	return (size_t)(out - start);
}

void json_unquote(struct buf *out, const char *raw, size_t len)
{
	char *room = len > 2 ? buf_reserve(out, len) : NULL;

	if (!room)
		return;
	out->len += json_unescape((unsigned char *)room, (const unsigned char *)raw + 1, len - 2);
	out->data[out->len] = '\0';
}
