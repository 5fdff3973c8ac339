#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "objects/node_chain.h"
#include "t/unit/node_model.h"

#define CHAIN_COUNT 40

/* A node and the edit lists that lead on from it. */
struct lists {
	struct node *base;
	size_t count;
	struct buf list[NODE_CHAIN_MAX + 1];
	struct node_chain_edit edit[NODE_CHAIN_MAX + 1];
};

static void lists_release(struct lists *l)
{
	size_t i;

	node_unref(l->base);
	for (i = 0; i < l->count; i++)
		buf_release(&l->list[i]);
}

static void lists_add(struct lists *l, const struct node *from, const struct node *to)
{
	struct buf *list = &l->list[l->count];
	struct drift_error err;

	buf_init(list);
	if (node_delta_encode(from, to, &varint_codec, list, &err) < 0)
		fail_msg("%s", err.message);
	l->edit[l->count++] = (struct node_chain_edit){ (const unsigned char *)list->data, list->len, &varint_codec };
}

/* As node_chain_apply, one list at a time. */
static int apply_singly(const struct lists *l, struct buf *bytes, struct buf *locs, struct drift_error *err)
{
	auto_node *node = node_ref(l->base);
	size_t i;

	buf_add(bytes, node->bytes, node->len);
	for (i = 0; i < l->count; i++) {
		struct node *next;

		buf_clear(bytes);
		buf_clear(locs);
		if (node_delta_apply(node, l->edit[i].data, l->edit[i].len, &varint_codec, bytes, locs, err) < 0)
			return -1;
		if (node_decode_base(bytes->data, bytes->len, (const uint64_t *)(const void *)locs->data, &next, err) <
		    0)
			return -1;
		node_unref(node);
		node = next;
	}
	return 0;
}

static void assert_same(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	if (a->len)
		assert_memory_equal(a->data, b->data, a->len);
}

static void assert_applies(const struct lists *l)
{
	auto_buf bytes = BUF_INIT, locs = BUF_INIT, want_bytes = BUF_INIT, want_locs = BUF_INIT;
	struct drift_error err;

	assert_int_equal(apply_singly(l, &want_bytes, &want_locs, &err), 0);
	assert_int_equal(node_chain_apply(l->base, l->edit, l->count, &bytes, &locs, &err), 0);
	assert_same(&bytes, &want_bytes);
	if (l->count)
		assert_same(&locs, &want_locs);
}

/* Lists that were tampered with: what is fine one by one is fine at once, and is the same. */
static void assert_survives(struct dice *d, const struct lists *l)
{
	size_t round;

	for (round = 0; round < 8 && l->count; round++) {
		auto_buf bytes = BUF_INIT, locs = BUF_INIT, want_bytes = BUF_INIT, want_locs = BUF_INIT;
		const struct buf *list = &l->list[dice_below(d, l->count)];
		struct drift_error err;
		int result;

		if (!list->len)
			continue;
		list->data[dice_below(d, list->len)] = (char)dice_next(d);
		buf_add(&bytes, "kept", 4);
		result = node_chain_apply(l->base, l->edit, l->count, &bytes, &locs, &err);
		if (result) {
			assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
			assert_int_equal(bytes.len, 4);
			assert_int_equal(locs.len, 0);
		} else {
			assert_in_range(bytes.len, 7, 4 + NODE_LEN_MAX);
		}
		if (apply_singly(l, &want_bytes, &want_locs, &err) < 0)
			continue;
		assert_int_equal(result, 0);
		assert_int_equal(bytes.len, 4 + want_bytes.len);
		assert_memory_equal(bytes.data + 4, want_bytes.data, want_bytes.len);
		assert_same(&locs, &want_locs);
	}
}

static void random_chain(struct dice *dice, unsigned level, struct lists *l)
{
	struct map_model m = { .count = 0 };
	size_t i, count = dice_below(dice, CHAIN_COUNT);
	struct node *before;

	for (i = 0; i <= dice_below(dice, 100); i++)
		node_model_put_random(dice, &m, level);
	l->count = 0;
	l->base = node_model_build(&m, MAP_DOCUMENTS, level);
	before = node_ref(l->base);
	while (l->count < count) {
		struct node *next;

		node_model_mutate(dice, &m, level);
		next = node_model_build(&m, MAP_DOCUMENTS, level);
		lists_add(l, before, next);
		node_unref(before);
		before = next;
	}
	node_unref(before);
	map_model_release(&m);
}

static void at_once_is_one_by_one(void **state)
{
	struct dice dice = { .state = dice_seed() };
	static struct lists l;
	size_t round;

	(void)state;
	for (round = 0; round < 120; round++) {
		random_chain(&dice, round % 2, &l);
		assert_applies(&l);
		assert_survives(&dice, &l);
		lists_release(&l);
	}
}

/* Lists that take all away and bring other entries, as many as a node can have. */
static void entries_come_and_go(void **state)
{
	struct map_model m = { .count = 0 };
	struct node *few, *many;
	static struct lists l;
	char key[8];
	size_t i;

	(void)state;
	map_model_put(&m, "a", 1, "x", 1);
	few = node_model_build(&m, MAP_INDEX, 0);
	for (i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "%04zu", i);
		map_model_put(&m, key, 4, "", 0);
	}
	map_model_remove(&m, "a", 1);
	many = node_model_build(&m, MAP_INDEX, 0);
	l.count = 0;
	l.base = node_ref(few);
	while (l.count < NODE_CHAIN_MAX - 1) {
		lists_add(&l, few, many);
		lists_add(&l, many, few);
	}
	lists_add(&l, few, many);
	assert_int_equal(l.count, NODE_CHAIN_MAX);
	assert_applies(&l);
	lists_release(&l);
	node_unref(few);
	node_unref(many);
	map_model_release(&m);
}

static void assert_refused(const struct node *base, const struct node_chain_edit *edits, size_t count)
{
	auto_buf bytes = BUF_INIT, locs = BUF_INIT;
	struct drift_error err;

	assert_int_equal(node_chain_apply(base, edits, count, &bytes, &locs, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_int_equal(bytes.len + locs.len, 0);
}

static void limits(void **state)
{
	static const struct node_chain_edit nothing[NODE_CHAIN_MAX + 1];
	/* A key of 8000 bytes, put before all others again and again. */
	unsigned char grow[8006] = { 1 << 2 | 2, 0xc0, 0x3e };
	struct node_chain_edit edits[3];
	struct map_model m = { .count = 0 };
	auto_buf bytes = BUF_INIT, locs = BUF_INIT;
	struct drift_error err;
	struct node *base;
	size_t i;

	(void)state;
	map_model_put(&m, "a", 1, "x", 1);
	base = node_model_build(&m, MAP_INDEX, 0);
	assert_int_equal(node_chain_apply(base, nothing, NODE_CHAIN_MAX, &bytes, &locs, &err), 0);
	assert_int_equal(bytes.len, base->len);
	assert_memory_equal(bytes.data, base->bytes, base->len);
	assert_int_equal(locs.len, sizeof(uint64_t));
	assert_refused(base, nothing, NODE_CHAIN_MAX + 1);
	for (i = 0; i < ARRAY_SIZE(edits); i++)
		edits[i] = (struct node_chain_edit){ grow, 8004, &varint_codec };
	assert_int_equal(node_chain_apply(base, edits, 2, &bytes, &locs, &err), 0);
	buf_clear(&bytes);
	buf_clear(&locs);
	assert_refused(base, edits, 3);
	node_unref(base);
	map_model_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once_is_one_by_one),
		cmocka_unit_test(entries_come_and_go),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("node-chain", tests, NULL, NULL);
}
