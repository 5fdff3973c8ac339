/* Reading what waits in a batch. */
#include <string.h>

#include "base/cursor.h"
#include "objects/odb_batch_internal.h"

/* NULL: it does not wait any more, or never did. */
static struct pending *waiting_at(struct odb_batch *b, uint64_t loc)
{
	if (loc_file(loc) != LOC_PENDING || loc_offset(loc) < b->first_waiting || loc_offset(loc) >= b->count)
		return NULL;
	return batch_waiting(b, loc_offset(loc));
}

static struct commit *waiting_commit(struct odb_batch *b, const struct object_ref *ref)
{
	const struct pending *p = waiting_at(b, ref->loc);
	size_t i;

	if (p && p->commit && oid_equal(&p->commit->id, &ref->id))
		return p->commit;
	for (i = b->count; i-- > b->first_waiting;)
		if (batch_waiting(b, i)->commit && oid_equal(&batch_waiting(b, i)->commit->id, &ref->id))
			return batch_waiting(b, i)->commit;
	return NULL;
}

int odb_batch_read_commit(struct odb_batch *batch, const struct object_ref *ref, struct commit **commit_out,
			  struct drift_error *err)
{
	struct commit *c = waiting_commit(batch, ref);

	if (!c)
		return odb_commit(batch->odb, &ref->id, odb_batch_loc(batch, ref->loc), commit_out, err);
	*commit_out = commit_ref(c);
	return 0;
}

int odb_batch_commit_at(struct odb_batch *batch, uint64_t loc, struct commit **commit_out, struct drift_error *err)
{
	const struct pending *p = waiting_at(batch, loc);

	if (!p || !p->commit)
		return odb_commit(batch->odb, NULL, odb_batch_loc(batch, loc), commit_out, err);
	*commit_out = commit_ref(p->commit);
	return 0;
}

/* A list of chunks as odb_batch_blob makes it: chunks are not cut again. */
static int read_chunks(struct odb_batch *b, const struct buf *list, struct buf *out, struct drift_error *err)
{
	struct cursor in;
	struct oid id;

	cursor_init(&in, list->data, list->len);
	cursor_u64(&in);
	while (cursor_left(&in)) {
		const unsigned char *bytes = cursor_bytes(&in, OID_LEN);
		const struct pending *p;
		uint64_t loc;

		cursor_u64(&in);
		loc = cursor_u64(&in);
		if (!bytes || !cursor_ok(&in))
			return error_set(err, DRIFT_ERR_CORRUPT, "the list of chunks of a blob is malformed");
		memcpy(id.bytes, bytes, OID_LEN);
		p = waiting_at(b, loc);
		if (p)
			buf_add(out, p->data.data, p->data.len);
		else if (odb_blob(b->odb, &id, odb_batch_loc(b, loc), out, err) < 0)
			return -1;
	}
	return buf_check(out, err);
}

int odb_batch_read_blob(struct odb_batch *batch, const struct oid *id, uint64_t loc, struct buf *out,
			struct drift_error *err)
{
	const struct pending *p = waiting_at(batch, loc);

	if (!p || p->kind != OBJECT_BLOB || !oid_equal(&p->id, id))
		return odb_blob(batch->odb, id, odb_batch_loc(batch, loc), out, err);
	if (p->chunked)
		return read_chunks(batch, &p->data, out, err);
	buf_add(out, p->data.data, p->data.len);
	return buf_check(out, err);
}
