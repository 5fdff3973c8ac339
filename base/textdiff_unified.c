/* Changes shown with their surroundings. */
#include "base/textdiff.h"
#include "base/utf8.h"

/* Start with hunk->end 0. True and the next hunk, or false after the last. */
static bool textdiff_next_hunk(const struct textdiff *d, size_t context, struct textdiff_hunk *hunk)
{
	size_t count, first = hunk->end, end, after;
	const struct textdiff_change *c = textdiff_changes(d, &count);
	size_t before, a_end, a_left;

	if (first >= count)
		return false;
	/* Changes belong together where the context of one would touch that of the next. */
	for (end = first + 1; end < count; end++) {
		size_t gap = c[end].a_start - (c[end - 1].a_start + c[end - 1].a_count);

		if (gap > context && gap - context > context)
			break;
	}
	before = c[first].a_start < context ? c[first].a_start : context;
	a_end = c[end - 1].a_start + c[end - 1].a_count;
	a_left = textdiff_a_count(d) - a_end;
	after = a_left < context ? a_left : context;
	hunk->first = first;
	hunk->end = end;
	hunk->a_start = c[first].a_start - before;
	hunk->b_start = c[first].b_start - before;
	hunk->a_count = a_end + after - hunk->a_start;
	hunk->b_count = c[end - 1].b_start + c[end - 1].b_count + after - hunk->b_start;
	return true;
}

/* Lines count from 1; an empty range is named by the line before it. */
static void add_range(struct buf *out, size_t start, size_t count)
{
	buf_addf(out, "%zu", count ? start + 1 : start);
	if (count != 1)
		buf_addf(out, ",%zu", count);
}

static void add_mark(struct buf *out, const char *mark)
{
	if (mark)
		buf_add_str(out, mark);
}

static void add_line(struct buf *out, const struct textdiff_style *style, char sign, struct text line)
{
	const char *colour = sign == '-' ? style->removed : sign == '+' ? style->added : NULL;
	bool ended = line.len && line.data[line.len - 1] == '\n';
	size_t len = ended ? line.len - 1 : line.len;

	add_mark(out, colour);
	buf_add_byte(out, (unsigned char)sign);
	if (style->escape)
		text_escape_lines(out, line.data, len);
	else
		buf_add(out, line.data, len);
	if (colour)
		add_mark(out, style->reset);
	buf_add_byte(out, '\n');
	if (!ended)
		buf_add_str(out, "\\ No newline at end of file\n");
}

static void add_hunk(const struct textdiff *d, const struct textdiff_style *style,
		     const struct textdiff_hunk *hunk, struct buf *out)
{
	size_t count, i, line = hunk->a_start;
	const struct textdiff_change *c = textdiff_changes(d, &count);

	add_mark(out, style->hunk);
	buf_add_str(out, "@@ -");
	add_range(out, hunk->a_start, hunk->a_count);
	buf_add_str(out, " +");
	add_range(out, hunk->b_start, hunk->b_count);
	buf_add_str(out, " @@");
	if (style->hunk)
		add_mark(out, style->reset);
	buf_add_byte(out, '\n');
	for (i = hunk->first; i < hunk->end; i++) {
		size_t j;

		for (; line < c[i].a_start; line++)
			add_line(out, style, ' ', textdiff_a_line(d, line));
		for (; line < c[i].a_start + c[i].a_count; line++)
			add_line(out, style, '-', textdiff_a_line(d, line));
		for (j = c[i].b_start; j < c[i].b_start + c[i].b_count; j++)
			add_line(out, style, '+', textdiff_b_line(d, j));
	}
	for (; line < hunk->a_start + hunk->a_count; line++)
		add_line(out, style, ' ', textdiff_a_line(d, line));
}

int textdiff_unified(const struct textdiff *d, const struct textdiff_style *style, struct buf *out,
		     struct drift_error *err)
{
	struct textdiff_hunk hunk = { .end = 0 };

	while (textdiff_next_hunk(d, style->context, &hunk))
		add_hunk(d, style, &hunk, out);
	return buf_check(out, err);
}
