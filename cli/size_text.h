/* Numbers of bytes for people. */
#ifndef CLI_SIZE_TEXT_H
#define CLI_SIZE_TEXT_H

#include "base/buf.h"

/* Append "512 bytes", "1 byte", "1.5 KiB", "20.3 MiB". */
void size_append(struct buf *out, uint64_t bytes);

#endif
