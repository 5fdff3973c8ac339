#include "sync/ancestry.h"

#include <stdlib.h>

#include "base/mem.h"
#include "objects/oid_table.h"

/* What came is walked commit by commit; what was there before is asked of the graph. */
struct walk {
	struct repo *repo;
	struct received *received;
	struct commit *old;
	struct oid_table seen;
	struct object_ref **queue;
	size_t count, capacity, next;
};

static void walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->queue[i]);
	free(w->queue);
	oid_table_release(&w->seen);
	commit_unref(w->old);
}
#define auto_walk __attribute__((cleanup(walk_release))) struct walk

static int enqueue(struct walk *w, const struct object_ref *ref, struct drift_error *err)
{
	struct object_ref *copy;

	if (oid_table_get(&w->seen, &ref->id))
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy || mem_grow(&w->queue, &w->capacity, w->count + 1, sizeof(*w->queue))) {
		free(copy);
		return error_no_memory(err);
	}
	*copy = *ref;
	w->queue[w->count++] = copy;
	return oid_table_put(&w->seen, &copy->id, copy, err);
}

/* 1 it leads to `old` / 0 its parents are yet to be looked at, or it does not / -1 */
static int look_at(struct walk *w, const struct object_ref *at, struct drift_error *err)
{
	auto_commit *c = NULL;
	enum object_kind kind;
	uint64_t loc;
	int stored;

	if (oid_equal(&at->id, &w->old->id))
		return 1;
	stored = odb_find(repo_odb(w->repo), &at->id, &kind, &loc, err);
	if (stored < 0)
		return -1;
	if (stored) {
		if (odb_commit(repo_odb(w->repo), &at->id, loc, &c, err))
			return -1;
		return graph_is_ancestor(w->repo, w->old, c, err);
	}
	if (!w->received)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no such commit");
	if (odb_batch_read_commit(received_batch(w->received), at, &c, err))
		return -1;
	if (c->gen <= w->old->gen)
		return 0;
	for (size_t i = 0; i < c->parent_count; i++) {
		if (enqueue(w, &c->parents[i], err))
			return -1;
	}
	return 0;
}

int received_is_ancestor(struct repo *repo, struct received *received, const struct object_ref *old,
			 const struct object_ref *new, struct drift_error *err)
{
	auto_walk w = { .repo = repo, .received = received, .seen = OID_TABLE_INIT };
	int r = 0;

	if (oid_equal(&old->id, &new->id))
		return 1;
	if (odb_commit(repo_odb(repo), &old->id, old->loc, &w.old, err) || enqueue(&w, new, err))
		return -1;
	while (!r && w.next < w.count)
		r = look_at(&w, w.queue[w.next++], err);
	return r;
}
