#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/chunk.h"
#include "objects/odb_internal.h"
#include "objects/value.h"

static int blob_by_id(struct odb *odb, const struct oid *id, uint64_t loc, bool chunk, struct buf *out,
		      struct drift_error *err);

static int read_chunks(struct odb *odb, const struct record *r, struct buf *out, struct drift_error *err)
{
	uint64_t total, count, len, loc, i;
	const unsigned char *id;
	size_t start = out->len;
	struct cursor in;
	struct oid chunk;

	cursor_init(&in, r->body, r->body_len);
	total = cursor_varint(&in);
	count = cursor_varint(&in);
	if (!cursor_ok(&in) || total > DOCUMENT_LEN_MAX || count > total / CHUNK_LEN_MIN + 1)
		return error_set(err, DRIFT_ERR_CORRUPT, "the list of chunks of a blob is malformed");
	for (i = 0; i < count; i++) {
		size_t before = out->len;

		id = cursor_bytes(&in, OID_LEN);
		len = cursor_varint(&in);
		loc = loc_get(&in, loc_frame(r->self));
		if (!id || !cursor_ok(&in) || len > CHUNK_LEN_MAX)
			return error_set(err, DRIFT_ERR_CORRUPT, "the list of chunks of a blob is malformed");
		memcpy(chunk.bytes, id, OID_LEN);
		if (blob_by_id(odb, &chunk, loc, true, out, err) < 0)
			return -1;
		if (out->len - before != len)
			return error_set(err, DRIFT_ERR_CORRUPT, "a chunk of a blob has a wrong length");
	}
	if (!cursor_done(&in) || out->len - start != total)
		return error_set(err, DRIFT_ERR_CORRUPT, "the list of chunks of a blob is malformed");
	return 0;
}

/* One record without its base; base may be NULL. */
static int blob_content(struct odb *odb, const struct record *r, const struct buf *base, struct buf *out,
			struct drift_error *err)
{
	struct compressor *z;
	int result;

	if (r->storage == RECORD_CHUNKED)
		return read_chunks(odb, r, out, err);
	z = odb_compressor_take(odb, err);
	if (!z)
		return -1;
	result = record_content(r, z, base ? base->data : NULL, base ? base->len : 0, NULL, out, err);
	odb_compressor_give(odb, z);
	return result;
}

struct blob_chain {
	struct payload payload[RECORD_BLOB_DEPTH_MAX + 1];
	struct record record[RECORD_BLOB_DEPTH_MAX + 1];
	size_t count;
};

/* A chunk is not cut in chunks again, so reading one never nests deeper. */
static int read_chain(struct odb *odb, uint64_t loc, bool chunk, struct blob_chain *chain, struct drift_error *err)
{
	for (;;) {
		struct record *r = &chain->record[chain->count];

		if (chain->count > RECORD_BLOB_DEPTH_MAX)
			return error_set(err, DRIFT_ERR_CORRUPT, "a chain of deltas has no end");
		buf_init(&chain->payload[chain->count].bytes);
		chain->count++;
		if (odb_record(odb, loc, &chain->payload[chain->count - 1], r, err) < 0)
			return -1;
		if (r->kind != OBJECT_BLOB)
			return error_set(err, DRIFT_ERR_CORRUPT, "a blob was expected where there is a %s", object_kind_name(r->kind));
		if (chunk && r->storage == RECORD_CHUNKED)
			return error_set(err, DRIFT_ERR_CORRUPT, "a chunk of a blob is itself cut in chunks");
		if (r->storage != RECORD_PREFIX)
			return 0;
		loc = r->base_loc;
	}
}

/* From the whole version up to the wanted one, two buffers in turn. */
static int apply_chain(struct odb *odb, struct blob_chain *chain, struct buf *out, struct drift_error *err)
{
	auto_buf base = BUF_INIT;
	auto_buf next = BUF_INIT;
	size_t i = chain->count;

	while (i-- > 1) {
		struct buf swap;

		buf_clear(&next);
		if (blob_content(odb, &chain->record[i], i + 1 < chain->count ? &base : NULL, &next, err) < 0)
			return -1;
		swap = base;
		base = next;
		next = swap;
	}
	return blob_content(odb, &chain->record[0], chain->count > 1 ? &base : NULL, out, err);
}

static int blob_at(struct odb *odb, uint64_t loc, bool chunk, struct buf *out, struct oid *id_out, uint8_t *depth_out,
		   struct drift_error *err)
{
	struct blob_chain *chain = malloc(sizeof(*chain));
	size_t start = out->len;
	int r;

	if (!chain)
		return error_no_memory(err);
	chain->count = 0;
	r = read_chain(odb, loc, chunk, chain, err);
	if (!r)
		r = apply_chain(odb, chain, out, err);
	if (!r) {
		object_hash(OBJECT_BLOB, out->data + start, out->len - start, id_out);
		/* Packs leave it out where it is the hash of the bytes alone. */
		if (!oid_is_zero(&chain->record[0].id) && !oid_equal(id_out, &chain->record[0].id))
			r = error_set(err, DRIFT_ERR_CORRUPT, "a blob does not match its id");
		else if (depth_out)
			*depth_out = chain->record[0].storage == RECORD_CHUNKED ? RECORD_BLOB_DEPTH_MAX : chain->record[0].depth;
	}
	while (chain->count)
		buf_release(&chain->payload[--chain->count].bytes);
	free(chain);
	if (r)
		buf_truncate(out, start);
	return r;
}

int odb_blob_at(struct odb *odb, uint64_t loc, struct buf *out, struct oid *id_out, uint8_t *depth_out,
		struct drift_error *err)
{
	return blob_at(odb, loc, false, out, id_out, depth_out, err);
}

static int blob_by_id(struct odb *odb, const struct oid *id, uint64_t loc, bool chunk, struct buf *out,
		      struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	size_t start = out->len;
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	struct oid there;
	int r;

	if (loc != LOC_UNKNOWN && !blob_at(odb, loc, chunk, out, &there, NULL, &why)) {
		if (oid_equal(&there, id))
			return 0;
		buf_truncate(out, start);
	}
	r = odb_find(odb, id, &kind, &loc, err);
	if (r < 0)
		return -1;
	if (!r && why.code)
		return error_set(err, why.code, "blob %s: %s", oid_to_hex(id, hex), why.message);
	if (!r || kind != OBJECT_BLOB)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "no blob %s", oid_to_hex(id, hex));
	return blob_at(odb, loc, chunk, out, &there, NULL, err) < 0 ?
		       error_prefix(err, DRIFT_OK, "blob %s", oid_to_hex(id, hex)) :
		       0;
}

int odb_blob(struct odb *odb, const struct oid *id, uint64_t loc, struct buf *out, struct drift_error *err)
{
	return blob_by_id(odb, id, loc, false, out, err);
}
