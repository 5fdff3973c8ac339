/* What the parts of the tree share. */
#ifndef OBJECTS_TREE_INTERNAL_H
#define OBJECTS_TREE_INTERNAL_H

#include "objects/tree.h"

/* The root map, whose node is checked to be one; the empty tree's is empty. */
int tree_open_map(struct node_store *store, const struct tree_root *root, struct map_root *map_out,
		  struct drift_error *err) MUST_CHECK;
void tree_from_map(const struct map_root *map, struct tree_root *root_out);

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
	unsigned char *memory;
};
#define auto_tree_ranges __attribute__((cleanup(tree_ranges_release))) struct tree_ranges

int tree_ranges_init(struct tree_ranges *ranges, const char *prefix, size_t prefix_len,
		     struct drift_error *err) MUST_CHECK;
void tree_ranges_release(struct tree_ranges *ranges);
/* Does a key lie before the end of the range? */
bool key_range_holds(const struct key_range *range, const struct node_entry *entry);

#endif
