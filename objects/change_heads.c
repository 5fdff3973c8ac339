#include "objects/change_heads.h"

#include <stdlib.h>

#include "base/mem.h"

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

int change_heads_link(struct change_heads *heads, struct store_index *index, struct change_list *list, uint64_t loc,
		      struct drift_error *err)
{
	list->previous_marker_loc = heads->marker_loc ? heads->marker_loc
						      : (uint64_t)atomic_load(&index_head(index)->marker_head);
	if (!list->complete)
		heads->marker_loc = loc;
	for (size_t i = 0; i < list->count; i++) {
		const struct path *p = &list->changes[i].path;
		uint64_t hash = index_hash(index, p->collection, p->collection_len, p->key, p->key_len);
		struct change_head *head;

		if (make_room(heads, err) < 0)
			return -1;
		head = find(heads, hash);
		list->changes[i].previous_loc = head->loc ? head->loc : index_get_path(index, hash);
		if (!head->loc)
			heads->count++;
		*head = (struct change_head){ .hash = hash, .loc = loc };
	}
	return 0;
}
