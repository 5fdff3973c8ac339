/* Inside the batch: shared by odb_batch.c and odb_encode.c only. */
#ifndef OBJECTS_ODB_BATCH_INTERNAL_H
#define OBJECTS_ODB_BATCH_INTERNAL_H

#include "objects/odb_internal.h"

/* An object that waits, or that was stored: then only its place is kept. */
struct pending {
	enum object_kind kind;
	bool stored;
	bool has_changes;
	uint8_t depth;     /* once stored */
	uint64_t loc;      /* once stored */
	uint64_t base_loc; /* provisional or real, LOC_UNKNOWN: none */
	struct oid id;     /* blobs, tags */
	struct node *node, *base;
	struct buf data;   /* blobs: content or list of chunks; tags: canonical bytes */
	bool chunked;
	struct commit *commit;
	uint64_t last_merge_loc; /* before the commit itself */
	struct change_list changes;
};

struct odb_batch {
	struct node_store nodes; /* first: odb_batch_nodes() */
	struct odb *odb;
	struct pending *items;
	size_t count, capacity;
	size_t first_waiting;     /* all before it are stored */
	size_t waiting_len;       /* bytes of what waits, roughly */
	bool spilled;             /* some was written ahead: many objects, so frames of their own */
	uint64_t spill_ticket;    /* end of what was written ahead */
	struct compressor *compressor;
};

/* Write ahead all that waits. Takes the append lock unless this thread's odb holds it. */
int odb_batch_spill(struct odb_batch *batch, struct drift_error *err) MUST_CHECK;

#endif
