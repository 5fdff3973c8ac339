/*
 * A node as an edit list against another node of the same kind and level: how the journal stores the
 * new version of a node in tens of bytes. Format in Documentation/drift-format-journal.adoc:
 *
 *   ops until the bytes end; each begins with varint n << 2 | op:
 *   0 copy    n entries of the base as they are
 *   1 skip    n entries of the base; n = 0: all that are left
 *   2 insert  n entries: leaf: varint key length, key, varint value length, value [location]
 *             inner: varint key length, key, child id, varint count, varint bytes, location
 *   3 modify  n entries keep their key and have a new value: leaf: varint bytes kept at the front, varint bytes kept
 *             at the back, varint length of the new middle, middle [location]; inner: child id, svarint change of count,
 *             svarint change of bytes, location
 *   what is left of the base after the last op is copied.
 *
 * A location is there where the entry refers to an object; how it is written is the caller's (loc codec),
 * as it is relative to the place of the record.
 */
#ifndef OBJECTS_NODE_DELTA_H
#define OBJECTS_NODE_DELTA_H

#include "base/cursor.h"
#include "objects/node.h"

struct loc_codec {
	void (*put)(const struct loc_codec *codec, struct buf *out, uint64_t loc);
	uint64_t (*get)(const struct loc_codec *codec, struct cursor *in); /* fails the cursor if malformed */
};

/* The edit list that turns base into target; 0, or -1 without memory. The minimal list is not promised, a correct one is. */
int node_delta_encode(const struct node *base, const struct node *target, const struct loc_codec *codec,
		      struct buf *out, struct drift_error *err) MUST_CHECK;

/*
 * Apply: canonical bytes appended to bytes_out, one location an entry to locs_out (as raw uint64_t; entries without a
 * reference have LOC_UNKNOWN). The delta is not trusted: every count and length is checked, the
 * result never exceeds NODE_LEN_MAX. The caller decodes the bytes with node_decode, against the expected id.
 */
int node_delta_apply(const struct node *base, const void *delta, size_t delta_len, const struct loc_codec *codec,
		     struct buf *bytes_out, struct buf *locs_out, struct drift_error *err) MUST_CHECK;

#endif
