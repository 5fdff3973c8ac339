/*
 * What the files of a pack are made of (Documentation/drift-format-pack.adoc). A pack holds what is kept of some
 * journals in a row. A location is a name for ever: what stood at it in its journal is found under it in the pack.
 *
 * pack-<SHA-256>.pack: a head, blocks, a trailer.
 *
 * The head: "driftpck", u32 version, u32 zero, 16 bytes store id, u64 first and last journal, 16 zeros. The trailer:
 * u64 offsets of the blocks HEADS, MAP and GROUPS, u64 counts of stubs, of records in OBJECTS, of groups of stubs,
 * of groups of objects, u32 CRC-32C of these, u32 zero, SHA-256 of all before it.
 *
 * A block is 16 bytes of head and the stored bytes:
 *    0 u32 stored length   4 u32 raw length   8 u8 kind   9 u8 codec   10 u16 zero
 *   12 u32 CRC-32C of the store's id, the block's offset (u64), bytes 0 to 11, and the stored bytes
 *
 * A group, the raw bytes of a block of items: varint count, the length of each item as varint, the items.
 */
#ifndef OBJECTS_PACK_FORMAT_H
#define OBJECTS_PACK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define PACK_VERSION 1
#define PACK_HEAD_LEN 64
#define PACK_TRAILER_LEN 96
#define PACK_SHA_LEN 32
#define PACK_BLOCK_HEAD_LEN 16
#define PACK_GROUP_RAW_MAX (((size_t)64 << 20) + ((size_t)64 << 10))
#define PACK_GROUP_COUNT_MAX 65536 /* items of a group */
#define PACK_DICT_MAX ((size_t)64 << 10)
/* Deltas behind one whole node. */
#define PACK_INNER_DEPTH_MAX 128
#define PACK_LEAF_DEPTH_MAX 64

enum pack_block_kind {
	PACK_DICT = 1,    /* of zstd, for codec PACK_ZSTD_DICT; at most one, the first block */
	PACK_STUBS = 2,   /* groups: what is left of transactions, see stub.h */
	PACK_OBJECTS = 3, /* groups: records, see pack_record.h */
	PACK_HEADS = 4,   /* see pack_heads.h */
	PACK_MAP = 5,     /* see pack_map.h; never compressed */
	PACK_GROUPS = 6   /* u64 offset, u64 ordinal of the first item of each group; never compressed */
};

enum pack_codec { PACK_RAW = 0, PACK_ZSTD = 1, PACK_ZSTD_DICT = 2 };

#endif
