/* What reading and making the index of a pack share. */
#ifndef OBJECTS_PACK_INDEX_INTERNAL_H
#define OBJECTS_PACK_INDEX_INTERNAL_H

#include "objects/pack_index.h"

#define PACK_INDEX_MAGIC "driftidx"
#define PACK_INDEX_VERSION 1
#define PACK_INDEX_HEAD_LEN 72
#define PACK_INDEX_PAGE 4096
#define PACK_INDEX_COUNT_MAX UINT32_MAX
#define PACK_INDEX_FAN_MAX 24
#define PACK_INDEX_BUCKET 16 /* entries of one, on average, at most */
#define PACK_INDEX_ID_KEY 2  /* bytes of an id in its entry */
#define PACK_INDEX_PATH_KEY 4
#define PACK_INDEX_VALUE_MIN 4
#define PACK_INDEX_VALUE_MAX 8

/* The least that leave PACK_INDEX_BUCKET entries or fewer a bucket. */
static inline unsigned pack_index_fan_bits(uint64_t count)
{
	unsigned bits = 0;

	while (bits < PACK_INDEX_FAN_MAX && count > (uint64_t)PACK_INDEX_BUCKET << bits)
		bits++;
	return bits;
}

/* One whose bytes are in memory, from malloc, which it owns from now on (freed if it fails). */
int pack_index_adopt(unsigned char *data, size_t len, const unsigned char sha[PACK_SHA_LEN], struct pack_index **out,
		     struct drift_error *err) MUST_CHECK;

#endif
