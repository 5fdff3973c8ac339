#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "objects/fresh_nodes.h"

#define KEYS_MAX 40

static struct fresh_nodes *fresh;

static int make_ring(void **state)
{
	(void)state;
	fresh = mem_calloc(1, sizeof(*fresh));
	return fresh ? 0 : -1;
}

static int drop_ring(void **state)
{
	(void)state;
	free(fresh);
	return 0;
}

/* A leaf of `count` documents "kNN" with text `mark` + NN, or an inner node over as many children. */
static struct node *make_node(unsigned count, unsigned mark, bool inner, uint64_t loc)
{
	unsigned char bytes[4096];
	uint64_t locs[KEYS_MAX];
	struct node *node;
	size_t len = 0;

	bytes[len++] = NODE_VERSION;
	bytes[len++] = MAP_DOCUMENTS;
	bytes[len++] = inner;
	bytes[len++] = (unsigned char)count;
	for (unsigned i = 0; i < count; i++) {
		bytes[len++] = 3;
		len += (size_t)snprintf((char *)bytes + len, sizeof(bytes) - len, "k%02u", i);
		locs[i] = loc + 1000 + i;
		if (inner) {
			memset(bytes + len, (int)(mark + i), OID_LEN);
			len += OID_LEN;
			bytes[len++] = 7; /* documents */
			bytes[len++] = 70;
		} else {
			bytes[len++] = 5;
			bytes[len++] = 0;
			len += (size_t)snprintf((char *)bytes + len, sizeof(bytes) - len, "%02u%02u", mark % 100, i);
		}
	}
	assert_int_equal(node_decode(bytes, len, NULL, inner ? locs : NULL, &node, NULL), 0);
	node->loc = loc;
	node->depth = (uint8_t)(mark % 60);
	return node;
}

static void assert_same(const struct node *a, const struct node *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->bytes, b->bytes, a->len);
	assert_true(oid_equal(&a->id, &b->id));
	assert_int_equal(a->loc, b->loc);
	assert_int_equal(a->depth, b->depth);
	assert_int_equal(a->child_loc != NULL, b->child_loc != NULL);
	if (a->child_loc)
		assert_memory_equal(a->child_loc, b->child_loc, a->count * sizeof(*a->child_loc));
}

static void test_put_and_get(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * FRESH_NODE_COUNT; i++) {
		auto_node *node = make_node(1 + i % KEYS_MAX, i, i & 1, 4096 + i * 256);
		auto_node *found = NULL;

		assert_false(fresh_nodes_get(fresh, node->loc, &node->id, &found));
		fresh_nodes_put(fresh, i, node);
		assert_true(fresh_nodes_get(fresh, node->loc, &node->id, &found));
		assert_same(found, node);
	}
}

static void test_oldest_goes_first(void **state)
{
	struct oid ids[FRESH_NODE_COUNT + 1];

	(void)state;
	for (unsigned i = 0; i <= FRESH_NODE_COUNT; i++) {
		auto_node *node = make_node(3, i, false, 4096 + i * 256);

		ids[i] = node->id;
		fresh_nodes_put(fresh, i, node);
	}
	for (unsigned i = 0; i <= FRESH_NODE_COUNT; i++) {
		auto_node *found = NULL;

		assert_int_equal(fresh_nodes_get(fresh, 4096 + i * 256, &ids[i], &found), i != 0);
	}
}

static void test_wrong_id(void **state)
{
	auto_node *node = make_node(3, 1, false, 4096);
	auto_node *found = NULL;
	struct oid other = node->id;

	(void)state;
	other.bytes[31] ^= 1;
	fresh_nodes_put(fresh, 0, node);
	assert_false(fresh_nodes_get(fresh, 4096, &other, &found));
	assert_null(found);
}

/* No flip of a bit brings anything but the node or nothing. */
static void test_flips(void **state)
{
	auto_node *node = make_node(KEYS_MAX, 9, true, 4096);
	unsigned hits = 0;

	(void)state;
	fresh_nodes_put(fresh, 0, node);
	for (size_t word = 0; word < FRESH_WORDS; word++) {
		for (unsigned bit = 0; bit < 64; bit++) {
			auto_node *found = NULL;
			uint64_t was = atomic_load(&fresh->word[0][word]);

			atomic_store(&fresh->word[0][word], was ^ (uint64_t)1 << bit);
			if (fresh_nodes_get(fresh, 4096, &node->id, &found)) {
				assert_same(found, node);
				hits++;
			}
			atomic_store(&fresh->word[0][word], was);
		}
	}
	/* What lies behind the copy is no part of it. */
	assert_int_equal(hits, FRESH_WORDS * 64 - (2 + KEYS_MAX) * 64 - node->len * 8);
}

static void test_too_large(void **state)
{
	unsigned char bytes[NODE_LEN_MAX];
	struct node *node;
	auto_node *found = NULL;
	size_t len = 4, value_len = 1000;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, (unsigned char[]){ NODE_VERSION, MAP_DOCUMENTS, 0, 5 }, 4);
	for (unsigned i = 0; i < 5; i++) {
		bytes[len++] = 1;
		bytes[len++] = (unsigned char)('a' + i);
		bytes[len++] = (unsigned char)((value_len & 0x7f) | 0x80);
		bytes[len++] = (unsigned char)(value_len >> 7);
		bytes[len] = 0;
		len += value_len;
	}
	assert_int_equal(node_decode(bytes, len, NULL, NULL, &node, NULL), 0);
	node->loc = 8192;
	fresh_nodes_put(fresh, 0, node);
	assert_false(fresh_nodes_get(fresh, 8192, &node->id, &found));
	node_unref(node);
}

struct reader {
	const struct oid *ids;
	unsigned wrong;
	atomic_bool *stop;
};

#define MANY 2000

static void *read_all(void *data)
{
	struct reader *r = data;

	while (!atomic_load(r->stop)) {
		for (unsigned i = 0; i < MANY; i++) {
			auto_node *found = NULL;

			if (!fresh_nodes_get(fresh, 4096 + i * 256, &r->ids[i], &found))
				continue;
			r->wrong += found->depth != i % 60 || !found->child_loc || found->child_loc[0] != found->loc + 1000;
		}
	}
	return NULL;
}

/* Who reads while it is written over gets a whole node or none. */
static void test_readers_beside_a_writer(void **state)
{
	struct node *nodes[MANY];
	struct oid ids[MANY];
	atomic_bool stop = false;
	struct reader r = { .ids = ids, .stop = &stop };
	pthread_t thread;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		nodes[i] = make_node(20, i, true, 4096 + i * 256);
		ids[i] = nodes[i]->id;
	}
	assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
	for (unsigned turn = 0; turn < 10 * MANY; turn++)
		fresh_nodes_put(fresh, turn, nodes[turn % MANY]);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(r.wrong, 0);
	for (unsigned i = 0; i < MANY; i++) {
		auto_node *found = NULL;

		if (fresh_nodes_get(fresh, nodes[i]->loc, &ids[i], &found))
			assert_same(found, nodes[i]);
		node_unref(nodes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put_and_get, make_ring, drop_ring),
		cmocka_unit_test_setup_teardown(test_oldest_goes_first, make_ring, drop_ring),
		cmocka_unit_test_setup_teardown(test_wrong_id, make_ring, drop_ring),
		cmocka_unit_test_setup_teardown(test_flips, make_ring, drop_ring),
		cmocka_unit_test_setup_teardown(test_too_large, make_ring, drop_ring),
		cmocka_unit_test_setup_teardown(test_readers_beside_a_writer, make_ring, drop_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
