#include "cli/log_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void log_graph_release(struct log_graph *g)
{
	free(g->columns);
	buf_release(&g->pending);
}

static size_t find_column(const struct log_graph *g, const struct oid *id, size_t from)
{
	while (from < g->count && !oid_equal(&g->columns[from], id))
		from++;
	return from;
}

static int insert_column(struct log_graph *g, size_t at, const struct oid *id, struct drift_error *err)
{
	if (mem_grow(&g->columns, &g->capacity, g->count + 1, sizeof(*g->columns)))
		return error_no_memory(err);
	memmove(&g->columns[at + 1], &g->columns[at], (g->count - at) * sizeof(*g->columns));
	g->columns[at] = *id;
	g->count++;
	return 0;
}

static void remove_column(struct log_graph *g, size_t at)
{
	memmove(&g->columns[at], &g->columns[at + 1], (g->count - at - 1) * sizeof(*g->columns));
	g->count--;
}

static void add_times(struct buf *out, const char *s, size_t count)
{
	while (count--)
		buf_add_str(out, s);
}

/* Rows end with a newline and no blanks before it. */
static void end_row(struct buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_add_byte(out, '\n');
}

/* Column `from` bends into column `to` on its left; what is right of it moves up. */
static void draw_join(const struct log_graph *g, size_t to, size_t from, struct buf *out)
{
	add_times(out, "| ", to);
	buf_add_byte(out, '|');
	add_times(out, "_|", from - to - 1);
	buf_add_byte(out, '/');
	add_times(out, " /", g->count - from - 1);
	end_row(out);
}

/* A new column grows out of column `at`. */
static void draw_fork(const struct log_graph *g, size_t at, struct buf *out)
{
	add_times(out, "| ", at);
	buf_add_str(out, "|\\");
	add_times(out, " \\", g->count - at - 1);
	end_row(out);
}

/* Column `at` ends; those right of it move up. */
static void draw_end(const struct log_graph *g, size_t at, struct buf *out)
{
	if (at + 1 == g->count)
		return;
	add_times(out, "| ", at);
	add_times(out, " /", g->count - at - 1);
	end_row(out);
}

/* All lines that lead to the commit become one. */
static size_t join_columns(struct log_graph *g, const struct commit *c, struct buf *out, struct drift_error *err)
{
	size_t at = find_column(g, &c->id, 0);

	if (at == g->count && insert_column(g, at, &c->id, err))
		return SIZE_MAX;
	for (size_t i = g->count; i-- > at + 1;) {
		if (!oid_equal(&g->columns[i], &c->id))
			continue;
		draw_join(g, at, i, out);
		remove_column(g, i);
	}
	return at;
}

static bool is_drawn(const struct log_graph *g, const struct commit *c, size_t parent)
{
	if (g->first_parent && parent)
		return false;
	return !g->within || oid_table_get(g->within, &c->parents[parent].id);
}

static int follow_parents(struct log_graph *g, const struct commit *c, size_t at, struct drift_error *err)
{
	size_t first = 0;

	while (first < c->parent_count && !is_drawn(g, c, first))
		first++;
	if (first == c->parent_count) {
		draw_end(g, at, &g->pending);
		remove_column(g, at);
		return 0;
	}
	g->columns[at] = c->parents[first].id;
	for (size_t i = c->parent_count; i-- > first + 1;) {
		if (!is_drawn(g, c, i))
			continue;
		draw_fork(g, at, &g->pending);
		if (insert_column(g, at + 1, &c->parents[i].id, err))
			return -1;
	}
	return 0;
}

void log_graph_skip(struct log_graph *g, const struct commit *c, struct buf *out)
{
	for (size_t i = g->count; i-- > 0;) {
		if (!oid_equal(&g->columns[i], &c->id))
			continue;
		if (c->parent_count && is_drawn(g, c, 0)) {
			g->columns[i] = c->parents[0].id;
			continue;
		}
		draw_end(g, i, out);
		remove_column(g, i);
	}
}

/* Take the next row that waits, or make one of straight lines. */
static void take_row(struct log_graph *g, size_t *pending_used, struct buf *out)
{
	const char *row = g->pending.data + *pending_used;
	size_t left = g->pending.len - *pending_used;
	const char *end = left ? memchr(row, '\n', left) : NULL;

	if (end) {
		buf_add(out, row, (size_t)(end - row));
		buf_add_byte(out, ' ');
		*pending_used += (size_t)(end - row) + 1;
		return;
	}
	add_times(out, "| ", g->count);
}

int log_graph_add(struct log_graph *g, const struct commit *c, const struct buf *text, struct buf *out,
		  struct drift_error *err)
{
	const char *p = text->data, *end = text->data + text->len;
	size_t pending_used = 0;
	size_t at = join_columns(g, c, out, err);
	bool first = true;

	if (at == SIZE_MAX)
		return -1;
	add_times(out, "| ", at);
	buf_add_str(out, "* ");
	add_times(out, "| ", g->count - at - 1);
	buf_clear(&g->pending);
	if (follow_parents(g, c, at, err))
		return -1;
	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((line_end ? line_end : end) - p);

		if (!first)
			take_row(g, &pending_used, out);
		first = false;
		buf_add(out, p, len);
		end_row(out);
		p += len + 1;
	}
	if (first)
		end_row(out);
	buf_add(out, g->pending.data + pending_used, g->pending.len - pending_used);
	return buf_check(out, err);
}
