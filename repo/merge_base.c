#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/commit_graph.h"
#include "repo/repo_internal.h"
#include "repo/stretch_internal.h"

/* After so many stretches the commit graph is asked, which has to be read. */
#define STRETCHES_MAX 2000

/*
 * Stretches are taken in order of generation (see stretch_internal.h). One that both sides enter has common commits: where lines of
 * the one side meet lines of the other. All below its bottom is common too but no longer best, and marks so (stale)
 * the lines by which it enters further stretches. What is found is final, as all that enters a stretch is known by then.
 */

/* Commits of one stretch in the order of a depth-first walk over its trees, ancestors first. */
struct ordered {
	struct stretch_entry *items; /* references */
	size_t count, capacity;
};

struct search {
	struct repo *repo;
	struct stretches stretches;
	struct commit **bases;
	size_t base_count, base_capacity;
	size_t taken_max; /* stretches, 0: any number */
};

static void ordered_release(struct ordered *o)
{
	for (size_t i = 0; i < o->count; i++)
		commit_unref(o->items[i].commit);
	free(o->items);
}
#define auto_ordered __attribute__((cleanup(ordered_release))) struct ordered

void graph_free_list(struct commit **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		commit_unref(list[i]);
	free(list);
}

static int compare_walk(struct repo *repo, struct commit *a, struct commit *b, int *order_out, struct drift_error *err)
{
	auto_meeting m = MEETING_INIT;

	if (meeting_find(repo, a, b, &m, err) < 0)
		return -1;
	if (m.below_a && m.below_b)
		*order_out = oid_compare(&m.below_a->id, &m.below_b->id);
	else
		*order_out = m.below_a ? 1 : m.below_b ? -1 : 0;
	return 0;
}

static int ordered_add(struct repo *repo, struct ordered *o, struct commit *c, unsigned reached,
		       struct drift_error *err)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order;

		if (compare_walk(repo, c, o->items[mid].commit, &order, err) < 0)
			return -1;
		if (!order) {
			o->items[mid].reached |= reached;
			return 0;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	if (mem_grow(&o->items, &o->capacity, o->count + 1, sizeof(*o->items)) < 0)
		return error_no_memory(err);
	memmove(o->items + low + 1, o->items + low, (o->count - low) * sizeof(*o->items));
	o->items[low] = (struct stretch_entry){ .commit = commit_ref(c), .reached = reached };
	o->count++;
	return 0;
}

/* The farthest commits that lines of both sides share. A line meets the other side farthest with a neighbour in the order of the walk. */
static int add_meetings(struct search *s, const struct ordered *entered, struct ordered *found, struct drift_error *err)
{
	struct commit *last_a = NULL, *last_b = NULL;

	for (size_t i = 0; i < entered->count; i++) {
		struct stretch_entry *e = entered->items + i;
		bool both = (e->reached & REACHED_A) && (e->reached & REACHED_B);
		struct commit *other = e->reached & REACHED_A ? last_b : last_a;

		if (e->reached & REACHED_A)
			last_a = e->commit;
		if (e->reached & REACHED_B)
			last_b = e->commit;
		if (both) {
			if (ordered_add(s->repo, found, e->commit, 0, err) < 0)
				return -1;
		} else if (other) {
			auto_meeting m = MEETING_INIT;

			if (meeting_find(s->repo, other, e->commit, &m, err) < 0)
				return -1;
			if (m.at && ordered_add(s->repo, found, m.at, 0, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* The best of what was found: not stale, and not below another. Descendants come right behind. */
static int add_bases(struct search *s, const struct ordered *found, struct drift_error *err)
{
	for (size_t i = 0; i < found->count; i++) {
		struct commit *c = found->items[i].commit;

		if (found->items[i].reached & REACHED_STALE)
			continue;
		if (i + 1 < found->count) {
			auto_commit *at = NULL;

			if (graph_at_seq(s->repo, found->items[i + 1].commit, c->seq, &at, err) < 0)
				return -1;
			if (at && oid_equal(&at->id, &c->id))
				continue;
		}
		if (mem_grow(&s->bases, &s->base_capacity, s->base_count + 1, sizeof(struct commit *)) < 0)
			return error_no_memory(err);
		s->bases[s->base_count++] = commit_ref(c);
	}
	return 0;
}

static int search_stretch(struct search *s, const struct stretch *t, struct drift_error *err)
{
	auto_ordered entered = { .items = NULL };
	auto_ordered found = { .items = NULL };

	for (size_t i = 0; i < t->entry_count; i++) {
		struct stretch_entry *e = t->entries + i;

		if (!(e->reached & REACHED_STALE) && ordered_add(s->repo, &entered, e->commit, e->reached, err) < 0)
			return -1;
	}
	if (add_meetings(s, &entered, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < t->entry_count; i++) {
		struct stretch_entry *e = t->entries + i;

		if ((e->reached & REACHED_STALE) && ordered_add(s->repo, &found, e->commit, REACHED_STALE, err) < 0)
			return -1;
	}
	return add_bases(s, &found, err);
}

static int enter_below(struct search *s, struct stretch *t, bool common, struct drift_error *err)
{
	unsigned reached = common ? REACHED_STALE : t->sides;

	for (size_t i = 0; t->bottom && i < t->bottom->parent_count; i++) {
		auto_commit *parent = NULL;

		if (graph_parent(s->repo, t->bottom, i, &parent, err) < 0)
			return -1;
		if (stretches_enter(&s->stretches, parent, reached, err) < 0)
			return -1;
	}
	return 0;
}

/* 1 there are too many stretches / 0 / -1 */
static int search(struct search *s, struct drift_error *err)
{
	size_t taken = 0;

	/* Once no line is left that only one side is known to have, nothing better can turn up. */
	while (s->stretches.waiting_a && s->stretches.waiting_b) {
		struct stretch *t;
		bool both, stale = false;

		if (s->taken_max && taken++ == s->taken_max)
			return 1;
		t = stretches_take(&s->stretches);
		both = t->sides == (REACHED_A | REACHED_B);

		for (size_t i = 0; i < t->entry_count; i++)
			stale = stale || (t->entries[i].reached & REACHED_STALE);
		if (both && search_stretch(s, t, err) < 0)
			return -1;
		if (enter_below(s, t, both || stale, err) < 0)
			return -1;
	}
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	struct commit *const *x = a, *const *y = b;

	return oid_compare(&(*x)->id, &(*y)->id);
}

static void search_release(struct search *s)
{
	stretches_release(&s->stretches);
	graph_free_list(s->bases, s->base_count);
	*s = (struct search){ .repo = s->repo };
}

static int search_from(struct search *s, struct commit *a, struct commit *b, struct drift_error *err)
{
	stretches_init(&s->stretches, s->repo);
	if (stretches_enter(&s->stretches, a, REACHED_A, err) < 0 ||
	    stretches_enter(&s->stretches, b, REACHED_B, err) < 0)
		return -1;
	return search(s, err);
}

static int read_bases(struct search *s, const uint64_t *locs, size_t count)
{
	s->bases = mem_calloc(count + 1, sizeof(struct commit *));
	if (!s->bases)
		return -1;
	for (; s->base_count < count; s->base_count++) {
		if (odb_commit(repo_odb(s->repo), NULL, locs[s->base_count], &s->bases[s->base_count], NULL) < 0)
			return -1;
	}
	return 0;
}

/* 1 / 0 the graph cannot tell */
static int bases_by_graph(struct search *s, const struct commit *a, const struct commit *b)
{
	auto_commit_graph *g = NULL;
	uint64_t *locs = NULL;
	size_t count;
	int r;

	if (commit_graph_open(s->repo, NULL, &g, NULL) || commit_graph_bases(g, a->loc, b->loc, &locs, &count, NULL) <= 0)
		return 0;
	r = read_bases(s, locs, count);
	free(locs);
	if (r)
		search_release(s);
	return !r;
}

int graph_merge_bases(struct repo *repo, struct commit *a, struct commit *b, struct commit ***bases_out,
		      size_t *count_out, struct drift_error *err)
{
	struct search s = { .repo = repo, .taken_max = repo->no_cache ? 0 : STRETCHES_MAX };
	int rc = search_from(&s, a, b, err);

	if (rc > 0) {
		search_release(&s);
		rc = bases_by_graph(&s, a, b) ? 0 : search_from(&s, a, b, err);
	}
	if (rc < 0) {
		search_release(&s);
		return -1;
	}
	stretches_release(&s.stretches);
	if (s.base_count > 1)
		qsort(s.bases, s.base_count, sizeof(struct commit *), compare_ids);
	*bases_out = s.bases;
	*count_out = s.base_count;
	return 0;
}
