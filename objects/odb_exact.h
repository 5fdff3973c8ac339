/*
 * Reading what stands at a place, found nowhere else: for who checks, mends or packs. Everybody else asks odb.h, which
 * looks for an object by its id where its location does not lead to it.
 */
#ifndef OBJECTS_ODB_EXACT_H
#define OBJECTS_ODB_EXACT_H

#include "objects/odb.h"
#include "objects/txn.h"

/* The version of a node stored at loc, whatever its id, which is computed. */
int odb_node_at(struct odb *odb, uint64_t loc, struct node **out, struct drift_error *err) MUST_CHECK;
/*
 * Decode the node of a whole or delta record; base is what it stands on, or NULL. id NULL: not hashed, its id stays
 * zero.
 */
int odb_decode_node(struct odb *odb, const struct record *r, struct node *base, const struct oid *id, struct node **out,
		    struct drift_error *err) MUST_CHECK;
/* The bytes of the blob stored at loc, appended, and its id, to which they hash; depth_out may be NULL. */
int odb_blob_at(struct odb *odb, uint64_t loc, struct buf *out, struct oid *id_out, uint8_t *depth_out,
		struct drift_error *err) MUST_CHECK;

/* Did repair mark what stood at loc as lost? 1, 0, -1. */
int odb_lost(struct odb *odb, uint64_t loc, struct txn_lost *out, struct drift_error *err) MUST_CHECK;

/* Does the shared index, as it is at hand, name that place for the id? Nothing is read; false proves nothing. */
bool odb_leads_to(struct odb *odb, const struct oid *id, enum object_kind kind, uint64_t loc);

#endif
