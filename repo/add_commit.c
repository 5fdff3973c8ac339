#include "repo/writer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "objects/loc.h"
#include "repo/change_lists.h"
#include "repo/repo_internal.h"

/* How many commits of a batch are remembered before those that are stored by now are dropped. */
#define PENDING_MIN 4096

/* The parents of a commit to be added, read. */
struct parents {
	struct commit **commits;
	struct object_ref *refs;
	struct tree_root *trees;
	size_t count;
};

void pending_drop(struct pending_commits *p)
{
	size_t i;

	for (i = 0; i < p->table.capacity; i++)
		commit_unref(p->table.slots[i].item);
	oid_table_release(&p->table);
}

/* Only what still waits in the batch must be remembered: the rest can be read. */
static int drop_stored(struct pending_commits *p, struct odb_batch *batch, struct drift_error *err)
{
	struct pending_commits kept = { .batch = batch };
	size_t i;
	int r = 0;

	for (i = 0; !r && i < p->table.capacity; i++) {
		struct commit *c = p->table.slots[i].item;

		if (!c || loc_file(odb_batch_loc(batch, c->loc)) != LOC_PENDING)
			continue;
		r = oid_table_put(&kept.table, &c->id, c, err);
		if (!r)
			commit_ref(c);
	}
	if (r) {
		pending_drop(&kept);
		return -1;
	}
	pending_drop(p);
	kept.limit = 2 * kept.table.count > PENDING_MIN ? 2 * kept.table.count : PENDING_MIN;
	*p = kept;
	return 0;
}

static int remember_locked(struct pending_commits *p, struct odb_batch *batch, struct commit *c,
			   struct drift_error *err)
{
	if (p->batch != batch) {
		pending_drop(p);
		p->batch = batch;
		p->limit = PENDING_MIN;
	}
	if (oid_table_get(&p->table, &c->id))
		return 0;
	if (p->table.count >= p->limit && drop_stored(p, batch, err))
		return -1;
	if (oid_table_put(&p->table, &c->id, c, err))
		return -1;
	commit_ref(c);
	return 0;
}

static int remember(struct repo *repo, struct odb_batch *batch, struct commit *c, struct drift_error *err)
{
	int r;

	pthread_mutex_lock(&repo->mutex);
	r = remember_locked(&repo->pending, batch, c, err);
	pthread_mutex_unlock(&repo->mutex);
	return r;
}

/* A commit of the store or of the batch. */
static int read_commit(struct repo *repo, struct odb_batch *batch, const struct object_ref *ref, struct commit **out,
		       struct drift_error *err)
{
	struct commit *c = NULL;
	uint64_t loc;

	pthread_mutex_lock(&repo->mutex);
	if (repo->pending.batch == batch)
		c = oid_table_get(&repo->pending.table, &ref->id);
	if (c)
		commit_ref(c);
	pthread_mutex_unlock(&repo->mutex);
	if (c) {
		*out = c;
		return 0;
	}
	loc = odb_batch_loc(batch, ref->loc);
	return odb_commit(repo_odb(repo), &ref->id, loc_file(loc) == LOC_PENDING ? LOC_UNKNOWN : loc, out, err);
}

static void parents_release(struct parents *p)
{
	size_t i;

	for (i = 0; p->commits && i < p->count; i++)
		commit_unref(p->commits[i]);
	free(p->commits);
	free(p->refs);
	free(p->trees);
}

static int read_parents(struct repo *repo, struct odb_batch *batch, const struct commit *from, struct parents *p,
			struct drift_error *err)
{
	size_t i;

	if (from->parent_count > COMMIT_PARENTS_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a commit has at most %d parents", COMMIT_PARENTS_MAX);
	p->commits = mem_calloc(from->parent_count + 1, sizeof(struct commit *));
	p->refs = mem_calloc(from->parent_count + 1, sizeof(*p->refs));
	p->trees = mem_calloc(from->parent_count + 1, sizeof(*p->trees));
	if (!p->commits || !p->refs || !p->trees)
		return error_no_memory(err);
	for (i = 0; i < from->parent_count; i++) {
		if (read_commit(repo, batch, &from->parents[i], &p->commits[i], err))
			return error_prefix(err, DRIFT_OK, "parent");
		p->count++;
		p->refs[i].id = p->commits[i]->id;
		p->refs[i].loc = p->commits[i]->loc;
		p->trees[i].id = p->commits[i]->tree.id;
		p->trees[i].loc = p->commits[i]->tree.loc;
	}
	return 0;
}

static int derive(struct repo *repo, struct odb_batch *batch, struct commit *c, const struct parents *p,
		  struct drift_error *err)
{
	auto_commit *jump = NULL;
	const struct commit *first = p->count ? p->commits[0] : NULL;

	c->parents = p->refs;
	c->parent_count = p->count;
	c->last_merge_loc = LOC_UNKNOWN;
	if (first) {
		c->last_merge_loc = first->parent_count > 1 ? first->loc : first->last_merge_loc;
		if (first->parent_count && commit_jump_seq(first->seq + 1) != first->seq &&
		    read_commit(repo, batch, &first->jump, &jump, err))
			return -1;
	}
	commit_derive(c, p->commits, jump);
	return 0;
}

static int add(struct odb *odb, struct odb_batch *batch, struct commit *c, const struct parents *p,
	       struct drift_error *err)
{
	struct tree_root tree = { .id = c->tree.id, .loc = c->tree.loc };
	struct change_list list;
	struct object_ref made;
	int r;

	if (p->count > CHANGE_PARENTS_MAX) {
		r = odb_batch_commit(batch, c, NULL, &made, err);
	} else {
		if (change_list_compare(odb_batch_nodes(batch), p->trees, p->count, &tree, &list, err))
			return -1;
		r = change_list_link(odb, &list, err);
		if (!r)
			r = odb_batch_commit(batch, c, &list, &made, err);
		change_list_release(&list);
	}
	if (!r)
		c->loc = made.loc;
	return r;
}

int writer_add_commit(struct repo *repo, struct odb_batch *batch, const struct commit *from, struct commit **out,
		      struct drift_error *err)
{
	struct parents parents = { .commits = NULL };
	struct commit derived = *from;
	auto_commit *commit = NULL;
	int r;

	r = read_parents(repo, batch, from, &parents, err) || derive(repo, batch, &derived, &parents, err) ||
			    commit_new(&derived, &commit, err) || add(repo_odb(repo), batch, commit, &parents, err) ||
			    remember(repo, batch, commit, err)
		    ? -1
		    : 0;
	parents_release(&parents);
	if (r)
		return -1;
	*out = take_ptr(commit);
	return 0;
}
