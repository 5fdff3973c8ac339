/* The newest change of each path among commits that are being encoded, and so not in the index yet. */
#ifndef OBJECTS_CHANGE_HEADS_H
#define OBJECTS_CHANGE_HEADS_H

#include "objects/odb.h"

struct change_head {
	uint64_t hash, loc; /* loc 0: free */
};

struct change_heads {
	struct change_head *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
	uint64_t marker_loc;
};

void change_heads_release(struct change_heads *heads);
/*
 * Under the append lock, in storage order: let the list of the commit at loc say where each path was changed before, and
 * where the marker before it is, by these heads and the index; then the commit is the head.
 */
int change_heads_link(struct change_heads *heads, struct odb *odb, struct change_list *list, uint64_t loc,
		      struct drift_error *err) MUST_CHECK;

#endif
