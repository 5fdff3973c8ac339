/* JSON Pointer, RFC 6901: "/users/0/name"; "~0" is '~' and "~1" is '/'. */
#ifndef BASE_JSON_POINTER_H
#define BASE_JSON_POINTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* DRIFT_ERR_INVALID if the text is no pointer. */
int json_pointer_check(const char *pointer, size_t len, struct drift_error *err) MUST_CHECK;

/* The value that pointer leads to; DRIFT_ERR_NOT_FOUND, DRIFT_ERR_INVALID. */
int json_pointer_get(const struct json_value *root, const char *pointer, size_t len, struct json_value **value_out,
		     struct drift_error *err) MUST_CHECK;

/*
 * The container of what pointer leads to, and the last token, unescaped; what it names need
 * not exist. The pointer must not be empty. Errors as json_pointer_get.
 */
int json_pointer_parent(const struct json_value *root, const char *pointer, size_t len, struct json_value **parent_out,
			struct buf *token_out, struct drift_error *err) MUST_CHECK;

/* The array index that a token says: digits without superfluous zeros; "-" is not one. */
bool json_pointer_index(const char *token, size_t len, size_t *index_out);

/* Append "/" and the key or index, escaped. */
void json_pointer_add_key(struct buf *pointer, const char *key, size_t key_len);
void json_pointer_add_index(struct buf *pointer, size_t index);

/* A pointer as a chain of tokens from the leaf up, for walks over documents. */
struct json_path {
	const struct json_path *up; /* NULL: a child of the root */
	const char *key;            /* NULL: an array element */
	size_t key_len;
	size_t index;
	size_t depth; /* tokens up to here */
};

/* The pointers of one diff or merge may fill so many bytes: DRIFT_ERR_LIMIT. A long key
 * above many differences could make them as large as the square of the documents. */
#define JSON_POINTERS_MAX ((size_t)256 << 20)

/* Append the pointer text of path; NULL is the root, "". 0, or -1 without memory. */
int json_path_text(struct buf *pointer, const struct json_path *path, struct drift_error *err) MUST_CHECK;

#endif
