/* Decoded nodes by location, bounded in bytes, shared by threads. Evicts by the clock (second chance). */
#ifndef OBJECTS_NODE_CACHE_H
#define OBJECTS_NODE_CACHE_H

#include <stdbool.h>

#include "objects/node.h"

struct node_cache;

int node_cache_new(size_t max_len, struct node_cache **out, struct drift_error *err) MUST_CHECK;
void node_cache_free(struct node_cache *cache);
/* A reference for the caller, or NULL. */
struct node *node_cache_get(struct node_cache *cache, uint64_t loc);
/* Keeps a reference of its own; without memory it just does not. */
void node_cache_put(struct node_cache *cache, uint64_t loc, struct node *node);
/* The same, as long as little is in the cache: for what may be wanted, or not. */
void node_cache_offer(struct node_cache *cache, uint64_t loc, struct node *node);
/* Forget one. */
void node_cache_drop(struct node_cache *cache, uint64_t loc);

struct node_cache_stats {
	uint64_t hits, misses, bytes;
};
void node_cache_stats(struct node_cache *cache, struct node_cache_stats *out);

#endif
