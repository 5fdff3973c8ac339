#include "objects/pack_record.h"

#include <string.h>

#include "base/mem.h"
#include "objects/node_chain.h"
#include "objects/node_internal.h"
#include "objects/pack_format.h"
#include "objects/value.h"

#define ITEM_BLOB (OBJECT_BLOB | RECORD_RAW << 3)
#define ITEM_CHUNKED (OBJECT_BLOB | RECORD_CHUNKED << 3)
#define ITEM_WHOLE (OBJECT_TREE | 7 << 3) /* a storage that records of journals do not have */
#define ITEM_CHANGED (OBJECT_TREE | RECORD_EDIT << 3)
#define FAMILY_LEN 8

_Static_assert(PACK_INNER_DEPTH_MAX <= NODE_CHAIN_MAX, "all deltas are applied in one go");

static int malformed(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "an item of a pack is malformed");
}

/* ---- reading ---- */

static void parse_whole(struct cursor *c, struct record *r)
{
	uint64_t file = cursor_varint(c), offset = cursor_varint(c), node_len;
	unsigned record = cursor_u8(c);

	node_len = cursor_varint(c);
	if (!file || file >= LOC_PENDING || offset > LOC_OFFSET_MAX || node_len > NODE_LEN_MAX ||
	    node_len > cursor_left(c))
		cursor_fail(c);
	r->storage = RECORD_RAW;
	r->self = loc_make(file, offset, record);
	r->node_len = (uint32_t)node_len;
	r->raw_len = (uint32_t)cursor_left(c);
}

int pack_record_parse(const void *data, size_t len, uint64_t loc, struct record *out, struct drift_error *err)
{
	struct record r = { .self = loc };
	struct cursor c;
	unsigned head;

	cursor_init(&c, data, len);
	head = cursor_u8(&c);
	if (len > RECORD_RAW_MAX)
		cursor_fail(&c);
	r.kind = (enum object_kind)(head & 7);
	r.storage = (enum record_storage)(head >> 3);
	switch (head) {
	case ITEM_CHUNKED:
		return record_parse(data, len, loc, out, err);
	case ITEM_BLOB:
		cursor_bytes(&c, FAMILY_LEN);
		r.raw_len = (uint32_t)cursor_left(&c);
		break;
	case ITEM_WHOLE:
		parse_whole(&c, &r);
		break;
	case ITEM_CHANGED:
		break;
	default:
		cursor_fail(&c);
		break;
	}
	if (!cursor_ok(&c))
		return malformed(err);
	if (r.self != loc)
		return error_set(err, DRIFT_ERR_CORRUPT,
				 "a node in a pack is not the one that the map of the pack names");
	r.body = c.pos;
	r.body_len = cursor_left(&c);
	*out = r;
	return 0;
}

int pack_record_family(const void *data, size_t len, uint64_t *family_out)
{
	struct cursor c;

	cursor_init(&c, data, len);
	if (cursor_u8(&c) != ITEM_BLOB || cursor_left(&c) < FAMILY_LEN)
		return 0;
	*family_out = cursor_u64(&c);
	return 1;
}

static const unsigned char *item_at(const struct group *group, uint32_t index, size_t *len_out)
{
	*len_out = group->offset[index + 1] - group->offset[index];
	return group->bytes + group->offset[index];
}

static unsigned item_head(const struct group *group, uint32_t index)
{
	size_t len;
	const unsigned char *item = item_at(group, index, &len);

	return len ? *item : 0;
}

int pack_record_depth(const struct group *group, uint32_t index, unsigned *depth_out, struct drift_error *err)
{
	unsigned depth = 0;

	if (index >= group->count)
		return error_set(err, DRIFT_ERR_CORRUPT, "a group of a pack has no item %u", index);
	while (item_head(group, index) == ITEM_CHANGED && index && depth < PACK_INNER_DEPTH_MAX) {
		index--;
		depth++;
	}
	if (depth ? item_head(group, index) != ITEM_WHOLE : item_head(group, index) == ITEM_CHANGED)
		return error_set(err, DRIFT_ERR_CORRUPT, "a changed node in a pack has no whole one before it");
	*depth_out = depth;
	return 0;
}

static int read_locs(const struct record *r, struct node *node, struct drift_error *err)
{
	struct buf content = { .data = (char *)(uintptr_t)r->body, .len = r->body_len };

	return record_node_locs(r, &content, node, node->child_loc, err);
}

/* A whole node as far as it is needed to build on it; its bytes stay in the group. */
static int skim_whole(const struct group *group, uint32_t index, struct record *r, struct node **out,
		      struct drift_error *err)
{
	size_t len;
	const unsigned char *data = item_at(group, index, &len);
	auto_node *node = NULL;
	struct cursor c;

	cursor_init(&c, data, len);
	*r = (struct record){ .kind = OBJECT_TREE };
	if (cursor_u8(&c) == ITEM_WHOLE)
		parse_whole(&c, r);
	else
		cursor_fail(&c);
	if (!cursor_ok(&c))
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node was expected where a pack has something else");
	r->body = c.pos;
	r->body_len = cursor_left(&c);
	if (node_skim(r->body, r->node_len, &node, err) < 0 || read_locs(r, node, err) < 0)
		return -1;
	*out = take_ptr(node);
	return 0;
}

static int apply_edits(const struct group *group, uint32_t whole, unsigned depth, const struct record *r,
		       const struct node *base, struct buf *bytes, struct buf *locs, struct drift_error *err)
{
	struct node_chain_edit edits[PACK_INNER_DEPTH_MAX];
	struct record_locs relative;
	unsigned i;

	record_locs_init(&relative, r->self);
	for (i = 0; i < depth; i++) {
		size_t len;
		const unsigned char *data = item_at(group, whole + 1 + i, &len);

		edits[i] = (struct node_chain_edit){ data + 1, len - 1, &relative.codec };
	}
	return node_chain_apply(base, edits, depth, bytes, locs, err);
}

int pack_record_node(const struct group *group, uint32_t index, uint64_t loc, const struct oid *id,
		     struct node **node_out, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	auto_buf locs = BUF_INIT;
	auto_node *base = NULL;
	struct record r;
	unsigned depth;
	int result;

	if (pack_record_depth(group, index, &depth, err) < 0 || skim_whole(group, index - depth, &r, &base, err) < 0)
		return -1;
	if (!depth && r.self != loc)
		return error_set(err, DRIFT_ERR_CORRUPT,
				 "a node in a pack is not the one that the map of the pack names");
	if (!depth) {
		result = node_decode(base->bytes, base->len, id, base->child_loc, node_out, err);
	} else {
		result = apply_edits(group, index - depth, depth, &r, base, &bytes, &locs, err);
		if (!result)
			result = node_decode(bytes.data, bytes.len, id, (const uint64_t *)(void *)locs.data, node_out,
					     err);
	}
	if (result < 0)
		return -1;
	(*node_out)->loc = loc;
	return 0;
}

/* ---- ids left out of root maps ---- */

/* Where in the node's bytes the id of entry i is, or 0 if it names no root. */
static size_t root_id_at(const struct node *node, size_t i)
{
	struct node_entry e;
	long offset;

	node_entry_at(node, i, &e);
	offset = value_ref_offset(node->kind, e.value, e.value_len);
	return offset < 0 ? 0 : (size_t)(e.value - node->bytes) + (size_t)offset;
}

static int complete_entry(const struct node *node, size_t i, struct pack_resolver *resolver, unsigned char *bytes,
			  struct drift_error *err)
{
	size_t at = root_id_at(node, i);
	struct oid id;

	if (!at)
		return 0;
	memcpy(id.bytes, bytes + at, OID_LEN);
	if (!oid_is_zero(&id))
		return 0;
	if (!node->child_loc || node->child_loc[i] == LOC_UNKNOWN)
		return error_set(err, DRIFT_ERR_CORRUPT, "a root map leaves out an id and the location of its node");
	if (resolver->resolve(resolver, node->child_loc[i], &id, err) < 0)
		return -1;
	memcpy(bytes + at, id.bytes, OID_LEN);
	return 0;
}

int pack_root_complete(const void *bytes, size_t len, const uint64_t *locs, struct pack_resolver *resolver,
		       struct buf *out, struct drift_error *err)
{
	auto_node *node = NULL;
	size_t start = out->len, i;

	if (node_decode_base(bytes, len, locs, &node, err) < 0)
		return -1;
	buf_add(out, bytes, len);
	if (buf_check(out, err) < 0)
		return -1;
	if (node->kind != MAP_ROOT || node->level)
		return 0;
	for (i = 0; i < node->count; i++) {
		if (complete_entry(node, i, resolver, (unsigned char *)out->data + start, err) < 0) {
			buf_truncate(out, start);
			return -1;
		}
	}
	return 0;
}

/* ---- encoding ---- */

int pack_record_put_blob(uint64_t family, const void *data, size_t len, struct buf *out, struct drift_error *err)
{
	if (len > RECORD_RAW_MAX - 1 - FAMILY_LEN)
		return error_set(err, DRIFT_ERR_LIMIT, "a blob is too long for one item of a pack");
	buf_add_byte(out, ITEM_BLOB);
	buf_add_u64(out, family);
	buf_add(out, data, len);
	return buf_check(out, err);
}

/* Only what stands before a place, or beside it in the same frame, can be told relative to it. */
static bool all_before(const struct node *node, uint64_t loc)
{
	uint32_t i;

	for (i = 0; node->child_loc && i < node->count; i++)
		if (loc_frame(node->child_loc[i]) > loc_frame(loc))
			return false;
	return true;
}

static int not_before(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_INVALID, "a node of a pack refers to what stands behind it");
}

static void put_locs(const struct node *node, uint64_t self, struct buf *out)
{
	struct node_entry e;
	uint32_t i;

	for (i = 0; i < node->count; i++) {
		node_entry_at(node, i, &e);
		if (node->level || value_ref_offset(node->kind, e.value, e.value_len) >= 0)
			loc_put(out, loc_frame(self), e.loc);
	}
}

int pack_record_put_node(const struct node *node, uint64_t loc, struct buf *out, struct drift_error *err)
{
	if (!all_before(node, loc))
		return not_before(err);
	buf_add_byte(out, ITEM_WHOLE);
	buf_add_varint(out, loc_file(loc));
	buf_add_varint(out, loc_offset(loc));
	buf_add_byte(out, (unsigned char)loc_record(loc));
	buf_add_varint(out, node->len);
	buf_add(out, node->bytes, node->len);
	put_locs(node, loc, out);
	return buf_check(out, err);
}

int pack_record_put_edit(uint64_t whole_loc, const struct node *base, const struct node *node, struct buf *out,
			 struct drift_error *err)
{
	struct record_locs relative;

	if (!all_before(node, whole_loc))
		return not_before(err);
	record_locs_init(&relative, whole_loc);
	buf_add_byte(out, ITEM_CHANGED);
	return node_delta_encode(base, node, &relative.codec, out, err);
}

int pack_record_put_root(const struct node *node, uint64_t loc, struct buf *out, struct drift_error *err)
{
	size_t start, at;
	uint32_t i;

	if (!all_before(node, loc))
		return not_before(err);
	buf_add_byte(out, OBJECT_TREE | RECORD_RAW << 3);
	buf_add_varint(out, node->len);
	start = out->len;
	buf_add(out, node->bytes, node->len);
	put_locs(node, loc, out);
	if (buf_check(out, err) < 0)
		return -1;
	for (i = 0; node->kind == MAP_ROOT && !node->level && node->child_loc && i < node->count; i++) {
		at = root_id_at(node, i);
		if (at && node->child_loc[i] != LOC_UNKNOWN)
			memset(out->data + start + at, 0, OID_LEN);
	}
	return 0;
}
