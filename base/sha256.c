/* The legacy calls are deprecated since OpenSSL 3.0, but need no provider look-up,
 * which costs a short-lived process more than all its hashing. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "storage too small");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "storage not aligned");

/* Copied in and out, since a struct sha256 is no SHA256_CTX to the compiler. */
static void load(SHA256_CTX *ctx, const struct sha256 *h)
{
	memcpy(ctx, h->state, sizeof(*ctx));
}

static void store(struct sha256 *h, const SHA256_CTX *ctx)
{
	memcpy(h->state, ctx, sizeof(*ctx));
}

void sha256_init(struct sha256 *h)
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	store(h, &ctx);
}

void sha256_update(struct sha256 *h, const void *data, size_t len)
{
	SHA256_CTX ctx;

	load(&ctx, h);
	SHA256_Update(&ctx, data, len);
	store(h, &ctx);
}

void sha256_final(struct sha256 *h, unsigned char out[SHA256_LEN])
{
	SHA256_CTX ctx;

	load(&ctx, h);
	SHA256_Final(out, &ctx);
}

void sha256(const void *data, size_t len, unsigned char out[SHA256_LEN])
{
	sha256_two(data, len, NULL, 0, out);
}

void sha256_two(const void *a, size_t a_len, const void *b, size_t b_len,
		unsigned char out[SHA256_LEN])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, a, a_len);
	SHA256_Update(&ctx, b, b_len);
	SHA256_Final(out, &ctx);
}
