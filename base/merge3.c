#include "base/merge3.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The changes from the base to one side, and how far they are dealt with. */
struct side {
	struct textdiff *diff;
	const struct textdiff_change *changes;
	size_t count;
	size_t at;                 /* the next change */
	size_t base_line, line;    /* behind the last change: these lines correspond */
};

/* A part of the base that one or both sides changed. */
struct region {
	size_t start, end;
	size_t ours_start, ours_end;
	size_t theirs_start, theirs_end;
	bool ours_changed, theirs_changed;
};

struct merger {
	struct side ours, theirs;
	struct merge3 *out;
	size_t capacity;
	size_t done; /* lines of the base dealt with */
	struct drift_error *err;
};

static int add_part(struct merger *m, const struct merge3_part *part)
{
	if (mem_grow(&m->out->parts, &m->capacity, m->out->count + 1, sizeof(*m->out->parts)) < 0)
		return error_no_memory(m->err);
	m->out->parts[m->out->count++] = *part;
	m->out->clash_count += part->kind == MERGE3_CLASH;
	return 0;
}

static struct text lines_of_a(const struct textdiff *d, size_t start, size_t end)
{
	struct text first, last;

	if (start == end)
		return (struct text){ "", 0 };
	first = textdiff_a_line(d, start);
	last = textdiff_a_line(d, end - 1);
	return (struct text){ first.data, (size_t)(last.data - first.data) + last.len };
}

static struct text lines_of_b(const struct textdiff *d, size_t start, size_t end)
{
	struct text first, last;

	if (start == end)
		return (struct text){ "", 0 };
	first = textdiff_b_line(d, start);
	last = textdiff_b_line(d, end - 1);
	return (struct text){ first.data, (size_t)(last.data - first.data) + last.len };
}

static int add_merged(struct merger *m, struct text text)
{
	struct merge3_part part = { .kind = MERGE3_MERGED, .merged = text };

	return text.len ? add_part(m, &part) : 0;
}

static const struct textdiff_change *next_change(const struct side *side)
{
	return side->at < side->count ? &side->changes[side->at] : NULL;
}

/* Take the side's changes that overlap or touch the region into it; true if there were any. */
static bool absorb(struct side *side, struct region *r)
{
	bool any = false;

	for (;;) {
		const struct textdiff_change *c = next_change(side);

		if (!c || c->a_start > r->end)
			return any;
		any = true;
		if (c->a_start + c->a_count > r->end)
			r->end = c->a_start + c->a_count;
		side->base_line = c->a_start + c->a_count;
		side->line = c->b_start + c->b_count;
		side->at++;
	}
}

/* The next region of the base that anybody changed; false if there is none. */
static bool next_region(struct merger *m, struct region *r)
{
	const struct textdiff_change *ours = next_change(&m->ours);
	const struct textdiff_change *theirs = next_change(&m->theirs);
	bool more = true;

	if (!ours && !theirs)
		return false;
	if (!theirs || (ours && ours->a_start < theirs->a_start))
		r->start = ours->a_start;
	else
		r->start = theirs->a_start;
	r->end = r->start;
	r->ours_changed = false;
	r->theirs_changed = false;
	r->ours_start = m->ours.line + (r->start - m->ours.base_line);
	r->theirs_start = m->theirs.line + (r->start - m->theirs.base_line);
	while (more) {
		bool by_ours = absorb(&m->ours, r);
		bool by_theirs = absorb(&m->theirs, r);

		r->ours_changed |= by_ours;
		r->theirs_changed |= by_theirs;
		more = by_ours || by_theirs;
	}
	r->ours_end = m->ours.line + (r->end - m->ours.base_line);
	r->theirs_end = m->theirs.line + (r->end - m->theirs.base_line);
	return true;
}

static int add_region(struct merger *m, const struct region *r)
{
	struct merge3_part part = { .kind = MERGE3_CLASH };

	part.ours = lines_of_b(m->ours.diff, r->ours_start, r->ours_end);
	part.theirs = lines_of_b(m->theirs.diff, r->theirs_start, r->theirs_end);
	if (!r->theirs_changed)
		return add_merged(m, part.ours);
	if (!r->ours_changed)
		return add_merged(m, part.theirs);
	if (part.ours.len == part.theirs.len &&
	    !memcmp(part.ours.data, part.theirs.data, part.ours.len))
		return add_merged(m, part.ours);
	part.base = lines_of_a(m->ours.diff, r->start, r->end);
	return add_part(m, &part);
}

static int merge_lines(struct merger *m)
{
	size_t base_count = textdiff_a_count(m->ours.diff);
	struct region r;

	while (next_region(m, &r)) {
		if (add_merged(m, lines_of_a(m->ours.diff, m->done, r.start)) < 0 ||
		    add_region(m, &r) < 0)
			return -1;
		m->done = r.end;
	}
	return add_merged(m, lines_of_a(m->ours.diff, m->done, base_count));
}

static int open_side(struct side *side, struct text base, struct text text, struct drift_error *err)
{
	if (textdiff_create(base, text, &side->diff, err) < 0)
		return -1;
	side->changes = textdiff_changes(side->diff, &side->count);
	return 0;
}

int merge3_run(const struct merge3_input *input, struct merge3 *out, struct drift_error *err)
{
	struct merge3 result = { NULL, 0, 0 };
	struct merger m = { .out = &result, .err = err };
	int r;

	if (open_side(&m.ours, input->base, input->ours, err) < 0)
		return -1;
	r = open_side(&m.theirs, input->base, input->theirs, err);
	if (r == 0)
		r = merge_lines(&m);
	textdiff_free(m.ours.diff);
	textdiff_free(m.theirs.diff);
	if (r < 0) {
		merge3_release(&result);
		return -1;
	}
	*out = result;
	return 0;
}

void merge3_release(struct merge3 *m)
{
	free(m->parts);
	m->parts = NULL;
	m->count = 0;
	m->clash_count = 0;
}

static void add_marker(struct buf *out, const char *marker, const char *label)
{
	buf_add_str(out, marker);
	if (label && *label)
		buf_addf(out, " %s", label);
	buf_add_byte(out, '\n');
}

/* A marker stands on a line of its own, even behind a last line without newline. */
static void add_side(struct buf *out, struct text text)
{
	buf_add(out, text.data, text.len);
	if (text.len && text.data[text.len - 1] != '\n')
		buf_add_byte(out, '\n');
}

int merge3_append(const struct merge3 *m, const struct merge3_labels *labels, struct buf *out,
		  struct drift_error *err)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		const struct merge3_part *part = &m->parts[i];

		if (part->kind == MERGE3_MERGED) {
			buf_add(out, part->merged.data, part->merged.len);
			continue;
		}
		add_marker(out, "<<<<<<<", labels->ours);
		add_side(out, part->ours);
		if (labels->base) {
			add_marker(out, "|||||||", labels->base);
			add_side(out, part->base);
		}
		add_marker(out, "=======", NULL);
		add_side(out, part->theirs);
		add_marker(out, ">>>>>>>", labels->theirs);
	}
	return buf_check(out, err);
}
