/* CSV: a row a document that is a JSON object. Without --columns the documents are read twice, first for their fields. */
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/json.h"
#include "base/json_number.h"
#include "base/mem.h"
#include "cli/output.h"
#include "porcelain/export_output.h"

#define COLUMNS_MAX 100000

struct csv_column {
	char *name;
	size_t name_len;
};

struct csv_export {
	struct export_run *run;
	char delimiter;
	struct csv_column *columns; /* in the order of the header */
	size_t *sorted;             /* places in columns, in order of name */
	size_t count, capacity, sorted_capacity;
	bool writing;
	struct buf row, text;
};

static int compare_name(const struct csv_column *c, const char *name, size_t len)
{
	size_t common = c->name_len < len ? c->name_len : len;
	int order = memcmp(c->name, name, common);

	return order ? order : (c->name_len > len) - (c->name_len < len);
}

/* The place in e->sorted of a name, or where it belongs. */
static size_t find_column(const struct csv_export *e, const char *name, size_t len, bool *found)
{
	size_t low = 0, high = e->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_name(&e->columns[e->sorted[middle]], name, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < e->count && !compare_name(&e->columns[e->sorted[low]], name, len);
	return low;
}

static int add_column(struct csv_export *e, const char *name, size_t len, bool once)
{
	struct drift_error *err = &e->run->ctx->err;
	bool found;
	size_t at = find_column(e, name, len, &found);

	if (found)
		return once ? error_set(err, DRIFT_ERR_INVALID, "the column '%.*s' is there twice", (int)len, name) : 0;
	if (e->count == COLUMNS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "more than %d columns: choose some with --columns", COLUMNS_MAX);
	if (mem_grow(&e->columns, &e->capacity, e->count + 1, sizeof(*e->columns)) ||
	    mem_grow(&e->sorted, &e->sorted_capacity, e->count + 1, sizeof(*e->sorted)))
		return error_no_memory(err);
	e->columns[e->count].name = mem_dup_str(name, len);
	e->columns[e->count].name_len = len;
	if (!e->columns[e->count].name)
		return error_no_memory(err);
	memmove(&e->sorted[at + 1], &e->sorted[at], (e->count - at) * sizeof(*e->sorted));
	e->sorted[at] = e->count++;
	return 0;
}

static int collect_columns(struct csv_export *e, const struct json_value *root)
{
	size_t i;

	for (i = 0; i < json_count(root); i++) {
		const char *name;
		size_t len;

		(void)json_object_at(root, i, &name, &len);
		if (add_column(e, name, len, false))
			return -1;
	}
	return 0;
}

/* Would `import csv --types` take the bare text for something else than a string? */
static bool looks_typed(const char *text, size_t len)
{
	return !len || (len == 4 && (!memcmp(text, "true", 4) || !memcmp(text, "null", 4))) ||
	       (len == 5 && !memcmp(text, "false", 5)) || json_number_valid(text, len);
}

static int append_value(struct csv_export *e, const struct json_value *value)
{
	const char *text;
	size_t len;

	if (json_kind(value) == JSON_STRING) {
		text = json_text(value, &len);
		csv_append_field(&e->row, text, len, e->delimiter, looks_typed(text, len));
		return 0;
	}
	buf_clear(&e->text);
	if (json_compact(value, &e->text, &e->run->ctx->err) || buf_check(&e->text, &e->run->ctx->err))
		return -1;
	csv_append_field(&e->row, e->text.data, e->text.len, e->delimiter, false);
	return 0;
}

static int write_row(struct csv_export *e)
{
	buf_add_byte(&e->row, '\n');
	if (buf_check(&e->row, &e->run->ctx->err))
		return -1;
	out_buf(&e->row);
	buf_clear(&e->row);
	return 0;
}

static int append_object(struct csv_export *e, const struct json_value *root)
{
	size_t i;

	for (i = 0; i < e->count; i++) {
		const struct json_value *value = json_object_get(root, e->columns[i].name, e->columns[i].name_len);

		if (i)
			buf_add_byte(&e->row, (unsigned char)e->delimiter);
		if (value && append_value(e, value))
			return -1;
	}
	/* An empty line would be none. */
	if (!e->row.len)
		buf_add_str(&e->row, "\"\"");
	return write_row(e);
}

static int take_document(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes)
{
	struct csv_export *e = data;
	struct json_doc *json = NULL;
	int r;

	if (doc->form != DOCUMENT_GITLINK && json_parse(bytes->data, bytes->len, &json, &e->run->ctx->err) &&
	    e->run->ctx->err.code == DRIFT_ERR_NO_MEMORY)
		return -1;
	if (!json || json_kind(json_root(json)) != JSON_OBJECT)
		r = export_refuse(e->run, path, "is not a JSON object");
	else
		r = e->writing ? append_object(e, json_root(json)) : collect_columns(e, json_root(json));
	json_doc_free(json);
	return r;
}

static int given_columns(struct csv_export *e, const char *list)
{
	for (;;) {
		const char *end = strchr(list, ',');

		if (add_column(e, list, end ? (size_t)(end - list) : strlen(list), true))
			return -1;
		if (!end)
			return 0;
		list = end + 1;
	}
}

static int write_header(struct csv_export *e)
{
	size_t i;

	if (!e->count)
		return 0;
	for (i = 0; i < e->count; i++) {
		const struct csv_column *c = &e->columns[i];

		if (i)
			buf_add_byte(&e->row, (unsigned char)e->delimiter);
		csv_append_field(&e->row, c->name, c->name_len, e->delimiter, !c->name_len);
	}
	return write_row(e);
}

static int find_delimiter(struct csv_export *e)
{
	const char *d = e->run->options->delimiter;

	if (!d)
		return 0;
	if (!strcmp(d, "tab") || !strcmp(d, "\\t"))
		d = "\t";
	if (strlen(d) != 1 || strchr("\"\r\n", *d))
		return error_set(&e->run->ctx->err, DRIFT_ERR_INVALID,
				 "a delimiter is one byte, and neither a quote nor an end of line");
	e->delimiter = *d;
	return 0;
}

int export_csv(struct export_run *run)
{
	struct csv_export e = { .run = run, .delimiter = ',', .row = BUF_INIT, .text = BUF_INIT };
	size_t i;
	int r = find_delimiter(&e);

	if (!r)
		r = run->options->columns ? given_columns(&e, run->options->columns) :
					    export_each(run, take_document, &e);
	e.writing = true;
	if (!r)
		r = write_header(&e) || export_each(run, take_document, &e) ? -1 : 0;
	for (i = 0; i < e.count; i++)
		free(e.columns[i].name);
	free(e.columns);
	free(e.sorted);
	buf_release(&e.row);
	buf_release(&e.text);
	return r;
}
