#include "base/json_arena_internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN ((size_t)2048 - 64)
#define BLOCK_MAX ((size_t)1 << 20)

struct json_arena_block {
	struct json_arena_block *next;
	_Alignas(8) char data[];
};

void json_arena_init(struct json_arena *a)
{
	a->blocks = NULL;
	a->pos = a->end = NULL;
	a->size = 0;
}

void json_arena_release(struct json_arena *a)
{
	struct json_arena_block *block = a->blocks, *next;

	for (; block; block = next) {
		next = block->next;
		free(block);
	}
	json_arena_init(a);
}

void *json_arena_alloc_block(struct json_arena *a, size_t size)
{
	size_t room = a->size < BLOCK_MIN ? BLOCK_MIN : a->size > BLOCK_MAX ? BLOCK_MAX : a->size;
	struct json_arena_block *block;
	size_t rounded;

	if (size > SIZE_MAX / 4)
		return NULL;
	rounded = (size + 7) & ~(size_t)7;
	/* What is large gets a block of its own, and the current one stays in use. */
	if (rounded > room / 2)
		room = rounded;
	block = malloc(sizeof(*block) + room);
	if (!block)
		return NULL;
	block->next = a->blocks;
	a->blocks = block;
	a->size += room;
	if (room - rounded > (size_t)(a->end - a->pos)) {
		a->pos = block->data + rounded;
		a->end = block->data + room;
	}
	return block->data;
}

char *json_arena_copy(struct json_arena *a, const void *data, size_t len)
{
	char *p = len < SIZE_MAX ? json_arena_alloc(a, len + 1) : NULL;

	if (!p)
		return NULL;
	if (len)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}
