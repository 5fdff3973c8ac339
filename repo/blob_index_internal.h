/* What the index of objects that no other index has consists of, and its files. */
#ifndef REPO_BLOB_INDEX_INTERNAL_H
#define REPO_BLOB_INDEX_INTERNAL_H

#include "repo/blob_index.h"

/* What an entry leads to, in the lowest bits of its print. */
enum blob_kind {
	BLOB_KIND_DOCUMENT = 0, /* stands in the leaf at loc */
	BLOB_KIND_ROOT = 1,     /* of a collection's documents, at loc */
	BLOB_KIND_NODE = 2      /* any other node, at loc */
};
#define BLOB_KIND_MASK ((uint64_t)3)

struct blob_entry {
	uint64_t print; /* the first bytes of the id, big endian, the lowest two bits a blob_kind */
	uint64_t loc;
};

uint64_t blob_print(const struct oid *id, enum blob_kind kind);

/* What a table is of: all that stands in [from, to). Locations are names for ever, so that never changes. */
struct blob_mark {
	unsigned char store_id[16];
	uint64_t from, to;
	struct object_ref newest; /* commit in it, by which a store put back from a copy shows; zero id: there is none */
};

/*
 * A table: a file, or the same bytes in memory. Blocks of 4096 bytes, little endian, the last four a CRC-32C:
 *
 *   head: "DRIFTBLB", u32 version 2, u32 zero, 16-byte store id, u64 from, u64 to, newest commit's id and u64 location,
 *         u64 entry count, zeros; the sum is of all before it
 *   each block then: 255 entries (u64 print, u64 location), in order of print, then location; the last is filled up with
 *         zeros; twelve zeros; the sum is of head bytes 16 to 87, the block's number (u64, 1 for the first) and all before it
 *
 * Every block is checked each time that it is read.
 */
struct blob_table;

#define BLOB_BLOCK_LEN 4096

/* DRIFT_ERR_NOT_FOUND, DRIFT_ERR_CORRUPT. */
int blob_table_open(const char *path, struct blob_table **out, struct drift_error *err) MUST_CHECK;
/* Takes bytes over if it succeeds. */
int blob_table_from_memory(struct buf *bytes, struct blob_table **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void blob_table_free(struct blob_table *t);
const struct blob_mark *blob_table_mark(const struct blob_table *t);
uint64_t blob_table_count(const struct blob_table *t);
/* Entry i (i < count). */
int blob_table_get(struct blob_table *t, uint64_t i, struct blob_entry *out, struct drift_error *err) MUST_CHECK;
/* Read all of it: DRIFT_ERR_CORRUPT if a block is damaged or entries are out of order. */
int blob_table_check(struct blob_table *t, struct drift_error *err) MUST_CHECK;
/* The number of the first entry whose print is not below. */
int blob_table_search(struct blob_table *t, uint64_t print, uint64_t *i_out, struct drift_error *err) MUST_CHECK;

/* Entries in order: 1 / 0 / -1. */
struct blob_source {
	int (*next)(struct blob_source *self, struct blob_entry *out, struct drift_error *err);
};
/* path NULL: in memory. The file replaces what was there, at once, not durably. Equal entries are written once. */
int blob_table_write(const char *path, const struct blob_mark *mark, struct blob_source *source,
		     struct blob_table **out, struct drift_error *err) MUST_CHECK;
/* What either has, from the mark of a and to the greater end. */
int blob_table_merge(const char *path, struct blob_table *a, struct blob_table *b, struct blob_table **out,
		     struct drift_error *err) MUST_CHECK;

struct blob_scan_options {
	const char *dir; /* for temporary files; NULL: all is done in memory */
	uint64_t from;   /* what stands before is known already */
	const struct blob_progress *progress; /* or NULL */
};
/*
 * Make a table of what stands from options->from on, through all cores; seen_out: up to where. The table's mark ends where what
 * cannot vanish any more does, or before.
 */
int blob_scan(struct repo *repo, const struct blob_scan_options *options, const char *path, struct blob_table **out,
	      uint64_t *seen_out, struct drift_error *err) MUST_CHECK;

#endif
