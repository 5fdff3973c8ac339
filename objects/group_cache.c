#include "objects/group_cache.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "objects/pack_format.h"

#define SHARD_MAX 16
#define SHARD_LEN_MIN ((size_t)4 << 20) /* a shard holds some of the largest usual groups */
#define BUCKET_MIN 64
#define BUCKET_MAX 65536
#define LEN_PER_BUCKET ((size_t)16 << 10)

struct cached {
	uint64_t owner, key;
	struct group *group;
	struct cached *next_in_bucket;
	struct cached *newer, *older; /* by last use, in a ring around the shard's own */
};

struct shard {
	pthread_mutex_t mutex;
	struct cached ring;
	struct cached **buckets;
	size_t bucket_count; /* a power of two */
	size_t len, max_len;
	uint64_t hits, misses;
} __attribute__((aligned(64)));

struct group_cache {
	struct shard shards[SHARD_MAX];
	size_t shard_count; /* a power of two */
	atomic_uint_least64_t owners;
};

int group_adopt(unsigned char *raw, size_t raw_len, struct group **out, struct drift_error *err)
{
	struct group *group = NULL;
	struct cursor in;
	uint64_t count, at = 0;
	uint32_t *offset;
	size_t i;

	cursor_init(&in, raw, raw_len);
	count = cursor_varint(&in);
	/* Each item has a byte for its length at least. */
	if (raw_len > PACK_GROUP_RAW_MAX || !count || count > PACK_GROUP_COUNT_MAX || count > cursor_left(&in)) {
		free(raw);
		return error_set(err, DRIFT_ERR_CORRUPT, "a group has a wrong count of items");
	}
	group = malloc(sizeof(*group) + (size_t)(count + 1) * sizeof(uint32_t));
	if (!group) {
		free(raw);
		return error_no_memory(err);
	}
	offset = (uint32_t *)(group + 1);
	for (i = 0; i < count; i++) {
		uint64_t len = cursor_varint(&in);

		offset[i] = (uint32_t)at;
		if (len > raw_len - at)
			cursor_fail(&in);
		else
			at += len;
	}
	offset[count] = (uint32_t)at;
	if (!cursor_ok(&in) || at != cursor_left(&in)) {
		free(group);
		free(raw);
		return error_set(err, DRIFT_ERR_CORRUPT, "the lengths of a group's items do not fit");
	}
	atomic_init(&group->refs, 1);
	group->count = (uint32_t)count;
	group->offset = offset;
	group->bytes = in.pos;
	group->memory_len = sizeof(*group) + (size_t)(count + 1) * sizeof(uint32_t) + raw_len;
	group->raw = raw;
	*out = group;
	return 0;
}

int group_new(const void *raw, size_t raw_len, struct group **out, struct drift_error *err)
{
	unsigned char *copy = malloc(raw_len ? raw_len : 1);

	if (!copy)
		return error_no_memory(err);
	if (raw_len)
		memcpy(copy, raw, raw_len);
	return group_adopt(copy, raw_len, out, err);
}

struct group *group_ref(struct group *group)
{
	atomic_fetch_add_explicit(&group->refs, 1, memory_order_relaxed);
	return group;
}

void group_unref(struct group *group)
{
	if (!group || atomic_fetch_sub_explicit(&group->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(group->raw);
	free(group);
}

void group_cleanup(struct group **group)
{
	group_unref(*group);
}

static uint64_t mix(uint64_t owner, uint64_t key)
{
	uint64_t x = key ^ owner * UINT64_C(0xd6e8feb86659fd93);

	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 29;
}

static struct shard *shard_of(struct group_cache *cache, uint64_t hash)
{
	return &cache->shards[hash >> 56 & (cache->shard_count - 1)];
}

static int shard_init(struct shard *s, size_t max_len)
{
	size_t count = BUCKET_MIN;

	while (count < BUCKET_MAX && count * LEN_PER_BUCKET < max_len)
		count *= 2;
	s->buckets = mem_calloc(count, sizeof(struct cached *));
	if (!s->buckets)
		return -1;
	pthread_mutex_init(&s->mutex, NULL);
	s->bucket_count = count;
	s->max_len = max_len;
	s->ring.newer = s->ring.older = &s->ring;
	return 0;
}

int group_cache_new(size_t max_len, struct group_cache **out, struct drift_error *err)
{
	struct group_cache *cache = aligned_alloc(64, sizeof(*cache));
	size_t count = 1, i;

	if (!cache)
		return error_no_memory(err);
	memset(cache, 0, sizeof(*cache));
	while (count < SHARD_MAX && max_len / (count * 2) >= SHARD_LEN_MIN)
		count *= 2;
	for (i = 0; i < count; i++) {
		if (shard_init(&cache->shards[i], max_len / count) < 0) {
			group_cache_free(cache);
			return error_no_memory(err);
		}
		cache->shard_count++;
	}
	*out = cache;
	return 0;
}

static void unlink_from_ring(struct cached *c)
{
	c->newer->older = c->older;
	c->older->newer = c->newer;
}

/* As the one used last. */
static void link_to_ring(struct shard *s, struct cached *c)
{
	c->older = s->ring.older;
	c->newer = &s->ring;
	c->older->newer = c;
	s->ring.older = c;
}

static struct cached **bucket_of(struct shard *s, uint64_t owner, uint64_t key)
{
	return &s->buckets[mix(owner, key) & (s->bucket_count - 1)];
}

static void drop(struct shard *s, struct cached *c)
{
	struct cached **at = bucket_of(s, c->owner, c->key);

	while (*at != c)
		at = &(*at)->next_in_bucket;
	*at = c->next_in_bucket;
	unlink_from_ring(c);
	s->len -= c->group->memory_len;
	group_unref(c->group);
	free(c);
}

void group_cache_free(struct group_cache *cache)
{
	size_t i;

	if (!cache)
		return;
	for (i = 0; i < cache->shard_count; i++) {
		struct shard *s = &cache->shards[i];

		while (s->ring.newer != &s->ring)
			drop(s, s->ring.newer);
		pthread_mutex_destroy(&s->mutex);
		free(s->buckets);
	}
	free(cache);
}

uint64_t group_cache_owner(struct group_cache *cache)
{
	return atomic_fetch_add_explicit(&cache->owners, 1, memory_order_relaxed);
}

static struct cached *find(struct shard *s, uint64_t owner, uint64_t key)
{
	struct cached *c = *bucket_of(s, owner, key);

	while (c && (c->owner != owner || c->key != key))
		c = c->next_in_bucket;
	return c;
}

struct group *group_cache_get(struct group_cache *cache, uint64_t owner, uint64_t key)
{
	struct shard *s = shard_of(cache, mix(owner, key));
	struct group *group = NULL;
	struct cached *c;

	pthread_mutex_lock(&s->mutex);
	c = find(s, owner, key);
	if (c) {
		unlink_from_ring(c);
		link_to_ring(s, c);
		group = group_ref(c->group);
		s->hits++;
	} else {
		s->misses++;
	}
	pthread_mutex_unlock(&s->mutex);
	return group;
}

void group_cache_put(struct group_cache *cache, uint64_t owner, uint64_t key, struct group *group)
{
	struct shard *s = shard_of(cache, mix(owner, key));
	struct cached *c, **bucket;

	if (group->memory_len > s->max_len)
		return;
	c = malloc(sizeof(*c));
	if (!c)
		return;
	pthread_mutex_lock(&s->mutex);
	if (find(s, owner, key)) {
		free(c);
	} else {
		while (s->ring.newer != &s->ring && s->len + group->memory_len > s->max_len)
			drop(s, s->ring.newer);
		bucket = bucket_of(s, owner, key);
		*c = (struct cached){ .owner = owner, .key = key, .group = group_ref(group), .next_in_bucket = *bucket };
		*bucket = c;
		link_to_ring(s, c);
		s->len += group->memory_len;
	}
	pthread_mutex_unlock(&s->mutex);
}

void group_cache_stats(struct group_cache *cache, struct group_cache_stats *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < cache->shard_count; i++) {
		struct shard *s = &cache->shards[i];

		pthread_mutex_lock(&s->mutex);
		out->hits += s->hits;
		out->misses += s->misses;
		out->bytes += s->len;
		pthread_mutex_unlock(&s->mutex);
	}
}
