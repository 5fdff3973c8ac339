#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "t/unit/node_model.h"

static void assert_turns_into(const struct node *base, const struct node *target)
{
	auto_buf delta = BUF_INIT, bytes = BUF_INIT, locs = BUF_INIT;
	auto_node *got = NULL;
	struct drift_error err;
	size_t i;

	assert_int_equal(node_delta_encode(base, target, &varint_codec, &delta, &err), 0);
	assert_int_equal(node_delta_apply(base, delta.data, delta.len, &varint_codec, &bytes, &locs, &err), 0);
	assert_int_equal(bytes.len, target->len);
	assert_memory_equal(bytes.data, target->bytes, bytes.len);
	assert_int_equal(locs.len, target->count * sizeof(uint64_t));
	assert_int_equal(
		node_decode(bytes.data, bytes.len, &target->id, (const uint64_t *)(const void *)locs.data, &got, &err),
		0);
	for (i = 0; i < target->count; i++)
		assert_int_equal(got->child_loc ? got->child_loc[i] : 0, target->child_loc ? target->child_loc[i] : 0);
}

/* Bytes that are no delta give an error or some node, nothing worse. */
static void assert_survives(struct dice *d, const struct node *base, const struct node *target)
{
	auto_buf delta = BUF_INIT;
	struct drift_error err;
	size_t i;

	assert_int_equal(node_delta_encode(base, target, &varint_codec, &delta, &err), 0);
	for (i = 0; i < 5 && delta.len; i++) {
		auto_buf bytes = BUF_INIT, locs = BUF_INIT;

		delta.data[dice_below(d, delta.len)] = (char)dice_next(d);
		if (!node_delta_apply(base, delta.data, delta.len, &varint_codec, &bytes, &locs, &err)) {
			assert_true(bytes.len <= NODE_LEN_MAX);
		} else {
			assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
			assert_int_equal(bytes.len + locs.len, 0);
		}
	}
}

static void any_node_turns_into_any_other(void **state)
{
	struct dice dice = { .state = dice_seed() };
	size_t round, i;

	(void)state;
	for (round = 0; round < 400; round++) {
		unsigned level = round % 2;
		struct map_model m = { .count = 0 };
		struct node *base, *target;

		for (i = 0; i <= dice_below(&dice, 60); i++)
			node_model_put_random(&dice, &m, level);
		base = node_model_build(&m, MAP_DOCUMENTS, level);
		node_model_mutate(&dice, &m, level);
		target = node_model_build(&m, MAP_DOCUMENTS, level);
		assert_turns_into(base, target);
		assert_turns_into(target, base);
		assert_turns_into(base, base);
		assert_survives(&dice, base, target);
		node_unref(base);
		node_unref(target);
		map_model_release(&m);
	}
}

static size_t delta_len(const struct node *base, const struct node *target)
{
	auto_buf delta = BUF_INIT;
	struct drift_error err;

	assert_int_equal(node_delta_encode(base, target, &varint_codec, &delta, &err), 0);
	return delta.len;
}

static void small_changes_are_small(void **state)
{
	struct map_model m = { .count = 0 };
	struct node *base, *target;
	char key[16], value[216] = "";
	size_t i;

	(void)state;
	memset(value + 1, 'x', sizeof(value) - 1);
	for (i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "k%02zu", i);
		map_model_put(&m, key, 3, value, sizeof(value));
	}
	base = node_model_build(&m, MAP_DOCUMENTS, 0);
	assert_int_equal(delta_len(base, base), 0);
	memcpy(value + 150, "twelve bytes", 12);
	map_model_put(&m, "k11", 3, value, sizeof(value));
	target = node_model_build(&m, MAP_DOCUMENTS, 0);
	assert_int_equal(delta_len(base, target), 12 + 6);
	node_unref(target);
	map_model_remove(&m, "k11", 3);
	target = node_model_build(&m, MAP_DOCUMENTS, 0);
	assert_int_equal(delta_len(base, target), 2);
	node_unref(target);
	node_unref(base);
	map_model_release(&m);
}

static void small_changes_of_children_are_small(void **state)
{
	struct map_model m = { .count = 0 };
	struct node *base, *target;
	/* Child id, 300 entries, 60000 bytes. */
	char key[16], value[OID_LEN + 5] = "";
	size_t i;

	(void)state;
	memcpy(value + OID_LEN, "\xac\x02\xe0\xd4\x03", 5);
	for (i = 0; i < 80; i++) {
		snprintf(key, sizeof(key), "k%02zu", i);
		memset(value, (int)i, OID_LEN);
		map_model_put(&m, key, 3, value, sizeof(value));
	}
	base = node_model_build(&m, MAP_DOCUMENTS, 1);
	memset(value, 0x55, OID_LEN);
	value[OID_LEN + 2] = '\x80';
	map_model_put(&m, "k50", 3, value, sizeof(value));
	target = node_model_build(&m, MAP_DOCUMENTS, 1);
	/* Copy 50 and modify 1: 3 bytes; id; no change of count: 1, of bytes: 2; location 0x56: 1. */
	assert_int_equal(delta_len(base, target), 3 + OID_LEN + 3 + 1);
	node_unref(base);
	node_unref(target);
	map_model_release(&m);
}

/* One delta with all four operations, byte by byte. */
static void example(void **state)
{
	static const unsigned char delta[] = {
		1 << 2 | 0,                           /* copy a */
		1 << 2 | 1,                           /* skip b */
		1 << 2 | 2, 1, 'c', 3, 0,   'n', 'w', /* insert c */
		1 << 2 | 3, 2, 1,   2, 'X', 'Y',      /* modify d: keep 2 and 1, "XY" between */
	};
	struct map_model m = { .count = 0 };
	struct node *base, *target;
	auto_buf out = BUF_INIT;
	struct drift_error err;

	(void)state;
	map_model_put(&m, "a", 1, "\0one", 4);
	map_model_put(&m, "b", 1, "\0two", 4);
	map_model_put(&m, "d", 1, "\0four", 5);
	map_model_put(&m, "e", 1, "\0five", 5);
	base = node_model_build(&m, MAP_DOCUMENTS, 0);
	map_model_remove(&m, "b", 1);
	map_model_put(&m, "c", 1, "\0nw", 3);
	map_model_put(&m, "d", 1, "\0fXYr", 5);
	target = node_model_build(&m, MAP_DOCUMENTS, 0);
	assert_int_equal(node_delta_encode(base, target, &varint_codec, &out, &err), 0);
	assert_int_equal(out.len, sizeof(delta));
	assert_memory_equal(out.data, delta, out.len);
	assert_turns_into(base, target);
	node_unref(base);
	node_unref(target);
	map_model_release(&m);
}

static void refused(void **state)
{
	static const struct {
		const char *delta;
		size_t len;
	} bad[] = {
		{ "\x80", 1 },           /* half a number */
		{ "\x00", 1 },           /* copy none */
		{ "\x02", 1 },           /* insert none */
		{ "\x0c", 1 },           /* copy 3 of 2 */
		{ "\x0d", 1 },           /* skip 3 of 2 */
		{ "\x01\x07\0\0\0", 5 }, /* modify after the end */
		{ "\x07\x05\0\0", 4 },   /* keep 5 of 4 bytes in front */
		{ "\x07\x03\x02\0", 4 }, /* keep 3 and 2 of 4 */
		{ "\x07\0\0\x05"
		  "a",
		  5 },                      /* a middle beyond the end */
		{ "\x07\0\0\0", 4 },        /* a value without a head */
		{ "\x06\x01z\x01\x03", 5 }, /* insert a conflict */
		{ "\x06\xff\xff\xff\xff\x7fz", 7 },
		{ "\x07\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\0\0", 13 },
	};
	struct map_model m = { .count = 0 };
	struct node *base;
	struct drift_error err;
	size_t i;

	(void)state;
	map_model_put(&m, "a", 1, "\0one", 4);
	map_model_put(&m, "b", 1, "\0two", 4);
	base = node_model_build(&m, MAP_DOCUMENTS, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_buf bytes = BUF_INIT, locs = BUF_INIT;

		buf_add(&bytes, "kept", 4);
		if (!node_delta_apply(base, bad[i].delta, bad[i].len, &varint_codec, &bytes, &locs, &err))
			fail_msg("malformed delta %zu was accepted", i);
		assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
		assert_string_equal(bytes.data, "kept");
		assert_int_equal(locs.len, 0);
	}
	node_unref(base);
	map_model_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_node_turns_into_any_other),
		cmocka_unit_test(small_changes_are_small),
		cmocka_unit_test(small_changes_of_children_are_small),
		cmocka_unit_test(example),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("node-delta", tests, NULL, NULL);
}
