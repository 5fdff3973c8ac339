/* What the parts of the tree share. */
#ifndef OBJECTS_TREE_INTERNAL_H
#define OBJECTS_TREE_INTERNAL_H

#include "objects/collection_set.h"
#include "objects/tree.h"

/* The root map, whose node is checked to be one; the empty tree's is empty. */
int tree_open_map(struct node_store *store, const struct tree_root *root, struct map_root *map_out,
		  struct drift_error *err) MUST_CHECK;
void tree_from_map(const struct map_root *map, struct tree_root *root_out);

/* DRIFT_ERR_ABSENT */
int tree_absent(const char *name, size_t name_len, struct drift_error *err);

/* Keys in [from, to); NULL: no bound. */
struct key_range {
	const unsigned char *from, *to;
	size_t from_len, to_len;
};

/* Which collections, and which keys of them. */
struct tree_range {
	struct key_range names, keys;
};

/* All paths that begin with a prefix: at most the unnamed collection and others. */
struct tree_ranges {
	struct tree_range items[2];
	size_t count;
	bool named; /* one collection's, by its name and a slash */
	unsigned char *memory;
};
#define auto_tree_ranges __attribute__((cleanup(tree_ranges_release))) struct tree_ranges

int tree_ranges_init(struct tree_ranges *ranges, const char *prefix, size_t prefix_len,
		     struct drift_error *err) MUST_CHECK;
void tree_ranges_release(struct tree_ranges *ranges);

/* Keys, one behind the other in bytes. */
struct term_keys {
	struct term_keys_item {
		size_t at, len, prefix_len; /* prefix_len: as far as the path's terms begin alike */
	} *items;
	size_t count, capacity;
	struct buf bytes;
};

/* The terms that an edit of a tree drops: see tree_terms.c. */
struct tree_terms {
	struct node_store *store;
	bool any;                  /* else there are none, and nothing is to be done */
	struct map_root reserved;  /* before the edit */
	struct term_keys drops;    /* terms */
	struct term_keys named;    /* what the terms begin with that the edit names itself; in order */
};
#define TREE_TERMS_INIT                                                               \
	{                                                                             \
		.drops = { .bytes = BUF_INIT }, .named = { .bytes = BUF_INIT },       \
	}
int tree_terms_begin(struct tree_terms *t, struct node_store *store, const struct tree_root *root,
		     struct drift_error *err) MUST_CHECK;
void tree_terms_release(struct tree_terms *t);
/* A document is put or removed; or all of a collection (no key). */
int tree_terms_change(struct tree_terms *t, const struct path *path, struct drift_error *err) MUST_CHECK;
int tree_terms_collection(struct tree_terms *t, const struct path *collection, struct drift_error *err) MUST_CHECK;
/* Instead: give a collection the terms that it has in another tree. */
int tree_terms_take(struct tree_terms *t, const struct tree_root *from, const struct path *collection,
		    struct map_root *documents, struct drift_error *err) MUST_CHECK;
/* At the end: drop them from the reserved documents, as the edit has made those. */
int tree_terms_apply(struct tree_terms *t, struct map_root *documents, struct drift_error *err) MUST_CHECK;

#endif
