/*
 * SHA-256 (FIPS 180-4). The one place that knows which library does it. Nothing
 * here can fail or allocates.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_LEN = 32 };

/* A hash in the making; may be copied to branch off from a common start. */
struct sha256 {
	uint32_t state[32];
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *data, size_t len);
/* Afterwards h must be initialised again before use. */
void sha256_final(struct sha256 *h, unsigned char out[SHA256_LEN]);

void sha256(const void *data, size_t len, unsigned char out[SHA256_LEN]);
/* The hash of a followed by b, without putting them together. */
void sha256_two(const void *a, size_t a_len, const void *b, size_t b_len,
		unsigned char out[SHA256_LEN]);

#endif
