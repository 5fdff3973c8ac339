/* SipHash-2-4 (Aumasson, Bernstein 2012) with its 8 bytes read as little endian. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_LEN = 16 };

uint64_t siphash(const unsigned char key[SIPHASH_KEY_LEN], const void *data, size_t len);

#endif
