/* What this store has for sure: an object may be here though parts of it are gone, as gc left them, unless a ref leads to it. */
#include <stdlib.h>

#include "base/mem.h"
#include "repo/graph.h"
#include "sync/receive_internal.h"

struct question {
	struct received *r;
	const struct oid *id;
	struct commit *commit; /* NULL: does a ref hold the very object? */
};

static int asked_of(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct question *q = data;
	auto_commit *c = NULL;
	int found;

	if (value->kind != REF_OBJECT)
		return 0;
	if (!q->commit)
		return oid_equal(&value->object.id, q->id);
	/* Of the store's own refs some hold no commits. A damaged one leads to nothing. */
	if (refs_commit(q->r->odb, name, false, &c, NULL) <= 0)
		return 0;
	found = graph_is_ancestor(q->r->repo, q->commit, c, err);
	return found < 0 ? -1 : found;
}

static int remember(struct received *r, const struct oid *id, struct drift_error *err)
{
	struct oid *copy = malloc(sizeof(*copy));

	if (!copy)
		return error_no_memory(err);
	*copy = *id;
	if (oid_table_put(&r->known, copy, copy, err)) {
		free(copy);
		return -1;
	}
	return 1;
}

int received_known(struct received *r, const struct oid *id, enum object_kind *kind_out, struct object_ref *out,
		   struct drift_error *err)
{
	struct question q = { .r = r, .id = id };
	auto_commit *c = NULL;
	int found = odb_find(r->odb, id, kind_out, &out->loc, err);

	if (found <= 0)
		return found;
	out->id = *id;
	if (oid_table_get(&r->known, id))
		return 1;
	found = odb_ref_each(r->odb, "", asked_of, &q, err);
	if (!found && *kind_out == OBJECT_COMMIT) {
		if (odb_commit(r->odb, id, out->loc, &c, err))
			return -1;
		q.commit = c;
		found = odb_ref_each(r->odb, "refs/", asked_of, &q, err);
		if (!found)
			found = odb_ref_each(r->odb, REF_INCOMING, asked_of, &q, err);
	}
	return found > 0 ? remember(r, id, err) : found;
}

void received_known_release(struct received *r)
{
	for (size_t i = 0; i < r->known.capacity; i++)
		free(r->known.slots[i].item);
	oid_table_release(&r->known);
}
