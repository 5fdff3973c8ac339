#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "objects/pack_format.h"
#include "objects/pack_record.h"
#include "objects/value.h"
#include "t/unit/node_model.h"

static struct drift_error err;

static void must(int result)
{
	if (result < 0)
		fail_msg("%s", err.message);
}

/* Items of a group to be. */
struct items {
	struct buf bytes;
	uint32_t ends[PACK_INNER_DEPTH_MAX + 4];
	size_t count;
};

static void items_end(struct items *items)
{
	items->ends[items->count++] = (uint32_t)items->bytes.len;
}

static struct group *items_group(const struct items *items)
{
	struct group *group = NULL;
	auto_buf raw = BUF_INIT;
	size_t i;

	buf_add_varint(&raw, items->count);
	for (i = 0; i < items->count; i++)
		buf_add_varint(&raw, items->ends[i] - (i ? items->ends[i - 1] : 0));
	buf_add(&raw, items->bytes.data, items->bytes.len);
	must(group_new(raw.data, raw.len, &group, &err));
	return group;
}

/* What entry i refers to: 32 bytes, or NULL. */
static const unsigned char *ref_at(const struct node *node, size_t i)
{
	struct node_entry e;
	long offset;

	node_entry_at(node, i, &e);
	if (node->level)
		return e.child;
	offset = value_ref_offset(node->kind, e.value, e.value_len);
	return offset < 0 ? NULL : e.value + offset;
}

/* A version of a node, stored in file 3, with locations in files 1 to 3 or unknown, which follow from the ids. */
static struct node *version(const struct map_model *m, unsigned level, size_t number)
{
	struct node *bare = node_model_build(m, MAP_DOCUMENTS, level), *node;
	uint64_t locs[256];
	size_t i;

	for (i = 0; i < bare->count; i++) {
		const unsigned char *ref = ref_at(bare, i);

		locs[i] = LOC_UNKNOWN;
		if (ref && ref[0] % 8)
			locs[i] = loc_make(1 + ref[1] % 3U, 4096 + ref[2] * 1000U, ref[3] % 4);
	}
	must(node_with_locs(bare, locs, &node, &err));
	node_unref(bare);
	node->loc = loc_make(3, 300000 + number * 500, (unsigned)(number % 5));
	return node;
}

static void assert_node(const struct node *got, const struct node *want)
{
	size_t i;

	assert_memory_equal(&got->id, &want->id, sizeof(got->id));
	assert_true(got->loc == want->loc);
	assert_int_equal(got->depth, 0);
	assert_int_equal(got->count, want->count);
	for (i = 0; i < want->count; i++)
		assert_true((got->child_loc ? got->child_loc[i] : 0) == (want->child_loc ? want->child_loc[i] : 0));
}

/* Versions newest first, as one run. */
static void put_run(struct items *items, struct node *const *versions, size_t count)
{
	size_t i;

	for (i = count; i--;) {
		if (i + 1 == count)
			must(pack_record_put_node(versions[i], versions[i]->loc, &items->bytes, &err));
		else
			must(pack_record_put_edit(versions[count - 1]->loc, versions[i + 1], versions[i], &items->bytes,
						  &err));
		items_end(items);
	}
}

static void assert_item(const struct group *group, uint32_t index, const struct node *want)
{
	struct oid other = want->id;
	struct node *node;

	must(pack_record_node(group, index, want->loc, &want->id, &node, &err));
	assert_node(node, want);
	node_unref(node);
	must(pack_record_node(group, index, want->loc, NULL, &node, &err));
	assert_node(node, want);
	node_unref(node);
	other.bytes[5] ^= 1;
	assert_int_equal(pack_record_node(group, index, want->loc, &other, &node, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
}

static void versions_of_a_node(void **state)
{
	struct dice dice = { .state = dice_seed() };
	struct node *versions[40];
	size_t round, i, count;
	unsigned depth;

	(void)state;
	for (round = 0; round < 60; round++) {
		unsigned level = round % 2;
		struct map_model m = { .count = 0 };
		struct items items = { .bytes = BUF_INIT };
		struct group *group;

		for (i = 0; i <= dice_below(&dice, 60); i++)
			node_model_put_random(&dice, &m, level);
		count = 1 + dice_below(&dice, ARRAY_SIZE(versions));
		for (i = 0; i < count; i++) {
			versions[i] = version(&m, level, i);
			node_model_mutate(&dice, &m, level);
		}
		must(pack_record_put_blob(1, "before", 6, &items.bytes, &err));
		items_end(&items);
		put_run(&items, versions, count);
		put_run(&items, versions, 1);
		group = items_group(&items);
		for (i = 0; i < count; i++) {
			assert_item(group, (uint32_t)(count - i), versions[i]);
			must(pack_record_depth(group, (uint32_t)(count - i), &depth, &err));
			assert_int_equal(depth, count - 1 - i);
		}
		assert_item(group, (uint32_t)count + 1, versions[0]);
		while (count)
			node_unref(versions[--count]);
		group_unref(group);
		buf_release(&items.bytes);
		map_model_release(&m);
	}
}

static void chains_end(void **state)
{
	struct map_model m = { .count = 0 };
	struct items items = { .bytes = BUF_INIT };
	struct group *group;
	struct node *node, *got;
	unsigned depth;
	size_t i;

	(void)state;
	map_model_put(&m, "a", 1, "\0one", 4);
	node = version(&m, 0, 1);
	must(pack_record_put_edit(node->loc, node, node, &items.bytes, &err));
	items_end(&items);
	must(pack_record_put_blob(1, "x", 1, &items.bytes, &err));
	items_end(&items);
	must(pack_record_put_edit(node->loc, node, node, &items.bytes, &err));
	items_end(&items);
	group = items_group(&items);
	assert_int_equal(pack_record_depth(group, 0, &depth, &err), -1);
	assert_int_equal(pack_record_depth(group, 2, &depth, &err), -1);
	assert_int_equal(pack_record_depth(group, 3, &depth, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_int_equal(pack_record_node(group, 1, node->loc, NULL, &got, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	group_unref(group);
	buf_clear(&items.bytes);
	items.count = 0;
	must(pack_record_put_node(node, node->loc, &items.bytes, &err));
	items_end(&items);
	for (i = 0; i <= PACK_INNER_DEPTH_MAX; i++) {
		must(pack_record_put_edit(node->loc, node, node, &items.bytes, &err));
		items_end(&items);
	}
	group = items_group(&items);
	assert_item(group, PACK_INNER_DEPTH_MAX, node);
	assert_int_equal(pack_record_node(group, PACK_INNER_DEPTH_MAX + 1, node->loc, NULL, &got, &err), -1);
	assert_int_equal(pack_record_node(group, 0, node->loc + 1, NULL, &got, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	group_unref(group);
	node_unref(node);
	buf_release(&items.bytes);
	map_model_release(&m);
}

/* Each form byte by byte, as the document of the format shows them. */
static void forms(void **state)
{
	static const unsigned char blob[] = { 0x01, 0x00, 0x00, 0x10, 0, 0, 0, 1, 0, 'h', 'i' };
	static const unsigned char whole[] = {
		0x3a, 1,   0x80, 0x40, 2,                       /* file 1, frame at 8192, record 2 */
		20,                                             /* bytes of the node */
		1,    1,   0,    2,                             /* version, kind, leaf, two entries */
		1,    'a', 4,    0,    'o', 'n', 'e',           /* a: inline */
		1,    'b', 6,    0,    't', 'h', 'r', 'e', 'e', /* b */
	};
	static const unsigned char changed[] = { 0x22, 1 << 2 | 0, 1 << 2 | 3, 2, 0, 2, 'w', 'o' };
	uint64_t loc = loc_make(1, 8192, 2), family;
	struct map_model m = { .count = 0 };
	auto_buf out = BUF_INIT;
	struct node *node, *older;
	struct record r;
	size_t i;

	(void)state;
	must(pack_record_put_blob(loc_make(1, 4096, 0), "hi", 2, &out, &err));
	assert_int_equal(out.len, sizeof(blob));
	assert_memory_equal(out.data, blob, sizeof(blob));
	must(pack_record_parse(blob, sizeof(blob), loc, &r, &err));
	assert_true(r.kind == OBJECT_BLOB && r.storage == RECORD_RAW && r.raw_len == 2 && oid_is_zero(&r.id));
	assert_memory_equal(r.body, "hi", 2);
	assert_int_equal(pack_record_family(blob, sizeof(blob), &family), 1);
	assert_true(family == loc_make(1, 4096, 0));
	map_model_put(&m, "a", 1, "\0one", 4);
	map_model_put(&m, "b", 1, "\0three", 6);
	node = node_model_build(&m, MAP_DOCUMENTS, 0);
	map_model_put(&m, "b", 1, "\0two", 4);
	older = node_model_build(&m, MAP_DOCUMENTS, 0);
	buf_clear(&out);
	must(pack_record_put_node(node, loc, &out, &err));
	assert_int_equal(out.len, sizeof(whole));
	assert_memory_equal(out.data, whole, sizeof(whole));
	must(pack_record_parse(whole, sizeof(whole), loc, &r, &err));
	assert_true(r.kind == OBJECT_TREE && r.storage == RECORD_RAW && r.node_len == 20 && r.body == whole + 6);
	assert_int_equal(pack_record_parse(whole, sizeof(whole), loc_make(1, 8192, 1), &r, &err), -1);
	assert_int_equal(pack_record_family(whole, sizeof(whole), &family), 0);
	buf_clear(&out);
	must(pack_record_put_edit(loc, node, older, &out, &err));
	assert_int_equal(out.len, sizeof(changed));
	assert_memory_equal(out.data, changed, sizeof(changed));
	must(pack_record_parse(changed, sizeof(changed), loc, &r, &err));
	assert_true(r.kind == OBJECT_TREE && r.storage == RECORD_EDIT && r.base_loc == LOC_UNKNOWN && !r.depth);
	for (i = 0; i < 6; i++)
		assert_int_equal(pack_record_parse(whole, i, loc, &r, &err), -1);
	for (i = 0; i < 9; i++)
		assert_int_equal(pack_record_parse(blob, i, loc, &r, &err), -1);
	assert_int_equal(pack_record_parse("\x03z", 2, loc, &r, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	node_unref(node);
	node_unref(older);
	map_model_release(&m);
}

static void nothing_refers_forward(void **state)
{
	struct map_model m = { .count = 0 };
	struct dice dice = { .state = 7 };
	auto_buf out = BUF_INIT;
	struct node *node;

	(void)state;
	while (m.count < 20)
		node_model_put_random(&dice, &m, 1);
	node = version(&m, 1, 0);
	assert_int_equal(pack_record_put_node(node, loc_make(2, LOC_OFFSET_MAX, 0), &out, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_INVALID);
	assert_int_equal(pack_record_put_edit(loc_make(3, 4096, 0), node, node, &out, &err), -1);
	assert_int_equal(pack_record_put_root(node, loc_make(3, 4096, 0), &out, &err), -1);
	assert_int_equal(out.len, 0);
	must(pack_record_put_node(node, loc_make(4, 4096, 0), &out, &err));
	node_unref(node);
	map_model_release(&m);
}

/* --- root maps --- */

#define ROOT_COUNT 4

/* Gives root i's id for its location. */
struct answers {
	struct pack_resolver resolver;
	const struct oid *ids;
	const uint64_t *locs;
};

static int answer(struct pack_resolver *self, uint64_t loc, struct oid *id_out, struct drift_error *e)
{
	struct answers *a = (struct answers *)(void *)self;
	size_t i;

	for (i = 0; i < ROOT_COUNT; i++) {
		if (a->locs[i] == loc) {
			*id_out = a->ids[i];
			return 0;
		}
	}
	return error_set(e, DRIFT_ERR_NOT_FOUND, "nothing there");
}

/* Collections of which one has no root and one a root whose place is not known. */
static struct node *root_map(const struct oid *ids, const uint64_t *locs)
{
	struct map_model m = { .count = 0 };
	struct node *bare, *node;
	char name[8];
	size_t i;

	for (i = 0; i < ROOT_COUNT; i++) {
		struct descriptor d = { .has_root = i != 1, .has_schema = i != 2, .root = ids[i], .count = 1 };
		auto_buf value = BUF_INIT;

		d.schema = ids[0];
		descriptor_encode(&d, &value);
		snprintf(name, sizeof(name), "c%zu", i);
		map_model_put(&m, name, 2, value.data, value.len);
	}
	bare = node_model_build(&m, MAP_ROOT, 0);
	must(node_with_locs(bare, locs, &node, &err));
	node_unref(bare);
	map_model_release(&m);
	return node;
}

static void root_maps_without_ids(void **state)
{
	uint64_t locs[ROOT_COUNT] = { loc_make(1, 4096, 1), LOC_UNKNOWN, loc_make(2, 4096, 0), LOC_UNKNOWN },
		 got[ROOT_COUNT];
	uint64_t loc = loc_make(2, 4096, 2);
	struct oid ids[ROOT_COUNT], zero;
	struct answers answers = { { answer }, ids, locs };
	auto_buf out = BUF_INIT, full = BUF_INIT;
	struct node *node, *bare;
	struct record r;
	struct buf content = BUF_INIT;
	size_t i, zeros = 0;

	(void)state;
	memset(&zero, 0, sizeof(zero));
	for (i = 0; i < ROOT_COUNT; i++)
		memset(&ids[i], (int)(0x11 * (i + 1)), sizeof(ids[i]));
	node = root_map(ids, locs);
	must(pack_record_put_root(node, loc, &out, &err));
	must(record_parse(out.data, out.len, loc, &r, &err));
	assert_true(r.kind == OBJECT_TREE && r.storage == RECORD_RAW && r.node_len == node->len);
	must(node_decode_base(r.body, r.node_len, NULL, &bare, &err));
	content.data = (char *)(uintptr_t)r.body;
	content.len = r.body_len;
	must(record_node_locs(&r, &content, bare, got, &err));
	assert_memory_equal(got, locs, sizeof(locs));
	for (i = 0; i < ROOT_COUNT; i++)
		zeros += ref_at(bare, i) && !memcmp(ref_at(bare, i), &zero, OID_LEN);
	assert_int_equal(zeros, 2);
	must(pack_root_complete(r.body, r.node_len, got, &answers.resolver, &full, &err));
	assert_int_equal(full.len, node->len);
	assert_memory_equal(full.data, node->bytes, node->len);
	buf_clear(&full);
	assert_int_equal(pack_root_complete(r.body, r.node_len, NULL, &answers.resolver, &full, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	got[0]++;
	assert_int_equal(pack_root_complete(r.body, r.node_len, got, &answers.resolver, &full, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_NOT_FOUND);
	assert_int_equal(full.len, 0);
	node_unref(bare);
	node_unref(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_of_a_node),
		cmocka_unit_test(chains_end),
		cmocka_unit_test(forms),
		cmocka_unit_test(nothing_refers_forward),
		cmocka_unit_test(root_maps_without_ids),
	};

	return cmocka_run_group_tests_name("pack-record", tests, NULL, NULL);
}
