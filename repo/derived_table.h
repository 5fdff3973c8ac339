/*
 * A sorted table of pairs of numbers, derived from all that stands in a stretch of the store: a file under cache/ that may vanish
 * or be damaged at any time. See Documentation/drift-format-cache.adoc.
 */
#ifndef REPO_DERIVED_TABLE_H
#define REPO_DERIVED_TABLE_H

#include "repo/repo.h"

enum derived_kind { DERIVED_BLOBS, DERIVED_GRAPH };

struct derived_entry {
	uint64_t key, value;
};

/* What a table is of: all that stands in [from, to). Locations are names for ever, so that never changes. */
struct derived_mark {
	enum derived_kind kind;
	unsigned char store_id[16];
	uint64_t from, to;
	struct object_ref newest; /* commit in it, by which a store put back from a copy shows; zero id: there is none */
};

/*
 * A table: a file, or the same bytes in memory. Blocks of 4096 bytes, little endian, the last four a CRC-32C:
 *
 *   head: "DRIFTBLB" or "DRIFTGRF" by kind, u32 version 2, u32 zero, 16-byte store id, u64 from, u64 to, newest commit's id and u64 location,
 *         u64 entry count, zeros; the sum is of all before it
 *   each block then: 255 entries (u64 key, u64 value), in order of key, then value; the last is filled up with
 *         zeros; twelve zeros; the sum is of head bytes 16 to 87, the block's number (u64, 1 for the first) and all before it
 *
 * Every block is checked each time that it is read.
 */
struct derived_table;

#define DERIVED_BLOCK_LEN 4096

/* DRIFT_ERR_NOT_FOUND, DRIFT_ERR_CORRUPT. */
int derived_table_open(const char *path, struct derived_table **out, struct drift_error *err) MUST_CHECK;
/* Takes bytes over if it succeeds. */
int derived_table_from_memory(struct buf *bytes, struct derived_table **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void derived_table_free(struct derived_table *t);
const struct derived_mark *derived_table_mark(const struct derived_table *t);
uint64_t derived_table_count(const struct derived_table *t);
/* Entry i (i < count). */
int derived_table_get(struct derived_table *t, uint64_t i, struct derived_entry *out, struct drift_error *err) MUST_CHECK;
/* Read all of it: DRIFT_ERR_CORRUPT if a block is damaged or entries are out of order. */
int derived_table_check(struct derived_table *t, struct drift_error *err) MUST_CHECK;
/* The number of the first entry whose key is not below. */
int derived_table_search(struct derived_table *t, uint64_t print, uint64_t *i_out, struct drift_error *err) MUST_CHECK;

/* Entries in order: 1 / 0 / -1. */
struct derived_source {
	int (*next)(struct derived_source *self, struct derived_entry *out, struct drift_error *err);
};
/* path NULL: in memory. The file replaces what was there, at once, not durably. Equal entries are written once. */
int derived_table_write(const char *path, const struct derived_mark *mark, struct derived_source *source,
		     struct derived_table **out, struct drift_error *err) MUST_CHECK;
/* What either has, from the mark of a and to the greater end. */
int derived_table_merge(const char *path, struct derived_table *a, struct derived_table *b, struct derived_table **out,
		     struct drift_error *err) MUST_CHECK;

#endif
