#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "objects/boundary.h"
#include "objects/map.h"
#include "objects/value.h"
#include "t/unit/memstore.h"

#define SCHEMA "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
#define BLOB "26237db0116ad368604b43f7d8609252e3ac7f51c26b2d2457dff108beb8beb5"

/* The examples of drift-format-tree.adoc. */
#define EXAMPLE_EMPTY "01000000"
#define EXAMPLE_EMPTY_ID "14add4fd0f8a826ca329d956434c341e428143c98ebe95056b203bbd9cac0a76"
#define EXAMPLE_LEAF                               \
	"01010005"                                 \
	"0161"                                     \
	"03"                                       \
	"006869"                                   \
	"0162"                                     \
	"23"                                       \
	"01" BLOB "d00f"                           \
	"0163"                                     \
	"06"                                       \
	"10ed8302"                                 \
	"2321"                                     \
	"0164"                                     \
	"18"                                       \
	"1280c003"                                 \
	"1111111111111111111111111111111111111111" \
	"0165"                                     \
	"01"                                       \
	"00"
#define EXAMPLE_LEAF_ID "34ae41cdf6c50937f44aeb4d4a0f622de15ab6915f2a78df0e28230130203794"
#define EXAMPLE_ROOT              \
	"01000002"                \
	"03"                      \
	"6e6577"                  \
	"21"                      \
	"02" SCHEMA "05"          \
	"7573657273"              \
	"44"                      \
	"03" EXAMPLE_LEAF_ID "05" \
	"e80f" SCHEMA
#define EXAMPLE_ROOT_ID "fb0192942b6358051fce342f851d2a2da37ef053e31389c29f74dff5de3d6566"
#define EXAMPLE_INNER                                                      \
	"01010102"                                                         \
	"0165" EXAMPLE_LEAF_ID "05"                                        \
	"e80f"                                                             \
	"0178"                                                             \
	"1111111111111111111111111111111111111111111111111111111111111111" \
	"ac02"                                                             \
	"00"
#define EXAMPLE_INNER_ID "5d80c1b92f6c4934099d0822e44cf78d700e675b7acbfcfb8492fe837f0a19e8"
#define EXAMPLE_STAGE      \
	"01030002"         \
	"03"               \
	"612f31"           \
	"22"               \
	"0201" SCHEMA "03" \
	"612f32"           \
	"05"               \
	"0100"             \
	"006869"
#define EXAMPLE_STAGE_ID "6e39041ce2329f54611d178671709084531989441280953e9b5fb0354efdec7e"
/* The map of 10000 documents. */
#define EXAMPLE_MAP_ID "be3762c27a58ed0c5d433ecd454c05309c4ae386f19aebe10b71b7f4c3b475e5"
#define TABLE_SHA256 "d7ab08996ee0af76ef4d70bd48aec3ee8bd905294491009bd98723aeae9f4a6b"

static size_t unhex(const char *hex, unsigned char *out)
{
	size_t i, len = strlen(hex) / 2;

	for (i = 0; i < len; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return len;
}

static struct oid id_of(const char *hex)
{
	struct oid id;

	unhex(hex, id.bytes);
	return id;
}

static struct node *decode_example(const char *hex, const char *id_hex)
{
	unsigned char bytes[NODE_LEN_MAX];
	size_t len = unhex(hex, bytes);
	struct oid id = id_of(id_hex);
	struct drift_error err;
	struct node *node = NULL, *built = NULL;
	char got[OID_HEX_LEN + 1];

	assert_int_equal(node_decode(bytes, len, NULL, NULL, &node, &err), 0);
	assert_string_equal(oid_to_hex(&node->id, got), id_hex);
	node_unref(node);
	assert_int_equal(node_decode(bytes, len, &id, NULL, &node, &err), 0);
	assert_int_equal(node_from_built(bytes, len, NULL, &built, &err), 0);
	assert_true(oid_equal(&built->id, &id));
	assert_memory_equal(built->offset, node->offset, (node->count + 1) * sizeof(*node->offset));
	node_unref(built);
	return node;
}

static void assert_encodes(const struct document *doc, const struct node_entry *entry)
{
	auto_buf out = BUF_INIT;

	document_encode(doc, &out);
	assert_int_equal(out.len, entry->value_len);
	assert_memory_equal(out.data, entry->value, out.len);
	assert_int_equal(entry->bytes, doc->len);
}

static void documents(void **state)
{
	auto_node *node = decode_example(EXAMPLE_LEAF, EXAMPLE_LEAF_ID);
	const struct document expected[] = {
		{ .data = (const unsigned char *)"hi", .len = 2 },
		{ .form = DOCUMENT_BLOB, .len = 2000, .blob = id_of(BLOB) },
		{ .data = (const unsigned char *)"#!", .len = 2, .mode = 0100755 },
		{ .form = DOCUMENT_GITLINK,
		  .mode = 0160000,
		  .len = 20,
		  .data = (const unsigned char *)"\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11"
						 "\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11" },
		{ .data = (const unsigned char *)"", .len = 0 },
	};
	struct drift_error err;
	size_t i;

	(void)state;
	assert_int_equal(node->kind, MAP_DOCUMENTS);
	assert_int_equal(node->count, ARRAY_SIZE(expected));
	for (i = 0; i < node->count; i++) {
		struct node_entry entry;
		struct document doc;

		node_entry_at(node, i, &entry);
		assert_int_equal(document_decode(entry.value, entry.value_len, 7, &doc, &err), 0);
		assert_true(document_equal(&doc, &expected[i]));
		assert_int_equal(doc.loc, 7);
		assert_int_equal(document_equal(&doc, &expected[(i + 1) % 5]), false);
		assert_encodes(&doc, &entry);
		assert_int_equal(value_ref_offset(MAP_DOCUMENTS, entry.value, entry.value_len), i == 1 ? 1 : -1);
	}
}

static void descriptors(void **state)
{
	auto_node *node = decode_example(EXAMPLE_ROOT, EXAMPLE_ROOT_ID);
	struct oid schema = id_of(SCHEMA);
	struct drift_error err;
	struct node_entry entry;
	struct descriptor d;
	auto_buf out = BUF_INIT;

	(void)state;
	node_entry_at(node, 0, &entry);
	assert_int_equal(descriptor_decode(entry.value, entry.value_len, 9, &d, &err), 0);
	assert_false(d.has_root);
	assert_true(d.has_schema && oid_equal(&d.schema, &schema));
	assert_int_equal(entry.bytes, 0);
	assert_int_equal(value_ref_offset(MAP_ROOT, entry.value, entry.value_len), -1);
	node_entry_at(node, 1, &entry);
	assert_int_equal(descriptor_decode(entry.value, entry.value_len, 9, &d, &err), 0);
	assert_int_equal(d.count, 5);
	assert_int_equal(d.bytes, 2024);
	assert_int_equal(d.root_loc, 9);
	assert_int_equal(entry.bytes, 2024);
	assert_int_equal(value_ref_offset(MAP_ROOT, entry.value, entry.value_len), 1);
	descriptor_encode(&d, &out);
	assert_int_equal(out.len, entry.value_len);
	assert_memory_equal(out.data, entry.value, out.len);
}

static void staged_changes(void **state)
{
	auto_node *node = decode_example(EXAMPLE_STAGE, EXAMPLE_STAGE_ID);
	struct drift_error err;
	struct node_entry entry;
	struct staged s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		auto_buf out = BUF_INIT;

		node_entry_at(node, i, &entry);
		assert_int_equal(staged_decode(entry.value, entry.value_len, 3, &s, &err), 0);
		assert_int_equal(s.op, i ? STAGED_PUT : STAGED_REMOVE);
		assert_int_equal(s.replaced_present, !i);
		assert_int_equal(entry.bytes, i ? 2 : 0);
		staged_encode(&s, &out);
		assert_int_equal(out.len, entry.value_len);
		assert_memory_equal(out.data, entry.value, out.len);
	}
}

static void inner_nodes(void **state)
{
	auto_node *node = decode_example(EXAMPLE_INNER, EXAMPLE_INNER_ID);
	auto_node *empty = decode_example(EXAMPLE_EMPTY, EXAMPLE_EMPTY_ID);
	auto_node *located = NULL;
	const uint64_t locs[] = { 5, 6 }, none[] = { 0, 0 };
	struct drift_error err;
	struct node_entry entry;
	struct oid leaf = id_of(EXAMPLE_LEAF_ID);
	bool equal;

	(void)state;
	assert_int_equal(empty->count, 0);
	assert_int_equal(node->level, 1);
	node_entry_at(node, 0, &entry);
	assert_memory_equal(entry.child, leaf.bytes, OID_LEN);
	assert_int_equal(entry.count, 5);
	assert_int_equal(entry.bytes, 2024);
	assert_int_equal(entry.loc, LOC_UNKNOWN);
	assert_int_equal(node_search(node, "a", 1, &equal), 0);
	assert_false(equal);
	assert_int_equal(node_search(node, "e", 1, &equal), 0);
	assert_true(equal);
	assert_int_equal(node_search(node, "ea", 2, &equal), 1);
	assert_int_equal(node_search(node, "y", 1, &equal), 2);

	assert_int_equal(node_decode(node->bytes, node->len, NULL, locs, &located, &err), 0);
	node_entry_at(located, 1, &entry);
	assert_int_equal(entry.loc, 6);
	assert_true(node_memory(located) > node_memory(node));
	node_unref(node_ref(located));
	node_unref(take_ptr(located));
	assert_int_equal(node_decode(node->bytes, node->len, NULL, none, &located, &err), 0);
	assert_null(located->child_loc);
}

static const struct {
	const char *hex, *why;
} bad[] = {
	{ "", "no bytes" },
	{ "010000", "no count" },
	{ "01000100", "an inner node without entries" },
	{ "01010000", "an empty leaf of documents" },
	{ "01040001"
	  "0000",
	  "unknown kind" },
	{ "01021001"
	  "0000",
	  "level 16" },
	{ "0102008100"
	  "0000",
	  "a count that is not in shortest form" },
	{ "01020001"
	  "0000"
	  "00",
	  "a byte left over" },
	{ "01020002"
	  "0000",
	  "an entry too few" },
	{ "01020002"
	  "016100"
	  "016100",
	  "a key twice" },
	{ "01020002"
	  "016200"
	  "016100",
	  "keys out of order" },
	{ "01020001"
	  "ffff7f"
	  "00",
	  "a key beyond the end" },
	{ "01020001"
	  "0161"
	  "05"
	  "0000",
	  "a value beyond the end" },
	{ "01010001"
	  "0161"
	  "01"
	  "03",
	  "a conflict" },
	{ "01010001"
	  "0161"
	  "01"
	  "04",
	  "an unknown form" },
	{ "01010001"
	  "0161"
	  "01"
	  "20",
	  "an unknown flag" },
	{ "01010001"
	  "0161"
	  "02"
	  "1000",
	  "mode 0" },
	{ "01010001"
	  "0161"
	  "03"
	  "106100"
	  "68",
	  "mode not in shortest form" },
	{ "01010001"
	  "0161"
	  "03"
	  "021111",
	  "a short gitlink" },
	{ "01010001"
	  "0161"
	  "23"
	  "01" SCHEMA "8008",
	  "a blob that should be inline" },
	{ "01010001"
	  "0161"
	  "00",
	  "a document without a head" },
	{ "01000001"
	  "0161"
	  "01"
	  "00",
	  "a descriptor of nothing" },
	{ "01000001"
	  "0161"
	  "23"
	  "01" SCHEMA "0000",
	  "a descriptor of no documents" },
	{ "01000001"
	  "0161"
	  "21"
	  "04" SCHEMA,
	  "a descriptor with an unknown flag" },
	{ "01030001"
	  "0161"
	  "02"
	  "0300",
	  "an unknown staged change" },
	{ "01030001"
	  "0161"
	  "03"
	  "0200"
	  "00",
	  "a staged removal with a document" },
	{ "01010101"
	  "0161" SCHEMA "0000",
	  "a child with no entries" },
	{ "01010102"
	  "0161" SCHEMA "ffffffffffffffffff01"
	  "00"
	  "0162" SCHEMA "0100",
	  "counts beyond 64 bits" },
};

static void refused(void **state)
{
	unsigned char bytes[NODE_LEN_MAX + 1] = { 1 };
	struct drift_error err;
	struct oid id = id_of(SCHEMA);
	struct node *node = NULL;
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		len = unhex(bad[i].hex, bytes);
		err.code = DRIFT_OK;
		if (!node_decode(bytes, len, NULL, NULL, &node, &err))
			fail_msg("%s was accepted", bad[i].why);
		assert_true(err.code == DRIFT_ERR_CORRUPT || err.code == DRIFT_ERR_UNSUPPORTED);
	}
	len = unhex(EXAMPLE_LEAF, bytes);
	assert_int_equal(node_decode(bytes, len, &id, NULL, &node, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_CORRUPT);
	assert_int_equal(node_decode(bytes, NODE_LEN_MAX + 1, NULL, NULL, &node, &err), -1);
	bytes[0] = 2;
	assert_int_equal(node_decode(bytes, len, NULL, NULL, &node, &err), -1);
	assert_int_equal(err.code, DRIFT_ERR_UNSUPPORTED);
}

/* ---- boundaries ---- */

static void survival_table(void **state)
{
	unsigned char digest[SHA256_LEN];
	auto_buf text = BUF_INIT;
	struct oid id;
	char hex[OID_HEX_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < BOUNDARY_TABLE_LEN; i++)
		buf_addf(&text, "%lu\n", (unsigned long)boundary_survival[i]);
	sha256(text.data, text.len, digest);
	memcpy(id.bytes, digest, OID_LEN);
	assert_string_equal(oid_to_hex(&id, hex), TABLE_SHA256);
	assert_int_equal(boundary_survival[0], UINT32_MAX);
	assert_int_equal(boundary_survival[BOUNDARY_TABLE_LEN - 1], 0);
}

static void boundaries(void **state)
{
	(void)state;
	assert_true(boundary_after(0, "k", 1, BOUNDARY_FORCE - 1, BOUNDARY_FORCE, 9));
	assert_true(boundary_after(0, "k", 1, 1, BOUNDARY_FORCE, 1));
	assert_false(boundary_after(1, "k", 1, 1, BOUNDARY_FORCE, NODE_FANOUT_MIN - 1));
	assert_true(boundary_after(1, "k", 1, 1, BOUNDARY_FORCE, NODE_FANOUT_MIN));
	/* The example of drift-format-tree.adoc. */
	assert_false(boundary_after(0, "users/17", 8, 7829, 8059, 20));
	assert_true(boundary_after(0, "users/17", 8, 7830, 8060, 20));
}

struct numbered {
	struct map_changes changes;
	unsigned next;
	char key[16], value[40];
};

static int next_numbered(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct numbered *n = (struct numbered *)self;

	(void)err;
	if (n->next == 10000)
		return 0;
	snprintf(n->key, sizeof(n->key), "doc%05u", n->next);
	n->value[0] = DOCUMENT_INLINE;
	snprintf(n->value + 1, sizeof(n->value) - 1, "{\"n\":%u}", n->next++);
	*change_out = (struct map_change){
		.key = n->key, .key_len = strlen(n->key), .value = n->value, .value_len = 1 + strlen(n->value + 1)
	};
	return 1;
}

static int count_level(void *data, const struct node *node, struct drift_error *err)
{
	(void)err;
	((size_t *)data)[node->level]++;
	return 0;
}

static void example_map(void **state)
{
	struct numbered n = { .changes = { .next = next_numbered } };
	struct map_root root = { .count = 0 };
	struct memstore m;
	struct drift_error err;
	char hex[OID_HEX_LEN + 1];
	size_t levels[NODE_LEVEL_MAX + 1] = { 0 };

	(void)state;
	memstore_init(&m, true);
	assert_int_equal(map_edit(&m.store, MAP_DOCUMENTS, &root, &n.changes, &root, &err), 0);
	assert_string_equal(oid_to_hex(&root.id, hex), EXAMPLE_MAP_ID);
	assert_int_equal(root.count, 10000);
	assert_int_equal(root.bytes, 98890);
	assert_int_equal(map_walk_nodes(&m.store, &root, count_level, levels, &err), 0);
	assert_int_equal(levels[0], 55);
	assert_int_equal(levels[1], 1);
	memstore_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),   cmocka_unit_test(descriptors), cmocka_unit_test(staged_changes),
		cmocka_unit_test(inner_nodes), cmocka_unit_test(refused),     cmocka_unit_test(survival_table),
		cmocka_unit_test(boundaries),  cmocka_unit_test(example_map),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
