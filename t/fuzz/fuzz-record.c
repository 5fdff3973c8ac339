/*
 * Records of objects: two bytes of length (little endian) and canonical bytes of a base, then a record. Refused, or its
 * content is bounded and, stored anew, comes back.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SELF loc_make(3, 1 << 20, 7)

static void store_again(struct compressor *z, const struct record *r, const struct buf *content)
{
	struct record_source s = { .kind = r->kind, .id = &r->id, .self = SELF, .data = content->data, .len = content->len, .level = 1 };
	auto_buf bytes = BUF_INIT, back = BUF_INIT;
	struct record again;
	uint8_t depth;
	int ret = record_encode(&s, z, &bytes, &depth, NULL);

	assert(!ret && !depth);
	ret = record_parse(bytes.data, bytes.len, SELF, &again, NULL);
	assert(!ret && again.kind == r->kind && again.raw_len == content->len);
	ret = record_content(&again, z, NULL, 0, NULL, &back, NULL);
	assert(!ret && back.len == content->len && !memcmp(back.data, content->data, back.len));
}

static void read_node(struct compressor *z, const struct record *r, const struct buf *content)
{
	struct record_source s = { .kind = OBJECT_TREE, .self = SELF, .level = 1 };
	auto_buf bytes = BUF_INIT, back = BUF_INIT;
	auto_node *bare = NULL, *node = NULL;
	uint64_t locs[NODE_LEN_MAX];
	struct record again;
	uint8_t depth;
	int ret;

	if (node_decode(content->data, r->node_len, NULL, NULL, &bare, NULL) < 0 || !bare->count ||
	    record_node_locs(r, content, bare, locs, NULL) < 0)
		return;
	ret = node_with_locs(bare, locs, &node, NULL);
	assert(!ret);
	s.node = node;
	s.data = node->bytes;
	s.len = node->len;
	ret = record_encode(&s, z, &bytes, &depth, NULL);
	assert(!ret);
	ret = record_parse(bytes.data, bytes.len, SELF, &again, NULL);
	assert(!ret && again.node_len == r->node_len);
	ret = record_content(&again, z, NULL, 0, NULL, &back, NULL);
	/* Locations of which none is known are left out. */
	assert(!ret && back.len == (node->child_loc ? content->len : r->node_len) &&
	       !memcmp(back.data, content->data, back.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct compressor *z; /* making one takes longer than all the rest */
	auto_buf content = BUF_INIT;
	struct record r;
	size_t base_len;

	if (len < 2 || (!z && compressor_create(&z, NULL) < 0))
		return 0;
	base_len = data[0] | (size_t)data[1] << 8;
	if (base_len > len - 2 || record_parse(data + 2 + base_len, len - 2 - base_len, SELF, &r, NULL) < 0)
		return 0;
	assert(r.base_loc < SELF && r.dict_loc < SELF && r.body_len <= len);
	if (r.storage > RECORD_PREFIX || r.storage == RECORD_DICT || r.raw_len > 1 << 20 ||
	    record_content(&r, z, data + 2, base_len, NULL, &content, NULL) < 0)
		return 0;
	assert(content.len == r.raw_len && content.len >= r.node_len);
	if (r.kind == OBJECT_TREE)
		read_node(z, &r, &content);
	else
		store_again(z, &r, &content);
	return 0;
}
