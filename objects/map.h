/*
 * The sorted map that everything is stored in: a B-tree whose node boundaries are decided by content
 * (a prolly tree), so that equal maps have equal nodes whatever their history. The rules of boundaries are in
 * boundary.h; Documentation/drift-format-tree.adoc describes both.
 */
#ifndef OBJECTS_MAP_H
#define OBJECTS_MAP_H

#include "objects/node.h"

struct collection_set;

/* Where nodes come from and go to. Loading may be called by several threads at once, saving by one. */
struct node_store {
	/* A verified node, referenced for the caller. loc may be LOC_UNKNOWN. */
	int (*load)(struct node_store *store, const struct oid *id, uint64_t loc, struct node **node_out,
		    struct drift_error *err);
	/*
	 * Keep a new node (canonical bytes, one child location an entry or NULL); fills id_out and loc_out (which may
	 * be a provisional location that only this store understands). base may be NULL, else it is the version
	 * that the new node most resembles, for a delta.
	 */
	int (*save)(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc,
		    struct node *base, struct oid *id_out, uint64_t *loc_out, struct drift_error *err);
	const struct collection_set *only; /* the collections whose nodes are there; NULL: all */
};

/* A map's root; the empty map has no node: count 0 and a zero id. */
struct map_root {
	struct oid id;
	uint64_t loc;
	uint64_t count; /* entries */
	uint64_t bytes;
};

/* The value of key: 1 found, 0 absent, -1 error. *node_out keeps the entry's memory and is released by the caller. */
int map_get(struct node_store *store, const struct map_root *root, const void *key, size_t key_len,
	    struct node **node_out, struct node_entry *entry_out, struct drift_error *err) MUST_CHECK;

/* Count and byte count of a root of which only id and location are known. A zero id is the empty map. */
int map_root_open(struct node_store *store, const struct oid *id, uint64_t loc, struct map_root *root_out,
		  struct drift_error *err) MUST_CHECK;

/* Ordered iteration. The cursor is the caller's; release it. */
struct map_cursor {
	struct node_store *store;
	size_t height;
	struct node *node[NODE_LEVEL_MAX + 1]; /* [0] is the leaf */
	size_t slot[NODE_LEVEL_MAX + 1];
};
#define auto_map_cursor __attribute__((cleanup(map_cursor_release))) struct map_cursor
#define MAP_CURSOR_INIT       \
	{                     \
		.store = NULL \
	}

/* Position before the first key >= key (NULL, 0: the start). */
int map_cursor_seek(struct map_cursor *c, struct node_store *store, const struct map_root *root, const void *key,
		    size_t key_len, struct drift_error *err) MUST_CHECK;
/* Position before entry number `index` from 0, by the counts in the nodes: O(log n). */
int map_cursor_seek_index(struct map_cursor *c, struct node_store *store, const struct map_root *root, uint64_t index,
			  struct drift_error *err) MUST_CHECK;
/* 1 with the next entry (valid until the next call or release), 0 at the end, -1 error. */
int map_cursor_next(struct map_cursor *c, struct node_entry *entry_out, struct drift_error *err) MUST_CHECK;
void map_cursor_release(struct map_cursor *c);

/* How many keys are < key: O(log n). */
int map_rank(struct node_store *store, const struct map_root *root, const void *key, size_t key_len, uint64_t *rank_out,
	     struct drift_error *err) MUST_CHECK;

/* A leaf that takes the place of another with the same last key. */
struct map_leaf {
	struct oid id;
	uint64_t loc;
	uint64_t count, bytes;         /* entries and bytes in it */
	uint64_t old_count, old_bytes; /* in the other */
};

/*
 * One change: set (value != NULL) or remove. Or, with leaf, of all entries of the leaf that ends with key, see map_leaf_fits: the new
 * one need not be read, if what is before it does not change where leaves begin.
 */
struct map_change {
	const void *key;
	size_t key_len;
	const void *value; /* NULL: remove */
	size_t value_len;
	uint64_t loc; /* of the object that the value refers to */
	const struct map_leaf *leaf;
};

/* Changes in strictly ascending key order: 1 / 0 / -1. What change_out points to lives until the next call. */
struct map_changes {
	int (*next)(struct map_changes *self, struct map_change *change_out, struct drift_error *err);
};

/*
 * The map with the changes applied. Only nodes that differ are saved, children before parents; memory is
 * bounded by the inner levels, so that millions of sorted changes can be streamed. The result depends
 * only on the resulting entries, never on how they came. Removing an absent key and setting an equal value change nothing.
 * kind is the kind of the map. A key or value over its limit is DRIFT_ERR_LIMIT, keys out of order DRIFT_ERR_INVALID.
 */
int map_edit(struct node_store *store, enum map_kind kind, const struct map_root *root, struct map_changes *changes,
	     struct map_root *root_out, struct drift_error *err) MUST_CHECK;

/* map_edit for an array of changes in ascending order. */
int map_edit_array(struct node_store *store, enum map_kind kind, const struct map_root *root,
		   const struct map_change *changes, size_t change_count, struct map_root *root_out,
		   struct drift_error *err) MUST_CHECK;

/* Leaves of two versions of a map in the same place: they end with the same key, those before them too, and others follow. */
struct map_leaf_pair {
	struct node_entry a, b; /* in the nodes above: key, child, count, bytes, loc */
	const unsigned char *before;
	size_t before_len;
};
/*
 * Has another version of the map the leaf pair->a in that same place? Then that leaf may be changed to pair->b. *node is NULL at first, kept
 * for the next question, which is of a greater key, and released by the caller. 1 / 0 / -1
 */
int map_leaf_fits(struct node_store *store, const struct map_root *root, const struct map_leaf_pair *pair,
		  struct node **node, struct drift_error *err) MUST_CHECK;

/*
 * The differences between two maps in key order, equal subtrees skipped without being read. An entry counts as different
 * when its value bytes differ. Only keys in [from, to) are looked at; NULL for no bound.
 */
struct map_diff_options {
	const void *from, *to;
	size_t from_len, to_len;
	/* a is NULL where the key is new, b where it is gone. Returns 0 to go on, >0 to stop (map_diff returns it), <0 error. */
	int (*each)(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err);
	/* NULL, or told of leaves that differ, before they are read: 1 enough is known, 2 the same, and stop, 0 compare them, -1. Not of all such leaves. */
	int (*leaf)(void *data, const struct map_leaf_pair *pair, struct drift_error *err);
	void *data;
};
int map_diff(struct node_store *store, const struct map_root *a, const struct map_root *b,
	     const struct map_diff_options *options, struct drift_error *err) MUST_CHECK;

/* All nodes of the map, children after parents, for fsck, export and tests: level, node. Stops on non-zero. */
int map_walk_nodes(struct node_store *store, const struct map_root *root,
		   int (*each)(void *data, const struct node *node, struct drift_error *err), void *data,
		   struct drift_error *err) MUST_CHECK;

/*
 * Prove a map sound, as fsck and fetch must: each node where its parent says, keys in order throughout, counts that add up, nodes that
 * end where the format says, a root that is one. DRIFT_ERR_CORRUPT names the node. A subtree for which `skip` (if not NULL) says so was
 * proven before and is not read; `last` tells if nothing follows it on its level, as that is part of what is proven.
 */
struct map_check_options {
	enum map_kind kind;
	bool (*skip)(void *data, const struct oid *id, bool last);
	void *data;
};
int map_check(struct node_store *store, const struct map_root *root, const struct map_check_options *options,
	      struct drift_error *err) MUST_CHECK;
/*
 * What one node proves for itself: that it does not go on behind where the format ends it. open_out: it ends where the
 * format would go on, so it must be the last of its level.
 */
int map_check_node(const struct node *node, bool *open_out, struct drift_error *err) MUST_CHECK;
/*
 * The same, where the entries before `from` and those from `to` on, but the last, are known not to end it: they stand in
 * the same places in another version that was checked.
 */
int map_check_changed(const struct node *node, size_t from, size_t to, bool *open_out,
		      struct drift_error *err) MUST_CHECK;

#endif
