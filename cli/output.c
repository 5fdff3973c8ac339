#include "cli/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/utf8.h"

const char *out_colour(const struct cmd_context *ctx, enum colour colour)
{
	static const char *const sequences[] = {
		[COLOUR_NONE] = "\033[m", [COLOUR_COMMIT] = "\033[33m", [COLOUR_REF] = "\033[1;36m",
		[COLOUR_ADDED] = "\033[32m", [COLOUR_REMOVED] = "\033[31m", [COLOUR_CHANGED] = "\033[36m",
		[COLOUR_HEADING] = "\033[1m", [COLOUR_FAINT] = "\033[2m",
	};

	return ctx->colour ? sequences[colour] : "";
}

void out_bytes(const void *data, size_t len)
{
	fwrite(data, 1, len, stdout);
}

void out_buf(const struct buf *b)
{
	out_bytes(b->data, b->len);
}

void out_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}

/* Whether a line reader would take the path for something else. */
static bool path_breaks_lines(const char *path, size_t len)
{
	if (len && path[0] == '"')
		return true;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)path[i] < ' ' || path[i] == 127)
			return true;
	}
	return false;
}

void out_append_path(const struct cmd_context *ctx, struct buf *b, const char *path, size_t len)
{
	if (ctx->common.nul)
		buf_add(b, path, len);
	else if (path_breaks_lines(path, len))
		quote_c(b, path, len);
	else if (ctx->terminal)
		text_escape_terminal(b, path, len);
	else
		buf_add(b, path, len);
}

void out_path_line(const struct cmd_context *ctx, const char *path, size_t len)
{
	auto_buf b = BUF_INIT;

	out_append_path(ctx, &b, path, len);
	buf_add_byte(&b, ctx->common.nul ? '\0' : '\n');
	out_buf(&b);
}

void out_append_text(const struct cmd_context *ctx, struct buf *b, const char *text, size_t len, bool keep_lines)
{
	if (!ctx->terminal)
		buf_add(b, text, len);
	else if (keep_lines)
		text_escape_lines(b, text, len);
	else
		text_escape_terminal(b, text, len);
}

void out_text_line(const struct cmd_context *ctx, const char *text)
{
	auto_buf line = BUF_INIT;

	out_append_text(ctx, &line, text, strlen(text), false);
	buf_add_byte(&line, '\n');
	out_buf(&line);
}

const char *out_short_id(const struct oid *id, char hex[OID_HEX_LEN + 1])
{
	oid_to_hex(id, hex);
	hex[SHORT_ID_LEN] = '\0';
	return hex;
}

struct text out_subject(const struct commit *c)
{
	const char *end = memchr(c->message.data, '\n', c->message.len);
	struct text subject = { .data = c->message.data, .len = end ? (size_t)(end - c->message.data) : c->message.len };

	return subject;
}

int16_t out_zone_min(const char *zone)
{
	int16_t zone_min = 0;

	return date_parse_zone(zone, strlen(zone), &zone_min) ? zone_min : 0;
}

static void append_message_indented(const struct cmd_context *ctx, struct buf *b, const struct text *message)
{
	const char *p = message->data, *end = p + message->len;

	while (end > p && end[-1] == '\n')
		end--;
	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((line_end ? line_end : end) - p);

		if (len) {
			buf_add_str(b, "    ");
			out_append_text(ctx, b, p, len, false);
		}
		buf_add_byte(b, '\n');
		p += len + (line_end ? 1 : 0);
	}
}

static void append_signature(const struct cmd_context *ctx, struct buf *b, const char *label,
			     const struct signature_line *line)
{
	struct date date = { .us = line->time_usec, .zone_min = out_zone_min(line->zone) };

	buf_add_str(b, label);
	out_append_text(ctx, b, line->who.data, line->who.len, false);
	buf_add_str(b, "\nDate:   ");
	date_append_default(b, date);
	buf_add_byte(b, '\n');
}

void out_commit_head(const struct cmd_context *ctx, struct buf *b, const struct commit *c, uint64_t conflicts)
{
	char hex[OID_HEX_LEN + 1];

	buf_addf(b, "%scommit %s%s\n", out_colour(ctx, COLOUR_COMMIT), oid_to_hex(&c->id, hex),
		 out_colour(ctx, COLOUR_NONE));
	buf_addf(b, "Seq:    %" PRIu64 "\n", c->seq);
	if (c->parent_count > 1) {
		buf_add_str(b, "Merge:  ");
		for (size_t i = 0; i < c->parent_count; i++)
			buf_addf(b, "%s%s", i ? " " : "", out_short_id(&c->parents[i].id, hex));
		buf_add_byte(b, '\n');
	}
	if (conflicts)
		buf_addf(b, "Conflicts: %" PRIu64 "\n", conflicts);
	append_signature(ctx, b, "Author: ", &c->author);
	buf_add_byte(b, '\n');
	append_message_indented(ctx, b, &c->message);
}

void out_commit_line(const struct cmd_context *ctx, struct buf *b, const struct commit *c)
{
	struct text subject = out_subject(c);
	char hex[OID_HEX_LEN + 1];

	buf_addf(b, "%s%s%s ", out_colour(ctx, COLOUR_COMMIT), out_short_id(&c->id, hex),
		 out_colour(ctx, COLOUR_NONE));
	out_append_text(ctx, b, subject.data, subject.len, false);
	buf_add_byte(b, '\n');
}
