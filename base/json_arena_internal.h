/* Memory that goes all at once: what a JSON document, a diff or a merge allocates. */
#ifndef BASE_JSON_ARENA_INTERNAL_H
#define BASE_JSON_ARENA_INTERNAL_H

#include <stddef.h>

struct json_arena_block;

struct json_arena {
	struct json_arena_block *blocks;
	char *pos, *end;
	size_t size; /* of all blocks */
};

void json_arena_init(struct json_arena *a);
void json_arena_release(struct json_arena *a);
/* A block that json_arena_alloc calls when there is no room; NULL without memory. */
void *json_arena_alloc_block(struct json_arena *a, size_t size);
/* The bytes with a NUL behind them; NULL without memory. */
char *json_arena_copy(struct json_arena *a, const void *data, size_t len);

/* size bytes aligned for pointers and 64-bit integers, not cleared; NULL without memory. */
static inline void *json_arena_alloc(struct json_arena *a, size_t size)
{
	char *p = a->pos;

	if (size > (size_t)(a->end - p))
		return json_arena_alloc_block(a, size);
	size = (size + 7) & ~(size_t)7;
	a->pos += size;
	return p;
}

#endif
