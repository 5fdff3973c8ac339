/* A map as a sorted array, and the tree that the format document prescribes for it, built the plainest way. */
#ifndef T_UNIT_MAP_MODEL_H
#define T_UNIT_MAP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/map.h"

struct model_entry {
	unsigned char *key, *value;
	size_t key_len, value_len;
};

struct map_model {
	struct model_entry *entries;
	size_t count, capacity;
};

void map_model_release(struct map_model *m);
/* Index of the first entry with a key >= key. */
size_t map_model_search(const struct map_model *m, const void *key, size_t key_len, bool *equal_out);
void map_model_put(struct map_model *m, const void *key, size_t key_len, const void *value, size_t value_len);
void map_model_remove(struct map_model *m, const void *key, size_t key_len);
void map_model_copy(const struct map_model *m, struct map_model *out);

/* The root that the map must have; byte counts as of MAP_INDEX. */
void map_model_root(const struct map_model *m, enum map_kind kind, struct map_root *root_out);

/* A small generator of numbers, the same everywhere. */
struct dice {
	uint64_t state;
};
uint64_t dice_next(struct dice *d);
size_t dice_below(struct dice *d, size_t bound);
/* The seed of a property test: DRIFT_TEST_SEED or a new one; printed. */
uint64_t dice_seed(void);

#endif
