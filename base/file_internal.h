/* What base/file*.c share. */
#ifndef BASE_FILE_INTERNAL_H
#define BASE_FILE_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/fault.h"

/* True, with errno set, if a fault build wants this call to fail. Not for FAULT_WRITE. */
static inline bool file_refused(enum fault_kind kind)
{
	return fault_check(kind) != FAULT_NONE;
}

/* "cannot <what> '<path of fd>': <errno>"; returns -1. */
int file_fd_error(int fd, const char *what, struct drift_error *err);

/* Room for the path of a descriptor in a message. */
enum { FILE_FD_NAME_MAX = 512 };
/* The path behind a descriptor, cut if need be; errno is kept. */
const char *file_fd_name(int fd, char name[FILE_FD_NAME_MAX]);

#endif
