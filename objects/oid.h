/*
 * Object ids: SHA-256 over "<kind> <length>\0" and the canonical bytes, as in
 * a git repository of the sha256 object format (git: hash-function-transition).
 */
#ifndef OBJECTS_OID_H
#define OBJECTS_OID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define OID_LEN 32
#define OID_HEX_LEN 64

struct oid {
	unsigned char bytes[OID_LEN];
};

enum object_kind { OBJECT_BLOB = 1, OBJECT_TREE = 2, OBJECT_COMMIT = 3, OBJECT_TAG = 4 };

bool oid_equal(const struct oid *a, const struct oid *b);
int oid_compare(const struct oid *a, const struct oid *b); /* memcmp order */
bool oid_is_zero(const struct oid *id);

/* 64 lower-case digits and a NUL; returns hex. */
char *oid_to_hex(const struct oid *id, char hex[OID_HEX_LEN + 1]);

/* Exactly 64 digits of either case in hex[0..len); DRIFT_ERR_INVALID otherwise. */
int oid_from_hex(const char *hex, size_t len, struct oid *id_out, struct drift_error *err);

/* "blob", "tree", "commit", "tag". */
const char *object_kind_name(enum object_kind kind);
int object_kind_from_name(const char *name, enum object_kind *kind_out, struct drift_error *err);

/* The id of canonical bytes. */
void object_hash(enum object_kind kind, const void *data, size_t len, struct oid *id_out);

#endif
