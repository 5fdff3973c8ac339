/*
 * Which byte is wrong: a CRC is linear, so the difference between the checksum that was written and that of the bytes
 * as they are tells of one changed byte what it was, and where. (With more than one changed it tells nothing, or
 * names a wrong one: by chance in 255 of 2^32 cases a byte. Prove what comes of it by other means.)
 */
#ifndef BASE_CRC32C_MEND_H
#define BASE_CRC32C_MEND_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * difference: the two checksums, XORed; len: how many of the last bytes that they cover may be wrong. Returns how many
 * single bytes would explain it; at_out: which of the len bytes (the first such), with_out: what to XOR it with.
 */
size_t crc32c_mend(uint32_t difference, size_t len, size_t *at_out, unsigned char *with_out) MUST_CHECK;

#endif
