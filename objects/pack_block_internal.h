/* The blocks of a pack, and the raw bytes of groups; see pack_format.h. */
#ifndef OBJECTS_PACK_BLOCK_INTERNAL_H
#define OBJECTS_PACK_BLOCK_INTERNAL_H

#include <stdbool.h>

#include "base/compress.h"
#include "objects/pack_format.h"
#include "objects/pack_write.h"

#define PACK_MAGIC "driftpck"
#define PACK_HEADS_RAW_MAX ((size_t)256 << 20)

struct pack_block {
	uint32_t stored_len, raw_len;
	enum pack_block_kind kind;
	enum pack_codec codec;
	uint32_t crc;
};

void pack_block_encode(const struct pack_block *block, unsigned char head[PACK_BLOCK_HEAD_LEN]);
/* Lengths within the limits of the kind, kind and codec known and fitting. */
int pack_block_decode(const unsigned char head[PACK_BLOCK_HEAD_LEN], struct pack_block *out,
		      struct drift_error *err) MUST_CHECK;
/* Of what comes before the stored bytes; go on with those by crc32c(). seed: the CRC-32C of the store's id. */
uint32_t pack_block_crc_start(uint32_t seed, uint64_t offset, const unsigned char head[PACK_BLOCK_HEAD_LEN]);

/* A block in a file: where it stands, and its bytes with its head. */
struct pack_block_place {
	int fd;
	uint32_t seed;
	uint64_t offset, len;
	enum pack_block_kind kind;
};
/* The head, and the stored bytes (to be freed), their checksum right. */
int pack_block_read(const struct pack_block_place *place, struct pack_block *head_out, unsigned char **stored_out,
		    struct drift_error *err) MUST_CHECK;
/* The raw bytes: takes over stored and gives it, or others, to be freed. dict: for PACK_ZSTD_DICT. */
int pack_block_expand(const struct pack_block *head, unsigned char *stored, struct compressor *z,
		      const struct compress_dict *dict, unsigned char **raw_out, struct drift_error *err) MUST_CHECK;

/* The raw bytes of a group, appended. */
int pack_group_encode(const struct pack_items *items, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Compressed where that is less, else as they are: appended; codec_out: PACK_RAW or as the job says. */
int pack_block_compress(struct compressor *z, const struct compress_job *job, struct buf *out,
			enum pack_codec *codec_out, struct drift_error *err) MUST_CHECK;

#endif
