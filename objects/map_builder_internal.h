/* A node in the making, and the list of changes that one level of a map hands to the level above. */
#ifndef OBJECTS_MAP_BUILDER_INTERNAL_H
#define OBJECTS_MAP_BUILDER_INTERNAL_H

#include "objects/map.h"
#include "objects/node_internal.h"

/* Entries are gathered behind room for the head, which is written last, when their count is known. */
struct node_builder {
	enum map_kind kind;
	unsigned level;
	size_t count; /* entries */
	size_t len;   /* of the entries */
	size_t last;  /* where the last entry begins */
	bool has_locs;
	uint64_t *locs; /* with has_locs: of each entry */
	size_t locs_capacity;
	unsigned char memory[NODE_HEAD_MAX + NODE_LEN_MAX];
};

void node_builder_start(struct node_builder *b, enum map_kind kind, unsigned level);
void node_builder_reset(struct node_builder *b);
void node_builder_release(struct node_builder *b);

/* Append entries [from, to) of a node of the same kind and level. DRIFT_ERR_CORRUPT if it gets too long. */
int node_builder_copy(struct node_builder *b, const struct node *node, size_t from, size_t to,
		      struct drift_error *err) MUST_CHECK;
/* Append an entry; of an inner level if it has a child. */
int node_builder_add(struct node_builder *b, const struct node_entry *entry, struct drift_error *err) MUST_CHECK;
/* Does the last entry end the node? */
bool node_builder_ends(const struct node_builder *b);
const unsigned char *node_builder_last_key(const struct node_builder *b, size_t *len_out);
/* Write the head: the canonical bytes, valid until the next change. */
const unsigned char *node_builder_finish(struct node_builder *b, size_t *len_out);
void node_builder_sums(const struct node_builder *b, uint64_t *count_out, uint64_t *bytes_out);

/* What became of a node, for its parent: gone, or there with that id. */
struct child_change {
	size_t key; /* offset in the list's keys */
	uint32_t key_len;
	bool remove;
	struct oid id;
	uint64_t loc, count, bytes;
};

/* In strictly ascending order of key. */
struct child_changes {
	struct child_change *items;
	size_t count, capacity;
	struct buf keys;
};

void child_changes_release(struct child_changes *list);
void child_changes_clear(struct child_changes *list);
/* Insert where it belongs, which is near the end, unless a node is put under that very key. */
int child_changes_remove(struct child_changes *list, const void *key, size_t key_len,
			 struct drift_error *err) MUST_CHECK;
/* Likewise; it replaces a removal of the same key. */
int child_changes_put(struct child_changes *list, const void *key, const struct child_change *change,
		      struct drift_error *err) MUST_CHECK;
const unsigned char *child_change_key(const struct child_changes *list, const struct child_change *change);

#endif
