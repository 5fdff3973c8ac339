/*
 * The map of a pack: two counts (u16, stubs and records), then the map, whose checksums are made right first. An error, or
 * it encodes to the same bytes, and every place is found.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "objects/pack_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define LINE_LEN 28

static uint64_t get_le(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

/* As far as the table makes sense. */
static void fix_checksums(const struct pack_map *map, unsigned char *copy)
{
	uint64_t i;

	for (i = 0; i < map->block_count; i++) {
		unsigned char *line = copy + map->table_at + i * LINE_LEN;
		uint64_t start = get_le(line + 8, 8), end = map->table_at;
		uint32_t crc;
		int k;

		if (i + 1 < map->block_count)
			end = get_le(line + LINE_LEN + 8, 8);
		if (start >= end || end > map->table_at)
			return;
		crc = crc32c(crc32c(0, line, 24), copy + start, (size_t)(end - start));
		for (k = 0; k < 4; k++)
			line[24 + k] = (unsigned char)(crc >> (8 * k));
	}
}

static void check_frame(const struct pack_map *map, const struct pack_map_cursor *c)
{
	uint64_t ordinal, number, loc;
	unsigned i;
	int r;

	for (i = 0; i < c->record_count; i++) {
		r = pack_map_find(map, c->loc | c->record[i], &ordinal, NULL);
		assert(r == PACK_MAP_RECORD && ordinal == c->ordinal[i] && ordinal < map->record_count);
	}
	r = pack_map_find(map, c->loc | 0xff, &ordinal, NULL);
	assert(r == (c->has_stub ? PACK_MAP_STUB : PACK_MAP_NONE) && (!c->has_stub || ordinal == c->stub));
	r = pack_map_number(map, c->loc, &number, NULL);
	assert(r == 1 && number == c->number);
	r = pack_map_loc(map, number, &loc, NULL);
	assert(!r && loc == c->loc);
}

/* 1 if the whole map was read and put in the builder. */
static int read_all(const struct pack_map *map, struct pack_map_builder *b, struct buf *out)
{
	struct pack_map_cursor c;
	uint64_t records = 0;
	int r;

	pack_map_cursor_init(&c, map);
	while ((r = pack_map_next(&c, NULL)) > 0) {
		struct pack_map_frame frame = { c.loc, c.has_stub, c.record_count, c.record, c.ordinal };

		records += c.record_count;
		if (pack_map_builder_add(b, &frame, out, NULL) < 0)
			abort();
	}
	return !r && records == map->record_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pack_map_builder *b;
	struct pack_map_cursor c;
	auto_buf again = BUF_INIT;
	unsigned char *copy;
	struct pack_map map;
	uint64_t ordinal;
	int r;

	if (len < 4 || len > 1 << 16)
		return 0;
	copy = malloc(len - 4 ? len - 4 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 4, len - 4);
	if (pack_map_init(&map, copy, len - 4, get_le(data, 2), get_le(data + 2, 2), NULL) == 0) {
		fix_checksums(&map, copy);
		(void)!pack_map_find(&map, loc_make(1, 116, 1), &ordinal, NULL);
		(void)!pack_map_loc(&map, 40, &ordinal, NULL);
		if (pack_map_builder_new(map.record_count, &b, NULL) < 0)
			abort();
		if (read_all(&map, b, &again)) {
			r = pack_map_builder_finish(b, &again, NULL);
			assert(!r && again.len == len - 4 && !memcmp(again.data, copy, again.len));
			pack_map_cursor_init(&c, &map);
			while (pack_map_next(&c, NULL) > 0)
				check_frame(&map, &c);
		}
		pack_map_builder_free(b);
	}
	free(copy);
	return 0;
}
