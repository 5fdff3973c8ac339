#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/crc32c_mend.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "repo/repair_internal.h"

#define READ_STEP ((size_t)1 << 20)
#define BLOCK_CHECKED_LEN 12
#define TRAILER_CHECKED_LEN 56

/* A pack at hand. */
struct mend_pack {
	const struct pack_name *name;
	const unsigned char *store_id;
	char file[80]; /* below the store */
	struct buf path;
	int fd;
	uint64_t len;
	uint32_t seed;
	struct repair_bytes found;
};

static int wrong_byte(struct mend_pack *p, uint64_t offset, unsigned char with, struct drift_error *err)
{
	const struct repair_byte byte = {
		.path = p->path.data, .name = p->file, .offset = offset, .with = with, .frame = offset
	};

	return repair_add_byte(&p->found, &byte, err) < 0 ? -1 : 0;
}

/* Bytes that are known: whatever differs is wrong. */
static int compare_known(struct mend_pack *p, uint64_t offset, const unsigned char *is, const struct buf *known,
			 struct drift_error *err)
{
	size_t i;

	for (i = 0; i < known->len; i++) {
		unsigned char with = (unsigned char)(is[i] ^ (unsigned char)known->data[i]);

		if (with && wrong_byte(p, offset + i, with, err) < 0)
			return -1;
	}
	return 0;
}

static int check_head(struct mend_pack *p, struct drift_error *err)
{
	static const unsigned char zeros[16];
	unsigned char head[PACK_HEAD_LEN];
	auto_buf known = BUF_INIT;

	buf_add_str(&known, "driftpck");
	buf_add_u32(&known, PACK_VERSION);
	buf_add_u32(&known, 0);
	buf_add(&known, p->store_id, 16);
	buf_add_u64(&known, p->name->first);
	buf_add_u64(&known, p->name->last);
	buf_add(&known, zeros, sizeof(zeros));
	if (buf_check(&known, err) < 0 || file_read_at(p->fd, head, sizeof(head), 0, err) < 0)
		return -1;
	return compare_known(p, 0, head, &known, err);
}

/* The place in a little-endian number of the one byte that differs: 0 to 3, or -1. */
static int one_byte(uint32_t difference)
{
	int i, at = -1;

	for (i = 0; i < 4; i++) {
		if (!(difference >> (8 * i) & 0xff))
			continue;
		if (at >= 0)
			return -1;
		at = i;
	}
	return at;
}

static uint32_t get_u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * A checksum of four bytes at crc_offset, over the len bytes from offset without itself: which byte makes it differ?
 * 1, 0 that cannot be told, -1.
 */
static int mend_sum(struct mend_pack *p, uint32_t difference, uint64_t offset, size_t len, uint64_t crc_offset,
		    struct drift_error *err)
{
	int place = one_byte(difference);
	unsigned char with;
	size_t at;

	if (crc32c_mend(difference, len, &at, &with) == 1)
		return wrong_byte(p, offset + at + (offset + at < crc_offset ? 0 : 4), with, err) < 0 ? -1 : 1;
	if (place < 0)
		return 0;
	with = (unsigned char)(difference >> (8 * place));
	return wrong_byte(p, crc_offset + (unsigned)place, with, err) < 0 ? -1 : 1;
}

static int check_trailer(struct mend_pack *p, struct drift_error *err)
{
	unsigned char trailer[PACK_TRAILER_LEN];
	uint64_t at = p->len - PACK_TRAILER_LEN;
	auto_buf known = BUF_INIT;
	uint32_t difference;

	if (file_read_at(p->fd, trailer, sizeof(trailer), at, err) < 0)
		return -1;
	difference = crc32c(0, trailer, TRAILER_CHECKED_LEN) ^ get_u32(trailer + TRAILER_CHECKED_LEN);
	if (difference && mend_sum(p, difference, at, TRAILER_CHECKED_LEN, at + TRAILER_CHECKED_LEN, err) < 0)
		return -1;
	buf_add_u32(&known, 0);
	buf_add(&known, p->name->sha, PACK_SHA_LEN);
	if (buf_check(&known, err) < 0)
		return -1;
	return compare_known(p, at + TRAILER_CHECKED_LEN + 4, trailer + TRAILER_CHECKED_LEN + 4, &known, err);
}

/* Could a block begin there, or is it the end of them? */
static bool is_block(struct mend_pack *p, uint64_t offset)
{
	uint64_t end = p->len - PACK_TRAILER_LEN;
	unsigned char head[PACK_BLOCK_HEAD_LEN];

	if (offset == end)
		return true;
	return offset + PACK_BLOCK_HEAD_LEN < end && !file_read_at(p->fd, head, sizeof(head), offset, NULL) &&
	       head[8] >= PACK_DICT && head[8] <= PACK_GROUPS && head[9] <= PACK_ZSTD_DICT && !head[10] && !head[11];
}

/* The checksum of a block with that head; the stored bytes are left in out. */
static int sum_block(struct mend_pack *p, uint64_t offset, const unsigned char *head, struct buf *out,
		     uint32_t *sum_out, struct drift_error *err)
{
	uint32_t len = get_u32(head);
	auto_buf at = BUF_INIT;

	buf_clear(out);
	buf_add_u64(&at, offset);
	if (buf_check(&at, err) < 0)
		return -1;
	if (!buf_reserve(out, (size_t)len + 1))
		return error_no_memory(err);
	if (file_read_at(p->fd, out->data, len, offset + PACK_BLOCK_HEAD_LEN, err) < 0)
		return -1;
	out->len = len;
	*sum_out = crc32c(crc32c(crc32c(p->seed, at.data, at.len), head, BLOCK_CHECKED_LEN), out->data, len);
	return 0;
}

/* A length that is wrong: each other one that one byte makes of it and that leads to a block is tried. */
static int mend_length(struct mend_pack *p, uint64_t offset, const unsigned char *head, uint64_t *next,
		       struct drift_error *err)
{
	uint64_t end = p->len - PACK_TRAILER_LEN;
	unsigned char tried[PACK_BLOCK_HEAD_LEN];
	auto_buf stored = BUF_INIT;
	unsigned i, with;
	uint32_t sum = 0;

	memcpy(tried, head, sizeof(tried));
	for (i = 0; i < 4; i++) {
		for (with = 1; with < 256; with++) {
			tried[i] = (unsigned char)(head[i] ^ with);
			*next = offset + PACK_BLOCK_HEAD_LEN + get_u32(tried);
			if (*next > end || !is_block(p, *next))
				continue;
			if (sum_block(p, offset, tried, &stored, &sum, err) < 0)
				return -1;
			if (sum == get_u32(tried + BLOCK_CHECKED_LEN))
				return wrong_byte(p, offset + i, (unsigned char)with, err) < 0 ? -1 : 1;
		}
		tried[i] = head[i];
	}
	return 0;
}

/* One block: 1 and where the next one is, 0 that cannot be told, -1. */
static int check_block(struct mend_pack *p, uint64_t offset, uint64_t *next, struct drift_error *err)
{
	uint64_t end = p->len - PACK_TRAILER_LEN;
	unsigned char head[PACK_BLOCK_HEAD_LEN];
	auto_buf stored = BUF_INIT;
	uint32_t sum = 0, difference;

	if (offset + PACK_BLOCK_HEAD_LEN > end)
		return 0;
	if (file_read_at(p->fd, head, sizeof(head), offset, err) < 0)
		return -1;
	*next = offset + PACK_BLOCK_HEAD_LEN + get_u32(head);
	if (*next > end)
		return mend_length(p, offset, head, next, err);
	if (sum_block(p, offset, head, &stored, &sum, err) < 0)
		return -1;
	difference = sum ^ get_u32(head + BLOCK_CHECKED_LEN);
	if (!difference)
		return 1;
	if (!is_block(p, *next)) {
		int r = mend_length(p, offset, head, next, err);

		if (r)
			return r;
		*next = offset + PACK_BLOCK_HEAD_LEN + get_u32(head);
	}
	return mend_sum(p, difference, offset, BLOCK_CHECKED_LEN + stored.len, offset + BLOCK_CHECKED_LEN, err);
}

static int check_blocks(struct mend_pack *p, struct drift_error *err)
{
	uint64_t at = PACK_HEAD_LEN;
	int r = 1;

	while (r > 0 && at < p->len - PACK_TRAILER_LEN)
		r = check_block(p, at, &at, err);
	return r < 0 ? -1 : 0;
}

/* Would it be the pack of that name with the bytes put right? */
static int proves(struct mend_pack *p, bool *yes_out, struct drift_error *err)
{
	uint64_t at, end = p->len - PACK_SHA_LEN;
	unsigned char sha[PACK_SHA_LEN];
	auto_buf step = BUF_INIT;
	struct sha256 hash;
	size_t i, n;

	if (!buf_reserve(&step, READ_STEP))
		return error_no_memory(err);
	sha256_init(&hash);
	for (at = 0; at < end; at += n) {
		n = end - at < READ_STEP ? (size_t)(end - at) : READ_STEP;
		if (file_read_at(p->fd, step.data, n, at, err) < 0)
			return -1;
		for (i = 0; i < p->found.count; i++) {
			const struct repair_byte *byte = &p->found.items[i];

			if (byte->offset >= at && byte->offset < at + n)
				step.data[byte->offset - at] = (char)(step.data[byte->offset - at] ^ byte->with);
		}
		sha256_update(&hash, step.data, n);
	}
	sha256_final(&hash, sha);
	*yes_out = !memcmp(sha, p->name->sha, PACK_SHA_LEN);
	return 0;
}

static int find_in_pack(struct mend_pack *p, struct repair_bytes *bytes, struct drift_error *err)
{
	bool proven = false;
	size_t i;

	if (file_size(p->fd, &p->len, err) < 0)
		return -1;
	if (p->len < PACK_HEAD_LEN + PACK_TRAILER_LEN)
		return 0;
	if (check_head(p, err) < 0 || check_trailer(p, err) < 0 || check_blocks(p, err) < 0)
		return -1;
	if (!p->found.count)
		return 0;
	if (proves(p, &proven, err) < 0)
		return -1;
	if (!proven)
		return 0;
	for (i = 0; i < p->found.count; i++)
		if (repair_add_byte(bytes, &p->found.items[i], err) < 0)
			return -1;
	return 1;
}

int repair_find_pack(const char *dir, const struct pack_name *pack, const unsigned char store_id[16],
		     struct repair_bytes *bytes, struct drift_error *err)
{
	struct mend_pack p = {
		.name = pack, .store_id = store_id, .path = BUF_INIT, .fd = -1, .seed = crc32c(0, store_id, 16)
	};
	char hex[2 * PACK_SHA_LEN + 1];
	int r;

	hex_encode(pack->sha, PACK_SHA_LEN, hex);
	snprintf(p.file, sizeof(p.file), "pack/pack-%s.pack", hex);
	file_join(&p.path, dir, p.file);
	r = buf_check(&p.path, err);
	if (!r)
		r = file_open_read(p.path.data, &p.fd, err);
	if (!r)
		r = find_in_pack(&p, bytes, err);
	mem_cleanup_close(&p.fd);
	buf_release(&p.path);
	repair_bytes_release(&p.found);
	return r;
}
