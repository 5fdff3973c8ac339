/* JSON lines. A block is what was read, so that documents are not copied; the line that it ends in begins the next one. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/import_internal.h"

#define LINE_LEN_MAX ((size_t)DOCUMENT_LEN_MAX + 1)

struct line_parser {
	struct import_parser parser;
	struct import_input *in;
	size_t block_len;
	struct buf carry;
	bool skipping; /* the rest of a line that is too long */
};

static void free_lines(struct import_parser *self)
{
	struct line_parser *p = (struct line_parser *)self;

	buf_release(&p->carry);
	free(p);
}

static bool is_blank(const char *p, size_t len)
{
	while (len && (*p == ' ' || *p == '\t' || *p == '\r')) {
		p++;
		len--;
	}
	return !len;
}

/* Read until there is a whole line and the block is full, or the input has ended. */
static int read_lines(struct line_parser *p, struct buf *data, size_t *whole_out, struct drift_error *err)
{
	size_t scanned = 0, goal = data->len + p->block_len;
	const char *newline = NULL;

	while (!p->in->ended) {
		size_t want = goal > data->len ? goal - data->len : p->block_len;
		char *at = buf_reserve(data, want);
		int64_t got = at ? import_read(p->in, at, want, err) : error_no_memory(err);

		if (got < 0)
			return -1;
		data->len += (size_t)got;
		data->data[data->len] = 0;
		if (!newline && got)
			newline = memchr(data->data + scanned, '\n', data->len - scanned);
		scanned = data->len;
		if (data->len >= goal && (newline || data->len > LINE_LEN_MAX))
			break;
	}
	newline = memrchr(data->data, '\n', data->len);
	*whole_out = p->in->ended ? data->len : newline ? (size_t)(newline - data->data) + 1 : 0;
	return 0;
}

static int take_line(struct line_parser *p, struct import_block *block, size_t at, size_t len, struct drift_error *err)
{
	const char *line = block->data.data + at;

	if (p->skipping) {
		p->skipping = false;
		return 0;
	}
	if (len && line[len - 1] == '\r')
		len--;
	if (is_blank(line, len))
		return 0;
	if (!import_add_document(p->in, block, at, len, err))
		return 0;
	return import_bad(p->in, block, err);
}

/* Without a newline in sight: the line is refused, and what comes of it is dropped. */
static int drop_long_line(struct line_parser *p, struct import_block *block, struct drift_error *err)
{
	bool first = !p->skipping;

	buf_release(&block->data);
	p->skipping = true;
	if (!first)
		return 0;
	error_set(err, DRIFT_ERR_LIMIT, "longer than %llu bytes", (unsigned long long)DOCUMENT_LEN_MAX);
	return import_bad(p->in, block, err);
}

static int fill_lines(struct import_parser *self, struct import_block *block, struct drift_error *err)
{
	struct line_parser *p = (struct line_parser *)self;
	size_t at = 0, whole;

	buf_add(&block->data, p->carry.data, p->carry.len);
	buf_clear(&p->carry);
	if (buf_check(&block->data, err) || read_lines(p, &block->data, &whole, err))
		return -1;
	if (!p->in->ended && !whole)
		return drop_long_line(p, block, err) ? -1 : 1;
	buf_add(&p->carry, block->data.data + whole, block->data.len - whole);
	buf_truncate(&block->data, whole);
	while (at < whole) {
		const char *line = block->data.data + at, *end = memchr(line, '\n', whole - at);
		size_t len = end ? (size_t)(end - line) : whole - at;

		if (take_line(p, block, at, len, err))
			return -1;
		p->in->line++;
		at += len + 1;
	}
	return buf_check(&p->carry, err) ? -1 : !p->in->ended;
}

struct import_parser *import_lines_new(struct import_input *in, struct drift_error *err)
{
	struct line_parser *p = mem_calloc(1, sizeof(*p));

	if (!p) {
		error_no_memory(err);
		return NULL;
	}
	p->parser = (struct import_parser){ .fill = fill_lines, .free = free_lines };
	p->in = in;
	p->block_len = in->options->block_len ? in->options->block_len : IMPORT_BLOCK_LEN;
	buf_init(&p->carry);
	return &p->parser;
}
