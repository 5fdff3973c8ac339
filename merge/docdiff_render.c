#include <string.h>

#include "base/utf8.h"
#include "merge/docdiff_internal.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define RESET "\033[m"
/* A value that takes more columns stands on lines of its own. */
#define INLINE_WIDTH_MAX 100

struct renderer {
	const struct docdiff_style *style;
	struct buf *out;
};

static const char *colour_of(const struct renderer *r, char sign)
{
	if (!r->style->colour)
		return "";
	return sign == '+' ? GREEN : sign == '-' ? RED : YELLOW;
}

static void add_text(const struct renderer *r, const char *data, size_t len)
{
	if (r->style->escape)
		text_escape_terminal(r->out, data, len);
	else
		buf_add(r->out, data, len);
}

static void begin(const struct renderer *r, char sign)
{
	buf_add_str(r->out, colour_of(r, sign));
	buf_add_byte(r->out, (unsigned char)sign);
	buf_add_byte(r->out, ' ');
}

static void end(const struct renderer *r)
{
	buf_add_str(r->out, r->style->colour ? RESET "\n" : "\n");
}

/* Lines of text, each with sign and indent in front. */
static void add_lines(const struct renderer *r, char sign, const char *indent, const struct buf *text)
{
	const char *at = text->data, *stop = at + text->len, *newline;

	for (; at < stop; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(stop - at));
		if (!newline)
			newline = stop;
		begin(r, sign);
		buf_add_str(r->out, indent);
		add_text(r, at, (size_t)(newline - at));
		end(r);
	}
}

/* Append the value on one line; false if that is too long. */
static bool fits(const struct json_value *v, struct buf *out)
{
	size_t start = out->len;

	if (json_compact(v, out, NULL))
		out->failed = true;
	return !out->failed && utf8_text_width(out->data + start, out->len - start) <= INLINE_WIDTH_MAX;
}

static void add_pointer(const struct renderer *r, const struct json_change *change)
{
	if (!change->pointer_len)
		return;
	add_text(r, change->pointer, change->pointer_len);
	buf_add_byte(r->out, ':');
}

static void add_heading(const struct renderer *r, char sign, const struct json_change *change)
{
	if (!change->pointer_len)
		return;
	begin(r, sign);
	add_pointer(r, change);
	end(r);
}

static int add_pretty(const struct renderer *r, char sign, const char *indent, const struct json_value *v,
		      struct drift_error *err)
{
	auto_buf text = BUF_INIT;

	if (json_pretty(v, &text, err) || buf_check(&text, err))
		return -1;
	add_lines(r, sign, indent, &text);
	return 0;
}

/* A value that came or went. */
static int add_value(const struct renderer *r, char sign, const struct json_change *change, const struct json_value *v,
		     struct drift_error *err)
{
	auto_buf text = BUF_INIT;

	if (!fits(v, &text)) {
		add_heading(r, sign, change);
		return add_pretty(r, sign, change->pointer_len ? "  " : "", v, err);
	}
	begin(r, sign);
	add_pointer(r, change);
	if (change->pointer_len)
		buf_add_byte(r->out, ' ');
	add_text(r, text.data, text.len);
	end(r);
	return 0;
}

static struct text string_of(const struct json_value *v)
{
	struct text t = { NULL, 0 };

	if (json_kind(v) == JSON_STRING)
		t.data = json_text(v, &t.len);
	return t;
}

static bool is_long_text(const struct json_value *v)
{
	struct text t = string_of(v);

	return t.len && memchr(t.data, '\n', t.len);
}

static struct textdiff_style line_style(const struct docdiff_style *style)
{
	struct textdiff_style s = { .context = style->context, .escape = style->escape };

	if (style->colour) {
		s.hunk = CYAN;
		s.removed = RED;
		s.added = GREEN;
		s.reset = RESET;
	}
	return s;
}

/* Strings of several lines are compared by line. */
static int add_string_change(const struct renderer *r, const struct json_change *change, struct drift_error *err)
{
	struct textdiff_style style = line_style(r->style);
	struct textdiff *lines;
	auto_buf text = BUF_INIT;
	const char *at, *newline;
	int result;

	if (textdiff_create(string_of(change->old_value), string_of(change->new_value), &lines, err))
		return -1;
	result = textdiff_unified(lines, &style, &text, err);
	textdiff_free(lines);
	if (result || buf_check(&text, err))
		return -1;
	add_heading(r, '~', change);
	for (at = text.data; at < text.data + text.len; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(text.data + text.len - at));
		if (!newline)
			newline = text.data + text.len;
		buf_add_str(r->out, "  ");
		buf_add(r->out, at, (size_t)(newline - at));
		buf_add_byte(r->out, '\n');
	}
	return 0;
}

static int add_replacement(const struct renderer *r, const struct json_change *change, struct drift_error *err)
{
	auto_buf text = BUF_INIT;
	bool small;

	if (is_long_text(change->old_value) && is_long_text(change->new_value))
		return add_string_change(r, change, err);
	small = fits(change->old_value, &text);
	buf_add_str(&text, " -> ");
	if (small && fits(change->new_value, &text)) {
		begin(r, '~');
		add_pointer(r, change);
		if (change->pointer_len)
			buf_add_byte(r->out, ' ');
		add_text(r, text.data, text.len);
		end(r);
		return 0;
	}
	add_heading(r, '~', change);
	if (add_pretty(r, '-', "  ", change->old_value, err))
		return -1;
	return add_pretty(r, '+', "  ", change->new_value, err);
}

static int add_change(const struct renderer *r, const struct json_change *change, struct drift_error *err)
{
	switch (change->kind) {
	case JSON_ADD:
		return add_value(r, '+', change, change->new_value, err);
	case JSON_REMOVE:
		return add_value(r, '-', change, change->old_value, err);
	case JSON_CHANGE:
		break;
	}
	return add_replacement(r, change, err);
}

static int render_fields(const struct docdiff *d, const struct renderer *r, struct drift_error *err)
{
	size_t i, count = json_diff_count(d->fields);

	if (!count)
		buf_add_str(r->out, "the same fields, written otherwise\n");
	for (i = 0; i < count; i++)
		if (add_change(r, json_diff_at(d->fields, i), err))
			return -1;
	return 0;
}

static void render_sizes(const struct docdiff *d, struct buf *out)
{
	if (!d->from.present)
		buf_addf(out, "binary file added, %zu bytes\n", d->to.bytes.len);
	else if (!d->to.present)
		buf_addf(out, "binary file removed, %zu bytes\n", d->from.bytes.len);
	else
		buf_addf(out, "binary files differ, %zu and %zu bytes\n", d->from.bytes.len, d->to.bytes.len);
}

static int render_lines(const struct docdiff *d, const struct renderer *r, struct drift_error *err)
{
	struct textdiff_style style = line_style(r->style);

	if ((!d->from.present || !d->to.present) && !d->from.bytes.len && !d->to.bytes.len)
		buf_addf(r->out, "empty file %s\n", d->to.present ? "added" : "removed");
	return textdiff_unified(d->lines, &style, r->out, err);
}

int docdiff_render(const struct docdiff *d, const struct docdiff_style *style, struct buf *out, struct drift_error *err)
{
	struct renderer r = { style, out };
	int result = 0;

	switch (d->kind) {
	case DOCDIFF_EQUAL:
		break;
	case DOCDIFF_JSON:
		result = render_fields(d, &r, err);
		break;
	case DOCDIFF_TEXT:
		result = render_lines(d, &r, err);
		break;
	case DOCDIFF_BINARY:
		render_sizes(d, out);
		break;
	}
	return result ? -1 : buf_check(out, err);
}
