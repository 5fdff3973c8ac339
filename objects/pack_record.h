/*
 * Records as the groups of a pack have them, all in the forms of record.h but for what the group knows:
 *
 *   blob          u8 0x01, u64 family, its bytes. No id: it is the hash. A chunked one is as in a journal (0x31,
 *       id, ...).
 *   whole node    u8 0x3a, its own location (varint file, varint offset of the frame, u8 record), varint node
 *       length, node, locations
 *   changed node  u8 0x22, edit list (node_delta.h); the base is the item before it in the group
 *
 * The family of a blob is a number that the versions of a document share: the location of the first one known.
 *
 * Locations in a whole node and in all changed ones behind it are relative to the whole node's own location: the
 * greatest of them, for versions stand newest first. Those in a chunked blob are relative to its own, which the reader
 * knows.
 *
 * In root maps a root id of 32 zeros stands for the id of the node at the entry's location, and in the record of a
 * commit a tree id of zeros for that of the node at the tree's location. Root maps, commits and tags are in stubs, in
 * the forms of record.h.
 */
#ifndef OBJECTS_PACK_RECORD_H
#define OBJECTS_PACK_RECORD_H

#include "objects/group_cache.h"
#include "objects/record.h"

/*
 * Parse an item whose location is loc. A plain blob has a zero id. A whole node is as a raw record; that it tells
 * another location than loc is DRIFT_ERR_CORRUPT. A changed node has base_loc LOC_UNKNOWN, depth 0 and its edit list as
 * body, in which locations mean nothing without the whole node: see pack_record_node.
 */
int pack_record_parse(const void *data, size_t len, uint64_t loc, struct record *out,
		      struct drift_error *err) MUST_CHECK;
/* The family of a plain blob: 1, or 0 for everything else. */
int pack_record_family(const void *data, size_t len, uint64_t *family_out);
/*
 * How many items before `index` the whole node stands that it is built on: 0 for what is whole. DRIFT_ERR_CORRUPT if
 * there is none, or more than PACK_INNER_DEPTH_MAX.
 */
int pack_record_depth(const struct group *group, uint32_t index, unsigned *depth_out,
		      struct drift_error *err) MUST_CHECK;

/*
 * The node that is item `index`, from its group alone: all its deltas applied in one go. id NULL: it is computed;
 * else it must match. Its loc is `loc` and its depth 0, whatever had to be applied: who writes a delta against it
 * begins a new chain. A root map with ids left out is DRIFT_ERR_CORRUPT, as they are not left out in groups.
 */
int pack_record_node(const struct group *group, uint32_t index, uint64_t loc, const struct oid *id,
		     struct node **node_out, struct drift_error *err) MUST_CHECK;

struct pack_resolver {
	/* The id of the node stored at loc. */
	int (*resolve)(struct pack_resolver *self, uint64_t loc, struct oid *id_out, struct drift_error *err);
};
/*
 * The canonical bytes of a node of a root map that may have ids left out (locs: one an entry, or NULL), with those
 * that the resolver gives in place of zeros, appended to out. Other nodes are copied.
 */
int pack_root_complete(const void *bytes, size_t len, const uint64_t *locs, struct pack_resolver *resolver,
		       struct buf *out, struct drift_error *err) MUST_CHECK;

/* --- encoding: appended to out --- */

int pack_record_put_blob(uint64_t family, const void *data, size_t len, struct buf *out,
			 struct drift_error *err) MUST_CHECK;
/* A whole node. DRIFT_ERR_INVALID if it has a location that is not before loc's frame or in it. */
int pack_record_put_node(const struct node *node, uint64_t loc, struct buf *out, struct drift_error *err) MUST_CHECK;
/*
 * node against base, the newer version that is the item before it; whole_loc: the location of the whole node that the
 * run began with. DRIFT_ERR_INVALID if a location is behind that.
 */
int pack_record_put_edit(uint64_t whole_loc, const struct node *base, const struct node *node, struct buf *out,
			 struct drift_error *err) MUST_CHECK;
/*
 * A node of a root map for a stub, in the form of record.h, raw: the root ids whose locations are known are zeros if
 * it is a leaf.
 */
int pack_record_put_root(const struct node *node, uint64_t loc, struct buf *out, struct drift_error *err) MUST_CHECK;

#endif
