#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refs.h"

static int add(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct ref_snapshot *s = data;
	char *copy = mem_dup_str(name, strlen(name));

	if (!copy || mem_grow(&s->items, &s->capacity, s->count + 1, sizeof(*s->items)) < 0) {
		free(copy);
		return error_no_memory(err);
	}
	s->items[s->count++] = (struct ref_snapshot_item){ copy, *value };
	return 0;
}

int ref_snapshot_take(struct odb *odb, const char *prefix, struct ref_snapshot *out, struct drift_error *err)
{
	struct ref_snapshot s = { .items = NULL };

	if (odb_ref_each(odb, prefix, add, &s, err)) {
		ref_snapshot_release(&s);
		return -1;
	}
	*out = s;
	return 0;
}

static int compare(const void *name, const void *item)
{
	return strcmp(name, ((const struct ref_snapshot_item *)item)->name);
}

const struct ref_value *ref_snapshot_find(const struct ref_snapshot *s, const char *name)
{
	const struct ref_snapshot_item *found =
		s->count ? bsearch(name, s->items, s->count, sizeof(*s->items), compare) : NULL;

	return found ? &found->value : NULL;
}

void ref_snapshot_release(struct ref_snapshot *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].name);
	free(s->items);
	*s = (struct ref_snapshot){ .items = NULL };
}
