/* A hash table of things found by object id. */
#ifndef OBJECTS_OID_TABLE_H
#define OBJECTS_OID_TABLE_H

#include "base/compiler.h"
#include "objects/oid.h"

struct oid_table_slot {
	const struct oid *id; /* NULL: free */
	void *item;
};

struct oid_table {
	struct oid_table_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};
#define OID_TABLE_INIT                                   \
	{                                                \
		.slots = NULL, .capacity = 0, .count = 0 \
	}

/* The table's own memory; the items are the caller's. */
void oid_table_release(struct oid_table *t);
/* NULL if there is none. */
void *oid_table_get(const struct oid_table *t, const struct oid *id);
/* The id, which must not be in the table yet, lives as long as the item is in it. */
int oid_table_put(struct oid_table *t, const struct oid *id, void *item, struct drift_error *err) MUST_CHECK;
/* Nothing happens if it is not there. */
void oid_table_remove(struct oid_table *t, const struct oid *id);

#endif
