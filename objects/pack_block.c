#include "objects/pack_block_internal.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/file.h"

#define CHECKED_LEN 12 /* bytes of a head before its checksum */

static void put_u32(unsigned char *p, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++, v >>= 8)
		p[i] = (unsigned char)v;
}

void pack_block_encode(const struct pack_block *block, unsigned char head[PACK_BLOCK_HEAD_LEN])
{
	put_u32(head, block->stored_len);
	put_u32(head + 4, block->raw_len);
	head[8] = (unsigned char)block->kind;
	head[9] = (unsigned char)block->codec;
	head[10] = head[11] = 0;
	put_u32(head + CHECKED_LEN, block->crc);
}

static size_t raw_max(enum pack_block_kind kind)
{
	switch (kind) {
	case PACK_DICT:
		return PACK_DICT_MAX;
	case PACK_STUBS:
	case PACK_OBJECTS:
		return PACK_GROUP_RAW_MAX;
	case PACK_HEADS:
		return PACK_HEADS_RAW_MAX;
	case PACK_MAP:
	case PACK_GROUPS:
		return UINT32_MAX;
	}
	return 0;
}

static bool codec_fits(const struct pack_block *b)
{
	bool group = b->kind == PACK_STUBS || b->kind == PACK_OBJECTS;

	switch (b->codec) {
	case PACK_RAW:
		return b->stored_len == b->raw_len;
	case PACK_ZSTD:
		return (group || b->kind == PACK_HEADS) && b->stored_len < b->raw_len;
	case PACK_ZSTD_DICT:
		return group && b->stored_len < b->raw_len;
	}
	return false;
}

int pack_block_decode(const unsigned char head[PACK_BLOCK_HEAD_LEN], struct pack_block *out, struct drift_error *err)
{
	struct pack_block b;
	struct cursor in;
	unsigned kind, codec, zero;

	cursor_init(&in, head, PACK_BLOCK_HEAD_LEN);
	b.stored_len = cursor_u32(&in);
	b.raw_len = cursor_u32(&in);
	kind = cursor_u8(&in);
	codec = cursor_u8(&in);
	zero = cursor_u16(&in);
	b.crc = cursor_u32(&in);
	b.kind = (enum pack_block_kind)kind;
	b.codec = (enum pack_codec)codec;
	if (kind < PACK_DICT || kind > PACK_GROUPS || codec > PACK_ZSTD_DICT || zero || b.raw_len > raw_max(b.kind) ||
	    !codec_fits(&b)) {
		error_set(err, DRIFT_ERR_CORRUPT, "the head of a block is damaged");
		return -1;
	}
	*out = b;
	return 0;
}

uint32_t pack_block_crc_start(uint32_t seed, uint64_t offset, const unsigned char head[PACK_BLOCK_HEAD_LEN])
{
	unsigned char place[8];

	put_u32(place, (uint32_t)offset);
	put_u32(place + 4, (uint32_t)(offset >> 32));
	return crc32c(crc32c(seed, place, sizeof(place)), head, CHECKED_LEN);
}

int pack_block_read(const struct pack_block_place *place, struct pack_block *head_out, unsigned char **stored_out,
		    struct drift_error *err)
{
	unsigned char head[PACK_BLOCK_HEAD_LEN], *stored;
	struct pack_block b;

	if (file_read_at(place->fd, head, sizeof(head), place->offset, err) < 0 || pack_block_decode(head, &b, err) < 0)
		return -1;
	if (b.kind != place->kind || place->len != PACK_BLOCK_HEAD_LEN + (uint64_t)b.stored_len)
		return error_set(err, DRIFT_ERR_CORRUPT, "a block has another kind or length than its pack says");
	stored = malloc(b.stored_len ? b.stored_len : 1);
	if (!stored)
		return error_no_memory(err);
	if (file_read_at(place->fd, stored, b.stored_len, place->offset + PACK_BLOCK_HEAD_LEN, err) < 0) {
		free(stored);
		return -1;
	}
	if (crc32c(pack_block_crc_start(place->seed, place->offset, head), stored, b.stored_len) != b.crc) {
		free(stored);
		return error_set(err, DRIFT_ERR_CORRUPT, "the checksum of a block is wrong");
	}
	*head_out = b;
	*stored_out = stored;
	return 0;
}

int pack_block_expand(const struct pack_block *head, unsigned char *stored, struct compressor *z,
		      const struct compress_dict *dict, unsigned char **raw_out, struct drift_error *err)
{
	struct compress_job job = { .src = stored, .src_len = head->stored_len };
	unsigned char *raw;
	int r;

	if (head->codec == PACK_RAW) {
		*raw_out = stored;
		return 0;
	}
	if (head->codec == PACK_ZSTD_DICT && !dict) {
		free(stored);
		return error_set(err, DRIFT_ERR_CORRUPT, "a block needs a dictionary that is not there");
	}
	if (head->codec == PACK_ZSTD_DICT)
		job.dict = dict;
	raw = malloc(head->raw_len);
	r = raw ? decompress_exact(z, &job, raw, head->raw_len, err) : error_no_memory(err);
	free(stored);
	if (r < 0) {
		free(raw);
		return -1;
	}
	*raw_out = raw;
	return 0;
}

int pack_group_encode(const struct pack_items *items, struct buf *out, struct drift_error *err)
{
	size_t at = out->len, i;
	uint64_t len = 0;

	if (!items->count || items->count > PACK_GROUP_COUNT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a group has 1 to %d items", PACK_GROUP_COUNT_MAX);
	buf_add_varint(out, items->count);
	for (i = 0; i < items->count; i++) {
		buf_add_varint(out, items->lens[i]);
		len += items->lens[i];
	}
	if (len > PACK_GROUP_RAW_MAX || len + (out->len - at) > PACK_GROUP_RAW_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a group has no more than %zu bytes", PACK_GROUP_RAW_MAX);
	buf_add(out, items->bytes, (size_t)len);
	return buf_check(out, err);
}

int pack_block_compress(struct compressor *z, const struct compress_job *job, struct buf *out,
			enum pack_codec *codec_out, struct drift_error *err)
{
	size_t at = out->len;

	if (compress_append(z, job, out, err) < 0)
		return -1;
	*codec_out = job->dict ? PACK_ZSTD_DICT : PACK_ZSTD;
	if (out->len - at >= job->src_len) {
		buf_truncate(out, at);
		buf_add(out, job->src, job->src_len);
		*codec_out = PACK_RAW;
	}
	return buf_check(out, err);
}
