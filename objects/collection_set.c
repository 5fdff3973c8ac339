#include "objects/collection_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/node.h"
#include "objects/tree.h"

/* Where it stands, or would. */
static size_t find(const struct collection_set *set, const char *name, size_t len, bool *found_out)
{
	size_t low = 0, high = set->count;

	*found_out = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = key_compare(set->items[middle].name, set->items[middle].len, name, len);

		if (!order) {
			*found_out = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool collection_set_has(const struct collection_set *set, const char *name, size_t len)
{
	bool found;

	if (!set || (len == strlen(TREE_RESERVED) && !memcmp(name, TREE_RESERVED, len)))
		return true;
	find(set, name, len, &found);
	return found;
}

int collection_set_add(struct collection_set *set, const char *name, size_t len, struct drift_error *err)
{
	size_t at;
	char *copy;
	bool found;

	if (collection_set_has(set, name, len))
		return 0;
	if (mem_grow(&set->items, &set->capacity, set->count + 1, sizeof(*set->items)))
		return error_no_memory(err);
	copy = mem_dup_str(name, len);
	if (!copy)
		return error_no_memory(err);
	at = find(set, name, len, &found);
	memmove(&set->items[at + 1], &set->items[at], (set->count - at) * sizeof(*set->items));
	set->items[at] = (struct collection_name){ copy, len };
	set->count++;
	return 0;
}

int collection_set_parse(struct collection_set *set, const char *text, struct drift_error *err)
{
	for (;;) {
		size_t all = strcspn(text, ","), len = all;

		if (len && text[len - 1] == '/')
			len--;
		if (!all)
			return error_set(err, DRIFT_ERR_INVALID, "a collection's name is missing");
		if ((len && collection_check(text, len, err)) || collection_set_add(set, text, len, err))
			return -1;
		if (!text[all])
			return 0;
		text += all + 1;
	}
}

int collection_set_join(struct collection_set *set, const struct collection_set *from, struct drift_error *err)
{
	for (size_t i = 0; i < from->count; i++)
		if (collection_set_add(set, from->items[i].name, from->items[i].len, err))
			return -1;
	return 0;
}

void collection_set_release(struct collection_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->items[i].name);
	free(set->items);
	*set = (struct collection_set){ .items = NULL };
}
