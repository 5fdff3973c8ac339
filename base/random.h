/* Unpredictable bytes from the operating system. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/* Fill data with len random bytes; DRIFT_ERR_IO if the system gives none. */
int random_bytes(void *data, size_t len, struct drift_error *err) MUST_CHECK;

#endif
