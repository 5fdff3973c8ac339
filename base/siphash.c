#include "base/siphash.h"

#include <sodium/crypto_shorthash.h>

_Static_assert(SIPHASH_KEY_LEN == crypto_shorthash_KEYBYTES, "SipHash-2-4 has a 16-byte key");
_Static_assert(crypto_shorthash_BYTES == 8, "SipHash-2-4 gives 8 bytes");

uint64_t siphash(const unsigned char key[SIPHASH_KEY_LEN], const void *data, size_t len)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t v = 0;
	size_t i;

	crypto_shorthash(out, data, len, key);
	for (i = sizeof(out); i-- > 0;)
		v = v << 8 | out[i];
	return v;
}
