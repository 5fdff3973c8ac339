/*
 * Deltas of nodes: two bytes of length (little endian), a base of that length, a delta. Refused, or its result is bounded;
 * if that is a node, the delta that drift makes of it leads there again.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/node_delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void put_loc(const struct loc_codec *codec, struct buf *out, uint64_t loc)
{
	(void)codec;
	buf_add_varint(out, loc);
}

static uint64_t get_loc(const struct loc_codec *codec, struct cursor *in)
{
	(void)codec;
	return cursor_varint(in);
}

static const struct loc_codec codec = { .put = put_loc, .get = get_loc };

static void make_again(const struct node *base, const struct node *target)
{
	auto_buf delta = BUF_INIT, bytes = BUF_INIT, locs = BUF_INIT;
	int ret = node_delta_encode(base, target, &codec, &delta, NULL);

	assert(!ret);
	ret = node_delta_apply(base, delta.data, delta.len, &codec, &bytes, &locs, NULL);
	assert(!ret);
	assert(bytes.len == target->len && !memcmp(bytes.data, target->bytes, bytes.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_node *base = NULL, *target = NULL;
	auto_buf bytes = BUF_INIT, locs = BUF_INIT;
	size_t base_len;

	if (len < 2)
		return 0;
	base_len = data[0] | (size_t)data[1] << 8;
	data += 2;
	len -= 2;
	if (base_len > len || node_decode(data, base_len, NULL, NULL, &base, NULL) < 0)
		return 0;
	if (node_delta_apply(base, data + base_len, len - base_len, &codec, &bytes, &locs, NULL) < 0)
		return 0;
	assert(bytes.len <= NODE_LEN_MAX);
	if (node_decode(bytes.data, bytes.len, NULL, (const uint64_t *)(const void *)locs.data, &target, NULL) < 0)
		return 0;
	assert(locs.len == target->count * sizeof(uint64_t));
	make_again(base, target);
	return 0;
}
