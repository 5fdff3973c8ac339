#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "repo/stretch_internal.h"

struct graph_reach {
	struct repo *repo;
	struct commit *from;
	struct commit *last; /* found last; the next one asked for is often right below it */
	uint64_t gen_min;
	struct stretches stretches;
};

int graph_reach_new(struct repo *repo, struct commit *b, uint64_t gen_min, struct graph_reach **out,
		    struct drift_error *err)
{
	auto_graph_reach *r = mem_calloc(1, sizeof(*r));

	if (!r)
		return error_no_memory(err);
	r->repo = repo;
	r->from = commit_ref(b);
	r->gen_min = gen_min;
	stretches_init(&r->stretches, repo);
	if (stretches_enter(&r->stretches, b, REACHED_A, err) < 0)
		return -1;
	*out = take_ptr(r);
	return 0;
}

void graph_reach_free(struct graph_reach *r)
{
	if (!r)
		return;
	stretches_release(&r->stretches);
	commit_unref(r->from);
	commit_unref(r->last);
	free(r);
}

void graph_reach_cleanup(struct graph_reach **r)
{
	graph_reach_free(*r);
}

/* Take stretches until every one that a commit of that generation can be reached through is behind us. */
static int search_to(struct graph_reach *r, uint64_t gen, struct drift_error *err)
{
	struct stretch *top;

	while ((top = heap_top(&r->stretches.waiting)) && top->gen > gen) {
		struct commit *merge = stretches_take(&r->stretches)->bottom;

		for (size_t i = 0; i < merge->parent_count; i++) {
			auto_commit *parent = NULL;

			if (graph_parent(r->repo, merge, i, &parent, err) < 0)
				return -1;
			if (parent->gen >= r->gen_min && stretches_enter(&r->stretches, parent, REACHED_A, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* Is a on the first-parent line of c? */
static int on_line(struct repo *repo, struct commit *a, struct commit *c, struct drift_error *err)
{
	auto_commit *found = NULL;
	int rc = graph_at_seq(repo, c, a->seq, &found, err);

	return rc <= 0 ? rc : oid_equal(&found->id, &a->id);
}

static int search(struct graph_reach *r, struct commit *a, struct drift_error *err)
{
	struct drift_error why;
	struct stretch *t;
	int rc;

	rc = r->last ? on_line(r->repo, a, r->last, err) : 0;
	if (!rc)
		rc = on_line(r->repo, a, r->from, err);
	if (rc)
		return rc;
	if (search_to(r, a->gen, err) < 0)
		return -1;
	rc = stretches_find(&r->stretches, a, &t, &why);
	/* A cache may still hold a commit that gc removed, but not what it stands on: all that b reaches is there. */
	if (rc < 0)
		return why.code == DRIFT_ERR_NOT_FOUND ? 0 : error_set(err, why.code, "%s", why.message);
	if (!rc)
		return 0;
	for (size_t i = 0; i < t->entry_count; i++) {
		rc = on_line(r->repo, a, t->entries[i].commit, err);
		if (rc)
			return rc;
	}
	return 0;
}

int graph_reach_has(struct graph_reach *r, struct commit *a, struct drift_error *err)
{
	int rc;

	assert(a->gen >= r->gen_min);
	if (a->gen > r->from->gen)
		return 0;
	rc = search(r, a, err);
	if (rc > 0) {
		commit_unref(r->last);
		r->last = commit_ref(a);
	}
	return rc;
}

int graph_is_ancestor(struct repo *repo, struct commit *a, struct commit *b, struct drift_error *err)
{
	auto_graph_reach *r = NULL;

	if (a->gen > b->gen)
		return 0;
	if (graph_reach_new(repo, b, a->gen, &r, err) < 0)
		return -1;
	return graph_reach_has(r, a, err);
}
