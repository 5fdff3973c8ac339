/*
 * Chains of edit lists: two bytes of length (little endian), a base of that length, then lists, each with two bytes of
 * length before it (the last one may be cut). What is accepted one by one is accepted at once, with the same result.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/node_chain.h"

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

/* The next piece of at most what is left; false at the end. */
static bool next_piece(struct cursor *in, const unsigned char **data_out, size_t *len_out)
{
	size_t len;

	if (cursor_left(in) < 2)
		return false;
	len = cursor_u16(in);
	if (len > cursor_left(in))
		len = cursor_left(in);
	*data_out = cursor_bytes(in, len);
	*len_out = len;
	return true;
}

/* All lists, one at a time; false if one of the versions is no node. */
static bool apply_singly(const struct node *base, const struct node_chain_edit *edits, size_t count, struct buf *bytes,
			 struct buf *locs)
{
	struct node *node = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		struct node *next = NULL;
		int r;

		buf_clear(bytes);
		buf_clear(locs);
		r = node_delta_apply(node ? node : base, edits[i].data, edits[i].len, &codec, bytes, locs, NULL);
		if (!r)
			r = node_decode_base(bytes->data, bytes->len, (const uint64_t *)(const void *)locs->data, &next,
					     NULL);
		node_unref(node);
		node = next;
		if (r < 0)
			return false;
	}
	node_unref(node);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct node_chain_edit edits[NODE_CHAIN_MAX];
	auto_buf bytes = BUF_INIT, locs = BUF_INIT, single_bytes = BUF_INIT, single_locs = BUF_INIT;
	const unsigned char *piece;
	auto_node *base = NULL;
	size_t count = 0, piece_len;
	struct cursor in;
	int r;

	cursor_init(&in, data, len);
	if (!next_piece(&in, &piece, &piece_len) || node_decode(piece, piece_len, NULL, NULL, &base, NULL) < 0)
		return 0;
	while (count < NODE_CHAIN_MAX && next_piece(&in, &edits[count].data, &edits[count].len))
		edits[count++].codec = &codec;
	r = node_chain_apply(base, edits, count, &bytes, &locs, NULL);
	assert(!r || (!bytes.len && !locs.len));
	assert(bytes.len <= NODE_LEN_MAX);
	if (!count || !apply_singly(base, edits, count, &single_bytes, &single_locs))
		return 0;
	assert(!r && bytes.len == single_bytes.len && locs.len == single_locs.len);
	assert(!memcmp(bytes.data, single_bytes.data, bytes.len) && !memcmp(locs.data, single_locs.data, locs.len));
	return 0;
}
