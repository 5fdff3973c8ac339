/* Nodes: refused, or its entries make the same bytes again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void add_entry(struct buf *out, const struct node *node, const struct node_entry *entry)
{
	buf_add_varint(out, entry->key_len);
	buf_add(out, entry->key, entry->key_len);
	if (node->level) {
		buf_add(out, entry->child, OID_LEN);
		buf_add_varint(out, entry->count);
		buf_add_varint(out, entry->bytes);
	} else {
		buf_add_varint(out, entry->value_len);
		buf_add(out, entry->value, entry->value_len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf again = BUF_INIT;
	auto_node *node = NULL, *built = NULL;
	size_t i;

	if (node_decode(data, len, NULL, NULL, &node, NULL) < 0)
		return 0;
	buf_add_byte(&again, NODE_VERSION);
	buf_add_byte(&again, (unsigned char)node->kind);
	buf_add_byte(&again, node->level);
	buf_add_varint(&again, node->count);
	for (i = 0; i < node->count; i++) {
		struct node_entry entry;
		bool equal;
		size_t found;

		node_entry_at(node, i, &entry);
		add_entry(&again, node, &entry);
		found = node_search(node, entry.key, entry.key_len, &equal);
		assert(equal && found == i);
	}
	assert(again.len == len && !memcmp(again.data, data, len));
	assert(!node_from_built(data, len, NULL, &built, NULL));
	assert(!memcmp(built->offset, node->offset, (node->count + 1) * sizeof(*node->offset)));
	return 0;
}
