#include "api/warm_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PREFETCH_MAX 32 /* keys */

/* An inner node and, as they are met, its children: struct warm_node *, or struct node * where they are leaves. Set once. */
struct warm_node {
	struct node *node;
	_Atomic(void *) children[];
};

struct warm_collection {
	struct warm_collection *next;
	struct map_root map;
	_Atomic(void *) top;  /* struct warm_node *, or */
	_Atomic(void *) only; /* struct node *: the map is one leaf */
	size_t name_len;
	char name[];
};

void warm_init(struct warm_tree *w, struct node_store *store, const struct tree_root *root, struct warm_budget *budget)
{
	w->store = store;
	w->root = *root;
	for (size_t i = 0; i < WARM_BUCKETS; i++)
		atomic_init(&w->buckets[i], NULL);
	atomic_init(&w->collection_count, 0);
	atomic_init(&w->read_count, 0);
	w->budget = budget;
}

static bool spend(struct warm_tree *w, size_t len)
{
	if (atomic_fetch_add_explicit(&w->budget->used_len, len, memory_order_relaxed) + len <= w->budget->max_len)
		return true;
	atomic_fetch_sub_explicit(&w->budget->used_len, len, memory_order_relaxed);
	return false;
}

static void drop_leaf(struct warm_tree *w, struct node *leaf)
{
	atomic_fetch_sub_explicit(&w->budget->used_len, node_memory(leaf), memory_order_relaxed);
	node_unref(leaf);
}

static size_t inner_len(const struct node *node)
{
	return node_memory(node) + sizeof(struct warm_node) + node->count * sizeof(void *);
}

/* As deep as the tree, which is NODE_LEVEL_MAX at most. */
static void drop_inner(struct warm_tree *w, struct warm_node *n)
{
	for (size_t i = 0; i < n->node->count; i++) {
		void *child = atomic_load_explicit(&n->children[i], memory_order_relaxed);

		if (child && n->node->level > 1)
			drop_inner(w, child);
		else if (child)
			drop_leaf(w, child);
	}
	atomic_fetch_sub_explicit(&w->budget->used_len, inner_len(n->node), memory_order_relaxed);
	node_unref(n->node);
	free(n);
}

void warm_release(struct warm_tree *w)
{
	for (size_t i = 0; i < WARM_BUCKETS; i++) {
		struct warm_collection *c = atomic_exchange(&w->buckets[i], NULL);

		while (c) {
			struct warm_collection *next = c->next;

			if (atomic_load(&c->top))
				drop_inner(w, atomic_load(&c->top));
			if (atomic_load(&c->only))
				drop_leaf(w, atomic_load(&c->only));
			free(c);
			c = next;
		}
	}
}

static _Atomic(struct warm_collection *) *bucket_of(struct warm_tree *w, const char *name, size_t name_len)
{
	unsigned hash = (unsigned)name_len;

	for (size_t i = 0; i < name_len; i++)
		hash = hash * 31 + (unsigned char)name[i];
	return &w->buckets[hash % WARM_BUCKETS];
}

static struct warm_collection *find_collection(struct warm_tree *w, const char *name, size_t name_len)
{
	struct warm_collection *c = atomic_load_explicit(bucket_of(w, name, name_len), memory_order_acquire);

	while (c && (c->name_len != name_len || memcmp(c->name, name, name_len) != 0))
		c = c->next;
	return c;
}

/* Two threads may both add one: the list then has it twice, which does no harm. */
static struct warm_collection *add_collection(struct warm_tree *w, const char *name, size_t name_len,
					      const struct map_root *map)
{
	_Atomic(struct warm_collection *) *bucket = bucket_of(w, name, name_len);
	struct warm_collection *c;

	if (atomic_load_explicit(&w->collection_count, memory_order_relaxed) >= WARM_COLLECTIONS_MAX)
		return NULL;
	c = malloc(sizeof(*c) + name_len);
	if (!c)
		return NULL;
	c->map = *map;
	c->name_len = name_len;
	memcpy(c->name, name, name_len);
	atomic_init(&c->top, NULL);
	atomic_init(&c->only, NULL);
	atomic_fetch_add_explicit(&w->collection_count, 1, memory_order_relaxed);
	c->next = atomic_load_explicit(bucket, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(bucket, &c->next, c, memory_order_release, memory_order_relaxed))
		;
	return c;
}

/* *c_out is NULL where it cannot be kept. */
static int look_up(struct warm_tree *w, const char *name, size_t name_len, struct map_root *map,
		   struct warm_collection **c_out, struct drift_error *err)
{
	struct warm_collection *c = find_collection(w, name, name_len);
	struct descriptor d;
	int found;

	*c_out = c;
	if (c) {
		*map = c->map;
		return !oid_is_zero(&map->id);
	}
	found = tree_collection(w->store, &w->root, name, name_len, &d, err);
	if (found <= 0)
		return found;
	if (tree_documents(w->store, name, name_len, &d, map, err))
		return -1;
	*c_out = add_collection(w, name, name_len, map);
	return d.has_root;
}

/* Keep an inner node where `at` points; NULL where that cannot be. */
static struct warm_node *keep_inner(struct warm_tree *w, _Atomic(void *) *at, struct node *node)
{
	struct warm_node *n;
	void *there = NULL;

	if (!spend(w, inner_len(node)))
		return NULL;
	n = mem_calloc(1, sizeof(*n) + node->count * sizeof(n->children[0]));
	if (!n) {
		atomic_fetch_sub_explicit(&w->budget->used_len, inner_len(node), memory_order_relaxed);
		return NULL;
	}
	n->node = node_ref(node);
	if (atomic_compare_exchange_strong_explicit(at, &there, n, memory_order_acq_rel, memory_order_acquire))
		return n;
	drop_inner(w, n);
	return there;
}

static void keep_leaf(struct warm_tree *w, _Atomic(void *) *at, struct node *leaf)
{
	void *there = NULL;

	if (!spend(w, node_memory(leaf)))
		return;
	node_ref(leaf);
	if (!atomic_compare_exchange_strong_explicit(at, &there, leaf, memory_order_acq_rel, memory_order_acquire))
		drop_leaf(w, leaf);
}

/* Does the child begin and end where its parent says? As map_get has it. */
static int check_place(const struct node *parent, size_t slot, const struct node *child, struct drift_error *err)
{
	size_t separator_len, key_len;
	const unsigned char *separator = node_key_at(parent, slot, &separator_len);
	const unsigned char *key = node_key_at(child, child->count - 1, &key_len);
	char hex[OID_HEX_LEN + 1];
	bool fits = !key_compare(separator, separator_len, key, key_len);

	if (fits && slot) {
		separator = node_key_at(parent, slot - 1, &separator_len);
		key = node_key_at(child, 0, &key_len);
		fits = key_compare(separator, separator_len, key, key_len) < 0;
	}
	if (fits)
		return 0;
	return error_set(err, DRIFT_ERR_CORRUPT, "tree node %s does not fit where its parent names it",
			 oid_to_hex(&child->id, hex));
}

static int load_child(struct warm_tree *w, const struct node *parent, size_t slot, struct node **out,
		      struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct node_entry entry;
	struct node *child;
	struct oid id;

	node_entry_at(parent, slot, &entry);
	memcpy(id.bytes, entry.child, OID_LEN);
	if (w->store->load(w->store, &id, entry.loc, &child, err))
		return -1;
	if (child->kind != parent->kind || child->level + 1 != parent->level || !child->count) {
		node_unref(child);
		error_set(err, DRIFT_ERR_CORRUPT, "tree node %s is of a wrong level or kind", oid_to_hex(&id, hex));
		return -1;
	}
	*out = child;
	return 0;
}

/* The kept root of a collection's map: 1, 0 where it is a leaf or cannot be kept, -1. */
static int top_node(struct warm_tree *w, struct warm_collection *c, struct warm_node **out, struct drift_error *err)
{
	auto_node *node = NULL;

	*out = atomic_load_explicit(&c->top, memory_order_acquire);
	if (*out)
		return 1;
	if (w->store->load(w->store, &c->map.id, c->map.loc, &node, err))
		return -1;
	if (node->kind != MAP_DOCUMENTS)
		return 0;
	if (!node->level) {
		keep_leaf(w, &c->only, node);
		return 0;
	}
	*out = keep_inner(w, &c->top, node);
	return *out != NULL;
}

/* The kept child of a kept node: 1, 0 where it cannot be kept, -1. */
static int inner_child(struct warm_tree *w, struct warm_node *parent, size_t slot, struct warm_node **out,
		       struct drift_error *err)
{
	auto_node *node = NULL;

	*out = atomic_load_explicit(&parent->children[slot], memory_order_acquire);
	if (*out)
		return 1;
	if (load_child(w, parent->node, slot, &node, err) || check_place(parent->node, slot, node, err))
		return -1;
	*out = keep_inner(w, &parent->children[slot], node);
	return *out != NULL;
}

/* 1 with the lowest kept node above the key and the slot of its leaf, 0 where not all of the way is kept, -1; *slot_out
 * is past the end where the key is beyond all others. */
static int descend(struct warm_tree *w, struct warm_collection *c, const struct path *path, struct warm_node **out,
		   size_t *slot_out, struct drift_error *err)
{
	struct warm_node *at;
	bool equal;
	int r = top_node(w, c, &at, err);

	while (r > 0) {
		size_t slot = node_search(at->node, path->key, path->key_len, &equal);

		if (at->node->level == 1 || slot == at->node->count) {
			*out = at;
			*slot_out = slot;
			return 1;
		}
		r = inner_child(w, at, slot, &at, err);
	}
	return r;
}

static int leaf_child(struct warm_tree *w, struct warm_node *parent, size_t slot, struct node **out,
		      struct drift_error *err)
{
	auto_node *leaf = NULL;

	*out = atomic_load_explicit(&parent->children[slot], memory_order_acquire);
	if (*out) {
		/* The node stands before its offsets and bytes, in one piece. */
		__builtin_prefetch(*out + 1);
		node_ref(*out);
		return 0;
	}
	if (load_child(w, parent->node, slot, &leaf, err) || check_place(parent->node, slot, leaf, err))
		return -1;
	keep_leaf(w, &parent->children[slot], leaf);
	*out = take_ptr(leaf);
	return 0;
}

/*
 * A binary search in memory that no cache of the processor has would wait for each of its steps in turn: ask for all keys
 * at once.
 */
static void prefetch_keys(const struct node *leaf)
{
	for (uint32_t i = 0; i < leaf->count && i < PREFETCH_MAX; i++)
		__builtin_prefetch(leaf->bytes + leaf->offset[i]);
}

/* The leaf where the key would be: 1, 0 where it is beyond all of them, 2 where the kept nodes do not lead there, -1. */
static int find_leaf(struct warm_tree *w, struct warm_collection *c, const struct path *path, struct node **out,
		     struct drift_error *err)
{
	struct node *only = atomic_load_explicit(&c->only, memory_order_acquire);
	struct warm_node *above;
	size_t slot;
	int r;

	if (only) {
		*out = node_ref(only);
		return 1;
	}
	r = descend(w, c, path, &above, &slot, err);
	if (r <= 0)
		return r < 0 ? -1 : 2;
	if (slot == above->node->count)
		return 0;
	return leaf_child(w, above, slot, out, err) ? -1 : 1;
}

/* As map_get, along the kept nodes; 2 where they do not lead there. */
static int get_along(struct warm_tree *w, struct warm_collection *c, const struct path *path, struct node **node_out,
		     struct node_entry *entry_out, struct drift_error *err)
{
	auto_node *leaf = NULL;
	size_t at;
	bool equal;
	int r = find_leaf(w, c, path, &leaf, err);

	if (r != 1)
		return r;
	prefetch_keys(leaf);
	at = node_search(leaf, path->key, path->key_len, &equal);
	if (!equal)
		return 0;
	node_entry_at(leaf, at, entry_out);
	*node_out = take_ptr(leaf);
	return 1;
}

/* Whoever reads but a little through a tree would pay more for keeping than it gains. */
static bool is_warm(struct warm_tree *w)
{
	if (atomic_load_explicit(&w->read_count, memory_order_relaxed) >= WARM_AFTER)
		return true;
	atomic_fetch_add_explicit(&w->read_count, 1, memory_order_relaxed);
	return false;
}

int warm_get(struct warm_tree *w, const struct path *path, struct node **node_out, struct document *doc_out,
	     struct drift_error *err)
{
	auto_node *node = NULL;
	struct warm_collection *c;
	struct node_entry entry;
	struct map_root map;
	int found = look_up(w, path->collection, path->collection_len, &map, &c, err);

	if (found <= 0)
		return found;
	found = c && is_warm(w) ? get_along(w, c, path, &node, &entry, err) : 2;
	if (found > 1)
		found = map_get(w->store, &map, path->key, path->key_len, &node, &entry, err);
	if (found <= 0)
		return found;
	if (node->kind != MAP_DOCUMENTS)
		return error_set(err, DRIFT_ERR_CORRUPT, "a collection's root is another map's node");
	if (document_decode(entry.value, entry.value_len, entry.loc, doc_out, err))
		return -1;
	*node_out = take_ptr(node);
	return 1;
}
