/* A store of nodes in memory, for tests and benchmarks of maps and trees. */
#ifndef T_UNIT_MEMSTORE_H
#define T_UNIT_MEMSTORE_H

#include "objects/map.h"

struct memstore {
	struct node_store store;
	struct node **nodes; /* open addressing by id */
	size_t count, capacity;
	bool verify;         /* decode each node that is loaded, and check what save() is given */
	bool forget_base;    /* drop the node that a new one replaces, so that memory stays bounded */
	size_t fail_at;      /* the call of load or save, counted from 1, that fails; 0: none does */
	size_t load_count;   /* calls of load */
	size_t save_count;   /* calls of save */
	size_t repeat_count; /* of these, nodes that were here already */
	size_t base_count;   /* of these, with a base */
	size_t saved_bytes;
};

void memstore_init(struct memstore *m, bool verify);
void memstore_release(struct memstore *m);
/* Drop a node, to see who reads it; 0, or -1 if it is not there. */
int memstore_forget(struct memstore *m, const struct oid *id);

#endif
