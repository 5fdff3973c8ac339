/*
 * The first byte says what follows: 0 a group, 1 heads, 2 the head of a block: an error, or the same bytes again. 3: a
 * whole pack, whose checksums are made right as far as its lengths make sense: an error, or all of it can be read.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/hex.h"
#include "objects/pack_block_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[64];

static void fuzz_group(const uint8_t *data, size_t len)
{
	struct pack_items items = { .bytes = NULL };
	auto_buf again = BUF_INIT;
	auto_group *group = NULL;
	uint32_t *lens, i;
	int r;

	if (group_new(data, len, &group, NULL) < 0)
		return;
	lens = calloc(group->count, sizeof(*lens));
	if (!lens)
		abort();
	for (i = 0; i < group->count; i++)
		lens[i] = group->offset[i + 1] - group->offset[i];
	items = (struct pack_items){ group->bytes, lens, group->count };
	r = pack_group_encode(&items, &again, NULL);
	assert(!r && again.len == len && !memcmp(again.data, data, len));
	free(lens);
}

static void fuzz_heads(const uint8_t *data, size_t len)
{
	auto_buf again = BUF_INIT;
	struct pack_heads heads;
	int r;

	if (pack_heads_decode(data, len, &heads, NULL) < 0)
		return;
	r = pack_heads_encode(&heads, &again, NULL);
	assert(!r && again.len == len && !memcmp(again.data, data, len));
	pack_heads_release(&heads);
}

static void fuzz_block(const uint8_t *data, size_t len)
{
	unsigned char again[PACK_BLOCK_HEAD_LEN];
	struct pack_block block;

	if (len != PACK_BLOCK_HEAD_LEN || pack_block_decode(data, &block, NULL) < 0)
		return;
	pack_block_encode(&block, again);
	assert(!memcmp(again, data, len));
}

static uint64_t get_le(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void put_le32(unsigned char *p, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static void fix_checksums(unsigned char *pack, size_t len)
{
	unsigned char *trailer = pack + len - PACK_TRAILER_LEN;
	uint32_t seed = crc32c(0, pack + 16, 16), crc;
	size_t at = PACK_HEAD_LEN, end = len - PACK_TRAILER_LEN;

	while (at <= end && end - at >= PACK_BLOCK_HEAD_LEN) {
		uint64_t stored = get_le(pack + at, 4);

		if (stored > end - at - PACK_BLOCK_HEAD_LEN)
			break;
		crc = crc32c(pack_block_crc_start(seed, at, pack + at), pack + at + PACK_BLOCK_HEAD_LEN, (size_t)stored);
		put_le32(pack + at + 12, crc);
		at += PACK_BLOCK_HEAD_LEN + (size_t)stored;
	}
	put_le32(trailer + 56, crc32c(0, trailer, 56));
}

static void remove_folder(void)
{
	rmdir(dir);
}

static void make_folder(void)
{
	snprintf(dir, sizeof(dir), "/dev/shm/drift-fuzz-XXXXXX");
	if (!mkdtemp(dir)) {
		snprintf(dir, sizeof(dir), "/tmp/drift-fuzz-XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	atexit(remove_folder);
}

static void ignore_fault(void *data, uint64_t offset, const char *sentence)
{
	(void)data, (void)offset, (void)sentence;
}

static int see(void *data, uint64_t loc, const struct pack_place *place, struct drift_error *err)
{
	struct pack *pack = data;
	auto_group *group = NULL;
	struct pack_place found;
	uint64_t record = place->kind == PACK_STUBS ? 0xff : 0;
	int r = pack_find(pack, loc | record, &found, err);

	assert(r < 0 || (r == 1 && found.ordinal == place->ordinal && found.kind == place->kind));
	if (!pack_group(pack, place->kind, place->group, &group, NULL))
		assert(place->index < group->count);
	return 0;
}

static void read_pack(struct pack *pack)
{
	const struct pack_check check = { .fault = ignore_fault };
	uint64_t position = 0, loc;
	struct pack_heads heads;
	struct oid id = { { 0 } };

	(void)!pack_check(pack, &check, NULL);
	(void)!pack_each(pack, see, pack, NULL);
	(void)!pack_find_id(pack, &id, 1, &position, &loc, NULL);
	if (!pack_read_heads(pack, &heads, NULL))
		pack_heads_release(&heads);
}

static void fuzz_pack(const uint8_t *data, size_t len)
{
	struct pack_options options = { .dir = dir, .no_index = true };
	struct pack_name name = { .first = 1, .last = 1 };
	char path[160], hex[2 * PACK_SHA_LEN + 1];
	struct pack *pack = NULL;
	unsigned char *copy;
	FILE *f;

	if (len < PACK_HEAD_LEN + PACK_TRAILER_LEN)
		return;
	if (!*dir)
		make_folder();
	copy = malloc(len);
	if (!copy || group_cache_new(1 << 20, &options.groups, NULL) < 0)
		abort();
	memcpy(copy, data, len);
	fix_checksums(copy, len);
	memcpy(name.sha, copy + len - PACK_SHA_LEN, PACK_SHA_LEN);
	hex_encode(name.sha, sizeof(name.sha), hex);
	snprintf(path, sizeof(path), "%s/pack-%s.pack", dir, hex);
	f = fopen(path, "wb");
	if (!f || fwrite(copy, 1, len, f) != len || fclose(f))
		abort();
	options.store_id = copy + 16;
	if (!pack_open(&name, &options, &pack, NULL))
		read_pack(pack);
	pack_close(pack);
	unlink(path);
	group_cache_free(options.groups);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len || len > 1 << 18)
		return 0;
	switch (data[0]) {
	case 0:
		fuzz_group(data + 1, len - 1);
		break;
	case 1:
		fuzz_heads(data + 1, len - 1);
		break;
	case 2:
		fuzz_block(data + 1, len - 1);
		break;
	case 3:
		fuzz_pack(data + 1, len - 1);
		break;
	default:
		break;
	}
	return 0;
}
