/* The map of a pack: what was put in is found, nothing else, and damage is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/pack_map.h"

#define FRAMES 1000

struct model {
	uint64_t loc[FRAMES], ordinal[FRAMES][255], stub[FRAMES];
	uint8_t record[FRAMES][255];
	size_t record_count[FRAMES];
	bool has_stub[FRAMES];
	uint64_t stub_count, total;
	struct buf bytes;
	struct pack_map map;
};

static uint32_t seed = 12345;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void choose_records(struct model *m, size_t i)
{
	size_t k, most = roll(10) ? 6 : 255;
	unsigned skip = roll(3);

	if (i == 0)
		most = 255, skip = 0;
	for (k = 0; k < 255 && m->record_count[i] < most; k++)
		if (!skip || roll(skip + 1))
			m->record[i][m->record_count[i]++] = (uint8_t)k;
	if (i % 7 == 3)
		m->record_count[i] = 0;
	m->total += m->record_count[i];
	m->has_stub[i] = !m->record_count[i] || roll(2);
	m->stub[i] = m->stub_count;
	m->stub_count += m->has_stub[i];
}

static void choose(struct model *m)
{
	uint64_t file = 3, offset = 52, order = 0;
	size_t i, k;

	for (i = 0; i < FRAMES; i++) {
		if (i && !roll(100)) {
			file += 1 + roll(3);
			offset = roll(100);
		}
		offset += 1 + roll(i % 50 ? 1000 : 1000000);
		m->loc[i] = loc_make(file, offset, 0);
		choose_records(m, i);
	}
	/* Any permutation will do. */
	for (i = 0; i < FRAMES; i++)
		for (k = 0; k < m->record_count[i]; k++)
			m->ordinal[i][k] = m->total - 1 - order++;
}

static int make(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct pack_map_builder *b;
	size_t i;

	assert_non_null(m);
	choose(m);
	buf_init(&m->bytes);
	assert_int_equal(pack_map_builder_new(m->total, &b, NULL), 0);
	for (i = 0; i < FRAMES; i++) {
		struct pack_map_frame frame = { m->loc[i], m->has_stub[i], m->record_count[i], m->record[i], m->ordinal[i] };

		assert_int_equal(pack_map_builder_add(b, &frame, &m->bytes, NULL), 0);
	}
	assert_int_equal(pack_map_builder_finish(b, &m->bytes, NULL), 0);
	pack_map_builder_free(b);
	assert_int_equal(pack_map_init(&m->map, m->bytes.data, m->bytes.len, m->stub_count, m->total, NULL), 0);
	*state = m;
	return 0;
}

static int release(void **state)
{
	struct model *m = *state;

	buf_release(&m->bytes);
	free(m);
	return 0;
}

static void check_frame(const struct model *m, size_t i)
{
	uint64_t ordinal, number, loc;
	size_t k, next = 0;

	for (k = 0; k < 256; k++) {
		int r = pack_map_find(&m->map, m->loc[i] | k, &ordinal, NULL);

		if (next < m->record_count[i] && m->record[i][next] == k) {
			assert_int_equal(r, PACK_MAP_RECORD);
			assert_true(ordinal == m->ordinal[i][next++]);
		} else if (m->has_stub[i]) {
			assert_int_equal(r, PACK_MAP_STUB);
			assert_true(ordinal == m->stub[i]);
		} else {
			assert_int_equal(r, PACK_MAP_NONE);
		}
	}
	assert_int_equal(pack_map_number(&m->map, m->loc[i] | 9, &number, NULL), 1);
	assert_true(number == i);
	assert_int_equal(pack_map_loc(&m->map, i, &loc, NULL), 0);
	assert_true(loc == m->loc[i]);
}

static void all_is_found(void **state)
{
	struct model *m = *state;
	uint64_t loc;
	size_t i;

	for (i = 0; i < FRAMES; i++)
		check_frame(m, i);
	assert_int_equal(pack_map_loc(&m->map, FRAMES, &loc, NULL), -1);
}

static void nothing_else_is_found(void **state)
{
	struct model *m = *state;
	uint64_t out;
	size_t i;

	for (i = 0; i < FRAMES; i++) {
		if (i && m->loc[i - 1] == m->loc[i] - 256)
			continue;
		assert_int_equal(pack_map_find(&m->map, m->loc[i] - 256, &out, NULL), PACK_MAP_NONE);
		assert_int_equal(pack_map_number(&m->map, m->loc[i] - 256, &out, NULL), 0);
	}
	assert_int_equal(pack_map_find(&m->map, 0, &out, NULL), PACK_MAP_NONE);
	assert_int_equal(pack_map_find(&m->map, UINT64_MAX, &out, NULL), PACK_MAP_NONE);
}

static void cursor_sees_all_in_order(void **state)
{
	struct model *m = *state;
	struct pack_map_cursor c;
	size_t i, k;

	pack_map_cursor_init(&c, &m->map);
	for (i = 0; i < FRAMES; i++) {
		assert_int_equal(pack_map_next(&c, NULL), 1);
		assert_true(c.number == i && c.loc == m->loc[i] && c.has_stub == m->has_stub[i]);
		assert_true(!c.has_stub || c.stub == m->stub[i]);
		assert_int_equal(c.record_count, m->record_count[i]);
		for (k = 0; k < c.record_count; k++)
			assert_true(c.record[k] == m->record[i][k] && c.ordinal[k] == m->ordinal[i][k]);
	}
	assert_int_equal(pack_map_next(&c, NULL), 0);
	assert_int_equal(pack_map_next(&c, NULL), 0);
}

/* A flipped bit anywhere: no answer but the right one. */
static void damage_is_seen(void **state)
{
	struct model *m = *state;
	size_t at, seen = 0;

	for (at = 0; at < m->bytes.len; at += 1 + m->bytes.len / 3000) {
		struct pack_map map;
		uint64_t ordinal = 0;
		size_t i = (at * 7) % FRAMES;
		int r = -1;

		m->bytes.data[at] ^= (char)(1 << at % 8);
		if (!pack_map_init(&map, m->bytes.data, m->bytes.len, m->stub_count, m->total, NULL)) {
			struct pack_map_cursor c;
			int all;

			r = pack_map_find(&map, m->loc[i] | 0xff, &ordinal, NULL);
			assert_true(r < 0 || r == (m->has_stub[i] ? PACK_MAP_STUB : PACK_MAP_NONE));
			assert_true(r != PACK_MAP_STUB || ordinal == m->stub[i]);
			pack_map_cursor_init(&c, &map);
			while ((all = pack_map_next(&c, NULL)) > 0)
				;
			assert_int_equal(all, -1);
		}
		seen += r < 0;
		m->bytes.data[at] ^= (char)(1 << at % 8);
	}
	assert_true(seen);
}

static void builder_refuses_disorder(void **state)
{
	static const uint8_t records[] = { 1, 1, 255 };
	static const uint64_t ordinals[] = { 0, 1, 2 };
	const struct pack_map_frame good = { loc_make(2, 500, 0), true, 1, records, ordinals };
	struct pack_map_frame bad[] = {
		{ loc_make(2, 500, 0), true, 0, NULL, NULL },       /* again */
		{ loc_make(1, 900, 0), true, 0, NULL, NULL },       /* before */
		{ loc_make(3, 100, 1), true, 0, NULL, NULL },       /* a record */
		{ loc_make(3, 100, 0), false, 0, NULL, NULL },      /* empty */
		{ loc_make(3, 100, 0), true, 2, records, ordinals }, /* twice */
		{ loc_make(3, 100, 0), true, 1, records + 2, ordinals },
		{ loc_make(3, 100, 0), true, 1, records, ordinals + 2 }, /* no such ordinal */
	};
	struct pack_map_builder *b;
	auto_buf out = BUF_INIT;
	size_t i;

	(void)state;
	assert_int_equal(pack_map_builder_new(2, &b, NULL), 0);
	assert_int_equal(pack_map_builder_add(b, &good, &out, NULL), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pack_map_builder_add(b, &bad[i], &out, NULL), -1);
	assert_int_equal(pack_map_builder_finish(b, &out, NULL), -1);
	pack_map_builder_free(b);
}

static void empty_map(void **state)
{
	struct pack_map_builder *b;
	struct pack_map_cursor c;
	auto_buf out = BUF_INIT;
	struct pack_map map;
	uint64_t ordinal;

	(void)state;
	assert_int_equal(pack_map_builder_new(0, &b, NULL), 0);
	assert_int_equal(pack_map_builder_finish(b, &out, NULL), 0);
	pack_map_builder_free(b);
	assert_int_equal(pack_map_init(&map, out.data, out.len, 0, 0, NULL), 0);
	assert_int_equal(pack_map_find(&map, loc_make(1, 1, 1), &ordinal, NULL), PACK_MAP_NONE);
	pack_map_cursor_init(&c, &map);
	assert_int_equal(pack_map_next(&c, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_found, make, release),
		cmocka_unit_test_setup_teardown(nothing_else_is_found, make, release),
		cmocka_unit_test_setup_teardown(cursor_sees_all_in_order, make, release),
		cmocka_unit_test_setup_teardown(damage_is_seen, make, release),
		cmocka_unit_test(builder_refuses_disorder),
		cmocka_unit_test(empty_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
