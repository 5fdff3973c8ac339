/*
 * Locations: file number << 48 | offset of the frame << 8 | record within the frame. Files count from 1.
 * LOC_PENDING as file number marks what waits in a batch: its offset is the place in the batch.
 *
 * Written relative to the place of the record that holds them, as a varint x:
 *   0       unknown
 *   1       in another file: varint file, varint offset, u8 record
 *   x >= 2  in this file, (x - 2) >> 1 bytes before this frame; if bit 0 of x - 2 is set the record number
 *           follows as u8, otherwise it is 0
 */
#ifndef OBJECTS_LOC_H
#define OBJECTS_LOC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "objects/node.h"

#define LOC_PENDING 0xffffU
#define LOC_OFFSET_MAX (((uint64_t)1 << 40) - 1)
#define LOC_RECORD_MAX 255

static inline uint64_t loc_make(uint64_t file, uint64_t offset, unsigned record)
{
	return file << 48 | offset << 8 | record;
}

static inline unsigned loc_file(uint64_t loc)
{
	return (unsigned)(loc >> 48);
}

static inline uint64_t loc_offset(uint64_t loc)
{
	return loc >> 8 & LOC_OFFSET_MAX;
}

static inline unsigned loc_record(uint64_t loc)
{
	return (unsigned)(loc & 0xff);
}

/* The place of the whole frame. */
static inline uint64_t loc_frame(uint64_t loc)
{
	return loc & ~(uint64_t)0xff;
}

/* self is the location of the frame in which this is written. */
void loc_put(struct buf *out, uint64_t self, uint64_t loc);
/* Fails the cursor if malformed or if it lies behind self. */
uint64_t loc_get(struct cursor *in, uint64_t self);

#endif
