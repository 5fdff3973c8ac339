#include "cli/log_format.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"

struct format_task {
	const struct cmd_context *ctx;
	const struct commit *commit;
	struct buf *out;
};

static void add_ids(const struct format_task *t, bool whole)
{
	char hex[OID_HEX_LEN + 1];

	for (size_t i = 0; i < t->commit->parent_count; i++) {
		const struct oid *id = &t->commit->parents[i].id;

		buf_addf(t->out, "%s%s", i ? " " : "", whole ? oid_to_hex(id, hex) : out_short_id(id, hex));
	}
}

/* Where the message's first paragraph ends, without its newline. */
static const char *subject_end(const struct commit *c)
{
	const char *blank = memmem(c->message.data, c->message.len, "\n\n", 2);
	const char *end = blank ? blank : c->message.data + c->message.len;

	while (end > c->message.data && end[-1] == '\n')
		end--;
	return end;
}

/* The lines of the first paragraph as one. */
static void add_subject(const struct format_task *t)
{
	const char *p = t->commit->message.data, *end = subject_end(t->commit), *newline;

	for (; (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
		out_append_text(t->ctx, t->out, p, (size_t)(newline - p), false);
		buf_add_byte(t->out, ' ');
	}
	out_append_text(t->ctx, t->out, p, (size_t)(end - p), false);
}

/* What follows the subject and the blank line behind it, ended by a newline. */
static void add_body(const struct format_task *t)
{
	const char *p = subject_end(t->commit), *end = t->commit->message.data + t->commit->message.len;

	while (p < end && *p == '\n')
		p++;
	while (end > p && end[-1] == '\n')
		end--;
	if (p == end)
		return;
	out_append_text(t->ctx, t->out, p, (size_t)(end - p), true);
	buf_add_byte(t->out, '\n');
}

static void add_message(const struct format_task *t)
{
	out_append_text(t->ctx, t->out, t->commit->message.data, t->commit->message.len, true);
}

/* One letter that is about the commit as a whole; false if it is not known. */
static bool add_letter(const struct format_task *t, char letter)
{
	char hex[OID_HEX_LEN + 1];

	switch (letter) {
	case 'H':
		buf_add_str(t->out, oid_to_hex(&t->commit->id, hex));
		return true;
	case 'h':
		buf_add_str(t->out, out_short_id(&t->commit->id, hex));
		return true;
	case 'T':
		buf_add_str(t->out, oid_to_hex(&t->commit->tree.id, hex));
		return true;
	case 't':
		buf_add_str(t->out, out_short_id(&t->commit->tree.id, hex));
		return true;
	case 'P':
	case 'p':
		add_ids(t, letter == 'P');
		return true;
	case 'N':
		buf_addf(t->out, "%" PRIu64, t->commit->seq);
		return true;
	case 's':
		add_subject(t);
		return true;
	case 'b':
		add_body(t);
		return true;
	case 'B':
		add_message(t);
		return true;
	case 'n':
	case '%':
		buf_add_byte(t->out, letter == 'n' ? '\n' : '%');
		return true;
	default:
		return false;
	}
}

static void add_seconds(struct buf *out, int64_t time_usec)
{
	int64_t seconds = time_usec / 1000000 - (time_usec % 1000000 < 0);

	buf_addf(out, "%" PRId64, seconds);
}

/* One letter about author or committer. */
static bool add_signature(const struct format_task *t, const struct signature_line *line, char letter)
{
	struct date date = { .us = line->time_usec, .zone_min = out_zone_min(line->zone) };
	struct text name, mail;

	who_split(&line->who, &name, &mail);
	switch (letter) {
	case 'n':
		out_append_text(t->ctx, t->out, name.data, name.len, false);
		return true;
	case 'e':
		out_append_text(t->ctx, t->out, mail.data, mail.len, false);
		return true;
	case 't':
		add_seconds(t->out, line->time_usec);
		return true;
	case 'I':
		date_append_rfc3339(t->out, date);
		return true;
	case 'i':
		date_append_iso(t->out, date);
		return true;
	case 'd':
	case 'D':
		date_append_default(t->out, date);
		return true;
	case 'r':
		date_append_relative(t->out, line->time_usec, date_now_us());
		return true;
	default:
		return false;
	}
}

/* The length of what follows the percent sign, or 0 if it is not known. */
static size_t add_item(const struct format_task *t, const char *p)
{
	if ((*p == 'a' || *p == 'c') && p[1])
		return add_signature(t, *p == 'a' ? &t->commit->author : &t->commit->committer, p[1]) ? 2 : 0;
	if (*p == 'x' && hex_digit((unsigned char)p[1]) >= 0 && hex_digit((unsigned char)p[2]) >= 0) {
		buf_add_byte(t->out,
			     (unsigned char)(hex_digit((unsigned char)p[1]) * 16 + hex_digit((unsigned char)p[2])));
		return 3;
	}
	return *p && add_letter(t, *p) ? 1 : 0;
}

static const char *run_format(const struct format_task *t, const char *format)
{
	for (const char *p = format; *p;) {
		size_t len = strcspn(p, "%");

		buf_add(t->out, p, len);
		p += len;
		if (!*p)
			break;
		len = add_item(t, p + 1);
		if (!len)
			return p;
		p += len + 1;
	}
	return NULL;
}

int log_format_check(const char *format, struct drift_error *err)
{
	struct signature_line nobody = { .who = { .data = "", .len = 0 }, .zone = "+0000" };
	struct commit empty = { .author = nobody, .committer = nobody, .message = { .data = "", .len = 0 } };
	struct cmd_context ctx = { .terminal = false };
	auto_buf out = BUF_INIT;
	const struct format_task task = { .ctx = &ctx, .commit = &empty, .out = &out };
	const char *unknown = run_format(&task, format);

	if (!unknown)
		return 0;
	return error_set(err, DRIFT_ERR_INVALID, "the format has '%.3s', which is not known", unknown);
}

void log_format_append(const struct cmd_context *ctx, const char *format, const struct commit *c, struct buf *out)
{
	const struct format_task task = { .ctx = ctx, .commit = c, .out = out };

	run_format(&task, format);
}
