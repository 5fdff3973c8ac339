/*
 * JSON by RFC 8259: a validating scanner that builds nothing, a document tree
 * that can be changed, and its serialised forms. Strict (no comments, no
 * trailing commas, invalid UTF-8 refused), with no limit on nesting: nothing
 * here recurses. Duplicate keys are accepted, the last one counts. Escapes of
 * lone surrogates are accepted and come out as they were.
 *
 * Strings are UTF-8 without the escapes; a lone surrogate, which UTF-8 cannot
 * say, is held as the three bytes that its number would have. Strings may
 * contain NUL and are not followed by one. Numbers keep their own text.
 *
 * Errors are DRIFT_ERR_INVALID with line and column, or DRIFT_ERR_NO_MEMORY.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Owns its values; they live until the document is freed. */
struct json_doc;
struct json_value;

/* A value inside bytes of JSON that belong to someone else. */
struct json_slice {
	const char *data; /* the raw text, strings with their quotes */
	size_t len;
	enum json_kind kind;
};

/* For text that is one line of something: "line 1 column 5: ..." becomes "column 5: ...", the caller knows the line. */
void json_error_drop_line(struct drift_error *err);

/* Scanning */

/* 0 if the bytes are one JSON text with at most white space around it. */
int json_validate(const void *data, size_t len, struct drift_error *err) MUST_CHECK;

/*
 * Validate, and find the value of the top-level field `name` (UTF-8, no escapes)
 * in the same pass: 1 found, 0 not found or not an object, -1 invalid.
 */
int json_find_field(const void *data, size_t len, const char *name, size_t name_len, struct json_slice *value_out,
		    struct drift_error *err) MUST_CHECK;

/* Append what a valid raw string (with its quotes) says. */
void json_unquote(struct buf *out, const char *raw, size_t len);

/* Append bytes as a JSON string in canonical escapes (RFC 8785), with quotes. Bytes that
 * are no UTF-8 become U+FFFD; surrogates in three bytes become escapes. */
void json_quote(struct buf *out, const char *bytes, size_t len);

/* The order of RFC 8785: by UTF-16 code units. <0, 0, >0. For UTF-8 and surrogates. */
int json_key_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* Documents */

struct json_doc *json_doc_new(struct drift_error *err);
void json_doc_free(struct json_doc *doc);
/* Parse; the bytes are copied and may go. */
int json_parse(const void *data, size_t len, struct json_doc **doc_out, struct drift_error *err) MUST_CHECK;
/* Parse into an existing document without changing its root. */
int json_parse_value(struct json_doc *doc, const void *data, size_t len, struct json_value **value_out,
		     struct drift_error *err) MUST_CHECK;
/* The root is NULL in a new document. */
struct json_value *json_root(const struct json_doc *doc);
void json_set_root(struct json_doc *doc, struct json_value *value);
/* Bytes allocated for the document so far, for those who must keep a limit. */
size_t json_doc_size(const struct json_doc *doc);

/* Reading; values stay where they are when their container changes. */

enum json_kind json_kind(const struct json_value *v);
/* A word for messages: "null", "boolean", "number", "string", "array", "object". */
const char *json_kind_name(enum json_kind kind);
/* The bytes of a string or the text of a number; NULL for others. */
const char *json_text(const struct json_value *v, size_t *len_out);
/* Whether v is a string of exactly these bytes. */
bool json_is_string(const struct json_value *v, const char *s);
/* Elements of an array, members of an object; 0 for others. */
size_t json_count(const struct json_value *v);
/* Element i, i < json_count. */
struct json_value *json_array_at(const struct json_value *array, size_t i);
/* Member i in the order of the document, i < json_count. */
struct json_value *json_object_at(const struct json_value *object, size_t i, const char **key_out, size_t *key_len_out);
/* NULL if there is no such member, or v is no object. */
struct json_value *json_object_get(const struct json_value *v, const char *key, size_t key_len);
/* The same for a key that ends with NUL. */
struct json_value *json_get(const struct json_value *v, const char *key);

/* Building: NULL without memory. Bytes are copied. */

struct json_value *json_new_null(struct json_doc *doc);
struct json_value *json_new_bool(struct json_doc *doc, bool value);
struct json_value *json_new_int(struct json_doc *doc, int64_t value);
/* NULL for NaN and infinities too. */
struct json_value *json_new_double(struct json_doc *doc, double value);
/* NULL if the text is no JSON number, too. */
struct json_value *json_new_number(struct json_doc *doc, const char *text, size_t len);
/* NULL if the bytes are not UTF-8 (surrogates allowed), too. */
struct json_value *json_new_string(struct json_doc *doc, const char *bytes, size_t len);
struct json_value *json_new_array(struct json_doc *doc);
struct json_value *json_new_object(struct json_doc *doc);
/* A deep copy of a value of this or another document. */
struct json_value *json_copy(struct json_doc *doc, const struct json_value *v);

/* Changing: values given must belong to doc and be nowhere else in it. -1 without memory. */

/* Replace in place, or append. */
int json_object_set(struct json_doc *doc, struct json_value *object, const char *key, size_t key_len,
		    struct json_value *value) MUST_CHECK;
/* Whether it was there. */
bool json_object_remove(struct json_value *object, const char *key, size_t key_len);
/* Before element i; i may equal json_count. */
int json_array_insert(struct json_doc *doc, struct json_value *array, size_t i, struct json_value *value) MUST_CHECK;
int json_array_append(struct json_doc *doc, struct json_value *array, struct json_value *value) MUST_CHECK;
void json_array_replace(struct json_value *array, size_t i, struct json_value *value);
void json_array_remove(struct json_value *array, size_t i);

/* 1 equal, 0 not, -1 without memory. Numbers by value, members in any order. */
int json_equal(const struct json_value *a, const struct json_value *b, struct drift_error *err) MUST_CHECK;

/* Serialised forms, appended */

/* RFC 8785: keys sorted, no white space, numbers as json_number_canonical says. */
int json_canonical(const struct json_value *v, struct buf *out, struct drift_error *err) MUST_CHECK;
/* The same from bytes. */
int json_canonical_bytes(const void *data, size_t len, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Without white space, members in their order, numbers in their own text. */
int json_compact(const struct json_value *v, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Indented by two spaces, for people; otherwise as json_compact. No newline at the end. */
int json_pretty(const struct json_value *v, struct buf *out, struct drift_error *err) MUST_CHECK;

#endif
