/* What the files of the collector share. */
#ifndef REPO_GC_INTERNAL_H
#define REPO_GC_INTERNAL_H

#include "objects/odb_exact.h"
#include "objects/pack_write.h"
#include "objects/record.h"

/*
 * The family of a node or blob: versions of one thing have the same, and neighbours by key are next to each other in
 * order of memcmp. Of a node: 1, kind of map, level, the first bytes of its first key, hash of all of that key; of a
 * blob: 2, a number that it shares with those it was stored as a delta against; of a list of chunks: 3, its location.
 */
#define GC_FAMILY_LEN 32
enum gc_family_kind { GC_FAMILY_NODE = 1, GC_FAMILY_BLOB = 2, GC_FAMILY_CHUNKED = 3 };

struct gc_family {
	unsigned char bytes[GC_FAMILY_LEN];
};

/* Remembers families by location, in bounded memory, as a delta tells what it does not share with its base. */
struct gc_families;
int gc_families_new(struct odb *odb, struct gc_families **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_families_free(struct gc_families *f);
/* The family of a record at its location; blob_family: of a blob in a pack, what its item says, else 0. */
int gc_family_of(struct gc_families *f, const struct record *record, uint64_t blob_family, struct gc_family *out,
		 struct drift_error *err) MUST_CHECK;

/* Items that must stand in one group: a whole node and its deltas, or one blob. */
struct gc_unit {
	struct buf bytes;
	struct buf lens; /* uint32_t each */
	struct buf locs; /* uint64_t each */
	size_t count;
	size_t item_at; /* where in bytes the next item begins */
};
void gc_unit_init(struct gc_unit *u);
void gc_unit_clear(struct gc_unit *u);
void gc_unit_release(struct gc_unit *u);
/* What was added to u->bytes since the last item is the next one. */
void gc_unit_item(struct gc_unit *u, uint64_t loc);

struct gc_groups;

/*
 * The nodes of one family, oldest first, told apart in lines: versions of one node. Each line is written as runs, the
 * newest version whole, older ones as edit lists against the one before; what is held at once is bounded.
 */
struct gc_lines;
int gc_lines_new(struct gc_groups *groups, struct gc_lines **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_lines_free(struct gc_lines *l);
/* base_loc: the version that this one was made from, if it is known. */
int gc_lines_add(struct gc_lines *l, struct node *node, uint64_t base_loc, struct drift_error *err) MUST_CHECK;
/* The family ends. */
int gc_lines_end(struct gc_lines *l, struct drift_error *err) MUST_CHECK;

/* Units to groups: cut in stretches, each written as one group or as pieces, whichever pays. */
int gc_groups_new(struct pack_writer *w, int level, size_t stretch_len, struct gc_groups **out,
		  struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_groups_free(struct gc_groups *g);
/* sort: units of another sort begin a new stretch. */
int gc_groups_add(struct gc_groups *g, unsigned sort, const struct gc_unit *unit, struct drift_error *err) MUST_CHECK;
int gc_groups_finish(struct gc_groups *g, struct drift_error *err) MUST_CHECK;

#endif
