#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(3, 0)
error_vset(struct drift_error *err, enum drift_error_code code, const char *fmt, va_list ap)
{
	if (!err)
		return;
	err->code = code;
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
}

int error_set(struct drift_error *err, enum drift_error_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_vset(err, code, fmt, ap);
	va_end(ap);
	return -1;
}

static enum drift_error_code code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return DRIFT_ERR_NOT_FOUND;
	case EEXIST:
		return DRIFT_ERR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return DRIFT_ERR_PERMISSION;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return DRIFT_ERR_NO_SPACE;
	case ENOMEM:
		return DRIFT_ERR_NO_MEMORY;
	default:
		return DRIFT_ERR_IO;
	}
}

int error_from_errno(struct drift_error *err, const char *fmt, ...)
{
	int errnum = errno;
	va_list ap;
	size_t n;

	if (!err)
		return -1;
	va_start(ap, fmt);
	error_vset(err, code_of_errno(errnum), fmt, ap);
	va_end(ap);
	n = strlen(err->message);
	snprintf(err->message + n, sizeof(err->message) - n, ": %s", strerror(errnum));
	return -1;
}

int error_prefix(struct drift_error *err, enum drift_error_code code, const char *fmt, ...)
{
	char old[DRIFT_ERROR_MESSAGE_MAX];
	va_list ap;
	size_t n;

	if (!err)
		return -1;
	memcpy(old, err->message, sizeof(old));
	va_start(ap, fmt);
	error_vset(err, code == DRIFT_OK ? err->code : code, fmt, ap);
	va_end(ap);
	n = strlen(err->message);
	snprintf(err->message + n, sizeof(err->message) - n, ": %s", old);
	return -1;
}

int error_no_memory(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_NO_MEMORY, "out of memory");
}
