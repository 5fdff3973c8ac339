#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "merge/tree_merge_internal.h"

void path_list_release(struct path_list *l)
{
	free(l->items);
	buf_release(&l->bytes);
}

int path_list_add(struct path_list *l, const char *path, size_t len, struct drift_error *err)
{
	const struct path_list_item *last = l->count ? &l->items[l->count - 1] : NULL;

	if (last && last->len == len && !memcmp(l->bytes.data + last->at, path, len))
		return 0;
	if (mem_grow(&l->items, &l->capacity, l->count + 1, sizeof(*l->items)))
		return error_no_memory(err);
	l->items[l->count++] = (struct path_list_item){ l->bytes.len, len };
	buf_add(&l->bytes, path, len);
	return buf_check(&l->bytes, err);
}

void path_list_at(const struct path_list *l, size_t i, struct path *path_out)
{
	path_split(l->bytes.data + l->items[i].at, l->items[i].len, path_out);
}

static int compare(const void *a, const void *b)
{
	return path_compare(a, b);
}

int path_list_sort(struct path_list *l, struct drift_error *err)
{
	struct path *paths auto_free = NULL;
	size_t kept = 0;

	if (!l->count)
		return 0;
	paths = mem_calloc(l->count, sizeof(*paths));
	if (!paths)
		return error_no_memory(err);
	for (size_t i = 0; i < l->count; i++)
		path_list_at(l, i, &paths[i]);
	qsort(paths, l->count, sizeof(*paths), compare);
	for (size_t i = 0; i < l->count; i++) {
		const char *start = paths[i].collection;

		if (i && !path_compare(&paths[i - 1], &paths[i]))
			continue;
		l->items[kept++] = (struct path_list_item){ (size_t)(start - l->bytes.data),
							    (size_t)(paths[i].key - start) + paths[i].key_len };
	}
	l->count = kept;
	return 0;
}

size_t path_list_find(const struct path_list *l, const struct path *path, bool *equal_out)
{
	size_t low = 0, high = l->count;

	*equal_out = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct path at;
		int order;

		path_list_at(l, middle, &at);
		order = path_compare(&at, path);
		if (!order)
			*equal_out = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
