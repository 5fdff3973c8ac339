/* Blobs of a stream, and what becomes of them at a path. */
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "objects/chunk.h"
#include "repo/documents.h"
#include "repo/git_import_internal.h"

uint64_t import_mark_number(struct text text)
{
	uint64_t n = 0;

	if (text.len < 2 || text.data[0] != ':')
		return 0;
	for (size_t i = 1; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || n > UINT64_MAX / 16)
			return 0;
		n = n * 10 + (uint64_t)(text.data[i] - '0');
	}
	return n;
}

size_t import_hex(struct text text, unsigned char id_out[OID_LEN])
{
	if ((text.len != 40 && text.len != OID_HEX_LEN) || !hex_decode(text.data, id_out, text.len / 2))
		return 0;
	return text.len / 2;
}

bool import_is_zero(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '0')
			return false;
	}
	return text.len == 40 || text.len == OID_HEX_LEN;
}

int import_blob(struct git_importer *imp, const struct git_command *c, struct drift_error *err)
{
	struct git_mark mark = { .number = c->mark, .kind = GIT_MARK_BLOB, .len = c->data.len };

	imp->result.blob_count++;
	if (c->data.len <= CHUNK_THRESHOLD)
		return git_marks_wait(imp->marks, c->mark, c->data, err);
	/* It is cut in chunks, which need no version before it to be small. */
	if (odb_batch_blob(imp->batch, c->data.data, c->data.len, LOC_UNKNOWN, &mark.object, err))
		return -1;
	imp->unflushed++;
	return git_marks_set(imp->marks, &mark, err);
}

/* Bytes of a blob by id into imp->data: 1 / 0 / -1. */
static int read_by_id(struct git_importer *imp, const struct oid *id, struct drift_error *err)
{
	auto_blob_found found = BLOB_FOUND_INIT;
	enum object_kind kind;
	uint64_t loc;
	int r = odb_find(imp->odb, id, &kind, &loc, err);

	if (r < 0)
		return -1;
	if (r)
		return kind != OBJECT_BLOB ? 0 : odb_blob(imp->odb, id, loc, &imp->data, err) ? -1 : 1;
	if (!imp->index && blob_index_new(imp->repo, false, NULL, &imp->index, err))
		return -1;
	r = blob_index_find(imp->index, id, &found, err);
	if (r <= 0 || found.kind != OBJECT_BLOB || found.document.form != DOCUMENT_INLINE)
		return r < 0 ? -1 : 0;
	buf_add(&imp->data, found.document.data, (size_t)found.document.len);
	return buf_check(&imp->data, err) ? -1 : 1;
}

/* The bytes of what text names into imp->data: 1, 0 if it is no blob, -1. */
static int read_bytes(struct git_importer *imp, struct text text, struct git_mark *mark, struct drift_error *err)
{
	struct oid id;

	if (mark && mark->kind == GIT_MARK_WAITING)
		return git_marks_bytes(imp->marks, mark, &imp->data, err) ? -1 : 1;
	if (mark && mark->kind != GIT_MARK_NAMED)
		return 0;
	if (!mark && import_hex(text, id.bytes) != OID_LEN)
		return 0;
	return read_by_id(imp, mark ? &mark->object.id : &id, err);
}

static int unknown_blob(struct text text, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_NOT_FOUND, "'%.*s' is no blob of this stream or store",
			 (int)(text.len > 80 ? 80 : text.len), text.data);
}

static int submodule(struct git_importer *imp, struct text dataref, struct document *out, struct drift_error *err)
{
	unsigned char id[OID_LEN];
	size_t len = import_hex(dataref, id);

	if (!len)
		return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is no commit id for a submodule link",
				 (int)(dataref.len > 80 ? 80 : dataref.len), dataref.data);
	buf_add(&imp->data, id, len);
	*out = (struct document){ .form = DOCUMENT_GITLINK, .data = (unsigned char *)imp->data.data, .len = len };
	return buf_check(&imp->data, err);
}

/* Short documents stand in leaves; a longer one is a delta against a version that is stored, not one that waits. */
static int store(struct git_importer *imp, struct text bytes, uint32_t mode, uint64_t base_loc, struct document *out,
		 struct drift_error *err)
{
	uint64_t base = base_loc;

	if (bytes.len > VALUE_INLINE_MAX && base_loc != LOC_UNKNOWN) {
		base = odb_batch_loc(imp->batch, base_loc);
		if (base == LOC_UNKNOWN) {
			if (import_append(imp, err))
				return -1;
			base = odb_batch_loc(imp->batch, base_loc);
		}
	}
	return document_store(imp->batch, bytes.data, bytes.len, mode, base, out, err);
}

int import_content(struct git_importer *imp, const struct git_command *c, uint64_t base_loc, struct document *out,
		   struct drift_error *err)
{
	uint32_t mode = c->mode == 0100644 ? DOCUMENT_NO_MODE : c->mode;
	uint64_t number = import_mark_number(c->dataref);
	struct git_mark *mark = number ? git_marks_get(imp->marks, number) : NULL;
	struct object_ref stored;
	int r;

	buf_clear(&imp->data);
	if (c->has_data)
		return store(imp, c->data, mode, base_loc, out, err);
	if (c->mode == 0160000)
		return submodule(imp, c->dataref, out, err);
	if (mark && mark->kind == GIT_MARK_BLOB) {
		*out = (struct document){ .form = DOCUMENT_BLOB, .mode = mode, .len = mark->len,
					  .blob = mark->object.id, .loc = mark->object.loc };
		return 0;
	}
	r = read_bytes(imp, c->dataref, mark, err);
	if (r <= 0)
		return r < 0 ? -1 : unknown_blob(c->dataref, err);
	if (store(imp, (struct text){ imp->data.data, imp->data.len }, mode, base_loc, out, err))
		return -1;
	if (!mark || mark->kind != GIT_MARK_WAITING || out->form != DOCUMENT_BLOB)
		return 0;
	stored = (struct object_ref){ out->blob, out->loc };
	return git_marks_stored(imp->marks, mark, &stored, err);
}

int import_blob_object(struct git_importer *imp, struct text text, struct object_ref *out, struct drift_error *err)
{
	uint64_t number = import_mark_number(text);
	struct git_mark *mark = number ? git_marks_get(imp->marks, number) : NULL;
	int r;

	buf_clear(&imp->data);
	if (mark && mark->kind == GIT_MARK_BLOB) {
		*out = mark->object;
		return 1;
	}
	r = read_bytes(imp, text, mark, err);
	if (r <= 0)
		return r;
	imp->unflushed++;
	return odb_batch_blob(imp->batch, imp->data.data, imp->data.len, LOC_UNKNOWN, out, err) ? -1 : 1;
}
