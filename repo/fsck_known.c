#include "repo/fsck_known.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOT_COUNT_MIN 1024
#define KIND_SHIFT 60
#define MAP_SHIFT 57
#define OPEN_SHIFT 56
#define SUMS_SHIFT 28
#define PART_MASK UINT64_C(0xfffffff) /* 28 bits each of the sums' and the last key's hash */

/* info 0: not written yet; the kind is never 0. */
struct slot {
	_Atomic uint64_t key, info;
};

struct fsck_known {
	uint64_t mask;
	struct slot slots[];
};

int fsck_known_new(uint64_t object_count, struct fsck_known **out, struct drift_error *err)
{
	uint64_t count = SLOT_COUNT_MIN;
	struct fsck_known *known;

	while (count / 4 * 3 < object_count && count < UINT64_C(1) << 40)
		count *= 2;
	if (count > (SIZE_MAX - sizeof(*known)) / sizeof(struct slot))
		return error_no_memory(err);
	known = calloc(1, sizeof(*known) + (size_t)count * sizeof(struct slot));
	if (!known)
		return error_no_memory(err);
	known->mask = count - 1;
	*out = known;
	return 0;
}

void fsck_known_free(struct fsck_known *known)
{
	free(known);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

uint64_t fsck_key(uint64_t loc, const struct oid *id)
{
	uint64_t word[4], key;

	memcpy(word, id->bytes, sizeof(word));
	key = mix(word[0] ^ mix(loc + word[1]));
	return key ? key : 1;
}

struct fsck_fact fsck_fact(enum object_kind kind, uint64_t loc, const struct oid *id)
{
	struct fsck_fact fact = { fsck_key(loc, id), (uint64_t)kind << KIND_SHIFT, UINT64_C(15) << KIND_SHIFT };

	return fact;
}

void fsck_fact_map(struct fsck_fact *fact, unsigned map_kind)
{
	fact->info |= (uint64_t)(map_kind & 7) << MAP_SHIFT;
	fact->mask |= UINT64_C(7) << MAP_SHIFT;
}

void fsck_fact_open(struct fsck_fact *fact, bool open)
{
	fact->info |= (uint64_t)open << OPEN_SHIFT;
	fact->mask |= UINT64_C(1) << OPEN_SHIFT;
}

void fsck_fact_sums(struct fsck_fact *fact, uint64_t count, uint64_t bytes)
{
	fact->info |= (mix(count * UINT64_C(0x9e3779b97f4a7c15) + mix(bytes)) & PART_MASK) << SUMS_SHIFT;
	fact->mask |= PART_MASK << SUMS_SHIFT;
}

void fsck_fact_last_key(struct fsck_fact *fact, const void *key, size_t len)
{
	const unsigned char *p = key;
	uint64_t hash = len, word;
	size_t n;

	for (; len; p += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, p, n);
		hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
		hash ^= hash >> 29;
	}
	fact->info |= hash & PART_MASK;
	fact->mask |= PART_MASK;
}

void fsck_known_put(struct fsck_known *known, const struct fsck_fact *fact)
{
	uint64_t i, n, there;

	for (i = fact->key, n = 0; n <= known->mask; i++, n++) {
		struct slot *slot = &known->slots[i & known->mask];

		there = atomic_load_explicit(&slot->key, memory_order_relaxed);
		if (!there && atomic_compare_exchange_strong(&slot->key, &there, fact->key))
			there = fact->key;
		if (there == fact->key) {
			atomic_store_explicit(&slot->info, fact->info, memory_order_release);
			return;
		}
	}
}

enum fsck_answer fsck_known_ask(const struct fsck_known *known, const struct fsck_fact *fact)
{
	uint64_t i, n, there, info;

	for (i = fact->key, n = 0; n <= known->mask; i++, n++) {
		const struct slot *slot = &known->slots[i & known->mask];

		there = atomic_load_explicit(&slot->key, memory_order_relaxed);
		if (!there)
			return FSCK_UNKNOWN;
		if (there != fact->key)
			continue;
		info = atomic_load_explicit(&slot->info, memory_order_acquire);
		if (!info)
			return FSCK_UNKNOWN;
		return (info ^ fact->info) & fact->mask ? FSCK_DIFFERS : FSCK_AGREES;
	}
	return FSCK_UNKNOWN;
}

void fsck_known_prefetch(const struct fsck_known *known, uint64_t key)
{
	__builtin_prefetch(&known->slots[key & known->mask]);
}
