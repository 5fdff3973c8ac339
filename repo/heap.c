#include "repo/heap.h"

#include <stdlib.h>

#include "base/mem.h"

void heap_init(struct heap *h, bool (*before)(const void *a, const void *b))
{
	h->before = before;
	h->items = NULL;
	h->count = 0;
	h->capacity = 0;
}

void heap_release(struct heap *h)
{
	free(h->items);
	heap_init(h, h->before);
}

int heap_push(struct heap *h, void *item, struct drift_error *err)
{
	size_t i;

	if (mem_grow(&h->items, &h->capacity, h->count + 1, sizeof(*h->items)) < 0)
		return error_no_memory(err);
	for (i = h->count++; i; i = (i - 1) / 2) {
		if (!h->before(item, h->items[(i - 1) / 2]))
			break;
		h->items[i] = h->items[(i - 1) / 2];
	}
	h->items[i] = item;
	return 0;
}

void *heap_top(const struct heap *h)
{
	return h->count ? h->items[0] : NULL;
}

void *heap_pop(struct heap *h)
{
	void *top, *last;
	size_t i = 0;

	if (!h->count)
		return NULL;
	top = h->items[0];
	last = h->items[--h->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->count)
			break;
		if (child + 1 < h->count && h->before(h->items[child + 1], h->items[child]))
			child++;
		if (!h->before(h->items[child], last))
			break;
		h->items[i] = h->items[child];
		i = child;
	}
	h->items[i] = last;
	return top;
}
