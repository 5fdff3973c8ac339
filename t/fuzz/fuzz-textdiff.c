/* Two or three texts, cut at zero bytes: changes applied give the other side; merges keep promises. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/merge3.h"
#include "base/textdiff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text cut(const char **pos, const char *end)
{
	const char *start = *pos;
	const char *zero = start < end ? memchr(start, '\0', (size_t)(end - start)) : NULL;

	*pos = zero ? zero + 1 : end;
	return (struct text){ start, (size_t)((zero ? zero : end) - start) };
}

static void add(struct buf *out, struct text text)
{
	buf_add(out, text.data, text.len);
}

static void check_diff(struct text a, struct text b)
{
	struct textdiff_style style = { .context = 2, .escape = true };
	auto_buf made = BUF_INIT, shown = BUF_INIT;
	const struct textdiff_change *c;
	size_t count, i, j, line = 0;
	struct textdiff *d;

	if (textdiff_create(a, b, &d, NULL) < 0)
		return;
	c = textdiff_changes(d, &count);
	for (i = 0; i < count; i++) {
		for (; line < c[i].a_start; line++)
			add(&made, textdiff_a_line(d, line));
		line += c[i].a_count;
		for (j = c[i].b_start; j < c[i].b_start + c[i].b_count; j++)
			add(&made, textdiff_b_line(d, j));
	}
	for (; line < textdiff_a_count(d); line++)
		add(&made, textdiff_a_line(d, line));
	assert(made.len == b.len && (!b.len || !memcmp(made.data, b.data, b.len)));
	assert(!textdiff_unified(d, &style, &shown, NULL));
	assert(!count == !shown.len);
	textdiff_free(d);
}

static size_t merge(struct text base, struct text ours, struct text theirs, struct buf *out)
{
	const struct merge3_labels labels = { "x", "base", "x" };
	const struct merge3_input input = { base, ours, theirs };
	struct merge3 m;
	size_t clashes;

	assert(!merge3_run(&input, &m, NULL));
	assert(!merge3_append(&m, &labels, out, NULL));
	clashes = m.clash_count;
	merge3_release(&m);
	return clashes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *pos = (const char *)data, *end = pos + size;
	struct text base, a, b;
	auto_buf one = BUF_INIT, other = BUF_INIT;

	if (!size)
		return 0;
	base = cut(&pos, end);
	a = cut(&pos, end);
	b = cut(&pos, end);
	check_diff(base, a);
	check_diff(a, b);
	assert(merge(base, a, b, &one) == merge(base, b, a, &other));
	assert(one.len == other.len);
	buf_clear(&one);
	assert(!merge(base, base, b, &one));
	assert(one.len == b.len && (!b.len || !memcmp(one.data, b.data, b.len)));
	return 0;
}
