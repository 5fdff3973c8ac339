/*
 * Frames: what a journal is made of. Sixteen bytes of head, then the payload:
 *
 *    0 u32 payload length         8 u32 how far before this frame the file was known to be durable
 *    4 u32 checksum              12 u8  kind     13 u8 zero
 *                                14 u16 low half of the CRC-32C of bytes 0 to 13
 *
 * so that framing survives a damaged payload, and a torn tail is told from damage (see journal.h). The checksum is the CRC-32C
 * of the store's id (16 bytes; nothing in a journal's first frame), the frame's offset (u64) and the payload: what
 * looks like a frame within somebody's document, or stands where it was not written, is none.
 */
#ifndef OBJECTS_FRAME_H
#define OBJECTS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define FRAME_HEAD_LEN 16
#define FRAME_PAYLOAD_MAX ((uint32_t)64 << 20)

enum frame_kind {
	FRAME_FILE = 1,   /* the first of a journal: what file it is */
	FRAME_OBJECT = 2, /* one record */
	FRAME_TXN = 3,    /* records, ref updates, change lists: see txn.h */
	FRAME_DICT = 4    /* a compression dictionary */
};

struct frame {
	enum frame_kind kind;
	uint32_t len; /* of the payload */
	uint32_t crc;
	uint32_t durable_lag; /* bytes from the durable end to this frame, UINT32_MAX: that or more */
};

/* seed: the CRC-32C of the store's id, 0 for a journal's first frame. */
uint32_t frame_checksum(uint32_t seed, uint64_t offset, const void *payload, size_t len);

void frame_head_encode(const struct frame *frame, unsigned char head[FRAME_HEAD_LEN]);
/* Is it the head of a frame? */
bool frame_head_decode(const unsigned char head[FRAME_HEAD_LEN], struct frame *frame_out);

#endif
