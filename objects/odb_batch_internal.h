/* Inside the batch: shared by odb_batch.c and odb_encode.c only. */
#ifndef OBJECTS_ODB_BATCH_INTERNAL_H
#define OBJECTS_ODB_BATCH_INTERNAL_H

#include "objects/deflater.h"
#include "objects/odb_internal.h"

#define BATCH_COUNT_MAX 200 /* objects that wait before they are written ahead */
#define BATCH_WHOLE_LEVEL 1 /* zstd's, for whole nodes */

/* An object that waits. */
struct pending {
	enum object_kind kind;
	bool has_changes, chunked;
	size_t len;        /* of memory, roughly */
	uint64_t base_loc; /* provisional or real, LOC_UNKNOWN: none */
	struct oid id;     /* blobs, tags */
	struct node *node, *base;
	struct deflate_job *job; /* whole leaves of a spilled batch: the worker compresses them meanwhile */
	struct buf data;         /* blobs: content or list of chunks; tags: canonical bytes */
	struct commit *commit;
	uint64_t last_merge_loc; /* before the commit itself */
	struct change_list changes;
};

/* What is left of an object once it is stored. */
struct place {
	uint64_t loc;
	uint8_t depth;
};

struct odb_batch {
	struct node_store nodes; /* first: odb_batch_nodes() */
	struct odb *odb;
	struct place *places; /* by provisional location */
	size_t count, place_capacity;
	struct pending *waiting; /* those from first_waiting on */
	size_t first_waiting, waiting_capacity;
	size_t waiting_len;    /* their sum */
	bool spilled;          /* some was written ahead: many objects, so frames of their own */
	bool reuses;           /* it names something that was found to be stored already, perhaps of no ref's */
	uint64_t reused_packs; /* odb_packs_mark before it was looked up */
	uint64_t spill_ticket; /* end of what was written ahead, or of what else is needed and not durable yet */
	unsigned spill_count;
	struct compressor *compressor;
	struct deflater *deflater; /* once spilled */
	struct compress_dict *dict; /* for whole leaves, once trained */
	struct buf dict_bytes;
	uint64_t dict_loc;
};

/* Under the append lock: what it found to be stored must not have been removed by a gc since. DRIFT_ERR_CLASH */
int odb_batch_check_reused(const struct odb_batch *b, struct drift_error *err) MUST_CHECK;

/* A waiting object by its provisional number, which is first_waiting or more. */
static inline struct pending *batch_waiting(const struct odb_batch *b, size_t index)
{
	return &b->waiting[index - b->first_waiting];
}

/* Write ahead what waits; in a bulk load the older half, while the worker has the rest. Takes the append lock unless this thread's odb holds it. */
int odb_batch_spill(struct odb_batch *batch, struct drift_error *err) MUST_CHECK;

/* Those before `end` are stored. */
void odb_batch_stored_until(struct odb_batch *batch, size_t end);

#endif
