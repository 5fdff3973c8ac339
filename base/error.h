/*
 * Errors that explain themselves: a code says what the caller can do, a
 * lower-case sentence says what happened. All setters return -1, so that
 * `return error_set(err, ...)` both records and reports. err may be NULL.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/compiler.h"
#include "include/drift_error.h"

/* Record code and message (truncated to fit); returns -1. */
int error_set(struct drift_error *err, enum drift_error_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* As error_set, with the code and a trailing ": strerror" taken from errno. */
int error_from_errno(struct drift_error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Put a formatted "...: " before the message already in err, and replace its code
 * unless code is DRIFT_OK; returns -1. */
int error_prefix(struct drift_error *err, enum drift_error_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Out of memory; returns -1. */
int error_no_memory(struct drift_error *err);

#endif
