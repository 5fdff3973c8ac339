#include "objects/oid_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CAPACITY_MIN 64

void oid_table_release(struct oid_table *t)
{
	free(t->slots);
	t->slots = NULL;
	t->capacity = 0;
	t->count = 0;
}

/* Ids are hashes already. */
static size_t home(const struct oid_table *t, const struct oid *id)
{
	size_t h;

	memcpy(&h, id->bytes, sizeof(h));
	return h & (t->capacity - 1);
}

/* Where the id is, or the free slot where it belongs. */
static size_t find(const struct oid_table *t, const struct oid *id)
{
	size_t i = home(t, id);

	while (t->slots[i].id && !oid_equal(t->slots[i].id, id))
		i = (i + 1) & (t->capacity - 1);
	return i;
}

void *oid_table_get(const struct oid_table *t, const struct oid *id)
{
	return t->capacity ? t->slots[find(t, id)].item : NULL;
}

static int grow(struct oid_table *t, struct drift_error *err)
{
	struct oid_table larger = { .capacity = t->capacity ? 2 * t->capacity : CAPACITY_MIN, .count = t->count };

	larger.slots = mem_calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return error_no_memory(err);
	for (size_t i = 0; i < t->capacity; i++) {
		if (t->slots[i].id)
			larger.slots[find(&larger, t->slots[i].id)] = t->slots[i];
	}
	free(t->slots);
	*t = larger;
	return 0;
}

int oid_table_put(struct oid_table *t, const struct oid *id, void *item, struct drift_error *err)
{
	if (2 * (t->count + 1) > t->capacity && grow(t, err) < 0)
		return -1;
	t->slots[find(t, id)] = (struct oid_table_slot){ .id = id, .item = item };
	t->count++;
	return 0;
}

void oid_table_remove(struct oid_table *t, const struct oid *id)
{
	size_t mask = t->capacity - 1, hole, i;

	if (!t->capacity)
		return;
	hole = find(t, id);
	if (!t->slots[hole].id)
		return;
	/* Close the gap, so that no search ends at it too early. */
	for (i = (hole + 1) & mask; t->slots[i].id; i = (i + 1) & mask) {
		size_t from_home = (i - home(t, t->slots[i].id)) & mask;

		if (from_home < ((i - hole) & mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = (struct oid_table_slot){ .id = NULL, .item = NULL };
	t->count--;
}
