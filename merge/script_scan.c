#include <string.h>

#include "merge/script_internal.h"

/* Just enough of Lua's lexical rules (Lua 5.4 manual, 3.1) to know what is in a string or a comment. */
struct scanner {
	const char *at, *end;
	struct buf *out;
	size_t line;
};

static void keep(struct scanner *s, size_t count)
{
	for (size_t i = 0; i < count; i++)
		s->line += s->at[i] == '\n';
	buf_add(s->out, s->at, count);
	s->at += count;
}

/* How many "=" stand between the brackets of a long bracket that opens at p; -1: none does. */
static long long_level(const struct scanner *s, const char *p)
{
	const char *q = p + 1;

	if (p >= s->end || *p != '[')
		return -1;
	while (q < s->end && *q == '=')
		q++;
	return q < s->end && *q == '[' ? q - p - 1 : -1;
}

/* Up to the bracket that closes, or the end (which the compiler will complain about). */
static void keep_long(struct scanner *s, long level)
{
	size_t head = (size_t)level + 2;
	const char *p = s->at + head;

	for (; p < s->end; p++) {
		const char *q = p + 1;

		if (*p != ']')
			continue;
		while (q < s->end && *q == '=')
			q++;
		if (q < s->end && *q == ']' && q - p - 1 == level) {
			keep(s, (size_t)(q + 1 - s->at));
			return;
		}
	}
	keep(s, (size_t)(s->end - s->at));
}

static void keep_quoted(struct scanner *s)
{
	const char *p = s->at + 1;

	while (p < s->end && *p != *s->at && *p != '\n')
		p += *p == '\\' && p + 1 < s->end ? 2 : 1;
	keep(s, (size_t)((p < s->end ? p + 1 : s->end) - s->at));
}

static void keep_comment(struct scanner *s)
{
	long level;
	const char *newline;

	keep(s, 2);
	level = long_level(s, s->at);
	if (level >= 0) {
		keep_long(s, level);
		return;
	}
	newline = memchr(s->at, '\n', (size_t)(s->end - s->at));
	keep(s, (size_t)((newline ? newline : s->end) - s->at));
}

int script_rewrite(struct text source, const char *name, struct buf *out, struct drift_error *err)
{
	struct scanner s = { .at = source.data, .end = source.data + source.len, .out = out, .line = 1 };

	if (source.len > SCRIPT_SOURCE_MAX)
		return error_set(err, DRIFT_ERR_INVALID, "%s is longer than %zu bytes", name, SCRIPT_SOURCE_MAX);
	if (s.at < s.end && *s.at == '#') /* a first line for the shell */
		s.at = memchr(s.at, '\n', source.len) ? memchr(s.at, '\n', source.len) : s.end;
	while (s.at < s.end) {
		if (*s.at == '"' || *s.at == '\'') {
			keep_quoted(&s);
		} else if (*s.at == '-' && s.at + 1 < s.end && s.at[1] == '-') {
			keep_comment(&s);
		} else if (long_level(&s, s.at) >= 0) {
			keep_long(&s, long_level(&s, s.at));
		} else if (*s.at == '^') {
			return error_set(err, DRIFT_ERR_INVALID,
					 "%s:%zu: powers (^) differ between processors and may not be used", name,
					 s.line);
		} else if (*s.at == '#') {
			/* "^" binds as tightly as "#" and is otherwise refused, so what was the operand of the one is that of the other. */
			buf_add_str(out, " " SCRIPT_LENGTH_NAME "^");
			s.at++;
		} else {
			keep(&s, 1);
		}
	}
	return buf_check(out, err);
}
