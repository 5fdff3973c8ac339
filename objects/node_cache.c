#include "objects/node_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SHARD_COUNT 16
#define OFFERED_LEN ((size_t)32 << 20) /* more is not taken if it is only offered */
#define EMPTY UINT32_MAX

struct cached {
	uint64_t loc; /* 0: free */
	struct node *node;
	uint32_t next; /* in the bucket */
	bool used;     /* since the hand passed */
};

struct shard {
	pthread_mutex_t mutex;
	struct cached *entries;
	size_t entry_count, entry_capacity;
	uint32_t *buckets;
	size_t bucket_count; /* a power of two */
	size_t hand, live;
	size_t len, max_len;
	uint32_t free_head;
	uint64_t hits, misses;
} __attribute__((aligned(64)));

struct node_cache {
	struct shard shards[SHARD_COUNT];
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 29;
}

static struct shard *shard_of(struct node_cache *cache, uint64_t hash)
{
	return &cache->shards[hash >> 60 & (SHARD_COUNT - 1)];
}

int node_cache_new(size_t max_len, struct node_cache **out, struct drift_error *err)
{
	struct node_cache *cache = aligned_alloc(64, sizeof(*cache));
	size_t i;

	if (!cache)
		return error_no_memory(err);
	memset(cache, 0, sizeof(*cache));
	for (i = 0; i < SHARD_COUNT; i++) {
		pthread_mutex_init(&cache->shards[i].mutex, NULL);
		cache->shards[i].max_len = max_len / SHARD_COUNT;
		cache->shards[i].free_head = EMPTY;
	}
	*out = cache;
	return 0;
}

static void shard_clear(struct shard *s)
{
	size_t i;

	for (i = 0; i < s->entry_count; i++)
		if (s->entries[i].loc)
			node_unref(s->entries[i].node);
	free(s->entries);
	free(s->buckets);
	s->entries = NULL;
	s->buckets = NULL;
	s->entry_count = s->entry_capacity = s->bucket_count = s->hand = s->live = s->len = 0;
	s->free_head = EMPTY;
}

void node_cache_free(struct node_cache *cache)
{
	size_t i;

	if (!cache)
		return;
	for (i = 0; i < SHARD_COUNT; i++) {
		shard_clear(&cache->shards[i]);
		pthread_mutex_destroy(&cache->shards[i].mutex);
	}
	free(cache);
}

static uint32_t *bucket_of(struct shard *s, uint64_t hash)
{
	return &s->buckets[hash & (s->bucket_count - 1)];
}

static struct cached *find(struct shard *s, uint64_t hash, uint64_t loc)
{
	uint32_t i;

	if (!s->bucket_count)
		return NULL;
	for (i = *bucket_of(s, hash); i != EMPTY; i = s->entries[i].next)
		if (s->entries[i].loc == loc)
			return &s->entries[i];
	return NULL;
}

struct node *node_cache_get(struct node_cache *cache, uint64_t loc)
{
	uint64_t hash = mix(loc);
	struct shard *s = shard_of(cache, hash);
	struct node *node = NULL;
	struct cached *e;

	pthread_mutex_lock(&s->mutex);
	e = find(s, hash, loc);
	if (e) {
		e->used = true;
		node = node_ref(e->node);
		s->hits++;
	} else {
		s->misses++;
	}
	pthread_mutex_unlock(&s->mutex);
	return node;
}

static void unlink_entry(struct shard *s, uint32_t index)
{
	uint32_t *at = bucket_of(s, mix(s->entries[index].loc));

	while (*at != index)
		at = &s->entries[*at].next;
	*at = s->entries[index].next;
}

static void remove_entry(struct shard *s, uint32_t index)
{
	struct cached *e = &s->entries[index];

	unlink_entry(s, index);
	s->len -= node_memory(e->node);
	node_unref(e->node);
	e->loc = 0;
	e->next = s->free_head;
	s->free_head = index;
	s->live--;
}

void node_cache_drop(struct node_cache *cache, uint64_t loc)
{
	uint64_t hash = mix(loc);
	struct shard *s = shard_of(cache, hash);
	struct cached *e;

	pthread_mutex_lock(&s->mutex);
	e = find(s, hash, loc);
	if (e)
		remove_entry(s, (uint32_t)(e - s->entries));
	pthread_mutex_unlock(&s->mutex);
}

static void evict_one(struct shard *s)
{
	for (;;) {
		struct cached *e = &s->entries[s->hand];
		uint32_t index = (uint32_t)s->hand;

		s->hand = (s->hand + 1) % s->entry_count;
		if (!e->loc)
			continue;
		if (e->used) {
			e->used = false;
			continue;
		}
		remove_entry(s, index);
		return;
	}
}

static int grow_buckets(struct shard *s)
{
	size_t count = s->bucket_count ? s->bucket_count * 2 : 256, i;
	uint32_t *buckets;

	if (s->live < s->bucket_count)
		return 0;
	buckets = mem_alloc_array(count, sizeof(*buckets));
	if (!buckets)
		return -1;
	memset(buckets, 0xff, count * sizeof(*buckets));
	free(s->buckets);
	s->buckets = buckets;
	s->bucket_count = count;
	for (i = 0; i < s->entry_count; i++) {
		uint32_t *at;

		if (!s->entries[i].loc)
			continue;
		at = bucket_of(s, mix(s->entries[i].loc));
		s->entries[i].next = *at;
		*at = (uint32_t)i;
	}
	return 0;
}

static void insert(struct shard *s, uint64_t hash, uint64_t loc, struct node *node)
{
	uint32_t index = s->free_head, *at;

	if (index != EMPTY) {
		s->free_head = s->entries[index].next;
	} else {
		if (s->entry_count >= EMPTY ||
		    mem_grow(&s->entries, &s->entry_capacity, s->entry_count + 1, sizeof(*s->entries)) < 0)
			return;
		index = (uint32_t)s->entry_count++;
	}
	at = bucket_of(s, hash);
	s->entries[index] = (struct cached){ .loc = loc, .node = node_ref(node), .next = *at, .used = false };
	*at = index;
	s->len += node_memory(node);
	s->live++;
}

static void put(struct shard *s, uint64_t hash, uint64_t loc, struct node *node, size_t full_len, bool evict)
{
	size_t len = node_memory(node);

	if (loc == LOC_UNKNOWN || len > full_len)
		return;
	pthread_mutex_lock(&s->mutex);
	if (!find(s, hash, loc) && (evict || s->len + len <= full_len)) {
		while (s->live && s->len + len > full_len)
			evict_one(s);
		if (!grow_buckets(s))
			insert(s, hash, loc, node);
	}
	pthread_mutex_unlock(&s->mutex);
}

void node_cache_put(struct node_cache *cache, uint64_t loc, struct node *node)
{
	uint64_t hash = mix(loc);
	struct shard *s = shard_of(cache, hash);

	put(s, hash, loc, node, s->max_len, true);
}

void node_cache_offer(struct node_cache *cache, uint64_t loc, struct node *node)
{
	uint64_t hash = mix(loc);
	struct shard *s = shard_of(cache, hash);

	put(s, hash, loc, node, s->max_len / 4 < OFFERED_LEN / SHARD_COUNT ? s->max_len / 4 : OFFERED_LEN / SHARD_COUNT, false);
}

void node_cache_stats(struct node_cache *cache, struct node_cache_stats *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < SHARD_COUNT; i++) {
		struct shard *s = &cache->shards[i];

		pthread_mutex_lock(&s->mutex);
		out->hits += s->hits;
		out->misses += s->misses;
		out->bytes += s->len;
		pthread_mutex_unlock(&s->mutex);
	}
}
