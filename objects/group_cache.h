/* Decompressed groups of packs, bounded in bytes, shared by threads. A group is immutable and reference counted. */
#ifndef OBJECTS_GROUP_CACHE_H
#define OBJECTS_GROUP_CACHE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct group {
	atomic_uint refs;
	uint32_t count;
	const uint32_t *offset; /* count + 1 offsets of items in bytes */
	const unsigned char *bytes;
	size_t memory_len; /* of all of it */
	unsigned char *raw;
};

/* Takes the raw bytes of a group apart (copied). DRIFT_ERR_CORRUPT if lengths do not fit. */
int group_new(const void *raw, size_t raw_len, struct group **out, struct drift_error *err) MUST_CHECK;
/* The same without copying: raw, from malloc, belongs to the group, and is freed if there is none. */
int group_adopt(unsigned char *raw, size_t raw_len, struct group **out, struct drift_error *err) MUST_CHECK;
struct group *group_ref(struct group *group);
/* NULL-safe. */
void group_unref(struct group *group);
void group_cleanup(struct group **group);
#define auto_group __attribute__((cleanup(group_cleanup))) struct group

struct group_cache;
int group_cache_new(size_t max_len, struct group_cache **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void group_cache_free(struct group_cache *cache);
/* A number for a pack, never given twice: part of the key. */
uint64_t group_cache_owner(struct group_cache *cache);
/* A reference for the caller, or NULL. key: any number that is unique for the owner. */
struct group *group_cache_get(struct group_cache *cache, uint64_t owner, uint64_t key);
/* Keeps a reference of its own; without memory it just does not. */
void group_cache_put(struct group_cache *cache, uint64_t owner, uint64_t key, struct group *group);

struct group_cache_stats {
	uint64_t hits, misses, bytes;
};
void group_cache_stats(struct group_cache *cache, struct group_cache_stats *out);

#endif
