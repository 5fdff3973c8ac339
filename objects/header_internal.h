/*
 * The header lines that commits and tags are made of: written, parsed strictly, checked. A parser returns false for
 * any text that the writer would not have written.
 */
#ifndef OBJECTS_HEADER_INTERNAL_H
#define OBJECTS_HEADER_INTERNAL_H

#include "base/cursor.h"
#include "objects/commit.h"

/* Append "key value\n". */
void header_add_id(struct buf *out, const char *key, const struct oid *id);
void header_add_number(struct buf *out, const char *key, uint64_t n);
void header_add_time(struct buf *out, const char *key, int64_t usec);
void header_add_text(struct buf *out, const char *key, struct text value);
void header_add_signature(struct buf *out, const char *key, const struct signature_line *line);

/* If the next line is "key value\n": true, the value, and the line is consumed. */
bool header_take(struct cursor *in, const char *key, struct text *value_out);
/* The lines up to the empty one, which is consumed too; false if there is none. */
bool header_take_rest(struct cursor *in, struct text *lines_out);

bool header_parse_id(struct text value, struct oid *id_out);
bool header_parse_number(struct text value, uint64_t *n_out);
bool header_parse_time(struct text value, int64_t *usec_out);
/* Its text is a part of value; whether who is valid is for header_check_signature to say. */
bool header_parse_signature(struct text value, struct signature_line *line_out);

/* DRIFT_ERR_INVALID or DRIFT_ERR_LIMIT with a sentence that begins with `what`. */
int header_check_line(const char *what, struct text value, size_t len_max, struct drift_error *err) MUST_CHECK;
int header_check_signature(const char *what, const struct signature_line *line, struct drift_error *err) MUST_CHECK;
/* Further header lines: keys that are none of reserved (ended by NULL), continuation lines begin with a blank. */
int header_check_extra(struct text lines, const char *const *reserved, struct drift_error *err) MUST_CHECK;

/* Copy a text to *at with a NUL behind it, and move *at behind that. */
struct text header_copy_text(char **at, struct text from);

#endif
