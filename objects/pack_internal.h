/* What objects/pack*.c share of an open pack. */
#ifndef OBJECTS_PACK_INTERNAL_H
#define OBJECTS_PACK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "objects/pack.h"
#include "objects/pack_block_internal.h"
#include "objects/pack_index.h"
#include "objects/pack_map.h"

#define PACK_SPARE_MAX 8
#define PACK_RETIRED_MAX 4

/* The groups of one kind. */
struct pack_part {
	const unsigned char *lines; /* group_count + 1: u64 offset, u64 ordinal of the first item */
	uint64_t group_count, item_count;
};

struct pack {
	struct pack_name name;
	struct pack_options options; /* dir is not kept */
	unsigned char store_id[16];
	char *path, *index_path, *dir;
	uint64_t owner; /* in the cache of groups */
	int fd;
	uint64_t len;
	uint32_t seed;
	void *mapping; /* of the file */
	uint64_t heads_at, map_at, groups_at;
	struct pack_part stubs, objects;
	struct pack_map map;
	pthread_mutex_t mutex; /* of what follows */
	struct compress_dict *dict;
	struct compressor *spare[PACK_SPARE_MAX];
	size_t spare_count;
	pthread_mutex_t index_mutex; /* while an index is made */
	struct pack_index *_Atomic index;
	struct pack_index *retired[PACK_RETIRED_MAX]; /* were damaged; somebody may still look into them */
	size_t retired_count;
};

const struct pack_part *pack_part(const struct pack *pack, enum pack_block_kind kind);
/* A block: its raw bytes, to be freed. */
int pack_block_raw(struct pack *pack, enum pack_block_kind kind, uint64_t offset, uint64_t end, unsigned char **raw_out,
		   size_t *len_out, struct drift_error *err) MUST_CHECK;
/* A group as it is in the file now, whatever the cache holds. */
int pack_group_load(struct pack *pack, enum pack_block_kind kind, uint64_t number, struct group **group_out,
		    struct drift_error *err) MUST_CHECK;

#endif
