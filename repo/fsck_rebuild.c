#include <stddef.h>

#include "objects/map.h"
#include "repo/fsck_internal.h"

/* Keeps nothing but the count: what is saved is only hashed. */
struct hashing_store {
	struct node_store store;
	uint64_t saved;
};

static int hashing_load(struct node_store *store, const struct oid *id, uint64_t loc, struct node **out,
			struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	(void)store, (void)loc, (void)out;
	return error_set(err, DRIFT_ERR_NOT_FOUND, "tree node %s was only hashed", oid_to_hex(id, hex));
}

static int hashing_save(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc,
			struct node *base, struct oid *id_out, uint64_t *loc_out, struct drift_error *err)
{
	struct hashing_store *self = (struct hashing_store *)store;

	(void)child_loc, (void)base, (void)err;
	object_hash(OBJECT_TREE, bytes, len, id_out);
	*loc_out = ++self->saved;
	return 0;
}

struct entries {
	struct map_changes changes;
	struct map_cursor cursor;
};

static int next_entry(struct map_changes *self, struct map_change *out, struct drift_error *err)
{
	struct entries *e = (struct entries *)(void *)((char *)self - offsetof(struct entries, changes));
	struct node_entry entry;
	int r = map_cursor_next(&e->cursor, &entry, err);

	if (r > 0)
		*out = (struct map_change){ .key = entry.key,
					    .key_len = entry.key_len,
					    .value = entry.value,
					    .value_len = entry.value_len,
					    .loc = entry.loc };
	return r;
}

int fsck_rebuild_map(struct node_store *store, enum map_kind kind, const struct map_root *root, struct drift_error *err)
{
	struct hashing_store hashing = { { .load = hashing_load, .save = hashing_save }, 0 };
	struct entries entries = { .changes = { next_entry }, .cursor = MAP_CURSOR_INIT };
	struct map_root empty = { .count = 0 }, built = { .count = 0 };
	int r = map_cursor_seek(&entries.cursor, store, root, NULL, 0, err);

	if (!r)
		r = map_edit(&hashing.store, kind, &empty, &entries.changes, &built, err);
	map_cursor_release(&entries.cursor);
	return r < 0 ? -1 : oid_equal(&built.id, &root->id) && built.count == root->count && built.bytes == root->bytes;
}
