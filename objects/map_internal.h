/* What the parts of the map share. */
#ifndef OBJECTS_MAP_INTERNAL_H
#define OBJECTS_MAP_INTERNAL_H

#include "objects/map.h"

/* The root node of a map that is not empty. */
int map_load_root(struct node_store *store, const struct map_root *root, struct node **node_out,
		  struct drift_error *err) MUST_CHECK;

/*
 * The child at a slot of an inner node; DRIFT_ERR_CORRUPT unless it is of the same kind, one level below,
 * ends with the separator and begins behind the separator before.
 */
int map_load_child(struct node_store *store, const struct node *parent, size_t slot, struct node **node_out,
		   struct drift_error *err) MUST_CHECK;

/* Sums over the entries of a node. */
void node_sums(const struct node *node, uint64_t *count_out, uint64_t *bytes_out);

#endif
