#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/pack_record.h"
#include "repo/gc_internal.h"

#define LINE_COUNT 64                       /* of a family, held at once */
#define LINE_BYTES_MAX ((size_t)2 << 20)    /* canonical bytes of the nodes of a line that wait */
#define WAITING_BYTES_MAX ((size_t)6 << 20) /* of all lines */
#define SAMPLE_COUNT 8

struct line {
	struct node *versions[PACK_INNER_DEPTH_MAX]; /* oldest first */
	size_t count, bytes;
	struct node *newest; /* also when none waits */
	uint64_t used;       /* for finding the one that was not added to for longest */
};

struct gc_lines {
	struct gc_groups *groups;
	struct line *lines[LINE_COUNT];
	size_t count, bytes;
	uint64_t clock;
	struct gc_unit unit;
	struct buf edit;
};

int gc_lines_new(struct gc_groups *groups, struct gc_lines **out, struct drift_error *err)
{
	struct gc_lines *l = mem_calloc(1, sizeof(*l));

	if (!l)
		return error_no_memory(err);
	l->groups = groups;
	gc_unit_init(&l->unit);
	buf_init(&l->edit);
	*out = l;
	return 0;
}

static void line_empty(struct gc_lines *l, struct line *line)
{
	for (size_t i = 0; i < line->count; i++)
		node_unref(line->versions[i]);
	l->bytes -= line->bytes;
	line->count = line->bytes = 0;
}

static void line_free(struct gc_lines *l, struct line *line)
{
	line_empty(l, line);
	node_unref(line->newest);
	free(line);
}

void gc_lines_free(struct gc_lines *l)
{
	if (!l)
		return;
	while (l->count)
		line_free(l, l->lines[--l->count]);
	gc_unit_release(&l->unit);
	buf_release(&l->edit);
	free(l);
}

/* Nodes of all levels above the leaves are alike; the sort tells groups what to keep together. */
static unsigned sort_of(const struct node *node)
{
	return 1U + ((unsigned)node->kind << 1 | (node->level > 0));
}

static size_t versions_max(const struct node *node)
{
	return node->level ? PACK_INNER_DEPTH_MAX : PACK_LEAF_DEPTH_MAX;
}

static int end_unit(struct gc_lines *l, unsigned sort, struct drift_error *err)
{
	int r = l->unit.count ? gc_groups_add(l->groups, sort, &l->unit, err) : 0;

	gc_unit_clear(&l->unit);
	return r;
}

/* What waits in the line, newest first; a version that takes no less as a change of the next newer one is whole again. */
static int write_run(struct gc_lines *l, struct line *line, struct drift_error *err)
{
	unsigned sort = line->count ? sort_of(line->versions[0]) : 0;
	uint64_t whole_loc = LOC_UNKNOWN;

	for (size_t i = line->count; i--;) {
		struct node *node = line->versions[i];

		buf_clear(&l->edit);
		if (i + 1 < line->count &&
		    pack_record_put_edit(whole_loc, line->versions[i + 1], node, &l->edit, err) < 0)
			return -1;
		if (l->edit.len && l->edit.len < node->len) {
			buf_add(&l->unit.bytes, l->edit.data, l->edit.len);
		} else {
			if (end_unit(l, sort, err) < 0 ||
			    pack_record_put_node(node, node->loc, &l->unit.bytes, err) < 0)
				return -1;
			whole_loc = node->loc;
		}
		gc_unit_item(&l->unit, node->loc);
	}
	line_empty(l, line);
	return end_unit(l, sort, err);
}

static bool same_last_key(const struct node *a, const struct node *b)
{
	const unsigned char *a_key, *b_key;
	size_t a_len, b_len;

	if (!a->count || !b->count)
		return a->count == b->count;
	a_key = node_key_at(a, a->count - 1, &a_len);
	b_key = node_key_at(b, b->count - 1, &b_len);
	return !key_compare(a_key, a_len, b_key, b_len);
}

/* How many of some entries spread over both nodes are equal. */
static unsigned likeness(const struct node *a, const struct node *b)
{
	unsigned alike = same_last_key(a, b);

	for (uint32_t i = 0; a->count && b->count && i < SAMPLE_COUNT; i++) {
		uint32_t x = (uint32_t)((uint64_t)a->count * i / SAMPLE_COUNT);
		uint32_t y = (uint32_t)((uint64_t)b->count * i / SAMPLE_COUNT);
		size_t a_len = (size_t)(a->offset[x + 1] - a->offset[x]),
		       b_len = (size_t)(b->offset[y + 1] - b->offset[y]);

		alike += a_len == b_len && !memcmp(a->bytes + a->offset[x], b->bytes + b->offset[y], a_len);
	}
	return alike;
}

static struct line *find_line(const struct gc_lines *l, const struct node *node, uint64_t base_loc)
{
	struct line *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; base_loc != LOC_UNKNOWN && i < l->count; i++)
		if (l->lines[i]->newest->loc == base_loc)
			return l->lines[i];
	for (size_t i = 0; i < l->count; i++) {
		unsigned alike = likeness(l->lines[i]->newest, node);

		if (alike > most) {
			best = l->lines[i];
			most = alike;
		}
	}
	return best;
}

/* A new line; where there are too many, in the place of the one that rested longest. */
static struct line *open_line(struct gc_lines *l, struct drift_error *err)
{
	struct line *line;

	if (l->count == LINE_COUNT) {
		size_t at = 0;

		for (size_t i = 1; i < l->count; i++)
			if (l->lines[i]->used < l->lines[at]->used)
				at = i;
		if (write_run(l, l->lines[at], err) < 0)
			return NULL;
		line_free(l, l->lines[at]);
		l->lines[at] = l->lines[--l->count];
	}
	line = mem_calloc(1, sizeof(*line));
	if (line)
		l->lines[l->count++] = line;
	else
		error_no_memory(err);
	return line;
}

static int write_longest(struct gc_lines *l, struct drift_error *err)
{
	struct line *longest = l->lines[0];

	for (size_t i = 1; i < l->count; i++)
		if (l->lines[i]->bytes > longest->bytes)
			longest = l->lines[i];
	return write_run(l, longest, err);
}

int gc_lines_add(struct gc_lines *l, struct node *node, uint64_t base_loc, struct drift_error *err)
{
	struct line *line = find_line(l, node, base_loc);

	if (!line)
		line = open_line(l, err);
	if (!line)
		return -1;
	line->versions[line->count++] = node_ref(node);
	line->bytes += node->len;
	l->bytes += node->len;
	node_unref(line->newest);
	line->newest = node_ref(node);
	line->used = ++l->clock;
	if (line->count == versions_max(node) || line->bytes >= LINE_BYTES_MAX)
		return write_run(l, line, err);
	return l->bytes >= WAITING_BYTES_MAX ? write_longest(l, err) : 0;
}

int gc_lines_end(struct gc_lines *l, struct drift_error *err)
{
	for (size_t i = 0; i < l->count; i++)
		if (write_run(l, l->lines[i], err) < 0)
			return -1;
	while (l->count)
		line_free(l, l->lines[--l->count]);
	return 0;
}
