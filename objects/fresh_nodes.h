/*
 * The tree nodes that were written last, whole, in the memory that all processes of a store share: who comes after
 * another writer finds them here at once, instead of applying each of that one's deltas to what it knows. A ring: the
 * oldest goes first. Nothing in it is trusted: a checksum guards what the ids do not cover, and whoever takes
 * a node hashes it.
 */
#ifndef OBJECTS_FRESH_NODES_H
#define OBJECTS_FRESH_NODES_H

#include "objects/node.h"

#define FRESH_NODE_COUNT 32
#define FRESH_WORDS 512

struct fresh_nodes {
	_Atomic uint64_t loc[FRESH_NODE_COUNT]; /* 0: nothing, or being written */
	_Atomic uint64_t word[FRESH_NODE_COUNT][FRESH_WORDS];
};

/* Put it in place `turn` of the ring. One writer at a time; what does not fit is left out. */
void fresh_nodes_put(struct fresh_nodes *fresh, uint32_t turn, const struct node *node);
/* The node stored at loc, verified by its id; false if it is not there. */
bool fresh_nodes_get(struct fresh_nodes *fresh, uint64_t loc, const struct oid *id, struct node **node_out);

#endif
