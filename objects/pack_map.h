/*
 * From locations to places in a pack, and back from the number of a frame: the MAP block, read as it lies in memory.
 *
 *   blocks of 32 frames; for each frame:
 *     but for the first of a block: varint 2 * (its offset less that of the frame before), or 2 * (file less the
 *         file before) + 1, varint offset
 *     u8 shape: bit 7: the frame has a stub; bits 0 to 6: k, the records 0 to k - 1 are in OBJECTS; 127: u8
 *         count, the u8 numbers, ascending
 *   then from the next byte on the ordinals of these records, in order, packed from the lowest bit; zeros fill the
 *       last byte
 *   the table, for each block: u64 location of its first frame, u64 its offset from the start of the map, u64
 *       ordinal of its first stub, u32 CRC-32C of these 24 bytes and of the block's
 *   u64 count of frames, u64 count of blocks, u8 bits of an ordinal, 7 zeros
 *
 * Stubs are in order of location, so theirs are counted.
 */
#ifndef OBJECTS_PACK_MAP_H
#define OBJECTS_PACK_MAP_H

#include <stdbool.h>

#include "objects/loc.h"

#define PACK_MAP_BLOCK 32

struct pack_map {
	const unsigned char *data; /* not ours */
	size_t len;
	uint64_t frame_count, block_count, stub_count, record_count;
	size_t table_at;
	unsigned ordinal_bits;
};

/*
 * Checks the counts at the end alone, so that opening costs the same however long the map is. Each block is checked,
 * with its line of the table, whenever it is read.
 */
int pack_map_init(struct pack_map *map, const void *data, size_t len, uint64_t stub_count, uint64_t record_count,
		  struct drift_error *err) MUST_CHECK;

enum pack_map_found { PACK_MAP_NONE = 0, PACK_MAP_RECORD = 1, PACK_MAP_STUB = 2 };

/*
 * The record itself if it is in OBJECTS; else the stub of its frame; loc_record 0xff: the stub. -1: the map is
 * damaged.
 */
int pack_map_find(const struct pack_map *map, uint64_t loc, uint64_t *ordinal_out, struct drift_error *err) MUST_CHECK;
/* The number of a frame (for index values): 1 / 0 / -1. */
int pack_map_number(const struct pack_map *map, uint64_t loc, uint64_t *number_out, struct drift_error *err) MUST_CHECK;
/* The location of frame number n, record 0. */
int pack_map_loc(const struct pack_map *map, uint64_t number, uint64_t *loc_out, struct drift_error *err) MUST_CHECK;

/* One frame after the other, in order. */
struct pack_map_cursor {
	const struct pack_map *map;
	uint64_t number, loc; /* of the frame found last */
	bool has_stub;
	uint64_t stub; /* its ordinal */
	unsigned record_count;
	uint8_t record[256]; /* numbers of records in OBJECTS */
	uint64_t ordinal[256];
	struct pack_map_position { /* of the next frame */
		uint64_t block, stub;
		unsigned frame, frame_count; /* in the block; equal: the next block is to be read */
		struct cursor in;
		const unsigned char *ordinals; /* of the block */
		uint64_t bit;                  /* of the next ordinal */
	} next;
};
void pack_map_cursor_init(struct pack_map_cursor *cursor, const struct pack_map *map);
/* 1 / 0 / -1 */
int pack_map_next(struct pack_map_cursor *cursor, struct drift_error *err) MUST_CHECK;

/*
 * Making one: frames in ascending order of location. The ordinals of records must be known, so all that is written
 * of objects comes first. Each call appends what is complete to out, which may be written to the file and cleared
 * meanwhile.
 */
struct pack_map_builder;
int pack_map_builder_new(uint64_t record_count, struct pack_map_builder **out, struct drift_error *err) MUST_CHECK;
void pack_map_builder_free(struct pack_map_builder *b);
/* One frame of which something is kept. */
struct pack_map_frame {
	uint64_t loc;
	bool has_stub;
	size_t record_count;   /* in OBJECTS */
	const uint8_t *record; /* their numbers, ascending */
	const uint64_t *ordinal;
};
int pack_map_builder_add(struct pack_map_builder *b, const struct pack_map_frame *frame, struct buf *out,
			 struct drift_error *err) MUST_CHECK;
/* The last block, the table, the counts. */
int pack_map_builder_finish(struct pack_map_builder *b, struct buf *out, struct drift_error *err) MUST_CHECK;

#endif
