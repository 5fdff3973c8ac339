/* A growing hash table from 64-bit hashes (or anything but 0) to 64-bit numbers, for one thread. */
#ifndef REPO_PLACE_TABLE_H
#define REPO_PLACE_TABLE_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct place_table {
	struct place_slot {
		uint64_t key, value;
	} * slots;
	uint64_t capacity, count; /* capacity: 0 or a power of two */
};

void place_table_release(struct place_table *t);
/* Where the value of a key stands, 0 if it is new; NULL without memory. Valid until the next call. */
uint64_t *place_table_at(struct place_table *t, uint64_t key);
/* 0 if it is not there. */
uint64_t place_table_get(const struct place_table *t, uint64_t key);

#endif
