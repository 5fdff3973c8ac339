/* Reading what waits in a batch: commits, and which of them changed a path last. */
#include "objects/odb_batch_internal.h"

static struct commit *waiting_commit(struct odb_batch *b, const struct object_ref *ref)
{
	size_t i;

	if (loc_file(ref->loc) == LOC_PENDING && loc_offset(ref->loc) < b->count) {
		struct commit *c = b->items[loc_offset(ref->loc)].commit;

		if (c && oid_equal(&c->id, &ref->id))
			return c;
	}
	for (i = b->count; i-- > b->first_waiting;)
		if (b->items[i].commit && oid_equal(&b->items[i].commit->id, &ref->id))
			return b->items[i].commit;
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

static bool lists_path(const struct change_list *list, const struct path *path)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = path_compare(&list->changes[middle].path, path);

		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int odb_batch_change_head(struct odb_batch *batch, const struct path *path, uint64_t *commit_loc_out,
			  uint64_t *marker_loc_out, struct drift_error *err)
{
	bool has_commit = false, has_marker = false;
	size_t i;

	if (odb_change_head(batch->odb, path, commit_loc_out, marker_loc_out, err) < 0)
		return -1;
	for (i = batch->count; i-- > batch->first_waiting && !(has_commit && has_marker);) {
		const struct pending *p = &batch->items[i];

		if (!p->has_changes)
			continue;
		if (!has_marker && !p->changes.complete) {
			*marker_loc_out = p->commit->loc;
			has_marker = true;
		}
		if (!has_commit && lists_path(&p->changes, path)) {
			*commit_loc_out = p->commit->loc;
			has_commit = true;
		}
	}
	return 0;
}
