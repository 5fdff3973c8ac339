#include "objects/value.h"

#include <string.h>

#include "base/cursor.h"

#define HEAD_FORM 0x0f
#define HEAD_MODE 0x10

#define DESCRIPTOR_ROOT 1
#define DESCRIPTOR_SCHEMA 2

static int corrupt(struct drift_error *err, const char *why)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "%s", why);
}

static void cursor_oid(struct cursor *in, struct oid *id)
{
	const unsigned char *p = cursor_bytes(in, OID_LEN);

	if (p)
		memcpy(id->bytes, p, OID_LEN);
}

void document_encode(const struct document *doc, struct buf *out)
{
	buf_add_byte(out, (unsigned char)(doc->form | (doc->mode ? HEAD_MODE : 0)));
	if (doc->mode)
		buf_add_varint(out, doc->mode);
	if (doc->form == DOCUMENT_BLOB) {
		buf_add(out, doc->blob.bytes, OID_LEN);
		buf_add_varint(out, doc->len);
	} else {
		buf_add(out, doc->data, (size_t)doc->len);
	}
}

static int decode_blob(struct cursor *in, struct document *doc, struct drift_error *err)
{
	cursor_oid(in, &doc->blob);
	doc->len = cursor_varint(in);
	if (!cursor_done(in))
		return corrupt(err, "a document's reference to its blob is malformed");
	if (doc->len <= VALUE_INLINE_MAX || doc->len > DOCUMENT_LEN_MAX)
		return corrupt(err, "a document's blob has a length that blobs do not have");
	return 0;
}

/* What stands inline: the document itself or a gitlink's id. */
static int decode_inline(struct cursor *in, struct document *doc, struct drift_error *err)
{
	doc->len = cursor_left(in);
	doc->data = in->pos;
	if (doc->form == DOCUMENT_GITLINK && doc->len != 20 && doc->len != OID_LEN)
		return corrupt(err, "a gitlink's id has neither 20 nor 32 bytes");
	if (doc->len > VALUE_INLINE_MAX)
		return corrupt(err, "an inline document is too long");
	return 0;
}

static int decode_document(struct cursor *in, struct document *doc, struct drift_error *err)
{
	uint8_t head = cursor_u8(in);
	uint64_t mode = 0;

	if (head & HEAD_MODE) {
		mode = cursor_varint(in);
		if (!mode || mode > UINT32_MAX)
			return corrupt(err, "a document's file mode is malformed");
	}
	if (!cursor_ok(in) || head & ~(HEAD_FORM | HEAD_MODE))
		return corrupt(err, "a document's head is malformed");
	*doc = (struct document){ .form = head & HEAD_FORM, .mode = (uint32_t)mode };
	switch (head & HEAD_FORM) {
	case DOCUMENT_INLINE:
	case DOCUMENT_GITLINK:
		return decode_inline(in, doc, err);
	case DOCUMENT_BLOB:
		return decode_blob(in, doc, err);
	case DOCUMENT_CONFLICT:
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "recorded conflicts are not supported by this version");
	default:
		return corrupt(err, "a document has an unknown form");
	}
}

int document_decode(const void *value, size_t len, uint64_t loc, struct document *doc_out, struct drift_error *err)
{
	struct cursor in;
	struct document doc;

	cursor_init(&in, value, len);
	if (decode_document(&in, &doc, err) < 0)
		return -1;
	doc.loc = loc;
	*doc_out = doc;
	return 0;
}

void document_id(const struct document *doc, struct oid *id_out)
{
	if (doc->form == DOCUMENT_BLOB)
		*id_out = doc->blob;
	else
		object_hash(OBJECT_BLOB, doc->data, (size_t)doc->len, id_out);
}

bool document_equal(const struct document *a, const struct document *b)
{
	if (a->form != b->form || a->mode != b->mode || a->len != b->len)
		return false;
	if (a->form == DOCUMENT_BLOB)
		return oid_equal(&a->blob, &b->blob);
	return !a->len || !memcmp(a->data, b->data, (size_t)a->len);
}

void descriptor_encode(const struct descriptor *d, struct buf *out)
{
	buf_add_byte(out,
		     (unsigned char)((d->has_root ? DESCRIPTOR_ROOT : 0) | (d->has_schema ? DESCRIPTOR_SCHEMA : 0)));
	if (d->has_root) {
		buf_add(out, d->root.bytes, OID_LEN);
		buf_add_varint(out, d->count);
		buf_add_varint(out, d->bytes);
	}
	if (d->has_schema)
		buf_add(out, d->schema.bytes, OID_LEN);
}

int descriptor_decode(const void *value, size_t len, uint64_t loc, struct descriptor *d_out, struct drift_error *err)
{
	struct cursor in;
	struct descriptor d = { .has_root = false };
	uint8_t flags;

	cursor_init(&in, value, len);
	flags = cursor_u8(&in);
	d.has_root = flags & DESCRIPTOR_ROOT;
	d.has_schema = flags & DESCRIPTOR_SCHEMA;
	if (d.has_root) {
		d.root_loc = loc;
		cursor_oid(&in, &d.root);
		d.count = cursor_varint(&in);
		d.bytes = cursor_varint(&in);
	}
	if (d.has_schema)
		cursor_oid(&in, &d.schema);
	if (!cursor_done(&in) || !flags || flags > (DESCRIPTOR_ROOT | DESCRIPTOR_SCHEMA) || (d.has_root && !d.count))
		return corrupt(err, "a collection's descriptor is malformed");
	*d_out = d;
	return 0;
}

void staged_encode(const struct staged *s, struct buf *out)
{
	buf_add_byte(out, (unsigned char)s->op);
	buf_add_byte(out, s->replaced_present);
	if (s->replaced_present)
		buf_add(out, s->replaced.bytes, OID_LEN);
	if (s->op == STAGED_PUT)
		document_encode(&s->document, out);
}

int staged_decode(const void *value, size_t len, uint64_t loc, struct staged *s_out, struct drift_error *err)
{
	struct cursor in;
	struct staged s = { .op = STAGED_REMOVE };
	uint8_t op, present;

	cursor_init(&in, value, len);
	op = cursor_u8(&in);
	present = cursor_u8(&in);
	if (present == 1)
		cursor_oid(&in, &s.replaced);
	if (!cursor_ok(&in) || present > 1 || (op != STAGED_PUT && op != STAGED_REMOVE))
		return corrupt(err, "a staged change is malformed");
	s.op = op;
	s.replaced_present = present;
	if (op == STAGED_PUT && decode_document(&in, &s.document, err) < 0)
		return -1;
	if (op == STAGED_REMOVE && !cursor_done(&in))
		return corrupt(err, "a staged removal has bytes left over");
	s.document.loc = loc;
	*s_out = s;
	return 0;
}

int value_check(enum map_kind kind, const void *value, size_t len, struct drift_error *err)
{
	struct document doc;
	struct descriptor d;
	struct staged s;

	switch (kind) {
	case MAP_ROOT:
		return descriptor_decode(value, len, LOC_UNKNOWN, &d, err);
	case MAP_DOCUMENTS:
		return document_decode(value, len, LOC_UNKNOWN, &doc, err);
	case MAP_STAGE:
		return staged_decode(value, len, LOC_UNKNOWN, &s, err);
	case MAP_INDEX:
		return 0;
	}
	return corrupt(err, "a map is of an unknown kind");
}

uint64_t value_byte_count(enum map_kind kind, const void *value, size_t len)
{
	struct document doc;
	struct descriptor d;
	struct staged s;
	const unsigned char *head = value;

	switch (kind) {
	case MAP_ROOT:
		return descriptor_decode(value, len, LOC_UNKNOWN, &d, NULL) < 0 ? 0 : d.bytes;
	case MAP_DOCUMENTS:
		if (len && *head == DOCUMENT_INLINE)
			return len - 1;
		return document_decode(value, len, LOC_UNKNOWN, &doc, NULL) < 0 ? 0 : doc.len;
	case MAP_STAGE:
		return staged_decode(value, len, LOC_UNKNOWN, &s, NULL) < 0 ? 0 : s.document.len;
	case MAP_INDEX:
		break;
	}
	return len;
}

/* Offset of the blob's id within a document, or -1. */
static long document_ref_offset(const unsigned char *value, size_t len)
{
	struct cursor in;
	uint8_t head;

	cursor_init(&in, value, len);
	head = cursor_u8(&in);
	if ((head & HEAD_FORM) != DOCUMENT_BLOB)
		return -1;
	if (head & HEAD_MODE)
		cursor_varint(&in);
	return in.pos - value;
}

long value_ref_offset(enum map_kind kind, const void *value, size_t len)
{
	const unsigned char *bytes = value;
	size_t skip;
	long offset;

	switch (kind) {
	case MAP_ROOT:
		return len && bytes[0] & DESCRIPTOR_ROOT ? 1 : -1;
	case MAP_DOCUMENTS:
		return document_ref_offset(bytes, len);
	case MAP_STAGE:
		if (len < 2 || bytes[0] != STAGED_PUT)
			return -1;
		skip = bytes[1] ? 2 + OID_LEN : 2;
		if (len < skip)
			return -1;
		offset = document_ref_offset(bytes + skip, len - skip);
		return offset < 0 ? -1 : offset + (long)skip;
	case MAP_INDEX:
		break;
	}
	return -1;
}
