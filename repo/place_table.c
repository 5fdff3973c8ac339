#include "repo/place_table.h"

#include <stdlib.h>

#include "base/mem.h"

#define CAPACITY_MIN 64

void place_table_release(struct place_table *t)
{
	free(t->slots);
	*t = (struct place_table){ .slots = NULL };
}

static struct place_slot *find(const struct place_table *t, uint64_t key)
{
	uint64_t i = (key ^ key >> 31) * UINT64_C(0x9e3779b97f4a7c15) >> 20;

	while (t->slots[i & (t->capacity - 1)].key && t->slots[i & (t->capacity - 1)].key != key)
		i++;
	return &t->slots[i & (t->capacity - 1)];
}

static int grow(struct place_table *t)
{
	struct place_table larger = { .capacity = t->capacity ? 2 * t->capacity : CAPACITY_MIN, .count = t->count };
	uint64_t i;

	larger.slots = mem_calloc((size_t)larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (i = 0; i < t->capacity; i++)
		if (t->slots[i].key)
			*find(&larger, t->slots[i].key) = t->slots[i];
	free(t->slots);
	*t = larger;
	return 0;
}

uint64_t *place_table_at(struct place_table *t, uint64_t key)
{
	struct place_slot *slot;

	if (4 * (t->count + 1) > 3 * t->capacity && grow(t) < 0)
		return NULL;
	slot = find(t, key);
	if (!slot->key) {
		slot->key = key;
		slot->value = 0;
		t->count++;
	}
	return &slot->value;
}

uint64_t place_table_get(const struct place_table *t, uint64_t key)
{
	return t->capacity ? find(t, key)->value : 0;
}
