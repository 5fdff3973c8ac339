#include "base/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum state {
	FIELD_START,
	BARE,
	QUOTED,
	AFTER_QUOTE, /* a second one makes a quote, else the field has ended */
	AFTER_RETURN /* of a row that ends with a quoted field */
};

struct span {
	size_t at, len;
	bool quoted;
};

struct csv_reader {
	char delimiter;
	size_t row_max;
	enum state state;
	struct buf bytes; /* of the fields of the row */
	struct span *fields;
	size_t count, capacity;
	size_t start;    /* of the current field in bytes */
	bool quoted;     /* the current field */
	bool complete;   /* the row was given out */
	const char *why; /* the row is bad */
	bool too_long;
	uint64_t line, row_line, field_line;
};

struct csv_reader *csv_reader_new(char delimiter, size_t row_max, struct drift_error *err)
{
	struct csv_reader *r = mem_calloc(1, sizeof(*r));

	if (!r) {
		error_no_memory(err);
		return NULL;
	}
	r->delimiter = delimiter;
	r->row_max = row_max;
	r->line = r->row_line = 1;
	buf_init(&r->bytes);
	return r;
}

void csv_reader_free(struct csv_reader *r)
{
	if (!r)
		return;
	buf_release(&r->bytes);
	free(r->fields);
	free(r);
}

static void begin_row(struct csv_reader *r)
{
	r->complete = r->quoted = r->too_long = false;
	r->why = NULL;
	r->count = r->start = 0;
	r->row_line = r->line;
	buf_clear(&r->bytes);
}

static int end_field(struct csv_reader *r, struct drift_error *err)
{
	if (mem_grow(&r->fields, &r->capacity, r->count + 1, sizeof(*r->fields)))
		return error_no_memory(err);
	r->fields[r->count++] = (struct span){ r->start, r->bytes.len - r->start, r->quoted };
	r->start = r->bytes.len;
	r->quoted = false;
	r->state = FIELD_START;
	return 0;
}

/* 1 a row / 0 an empty line / -1 */
static int end_row(struct csv_reader *r, struct drift_error *err)
{
	if (r->state == BARE && r->bytes.len > r->start && r->bytes.data[r->bytes.len - 1] == '\r')
		buf_truncate(&r->bytes, r->bytes.len - 1);
	if (end_field(r, err) || buf_check(&r->bytes, err))
		return -1;
	r->complete = true;
	if (r->why)
		return error_set(err, DRIFT_ERR_INVALID, "%s", r->why);
	if (r->too_long)
		return error_set(err, DRIFT_ERR_LIMIT, "the row is longer than %zu bytes", r->row_max);
	return r->count > 1 || r->fields[0].len || r->fields[0].quoted;
}

static void add_bytes(struct csv_reader *r, const char *from, const char *to)
{
	size_t len = (size_t)(to - from);

	if (r->too_long || len > r->row_max - r->bytes.len)
		r->too_long = true;
	else
		buf_add(&r->bytes, from, len);
}

static const char *take_bare(struct csv_reader *r, const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p != r->delimiter && *p != '\n') {
		if (*p == '"')
			r->why = "a quote within a field that does not begin with one";
		p++;
	}
	add_bytes(r, from, p);
	return p;
}

static const char *take_quoted(struct csv_reader *r, const char *p, const char *end)
{
	const char *quote = memchr(p, '"', (size_t)(end - p)), *to = quote ? quote : end, *at = p;

	while ((at = memchr(at, '\n', (size_t)(to - at)))) {
		r->line++;
		at++;
	}
	add_bytes(r, p, to);
	if (quote)
		r->state = AFTER_QUOTE;
	return quote ? quote + 1 : end;
}

/* What follows a closing quote. */
static const char *take_after_quote(struct csv_reader *r, const char *p)
{
	if (*p == '"' && r->state == AFTER_QUOTE) {
		add_bytes(r, p, p + 1);
		r->state = QUOTED;
		return p + 1;
	}
	if (*p == '\r' && r->state == AFTER_QUOTE) {
		r->state = AFTER_RETURN;
		return p + 1;
	}
	r->why = "more text behind the closing quote of a field";
	r->state = BARE;
	return p;
}

int csv_reader_next(struct csv_reader *r, const char **data, const char *end, struct drift_error *err)
{
	const char *p = *data;
	int result = 0;

	if (r->complete)
		begin_row(r);
	while (p < end && !result) {
		if (r->state == QUOTED) {
			p = take_quoted(r, p, end);
		} else if (*p == '\n') {
			p++;
			r->line++;
			result = end_row(r, err);
			if (!result)
				begin_row(r);
		} else if (*p == r->delimiter && r->state != AFTER_RETURN) {
			p++;
			result = end_field(r, err);
		} else if (r->state == FIELD_START && *p == '"') {
			p++;
			r->quoted = true;
			r->field_line = r->line;
			r->state = QUOTED;
		} else if (r->state == AFTER_QUOTE || r->state == AFTER_RETURN) {
			p = take_after_quote(r, p);
		} else {
			r->state = BARE;
			p = take_bare(r, p, end);
		}
	}
	*data = p;
	return result;
}

int csv_reader_finish(struct csv_reader *r, struct drift_error *err)
{
	if (r->complete)
		begin_row(r);
	if (r->state == QUOTED) {
		r->complete = true;
		r->state = FIELD_START;
		return error_set(err, DRIFT_ERR_INVALID, "the quoted field that begins on line %llu does not end",
				 (unsigned long long)r->field_line);
	}
	if (r->state == FIELD_START && !r->count)
		return 0;
	return end_row(r, err);
}

size_t csv_reader_count(const struct csv_reader *r)
{
	return r->count;
}

struct csv_field csv_reader_field(const struct csv_reader *r, size_t i)
{
	const struct span *s = &r->fields[i];

	return (struct csv_field){ r->bytes.data + s->at, s->len, s->quoted };
}

uint64_t csv_reader_line(const struct csv_reader *r)
{
	return r->row_line;
}

void csv_append_field(struct buf *out, const char *text, size_t len, char delimiter, bool quoted)
{
	size_t i, from = 0;

	for (i = 0; i < len && !quoted; i++)
		quoted = text[i] == delimiter || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
	if (!quoted) {
		buf_add(out, text, len);
		return;
	}
	buf_add_byte(out, '"');
	for (i = 0; i < len; i++) {
		if (text[i] != '"')
			continue;
		buf_add(out, text + from, i + 1 - from);
		from = i;
	}
	buf_add(out, text + from, len - from);
	buf_add_byte(out, '"');
}
