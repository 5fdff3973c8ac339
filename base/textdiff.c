#include "base/textdiff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/siphash.h"
#include "base/textdiff_internal.h"

enum { BINARY_LOOK_LEN = 8000, NO_CLASS = 0 };

/* One text, cut into lines: line i is [starts[i], starts[i + 1]). */
struct side {
	struct text text;
	size_t *starts;
	size_t count;
	uint32_t *classes;
	unsigned char *changed;
};

struct textdiff {
	struct side a, b;
	struct textdiff_change *changes;
	size_t change_count, change_capacity;
};

/* The line that stands for a class, in a table with open addressing. */
struct slot {
	const char *line;
	size_t len;
	uint64_t hash;
	uint32_t class; /* from 1; NO_CLASS: free */
	bool in_a, in_b;
};

struct table {
	struct slot *slots;
	size_t mask;
	uint32_t class_count;
	unsigned char key[SIPHASH_KEY_LEN];
};

static struct text line_of(const struct side *side, size_t i)
{
	return (struct text){ side->text.data + side->starts[i],
			      side->starts[i + 1] - side->starts[i] };
}

static size_t count_lines(struct text text)
{
	const char *p = text.data, *end = text.len ? p + text.len : p;
	size_t count = 0;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		p = newline ? newline + 1 : end;
		count++;
	}
	return count;
}

static int cut_lines(struct side *side, struct text text, struct drift_error *err)
{
	size_t at = 0, i;

	if (text.len > TEXTDIFF_TEXT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a text of more than %zu bytes is not compared",
				 TEXTDIFF_TEXT_MAX);
	side->text = text;
	side->count = count_lines(text);
	side->starts = mem_alloc_array(side->count + 1, sizeof(*side->starts));
	side->classes = mem_alloc_array(side->count, sizeof(*side->classes));
	side->changed = mem_calloc(side->count, 1);
	if (!side->starts || !side->classes || !side->changed)
		return error_no_memory(err);
	for (i = 0; i < side->count; i++) {
		const char *newline = memchr(text.data + at, '\n', text.len - at);

		side->starts[i] = at;
		at = newline ? (size_t)(newline - text.data) + 1 : text.len;
	}
	side->starts[side->count] = text.len;
	return 0;
}

static void release_side(struct side *side)
{
	free(side->starts);
	free(side->classes);
	free(side->changed);
}

static struct slot *find_slot(struct table *t, struct text line)
{
	uint64_t hash = siphash(t->key, line.data, line.len);
	size_t i = (size_t)hash & t->mask;

	while (t->slots[i].class != NO_CLASS &&
	       (t->slots[i].hash != hash || t->slots[i].len != line.len ||
		memcmp(t->slots[i].line, line.data, line.len)))
		i = (i + 1) & t->mask;
	if (t->slots[i].class == NO_CLASS) {
		t->slots[i].line = line.data;
		t->slots[i].len = line.len;
		t->slots[i].hash = hash;
		t->slots[i].class = ++t->class_count;
	}
	return &t->slots[i];
}

/* Number the lines so that equal ones have equal numbers; changed tells who has a partner. */
static int classify(struct textdiff *d, struct drift_error *err)
{
	struct table t = { .class_count = 0 };
	size_t size = 16, i;

	while (size < 2 * (d->a.count + d->b.count))
		size *= 2;
	t.mask = size - 1;
	t.slots = mem_calloc(size, sizeof(*t.slots));
	if (!t.slots)
		return error_no_memory(err);
	/* A key that nobody knows: texts cannot be made to collide. The numbers do not depend on it. */
	if (random_bytes(t.key, sizeof(t.key), NULL) < 0)
		memset(t.key, 0, sizeof(t.key));
	for (i = 0; i < d->a.count; i++) {
		struct slot *slot = find_slot(&t, line_of(&d->a, i));

		slot->in_a = true;
		d->a.classes[i] = slot->class;
	}
	for (i = 0; i < d->b.count; i++) {
		struct slot *slot = find_slot(&t, line_of(&d->b, i));

		slot->in_b = true;
		d->b.classes[i] = slot->class;
		d->b.changed[i] = !slot->in_a;
	}
	for (i = 0; i < d->a.count; i++)
		d->a.changed[i] = !find_slot(&t, line_of(&d->a, i))->in_b;
	free(t.slots);
	return 0;
}

/* The lines of a side that have a partner, and where they come from. */
struct reduced {
	uint32_t *classes;
	size_t *from;
	unsigned char *changed;
	size_t count;
};

static int reduce(const struct side *side, struct reduced *out, struct drift_error *err)
{
	size_t i;

	out->classes = mem_alloc_array(side->count, sizeof(*out->classes));
	out->from = mem_alloc_array(side->count, sizeof(*out->from));
	out->changed = mem_calloc(side->count, 1);
	if (!out->classes || !out->from || !out->changed)
		return error_no_memory(err);
	for (i = 0; i < side->count; i++) {
		if (side->changed[i])
			continue;
		out->classes[out->count] = side->classes[i];
		out->from[out->count++] = i;
	}
	return 0;
}

static void release_reduced(struct reduced *r)
{
	free(r->classes);
	free(r->from);
	free(r->changed);
}

static void give_back(struct side *side, const struct reduced *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		side->changed[r->from[i]] = r->changed[i];
}

/* A line without a partner is in no common subsequence: the search need not see it. */
static int compare(struct textdiff *d, struct drift_error *err)
{
	struct reduced a = { .count = 0 }, b = { .count = 0 };
	int r = reduce(&d->a, &a, err);

	if (r == 0)
		r = reduce(&d->b, &b, err);
	if (r == 0) {
		struct sequence x = { a.classes, a.count, a.changed };
		struct sequence y = { b.classes, b.count, b.changed };

		r = textdiff_mark(&x, &y, err);
	}
	if (r == 0) {
		give_back(&d->a, &a);
		give_back(&d->b, &b);
	}
	release_reduced(&a);
	release_reduced(&b);
	return r;
}

static int collect(struct textdiff *d, struct drift_error *err)
{
	size_t i = 0, j = 0;

	while (i < d->a.count || j < d->b.count) {
		struct textdiff_change c = { .a_start = i, .b_start = j };

		while (i < d->a.count && d->a.changed[i])
			i++;
		while (j < d->b.count && d->b.changed[j])
			j++;
		c.a_count = i - c.a_start;
		c.b_count = j - c.b_start;
		if (!c.a_count && !c.b_count) {
			i++;
			j++;
			continue;
		}
		if (mem_grow(&d->changes, &d->change_capacity, d->change_count + 1,
			     sizeof(*d->changes)) < 0)
			return error_no_memory(err);
		d->changes[d->change_count++] = c;
	}
	return 0;
}

/* Lines added or removed among equal ones may be seen earlier or later: take the latest. */
static void slide(const struct textdiff *d, struct textdiff_change *c, size_t a_end, size_t b_end)
{
	const struct side *side = c->a_count ? &d->a : &d->b;
	size_t *start = c->a_count ? &c->a_start : &c->b_start;
	size_t *other = c->a_count ? &c->b_start : &c->a_start;
	size_t count = c->a_count + c->b_count;
	size_t end = c->a_count ? a_end : b_end;

	if (c->a_count && c->b_count)
		return;
	while (*start + count < end && side->classes[*start] == side->classes[*start + count]) {
		++*start;
		++*other;
	}
}

/* From the last change to the first, so that each slides up to where the next one came to
 * stand; those that touch then are one, which may slide on. */
static void slide_all(struct textdiff *d)
{
	size_t to = d->change_count, i;

	for (i = d->change_count; i-- > 0;) {
		struct textdiff_change c = d->changes[i];

		for (;;) {
			const struct textdiff_change *next =
				to < d->change_count ? &d->changes[to] : NULL;

			slide(d, &c, next ? next->a_start : d->a.count,
			      next ? next->b_start : d->b.count);
			if (!next || c.a_start + c.a_count != next->a_start)
				break;
			c.a_count += next->a_count;
			c.b_count += next->b_count;
			to++;
		}
		d->changes[--to] = c;
	}
	d->change_count -= to;
	if (to && d->change_count)
		memmove(d->changes, d->changes + to, d->change_count * sizeof(*d->changes));
}

int textdiff_create(struct text a, struct text b, struct textdiff **out, struct drift_error *err)
{
	struct textdiff *d = mem_calloc(1, sizeof(*d));

	if (!d)
		return error_no_memory(err);
	if (cut_lines(&d->a, a, err) < 0 || cut_lines(&d->b, b, err) < 0 || classify(d, err) < 0 ||
	    compare(d, err) < 0 || collect(d, err) < 0) {
		textdiff_free(d);
		return -1;
	}
	slide_all(d);
	*out = d;
	return 0;
}

void textdiff_free(struct textdiff *d)
{
	if (!d)
		return;
	release_side(&d->a);
	release_side(&d->b);
	free(d->changes);
	free(d);
}

const struct textdiff_change *textdiff_changes(const struct textdiff *d, size_t *count_out)
{
	*count_out = d->change_count;
	return d->changes;
}

size_t textdiff_a_count(const struct textdiff *d)
{
	return d->a.count;
}

size_t textdiff_b_count(const struct textdiff *d)
{
	return d->b.count;
}

struct text textdiff_a_line(const struct textdiff *d, size_t i)
{
	return line_of(&d->a, i);
}

struct text textdiff_b_line(const struct textdiff *d, size_t i)
{
	return line_of(&d->b, i);
}

bool text_is_binary(struct text text)
{
	size_t len = text.len < BINARY_LOOK_LEN ? text.len : BINARY_LOOK_LEN;

	return len && memchr(text.data, '\0', len);
}
