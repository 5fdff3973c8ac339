#include "objects/change_heads.h"

#include <stdlib.h>

#include "base/mem.h"
#include "objects/odb_internal.h"

#define CAPACITY_MIN 64

void change_heads_release(struct change_heads *heads)
{
	free(heads->slots);
	*heads = (struct change_heads){ .slots = NULL };
}

/* Where the hash is, or the free slot where it belongs. */
static struct change_head *find(const struct change_heads *heads, uint64_t hash)
{
	size_t i = hash & (heads->capacity - 1);

	while (heads->slots[i].loc && heads->slots[i].hash != hash)
		i = (i + 1) & (heads->capacity - 1);
	return heads->slots + i;
}

static int make_room(struct change_heads *heads, struct drift_error *err)
{
	struct change_heads larger = *heads;

	if (2 * (heads->count + 1) <= heads->capacity)
		return 0;
	larger.capacity = heads->capacity ? 2 * heads->capacity : CAPACITY_MIN;
	larger.slots = mem_calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return error_no_memory(err);
	for (size_t i = 0; i < heads->capacity; i++)
		if (heads->slots[i].loc)
			*find(&larger, heads->slots[i].hash) = heads->slots[i];
	free(heads->slots);
	*heads = larger;
	return 0;
}

/* What the index knows: the newest change of a path, by its hash, and the newest marker. */
static int look_up(struct odb *odb, uint64_t hash, uint64_t *loc_out, uint64_t *marker_out, struct drift_error *err)
{
	struct store_index *index;
	int r;

	do {
		index = odb_index(odb);
		if (loc_out)
			*loc_out = index_get_path(index, hash);
		if (marker_out)
			*marker_out = index_marker_head(index);
		r = odb_index_mended(odb, index, err);
	} while (r > 0);
	return r;
}

static int find_before(struct odb *odb, const struct path *path, uint64_t hash, uint64_t *loc_out, struct drift_error *err)
{
	if (look_up(odb, hash, loc_out, NULL, err) < 0)
		return -1;
	return *loc_out == LOC_UNKNOWN && odb_packed_path(odb, path, loc_out, err) < 0 ? -1 : 0;
}

int change_heads_link(struct change_heads *heads, struct odb *odb, struct change_list *list, uint64_t loc,
		      struct drift_error *err)
{
	list->previous_marker_loc = heads->marker_loc;
	if (!heads->marker_loc && look_up(odb, 0, NULL, &list->previous_marker_loc, err) < 0)
		return -1;
	if (!list->complete)
		heads->marker_loc = loc;
	for (size_t i = 0; i < list->count; i++) {
		const struct path *p = &list->changes[i].path;
		uint64_t hash = index_hash(odb_index(odb), p->collection, p->collection_len, p->key, p->key_len);
		struct change_head *head;

		if (make_room(heads, err) < 0)
			return -1;
		head = find(heads, hash);
		list->changes[i].previous_loc = head->loc;
		if (!head->loc && find_before(odb, p, hash, &list->changes[i].previous_loc, err) < 0)
			return -1;
		if (!head->loc)
			heads->count++;
		*head = (struct change_head){ .hash = hash, .loc = loc };
	}
	return 0;
}
