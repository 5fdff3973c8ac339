/*
 * A tree with what was read of it kept at hand, for any number of readers at once without a lock: the descriptors of
 * collections, and the nodes of their maps, which then are reached by pointer instead of by the store's cache. What is kept only
 * grows, up to a limit that all trees of a repository share; beyond it, and for the first few reads, the store's cache serves alone.
 */
#ifndef API_WARM_INTERNAL_H
#define API_WARM_INTERNAL_H

#include <stdatomic.h>

#include "objects/tree.h"

#define WARM_BUCKETS 64
#define WARM_COLLECTIONS_MAX 1024
#define WARM_AFTER 16U /* reads */

/* Bytes of nodes that may be kept together. */
struct warm_budget {
	atomic_size_t used_len;
	size_t max_len;
};

struct warm_collection;

struct warm_tree {
	struct node_store *store;
	struct tree_root root;
	_Atomic(struct warm_collection *) buckets[WARM_BUCKETS]; /* lists that grow at their heads */
	atomic_uint collection_count;
	atomic_uint read_count; /* up to WARM_AFTER */
	struct warm_budget *budget;
};

void warm_init(struct warm_tree *w, struct node_store *store, const struct tree_root *root, struct warm_budget *budget);
void warm_release(struct warm_tree *w);

/* As tree_get; *node_out is referenced for the caller. */
int warm_get(struct warm_tree *w, const struct path *path, struct node **node_out, struct document *doc_out,
	     struct drift_error *err) MUST_CHECK;

#endif
