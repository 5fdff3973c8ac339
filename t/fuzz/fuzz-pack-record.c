/*
 * The records of a group of a pack: a group as it is, uncompressed. Each item is refused, or becomes the same bytes again
 * (blobs, whole nodes), or is a node that is the same when it is stored whole (changed nodes).
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/cursor.h"
#include "objects/pack_format.h"
#include "objects/pack_record.h"

#define ITEMS_MAX 300
#define WHOLE_NODE 0x3a

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A whole node tells where it stands itself; everything else is asked for as if it stood far behind. */
static uint64_t own_loc(const unsigned char *item, size_t len)
{
	struct cursor in;
	uint64_t file, offset;

	cursor_init(&in, item, len);
	if (cursor_u8(&in) != WHOLE_NODE)
		return loc_make(1000, (uint64_t)1 << 30, 0);
	file = cursor_varint(&in);
	offset = cursor_varint(&in);
	return file <= 1000 && offset <= (uint64_t)1 << 30 ? loc_make(file, offset, cursor_u8(&in)) : 0;
}

static void check_blob(const unsigned char *item, size_t len, const struct record *r)
{
	auto_buf again = BUF_INIT;
	uint64_t family;
	int ret;

	if (!pack_record_family(item, len, &family))
		return;
	ret = pack_record_put_blob(family, r->body, r->body_len, &again, NULL);
	assert(!ret && again.len == len && !memcmp(again.data, item, len));
}

static void check_same(const struct node *a, const struct node *b)
{
	assert(oid_equal(&a->id, &b->id) && a->count == b->count && a->loc == b->loc);
	for (size_t i = 0; i < a->count; i++)
		assert((a->child_loc ? a->child_loc[i] : LOC_UNKNOWN) ==
		       (b->child_loc ? b->child_loc[i] : LOC_UNKNOWN));
}

/* Stored whole, alone in a group. */
static void check_whole(const struct node *node, uint64_t loc, const unsigned char *item, size_t len)
{
	auto_buf bytes = BUF_INIT, raw = BUF_INIT;
	auto_group *group = NULL;
	auto_node *again = NULL;
	int r;

	if (pack_record_put_node(node, loc, &bytes, NULL))
		return;
	if (item[0] == WHOLE_NODE)
		assert(bytes.len == len && !memcmp(bytes.data, item, len));
	buf_add_varint(&raw, 1);
	buf_add_varint(&raw, bytes.len);
	buf_add(&raw, bytes.data, bytes.len);
	r = group_new(raw.data, raw.len, &group, NULL);
	assert(!r);
	r = pack_record_node(group, 0, loc, &node->id, &again, NULL);
	assert(!r);
	check_same(node, again);
}

static void check_item(const struct group *group, uint32_t i)
{
	const unsigned char *item = group->bytes + group->offset[i];
	size_t len = group->offset[i + 1] - group->offset[i];
	uint64_t loc = len ? own_loc(item, len) : 0;
	auto_node *node = NULL;
	struct record record;
	unsigned depth;

	if (!pack_record_depth(group, i, &depth, NULL))
		assert(depth <= i && depth <= PACK_INNER_DEPTH_MAX);
	if (!pack_record_parse(item, len, loc, &record, NULL) && record.kind == OBJECT_BLOB)
		check_blob(item, len, &record);
	if (!pack_record_node(group, i, loc, NULL, &node, NULL))
		check_whole(node, loc, item, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_group *group = NULL;

	if (group_new(data, len, &group, NULL) < 0)
		return 0;
	for (uint32_t i = 0; i < group->count && i < ITEMS_MAX; i++)
		check_item(group, i);
	return 0;
}
