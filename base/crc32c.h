/* CRC-32C (Castagnoli; RFC 3720 appendix B.4): reflected, initial and final inversion. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * The checksum of all bytes seen so far: crc is 0 for the first piece and the
 * last result for the next, so crc32c(crc32c(0, a), b) is that of a then b.
 */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The portable one, for comparison: same results, slower. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
