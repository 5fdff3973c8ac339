/* A binary heap of pointers, the one that comes first on top. */
#ifndef REPO_HEAP_H
#define REPO_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

struct heap {
	bool (*before)(const void *a, const void *b);
	void **items; /* items[0] is the top */
	size_t count, capacity;
};

void heap_init(struct heap *h, bool (*before)(const void *a, const void *b));
/* Frees the heap's own memory; the items are the caller's. */
void heap_release(struct heap *h);
int heap_push(struct heap *h, void *item, struct drift_error *err) MUST_CHECK;
/* The top without taking it, or NULL. */
void *heap_top(const struct heap *h);
/* Takes the top; NULL when empty. */
void *heap_pop(struct heap *h);

#endif
