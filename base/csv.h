/*
 * CSV by RFC 4180: fields between delimiters, in double quotes where they hold any of them, quotes doubled; rows end with CRLF or LF.
 * Stricter readers stop at a quote within a bare field; this one calls the row bad and goes on behind it. Empty lines are no rows.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

struct csv_field {
	const char *text;
	size_t len;
	bool quoted;
};

struct csv_reader;

/* The delimiter is any byte but a quote, CR or LF. Rows longer than row_max bytes are bad. */
struct csv_reader *csv_reader_new(char delimiter, size_t row_max, struct drift_error *err);
void csv_reader_free(struct csv_reader *r);
/*
 * Take bytes up to the end of a row, moving *data on: 1 a row is complete, 0 more bytes are needed; -1 a row is bad
 * (DRIFT_ERR_INVALID, DRIFT_ERR_LIMIT), or without memory; after a bad row one can go on.
 */
int csv_reader_next(struct csv_reader *r, const char **data, const char *end, struct drift_error *err) MUST_CHECK;
/* No more bytes come: 1 a last row without its newline, 0 none, -1 as above. */
int csv_reader_finish(struct csv_reader *r, struct drift_error *err) MUST_CHECK;

/* The row that is complete, good until the next call above. */
size_t csv_reader_count(const struct csv_reader *r);
struct csv_field csv_reader_field(const struct csv_reader *r, size_t i);
/* The line that the last row, good or bad, began on, from 1. */
uint64_t csv_reader_line(const struct csv_reader *r);

/* Append a field, quoted if it needs to be, or is to be. */
void csv_append_field(struct buf *out, const char *text, size_t len, char delimiter, bool quoted);

#endif
