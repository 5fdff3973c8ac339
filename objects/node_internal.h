/* Reading the bytes of a decoded node, which are known to be sound. */
#ifndef OBJECTS_NODE_INTERNAL_H
#define OBJECTS_NODE_INTERNAL_H

#include <stdint.h>

#include "base/compiler.h"
#include "objects/node.h"

/* Bytes of a node's head at most: version, kind, level, count. */
#define NODE_HEAD_MAX 6

/* Of edit lists, see node_delta.h. */
enum delta_op { DELTA_COPY = 0, DELTA_SKIP = 1, DELTA_INSERT = 2, DELTA_MODIFY = 3 };

static inline uint64_t varint_trusted(const unsigned char **p)
{
	uint64_t v = *(*p)++;
	unsigned shift = 7;

	if (v < 0x80)
		return v;
	v &= 0x7f;
	for (;;) {
		uint64_t b = *(*p)++;

		v |= (b & 0x7f) << shift;
		if (b < 0x80)
			return v;
		shift += 7;
	}
}

/*
 * As node_decode_base, with less of a check: lengths only, neither order nor values. The bytes stay the caller's and
 * are not copied. child_loc has room for a location an entry, all unknown.
 */
int node_skim(const void *bytes, size_t len, struct node **node_out, struct drift_error *err) MUST_CHECK;

/* Bytes of all entries, without the head. */
static inline size_t node_entries_len(const struct node *node)
{
	return node->len - (size_t)node->offset[0];
}

#endif
