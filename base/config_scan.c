#include <stdint.h>
#include <string.h>

#include "base/config_file.h"
#include "base/config_internal.h"

bool config_is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char config_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void config_scan_init(struct config_scan *s, const char *text, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->text = text;
	s->len = len;
	s->line = 1;
	buf_init(&s->section);
	buf_init(&s->name);
	buf_init(&s->value);
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		s->pos = 3;
}

void config_scan_release(struct config_scan *s)
{
	buf_release(&s->section);
	buf_release(&s->name);
	buf_release(&s->value);
}

static int bad(const struct config_scan *s, const char *why, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "line %zu: %s", s->line, why);
}

/* The next byte, with CR LF, or CR at the very end, seen as LF; -1 at the end. */
static int peek(const struct config_scan *s)
{
	if (s->pos >= s->len)
		return -1;
	if (s->text[s->pos] == '\r' && (s->pos + 1 == s->len || s->text[s->pos + 1] == '\n'))
		return '\n';
	return (unsigned char)s->text[s->pos];
}

/* Step over what peek() showed. */
static void step(struct config_scan *s)
{
	if (peek(s) != '\n') {
		s->pos++;
		return;
	}
	s->pos += s->text[s->pos] == '\r' && s->pos + 1 < s->len ? 2 : 1;
	s->line++;
	s->line_start = s->pos;
}

static void skip_blanks(struct config_scan *s)
{
	while (peek(s) == ' ' || peek(s) == '\t')
		step(s);
}

/* The quoted subsection, as it is but for backslashes. */
static int scan_subsection(struct config_scan *s, struct drift_error *err)
{
	step(s);
	for (;;) {
		int c = peek(s);

		if (c == '\\') {
			step(s);
			c = peek(s);
		} else if (c == '"') {
			step(s);
			return 0;
		}
		if (c < 0 || c == '\n' || c == '\0')
			return bad(s, "the subsection's name has no end", err);
		buf_add_byte(&s->section, (unsigned char)c);
		step(s);
	}
}

static int scan_section(struct config_scan *s, struct drift_error *err)
{
	s->start = s->pos;
	buf_clear(&s->section);
	step(s);
	while (s->pos < s->len && (config_is_key_char(s->text[s->pos]) || s->text[s->pos] == '.')) {
		buf_add_byte(&s->section, (unsigned char)config_lower(s->text[s->pos]));
		step(s);
	}
	if (!s->section.len || s->section.data[0] == '.')
		return bad(s, "a section needs a name of letters, digits and dashes", err);
	skip_blanks(s);
	if (peek(s) == '"') {
		buf_add_byte(&s->section, '.');
		if (scan_subsection(s, err) < 0)
			return -1;
	}
	if (peek(s) != ']')
		return bad(s, "expected ']'", err);
	step(s);
	buf_add_byte(&s->section, '.');
	s->end = s->pos;
	return buf_check(&s->section, err) < 0 ? -1 : CONFIG_SECTION;
}

/* What a backslash in a value stands for: a byte, or nothing at the end of a line. */
static int scan_escape(struct config_scan *s, struct drift_error *err)
{
	static const char from[] = "\\\"ntb";
	static const char to[] = "\\\"\n\t\b";
	int c = peek(s);
	const char *at;

	if (c == '\n') {
		step(s);
		return 0;
	}
	at = c > 0 ? strchr(from, c) : NULL;
	if (!at)
		return bad(s, "unknown escape: \\\\, \\\", \\n, \\t and \\b are known", err);
	buf_add_byte(&s->value, (unsigned char)to[at - from]);
	step(s);
	return 0;
}

/* Up to the end of the line or a comment; blanks behind the last other byte do not count. */
static int scan_value(struct config_scan *s, struct drift_error *err)
{
	bool quoted = false, continued = false;
	size_t len = 0, line = s->line;

	for (;;) {
		int c = peek(s);

		if (quoted && (c < 0 || c == '\n'))
			return bad(s, "the quoted value has no end", err);
		s->open = c < 0 && continued;
		if (c < 0 || c == '\n' || (!quoted && (c == '#' || c == ';')))
			break;
		if (c == '\0')
			return bad(s, "a value may not hold a zero byte", err);
		step(s);
		if (c == '\\' && scan_escape(s, err) < 0)
			return -1;
		if (c == '"')
			quoted = !quoted;
		else if (c != '\\')
			buf_add_byte(&s->value, (unsigned char)c);
		/* A continued line alone does not keep the blanks before it. */
		continued = c == '\\' && s->line != line;
		line = s->line;
		if (quoted || (c != ' ' && c != '\t' && !continued)) {
			len = s->value.len;
			s->value_end = s->pos;
		}
	}
	buf_truncate(&s->value, len);
	return buf_check(&s->value, err);
}

static void skip_line(struct config_scan *s)
{
	while (peek(s) >= 0 && peek(s) != '\n')
		step(s);
}

/* Read the key's value and what ends its line. s->line and line_start stay those of the key. */
static int finish_entry(struct config_scan *s, struct drift_error *err)
{
	struct config_scan ahead;

	skip_blanks(s);
	buf_clear(&s->value);
	s->has_value = peek(s) == '=';
	s->value_start = s->key_end;
	s->value_end = s->key_end;
	s->value_stop = s->key_end;
	if (s->has_value) {
		step(s);
		s->value_start = s->pos;
		s->value_end = s->pos;
		skip_blanks(s);
		if (peek(s) >= 0 && peek(s) != '\n' && peek(s) != '#' && peek(s) != ';')
			s->value_start = s->pos;
		if (scan_value(s, err) < 0)
			return -1;
		if (s->value_end < s->value_start)
			s->value_end = s->value_start;
		s->value_stop = s->pos;
		skip_line(s);
	}
	if (peek(s) >= 0 && peek(s) != '\n')
		return bad(s, "expected '=' behind the key", err);
	ahead = *s;
	if (peek(&ahead) == '\n')
		step(&ahead);
	s->end = ahead.pos;
	return CONFIG_ENTRY;
}

static int scan_entry(struct config_scan *s, struct drift_error *err)
{
	if (!s->section.len)
		return bad(s, "a key before the first section", err);
	s->start = s->pos;
	buf_clear(&s->name);
	buf_add(&s->name, s->section.data, s->section.len);
	while (s->pos < s->len && config_is_key_char(s->text[s->pos])) {
		buf_add_byte(&s->name, (unsigned char)config_lower(s->text[s->pos]));
		step(s);
	}
	s->key_end = s->pos;
	if (buf_check(&s->name, err) < 0)
		return -1;
	return finish_entry(s, err);
}

int config_scan_next(struct config_scan *s, struct drift_error *err)
{
	if (s->len > CONFIG_TEXT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a configuration is longer than %zu bytes",
				 CONFIG_TEXT_MAX);
	for (;;) {
		int c = peek(s);

		if (c < 0)
			return CONFIG_END;
		if (c == ' ' || c == '\t' || c == '\n')
			step(s);
		else if (c == '#' || c == ';')
			skip_line(s);
		else if (c == '[')
			return scan_section(s, err);
		else if (is_letter((char)c))
			return scan_entry(s, err);
		else
			return bad(s, "a key begins with a letter", err);
	}
}
