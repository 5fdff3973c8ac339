/* CSV: the first row names the columns, each other one becomes a canonical JSON object. */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/json.h"
#include "base/json_number.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "repo/import_internal.h"

#define COLUMNS_MAX 100000

struct column {
	size_t field; /* its place in a row */
	struct buf name;
	struct buf head; /* the name as JSON, and a colon */
};

struct row_parser {
	struct import_parser parser;
	struct import_input *in;
	size_t block_len;
	struct csv_reader *csv;
	char *chunk;
	const char *at, *end;   /* of what is not taken yet in chunk */
	struct column *columns; /* in order of name */
	size_t column_count;
	size_t key_field;
	struct buf key;
};

static void free_rows(struct import_parser *self)
{
	struct row_parser *p = (struct row_parser *)self;
	size_t i;

	for (i = 0; i < p->column_count; i++) {
		buf_release(&p->columns[i].name);
		buf_release(&p->columns[i].head);
	}
	free(p->columns);
	buf_release(&p->key);
	csv_reader_free(p->csv);
	free(p->chunk);
	free(p);
}

static int by_name(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	return json_key_compare(x->name.data, x->name.len, y->name.data, y->name.len);
}

static int read_column(struct row_parser *p, size_t field, struct drift_error *err)
{
	struct csv_field f = csv_reader_field(p->csv, field);
	struct column *c = &p->columns[field];

	c->field = field;
	if (!utf8_valid(f.text, f.len))
		return error_set(err, DRIFT_ERR_INVALID, "the name of column %zu is not UTF-8", field + 1);
	buf_add(&c->name, f.text, f.len);
	json_quote(&c->head, f.text, f.len);
	buf_add_byte(&c->head, ':');
	return buf_check(&c->name, err) || buf_check(&c->head, err) ? -1 : 0;
}

static int find_key(struct row_parser *p, struct drift_error *err)
{
	const char *key = p->in->options->key;
	size_t i;

	for (i = 0; i < p->column_count; i++) {
		if (p->columns[i].name.len == strlen(key) && !memcmp(p->columns[i].name.data, key, strlen(key))) {
			p->key_field = p->columns[i].field;
			return 0;
		}
	}
	return error_set(err, DRIFT_ERR_INVALID, "there is no column '%s' to be the key", key);
}

static int read_header(struct row_parser *p, struct drift_error *err)
{
	size_t i, count = csv_reader_count(p->csv);

	if (count > COLUMNS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "%zu columns: at most %d", count, COLUMNS_MAX);
	p->columns = mem_calloc(count, sizeof(*p->columns));
	if (!p->columns)
		return error_no_memory(err);
	for (i = 0; i < count; i++) {
		buf_init(&p->columns[i].name);
		buf_init(&p->columns[i].head);
	}
	p->column_count = count;
	for (i = 0; i < count; i++)
		if (read_column(p, i, err))
			return -1;
	qsort(p->columns, count, sizeof(*p->columns), by_name);
	for (i = 1; i < count; i++)
		if (!by_name(&p->columns[i - 1], &p->columns[i]))
			return error_set(err, DRIFT_ERR_INVALID, "the column '%s' is there twice",
					 p->columns[i].name.data);
	return find_key(p, err);
}

static bool is_word(const struct csv_field *f)
{
	return (f->len == 4 && (!memcmp(f->text, "true", 4) || !memcmp(f->text, "null", 4))) ||
	       (f->len == 5 && !memcmp(f->text, "false", 5));
}

static void append_value(const struct import_options *o, const struct csv_field *f, struct buf *out)
{
	if (o->types && !f->quoted && is_word(f))
		buf_add(out, f->text, f->len);
	else if (o->types && !f->quoted && json_number_valid(f->text, f->len))
		json_number_canonical(out, f->text, f->len);
	else
		json_quote(out, f->text, f->len);
}

static int append_row(struct row_parser *p, struct buf *out, struct drift_error *err)
{
	const struct import_options *o = p->in->options;
	bool first = true;
	size_t i;

	buf_add_byte(out, '{');
	for (i = 0; i < p->column_count; i++) {
		const struct column *c = &p->columns[i];
		struct csv_field f = csv_reader_field(p->csv, c->field);

		if (o->types && !f.quoted && !f.len)
			continue;
		if (!utf8_valid(f.text, f.len))
			return error_set(err, DRIFT_ERR_INVALID, "the field '%s' is not UTF-8", c->name.data);
		if (!first)
			buf_add_byte(out, ',');
		first = false;
		buf_add(out, c->head.data, c->head.len);
		append_value(o, &f, out);
	}
	buf_add_byte(out, '}');
	return buf_check(out, err);
}

static int add_row(struct row_parser *p, struct import_block *block, struct drift_error *err)
{
	struct import_entry entry = { .data_at = block->data.len };
	struct csv_field key;

	if (csv_reader_count(p->csv) != p->column_count)
		return error_set(err, DRIFT_ERR_INVALID, "%zu fields, but %zu columns", csv_reader_count(p->csv),
				 p->column_count);
	if (append_row(p, &block->data, err))
		return -1;
	entry.data_len = block->data.len - entry.data_at;
	if (entry.data_len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the document is too long");
	key = csv_reader_field(p->csv, p->key_field);
	buf_clear(&p->key);
	if (p->in->options->types && !key.quoted && json_number_valid(key.text, key.len))
		json_number_canonical(&p->key, key.text, key.len);
	else
		buf_add(&p->key, key.text, key.len);
	if (buf_check(&p->key, err))
		return -1;
	return import_add_entry(p->in, block, p->key.data, p->key.len, &entry, err);
}

static int take_row(struct row_parser *p, struct import_block *block, struct drift_error *err)
{
	size_t at = block->data.len;

	p->in->line = csv_reader_line(p->csv);
	if (!p->columns) {
		if (!read_header(p, err))
			return 0;
		return error_prefix(err, DRIFT_OK, "line %llu", (unsigned long long)p->in->line);
	}
	if (!add_row(p, block, err))
		return 0;
	buf_truncate(&block->data, at);
	return import_bad(p->in, block, err);
}

/* 1 a row was taken, good or bad / 0 the input has ended / -1 */
static int next_row(struct row_parser *p, struct import_block *block, struct drift_error *err)
{
	int64_t got;
	int r;

	for (;;) {
		r = csv_reader_next(p->csv, &p->at, p->end, err);
		if (r || p->in->ended)
			break;
		got = import_read(p->in, p->chunk, p->block_len, err);
		if (got < 0)
			return -1;
		p->at = p->chunk;
		p->end = p->chunk + got;
	}
	if (!r)
		r = csv_reader_finish(p->csv, err);
	if (r > 0)
		return take_row(p, block, err) ? -1 : 1;
	if (!r)
		return 0;
	p->in->line = csv_reader_line(p->csv);
	if (!p->columns)
		return error_prefix(err, DRIFT_OK, "line %llu", (unsigned long long)p->in->line);
	return import_bad(p->in, block, err) ? -1 : 1;
}

static int fill_rows(struct import_parser *self, struct import_block *block, struct drift_error *err)
{
	struct row_parser *p = (struct row_parser *)self;
	int r = 1;

	while (r > 0 && block->data.len < p->block_len)
		r = next_row(p, block, err);
	return r;
}

struct import_parser *import_rows_new(struct import_input *in, struct drift_error *err)
{
	struct row_parser *p = mem_calloc(1, sizeof(*p));
	char delimiter = in->options->delimiter ? in->options->delimiter : ',';

	if (!p) {
		error_no_memory(err);
		return NULL;
	}
	p->parser = (struct import_parser){ .fill = fill_rows, .free = free_rows };
	p->in = in;
	p->block_len = in->options->block_len ? in->options->block_len : IMPORT_BLOCK_LEN;
	buf_init(&p->key);
	p->csv = csv_reader_new(delimiter, DOCUMENT_LEN_MAX, err);
	p->chunk = p->csv ? malloc(p->block_len) : NULL;
	p->at = p->end = p->chunk;
	if (p->chunk)
		return &p->parser;
	if (p->csv)
		error_no_memory(err);
	free_rows(&p->parser);
	return NULL;
}
