#include "repo/change_lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* While paths are collected their bytes may move, so only where they stand is kept. */
struct found {
	size_t at, collection_len, key_len;
	uint64_t kinds;
};

struct collector {
	struct found *items;
	size_t count, capacity;
	size_t count_before; /* when the current parent began */
	struct buf paths;
	unsigned parent;
};

void change_list_init(struct change_list *list)
{
	memset(list, 0, sizeof(*list));
	list->complete = true;
	buf_init(&list->memory);
}

static int collect(void *data, const struct path *path, const struct document *a, const struct document *b,
		   struct drift_error *err)
{
	struct collector *c = data;
	uint64_t kind = !a ? CHANGE_ADD : !b ? CHANGE_DELETE : CHANGE_MODIFY;
	struct found *item;

	if (c->count - c->count_before == CHANGE_LIST_MAX)
		return 1;
	if (mem_grow(&c->items, &c->capacity, c->count + 1, sizeof(*c->items)))
		return error_no_memory(err);
	item = &c->items[c->count++];
	item->at = c->paths.len;
	item->collection_len = path->collection_len;
	item->key_len = path->key_len;
	item->kinds = kind << 2 * c->parent;
	buf_add(&c->paths, path->collection, path->collection_len);
	buf_add(&c->paths, path->key, path->key_len);
	return buf_check(&c->paths, err);
}

/* What else the commit changes nobody can list here; once the collection is here, trees are compared. */
static int give_up(void *data, const char *name, size_t name_len, const struct descriptor *a, const struct descriptor *b,
		   struct drift_error *err)
{
	(void)data, (void)name, (void)name_len, (void)a, (void)b, (void)err;
	return 1;
}

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return path_compare(&x->path, &y->path);
}

/* One change a path, whatever the number of parents that it differs from. */
static void combine(struct change_list *list)
{
	size_t i, kept = 0;

	qsort(list->changes, list->count, sizeof(*list->changes), by_path);
	for (i = 0; i < list->count; i++) {
		if (kept && !by_path(&list->changes[kept - 1], &list->changes[i]))
			list->changes[kept - 1].kinds |= list->changes[i].kinds;
		else
			list->changes[kept++] = list->changes[i];
	}
	list->count = kept;
}

static int finish(struct collector *c, size_t parent_count, struct change_list *list, struct drift_error *err)
{
	size_t i;

	if (!c->count)
		return 0;
	list->changes = mem_calloc(c->count, sizeof(*list->changes));
	if (!list->changes)
		return error_no_memory(err);
	for (i = 0; i < c->count; i++) {
		const struct found *item = &c->items[i];
		struct change *change = &list->changes[i];

		change->path.collection = c->paths.data + item->at;
		change->path.collection_len = item->collection_len;
		change->path.key = c->paths.data + item->at + item->collection_len;
		change->path.key_len = item->key_len;
		change->kinds = item->kinds;
	}
	list->count = c->count;
	list->memory = c->paths;
	buf_init(&c->paths);
	if (parent_count > 1)
		combine(list);
	if (list->count > CHANGE_LIST_MAX) {
		list->complete = false;
		list->count = 0;
	}
	return 0;
}

int change_list_compare(struct node_store *store, const struct tree_root *parents, size_t parent_count,
			const struct tree_root *tree, struct change_list *list_out, struct drift_error *err)
{
	struct collector c = { .paths = BUF_INIT };
	struct tree_diff_options options = { .each = collect, .data = &c, .each_absent = give_up };
	struct change_list list;
	struct tree_root empty;
	int r = 0;

	change_list_init(&list);
	tree_empty(&empty);
	if (!parent_count) {
		parents = &empty;
		parent_count = 1;
	}
	for (c.parent = 0; c.parent < parent_count && !r; c.parent++) {
		c.count_before = c.count;
		r = tree_diff(store, &parents[c.parent], tree, &options, err);
	}
	if (r > 0)
		list.complete = false;
	else if (!r)
		r = finish(&c, parent_count, &list, err);
	free(c.items);
	buf_release(&c.paths);
	if (r < 0) {
		change_list_release(&list);
		return -1;
	}
	*list_out = list;
	return 0;
}
