#include "repo/writer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "repo/change_lists.h"

/* The parents of a commit to be added, read. */
struct parents {
	struct commit **commits;
	struct object_ref *refs;
	struct tree_root *trees;
	size_t count;
};

static void parents_release(struct parents *p)
{
	size_t i;

	for (i = 0; p->commits && i < p->count; i++)
		commit_unref(p->commits[i]);
	free(p->commits);
	free(p->refs);
	free(p->trees);
}

static int read_parents(struct odb_batch *batch, const struct commit *from, struct parents *p, struct drift_error *err)
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
		if (odb_batch_read_commit(batch, &from->parents[i], &p->commits[i], err))
			return error_prefix(err, DRIFT_OK, "parent");
		p->count++;
		p->refs[i].id = p->commits[i]->id;
		p->refs[i].loc = p->commits[i]->loc;
		p->trees[i].id = p->commits[i]->tree.id;
		p->trees[i].loc = p->commits[i]->tree.loc;
	}
	return 0;
}

static int derive(struct odb_batch *batch, struct commit *c, const struct parents *p, struct drift_error *err)
{
	auto_commit *jump = NULL;
	const struct commit *first = p->count ? p->commits[0] : NULL;

	c->parents = p->refs;
	c->parent_count = p->count;
	if (first && first->parent_count && commit_jump_seq(first->seq + 1) != first->seq &&
	    odb_batch_read_commit(batch, &first->jump, &jump, err))
		return -1;
	commit_derive(c, p->commits, jump);
	return 0;
}

static int add(struct odb_batch *batch, struct commit *c, const struct parents *p, const struct change_list *changes,
	       struct drift_error *err)
{
	struct tree_root tree = { .id = c->tree.id, .loc = c->tree.loc };
	struct change_list list;
	struct object_ref made;
	int r;

	if (changes)
		return odb_batch_commit(batch, c, changes, &made, err);
	change_list_init(&list);
	list.complete = p->count <= CHANGE_PARENTS_MAX;
	if (list.complete && change_list_compare(odb_batch_nodes(batch), p->trees, p->count, &tree, &list, err))
		return -1;
	r = odb_batch_commit(batch, c, &list, &made, err);
	change_list_release(&list);
	return r;
}

int writer_add_commit_changes(struct odb_batch *batch, const struct commit *from, const struct change_list *changes,
			      struct commit **out, struct drift_error *err)
{
	struct parents parents = { .commits = NULL };
	struct commit derived = *from;
	auto_commit *commit = NULL;
	int r;

	r = read_parents(batch, from, &parents, err) || derive(batch, &derived, &parents, err) ||
			    commit_new(&derived, &commit, err) || add(batch, commit, &parents, changes, err) ?
		    -1 :
		    0;
	parents_release(&parents);
	if (r)
		return -1;
	*out = take_ptr(commit);
	return 0;
}

int writer_add_commit(struct repo *repo, struct odb_batch *batch, const struct commit *from, struct commit **out,
		      struct drift_error *err)
{
	(void)repo;
	return writer_add_commit_changes(batch, from, NULL, out, err);
}
