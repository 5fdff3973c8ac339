/* What the index of objects that no other index has consists of, and its files. */
#ifndef REPO_BLOB_INDEX_INTERNAL_H
#define REPO_BLOB_INDEX_INTERNAL_H

#include "repo/blob_index.h"
#include "repo/derived_table.h"

/* What an entry leads to, in the lowest bits of its print. */
enum blob_kind {
	BLOB_KIND_DOCUMENT = 0, /* stands in the leaf at loc */
	BLOB_KIND_ROOT = 1,     /* of a collection's documents, at loc */
	BLOB_KIND_NODE = 2      /* any other node, at loc */
};
#define BLOB_KIND_MASK ((uint64_t)3)

/* The key of an entry: the first bytes of the id, big endian, the lowest two bits a blob_kind. Its value is the location. */
uint64_t blob_print(const struct oid *id, enum blob_kind kind);

struct blob_scan_options {
	const char *dir; /* for temporary files; NULL: all is done in memory */
	uint64_t from;   /* what stands before is known already */
	const struct blob_progress *progress; /* or NULL */
};
/*
 * Make a table of what stands from options->from on, through all cores; seen_out: up to where. The table's mark ends where what
 * cannot vanish any more does, or before.
 */
int blob_scan(struct repo *repo, const struct blob_scan_options *options, const char *path, struct derived_table **out,
	      uint64_t *seen_out, struct drift_error *err) MUST_CHECK;

#endif
