#include "objects/chunk.h"

#include <stdbool.h>

#define TOP_BITS(n) (~UINT64_C(0) << (64 - (n)))

/*
 * Roll over bytes from *at to end; true if a chunk ends behind one of them, which *at is then. Two bytes a round: the
 * chain from fingerprint to fingerprint is what limits the speed.
 */
static bool roll(const unsigned char **at, const unsigned char *end, uint64_t mask, uint64_t *fingerprint)
{
	const unsigned char *p = *at;
	uint64_t f = *fingerprint;

	while (end - p >= 2) {
		uint64_t first = (f << 1) + chunk_gear[p[0]];

		f = (f << 2) + ((chunk_gear[p[0]] << 1) + chunk_gear[p[1]]);
		if (!(first & mask)) {
			*at = p + 1;
			return true;
		}
		p += 2;
		if (!(f & mask)) {
			*at = p;
			return true;
		}
	}
	if (p < end) {
		f = (f << 1) + chunk_gear[*p++];
		if (!(f & mask)) {
			*at = p;
			return true;
		}
	}
	*at = p;
	*fingerprint = f;
	return false;
}

size_t chunk_cut(const void *data, size_t len)
{
	const unsigned char *start = data, *at, *middle, *end;
	uint64_t fingerprint = 0;

	if (len <= CHUNK_LEN_MIN)
		return len;
	at = start + CHUNK_LEN_MIN;
	end = start + (len < CHUNK_LEN_MAX ? len : CHUNK_LEN_MAX);
	middle = start + (len < CHUNK_LEN_AVERAGE ? len : CHUNK_LEN_AVERAGE);
	if (!roll(&at, middle, TOP_BITS(CHUNK_BITS_STRICT), &fingerprint))
		roll(&at, end, TOP_BITS(CHUNK_BITS_LOOSE), &fingerprint);
	return (size_t)(at - start);
}
