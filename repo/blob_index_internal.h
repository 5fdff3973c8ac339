/* What the index of inline documents consists of, and its file. */
#ifndef REPO_BLOB_INDEX_INTERNAL_H
#define REPO_BLOB_INDEX_INTERNAL_H

#include "repo/blob_index.h"

/* A leaf that entries point into. */
struct blob_node {
	struct oid id;
	uint64_t loc;
};

struct blob_entry {
	struct oid id;
	uint32_t node, slot;
};

/* What the index was made of: the store is the same as long as these are. */
struct blob_mark {
	uint64_t file_count, used_bytes;
	struct object_ref newest; /* commit; zero id: there is none */
};

struct blob_table {
	struct blob_mark mark;
	struct blob_node *nodes;
	size_t node_count, node_capacity;
	struct blob_entry *entries; /* in order of id, each once */
	size_t entry_count, entry_capacity;
	uint64_t *prints; /* of the ids of all tree nodes, in order: whether it is worth while to look for one */
	size_t print_count, print_capacity;
};

void blob_table_release(struct blob_table *t);
/* The first bytes of an id. */
uint64_t blob_print(const struct oid *id);

/*
 * The file: "DRIFTBLB", u32 version, then u64 file_count and used_bytes, the newest commit's id and u64 location, u64 node count,
 * u64 entry count, u64 print count, the nodes (id, u64 location), the entries (id, u32 node, u32 slot), the prints (u64), CRC-32C
 * of all that.
 */
void blob_table_encode(const struct blob_table *t, struct buf *out);
/* DRIFT_ERR_CORRUPT; t is unchanged then. */
int blob_table_decode(const void *data, size_t len, struct blob_table *t, struct drift_error *err) MUST_CHECK;

/* Read all tree nodes of the store; the mark's newest commit is set, too. */
int blob_table_scan(struct repo *repo, struct blob_table *t, struct drift_error *err) MUST_CHECK;

#endif
