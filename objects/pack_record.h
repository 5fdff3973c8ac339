/*
 * Records as the groups of a pack have them, all in the forms of record.h but for what the group knows:
 *
 *   blob          u8 0x01, u64 family, its bytes. No id: it is the hash. A chunked one is as in a journal (0x31,
 *       id, ...).
 *   whole node    u8 0x02, varint node length, node, locations: as in a journal
 *   changed node  u8 0x22, edit list; depth and base are left out: the base is the item before it in the group
 *
 * The family of a blob is a number that the versions of a document share: the location of the first one known.
 * Locations are relative to the record's own location, which is where it first stood. In root maps a root id of 32
 * zeros stands for the id of the node at the entry's location, and in the record of a commit a tree id of zeros for
 * that of the node at the tree's location.
 */
#ifndef OBJECTS_PACK_RECORD_H
#define OBJECTS_PACK_RECORD_H

#include "objects/group_cache.h"
#include "objects/record.h"

/*
 * Parse an item whose location is loc. A changed node has base_loc LOC_UNKNOWN and depth 0; a plain blob has a zero
 * id.
 */
int pack_record_parse(const void *data, size_t len, uint64_t loc, struct record *out,
		      struct drift_error *err) MUST_CHECK;
/* The family of a plain blob: 1, or 0 for everything else. */
int pack_record_family(const void *data, size_t len, uint64_t *family_out);
/*
 * How many items before `index` the whole node stands that it is built on: 0 for what is whole. DRIFT_ERR_CORRUPT if
 * there is none.
 */
int pack_record_depth(const struct group *group, uint32_t index, unsigned *depth_out,
		      struct drift_error *err) MUST_CHECK;

/*
 * The node that is item `index`, from its group alone: all its deltas applied in one go. id NULL: it is computed;
 * else it must match. A root map with derived ids is refused here (see pack_node_complete).
 */
int pack_record_node(const struct group *group, uint32_t index, uint64_t loc, struct compressor *z,
		     const struct oid *id, struct node **node_out, struct drift_error *err) MUST_CHECK;

/* Does this node, of a root map, have ids left out? Then fill in those that `resolve` gives for their locations. */
struct pack_resolver {
	int (*resolve)(struct pack_resolver *self, uint64_t loc, struct oid *id_out, struct drift_error *err);
};
int pack_root_complete(const void *bytes, size_t len, const uint64_t *locs, struct pack_resolver *resolver,
		       struct buf *out, struct drift_error *err) MUST_CHECK;

/* --- encoding: appended to out --- */

int pack_record_put_blob(uint64_t family, const void *data, size_t len, struct buf *out,
			 struct drift_error *err) MUST_CHECK;
/* hollow: leave out the root ids whose locations are known (root maps only). */
int pack_record_put_node(const struct node *node, uint64_t loc, bool hollow, struct buf *out,
			 struct drift_error *err) MUST_CHECK;
/* node against the newer version that is the item before it. */
int pack_record_put_edit(const struct node *base, const struct node *node, uint64_t loc, struct buf *out,
			 struct drift_error *err) MUST_CHECK;

#endif
