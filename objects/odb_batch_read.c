/* Reading commits that wait in a batch. */
#include "objects/odb_batch_internal.h"

static struct commit *waiting_commit(struct odb_batch *b, const struct object_ref *ref)
{
	size_t i;

	if (loc_file(ref->loc) == LOC_PENDING && loc_offset(ref->loc) >= b->first_waiting &&
	    loc_offset(ref->loc) < b->count) {
		struct commit *c = batch_waiting(b, loc_offset(ref->loc))->commit;

		if (c && oid_equal(&c->id, &ref->id))
			return c;
	}
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
