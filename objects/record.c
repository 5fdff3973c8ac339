#include "objects/record.h"

#include <string.h>

#include "objects/value.h"

/* Below this an edit list is taken without trying anything else. */
#define EDIT_GOOD_LEN 512
/* Shorter content is not worth a zstd frame. */
#define ZSTD_RAW_MIN 64
#define DELTA_LEVEL 3
#define CHAIN_BYTES 16
#define CHAIN_MAX 64

static bool storage_fits(enum object_kind kind, unsigned storage)
{
	switch (storage) {
	case RECORD_RAW:
	case RECORD_ZSTD:
		return true;
	case RECORD_DICT:
	case RECORD_EDIT:
		return kind == OBJECT_TREE;
	case RECORD_PREFIX:
		return kind == OBJECT_TREE || kind == OBJECT_BLOB;
	case RECORD_COMPACT:
		return kind == OBJECT_COMMIT;
	case RECORD_CHUNKED:
		return kind == OBJECT_BLOB;
	default:
		return false;
	}
}

static bool record_has_id(enum object_kind kind)
{
	return kind == OBJECT_BLOB || kind == OBJECT_TAG;
}

static unsigned depth_max(const struct record *r)
{
	return r->kind == OBJECT_BLOB ? RECORD_BLOB_DEPTH_MAX : RECORD_INNER_DEPTH_MAX;
}

static void parse_lengths(struct cursor *c, struct record *r)
{
	uint64_t v;

	if (r->kind == OBJECT_TREE) {
		v = cursor_varint(c);
		if (v > NODE_LEN_MAX)
			cursor_fail(c);
		r->node_len = (uint32_t)v;
	}
	v = r->storage == RECORD_RAW ? cursor_left(c) : cursor_varint(c);
	if (v > RECORD_RAW_MAX || v < r->node_len)
		cursor_fail(c);
	r->raw_len = (uint32_t)v;
}

int record_parse(const void *data, size_t len, uint64_t self, struct record *out, struct drift_error *err)
{
	struct record r = { .self = self };
	struct cursor c;
	unsigned head;

	cursor_init(&c, data, len);
	head = cursor_u8(&c);
	r.kind = (enum object_kind)(head & 7);
	r.storage = (enum record_storage)(head >> 3);
	if ((head & 7) < OBJECT_BLOB || (head & 7) > OBJECT_TAG || !storage_fits(r.kind, head >> 3))
		return error_set(err, DRIFT_ERR_CORRUPT, "a record has an unknown form (%u)", head);
	if (record_has_id(r.kind)) {
		const unsigned char *id = cursor_bytes(&c, OID_LEN);

		if (id)
			memcpy(r.id.bytes, id, OID_LEN);
	}
	if (r.storage == RECORD_DICT)
		r.dict_loc = loc_get(&c, loc_frame(self));
	if (r.storage == RECORD_PREFIX || r.storage == RECORD_EDIT) {
		r.depth = cursor_u8(&c);
		r.base_loc = loc_get(&c, loc_frame(self));
		if (!r.depth || r.depth > depth_max(&r) || r.base_loc == LOC_UNKNOWN)
			cursor_fail(&c);
	}
	/* Nothing refers to what stands behind it. */
	if ((r.base_loc && r.base_loc >= self) || (r.dict_loc && r.dict_loc >= self))
		cursor_fail(&c);
	if (r.storage <= RECORD_PREFIX)
		parse_lengths(&c, &r);
	if (!cursor_ok(&c))
		return error_set(err, DRIFT_ERR_CORRUPT, "the head of a record is malformed");
	r.body = c.pos;
	r.body_len = cursor_left(&c);
	*out = r;
	return 0;
}

int record_content(const struct record *r, struct compressor *c, const void *base, size_t base_len,
		   const struct compress_dict *dict, struct buf *out, struct drift_error *err)
{
	struct compress_job job = { .src = r->body, .src_len = r->body_len };
	char *p;

	if (r->storage == RECORD_RAW) {
		buf_add(out, r->body, r->body_len);
		return buf_check(out, err);
	}
	if (r->storage == RECORD_PREFIX) {
		job.prefix = base;
		job.prefix_len = base_len;
	}
	job.dict = r->storage == RECORD_DICT ? dict : NULL;
	p = buf_reserve(out, r->raw_len);
	if (!p)
		return error_no_memory(err);
	if (decompress_exact(c, &job, p, r->raw_len, err) < 0)
		return -1;
	out->len += r->raw_len;
	out->data[out->len] = '\0';
	return 0;
}

/* Does the entry refer to an object whose place is worth keeping? */
static bool entry_has_ref(const struct node *node, const struct node_entry *e)
{
	return node->level || value_ref_offset(node->kind, e->value, e->value_len) >= 0;
}

int record_node_locs(const struct record *r, const struct buf *content, const struct node *node, uint64_t *locs_out,
		     struct drift_error *err)
{
	struct node_entry e;
	struct cursor c;
	size_t i;

	cursor_init(&c, content->data + r->node_len, content->len - r->node_len);
	for (i = 0; i < node->count; i++) {
		node_entry_at(node, i, &e);
		locs_out[i] = entry_has_ref(node, &e) ? loc_get(&c, loc_frame(r->self)) : LOC_UNKNOWN;
	}
	if (!cursor_done(&c))
		return error_set(err, DRIFT_ERR_CORRUPT, "the locations beside a tree node are malformed");
	return 0;
}

static void relative_put(const struct loc_codec *codec, struct buf *out, uint64_t loc)
{
	loc_put(out, ((const struct record_locs *)codec)->self, loc);
}

static uint64_t relative_get(const struct loc_codec *codec, struct cursor *in)
{
	return loc_get(in, ((const struct record_locs *)codec)->self);
}

void record_locs_init(struct record_locs *locs, uint64_t self)
{
	*locs = (struct record_locs){ { relative_put, relative_get }, loc_frame(self) };
}

static void add_head(struct buf *out, const struct record_source *s, enum record_storage storage)
{
	buf_add_byte(out, (unsigned char)((unsigned)s->kind | (unsigned)storage << 3));
	if (record_has_id(s->kind))
		buf_add(out, s->id->bytes, OID_LEN);
}

static void add_delta_head(struct buf *out, const struct record_source *s, enum record_storage storage)
{
	add_head(out, s, storage);
	buf_add_byte(out, (unsigned char)(s->base_depth + 1));
	loc_put(out, loc_frame(s->self), s->base_loc);
}

static void add_content(struct buf *out, const struct record_source *s)
{
	struct node_entry e;
	size_t i;

	buf_add(out, s->data, s->len);
	if (!s->node || !s->node->child_loc)
		return;
	for (i = 0; i < s->node->count; i++) {
		node_entry_at(s->node, i, &e);
		if (entry_has_ref(s->node, &e))
			loc_put(out, loc_frame(s->self), e.loc);
	}
}

/* A whole version now and then costs some sixteen bytes a version, for large nodes more: whoever reads the first document of a
 * process walks the chains from the root down. */
static unsigned chain_max(const struct record_source *s)
{
	size_t fair = s->len / CHAIN_BYTES;

	if (s->kind == OBJECT_BLOB)
		return RECORD_BLOB_DEPTH_MAX;
	return fair < CHAIN_MAX ? (unsigned)fair : CHAIN_MAX;
}

static bool may_delta(const struct record_source *s)
{
	unsigned max = chain_max(s);

	return s->base_loc != LOC_UNKNOWN && (s->base_node || s->base_data) && s->base_depth + 1U <= max;
}

/* The edit list as a whole record in `out`. */
static int encode_edit(const struct record_source *s, struct buf *out, struct drift_error *err)
{
	struct record_locs locs;

	record_locs_init(&locs, s->self);
	add_delta_head(out, s, RECORD_EDIT);
	return node_delta_encode(s->base_node, s->node, &locs.codec, out, err);
}

/* Whole or against the base, whichever zstd makes smaller. */
static int encode_zstd(const struct record_source *s, struct compressor *c, const struct buf *content, bool delta,
		       struct buf *out, struct drift_error *err)
{
	const void *prefix = s->base_node ? (const void *)s->base_node->bytes : s->base_data;
	struct compress_job job = {
		.src = content->data, .src_len = content->len,
		.prefix = delta ? prefix : NULL,
		.prefix_len = delta ? (s->base_node ? s->base_node->len : s->base_len) : 0,
		.dict = delta ? NULL : s->dict,
		.level = delta ? DELTA_LEVEL : s->level,
	};

	if (delta)
		add_delta_head(out, s, RECORD_PREFIX);
	else
		add_head(out, s, s->dict ? RECORD_DICT : RECORD_ZSTD);
	if (!delta && s->dict)
		loc_put(out, loc_frame(s->self), s->dict_loc);
	if (s->kind == OBJECT_TREE)
		buf_add_varint(out, s->len);
	buf_add_varint(out, content->len);
	if (buf_check(out, err) < 0)
		return -1;
	return compress_append(c, &job, out, err);
}

static int keep_smaller(struct buf *best, struct buf *other)
{
	if (!other->len || (best->len && best->len <= other->len))
		return 0;
	buf_clear(best);
	buf_add(best, other->data, other->len);
	return best->failed ? -1 : 0;
}

static int encode_whole(const struct record_source *s, struct compressor *c, bool delta, struct buf *best,
			struct buf *scratch, struct drift_error *err)
{
	auto_buf content = BUF_INIT;

	add_content(&content, s);
	if (buf_check(&content, err) < 0)
		return -1;
	if (delta && encode_zstd(s, c, &content, true, scratch, err) < 0)
		return -1;
	if (keep_smaller(best, scratch) < 0)
		return error_no_memory(err);
	buf_clear(scratch);
	/* A delta worth its chain is well below what the whole would take; only otherwise is that tried. */
	if (best->len && best->len < content.len / 8)
		return 0;
	if (content.len >= ZSTD_RAW_MIN && encode_zstd(s, c, &content, false, scratch, err) < 0)
		return -1;
	if (!scratch->len || scratch->len > content.len + OID_LEN + 3) {
		buf_clear(scratch);
		add_head(scratch, s, RECORD_RAW);
		if (s->kind == OBJECT_TREE)
			buf_add_varint(scratch, s->len);
		buf_add(scratch, content.data, content.len);
	}
	if (best->len > scratch->len / 2)
		buf_clear(best);
	return keep_smaller(best, scratch) < 0 ? error_no_memory(err) : 0;
}

int record_encode_frame(const struct record_source *s, const struct buf *frame, struct buf *out,
			struct drift_error *err)
{
	add_head(out, s, s->dict ? RECORD_DICT : RECORD_ZSTD);
	if (s->dict)
		loc_put(out, loc_frame(s->self), s->dict_loc);
	buf_add_varint(out, s->len);
	buf_add_varint(out, s->len);
	buf_add(out, frame->data, frame->len);
	return buf_check(out, err);
}

int record_encode(const struct record_source *s, struct compressor *c, struct buf *out, uint8_t *depth_out,
		  struct drift_error *err)
{
	auto_buf best = BUF_INIT;
	auto_buf scratch = BUF_INIT;
	bool delta = may_delta(s);

	if (delta && s->base_node && encode_edit(s, &best, err) < 0)
		return -1;
	if ((!best.len || best.len > EDIT_GOOD_LEN) && encode_whole(s, c, delta, &best, &scratch, err) < 0)
		return -1;
	buf_add(out, best.data, best.len);
	if (buf_check(out, err) < 0 || buf_check(&best, err) < 0)
		return -1;
	switch ((enum record_storage)((unsigned char)best.data[0] >> 3)) {
	case RECORD_EDIT:
	case RECORD_PREFIX:
		*depth_out = (uint8_t)(s->base_depth + 1);
		break;
	case RECORD_RAW:
	case RECORD_ZSTD:
	case RECORD_DICT:
	case RECORD_COMPACT:
	case RECORD_CHUNKED:
		*depth_out = 0;
		break;
	}
	return 0;
}
