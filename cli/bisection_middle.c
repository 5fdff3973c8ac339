/* Where to cut what lies between good and bad. */
#include "cli/bisection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/oid_table.h"

/* Steps spent on counting below merges; beyond that a lower bound has to do. */
#define MERGE_WORK_MAX ((uint64_t)1 << 27)

/* A choice that parts the commits in `below` (itself included) and the rest. */
static void bisection_step_measure(struct bisection_step *step, uint64_t below, uint64_t count)
{
	uint64_t worst = below > count - below ? below : count - below;

	step->left = worst - 1;
	step->steps = 0;
	for (uint64_t n = 1; n < worst; n *= 2)
		step->steps++;
}

/* --- a line --- */

/* The commit with that number, unless it was skipped: 1 / 0 / -1. */
static int try_number(const struct bisection *b, uint64_t seq, struct bisection_step *out, struct drift_error *err)
{
	auto_commit *c = NULL;

	if (graph_at_seq(b->repo, b->bad, seq, &c, err) < 0)
		return -1;
	if (!c || commit_list_has(&b->skipped, &c->id))
		return c ? commit_list_add(&out->suspects, c, err) : 0;
	out->state = BISECTION_TESTING;
	out->commit = commit_ref(c);
	return 1;
}

static int only_bad_is_left(const struct bisection *b, uint64_t count, struct bisection_step *out,
			    struct drift_error *err)
{
	if (count == 1) {
		out->state = BISECTION_FOUND;
		out->commit = commit_ref(b->bad);
		return 0;
	}
	out->state = BISECTION_SKIPPED;
	return commit_list_add(&out->suspects, b->bad, err);
}

int bisection_middle_of_line(const struct bisection *b, uint64_t low, struct bisection_step *out,
			     struct drift_error *err)
{
	uint64_t count = b->bad->seq - low, middle = low + count / 2;

	/* From the middle outwards: as many as were skipped, at most, are in the way. */
	for (uint64_t away = 0; count > 1 && away < count; away++) {
		uint64_t tries[2] = { middle - away, middle + away };

		for (size_t i = 0; i < (away ? 2U : 1U); i++) {
			int found;

			if (tries[i] <= low || tries[i] > middle + away || tries[i] >= b->bad->seq)
				continue;
			found = try_number(b, tries[i], out, err);
			if (found < 0)
				return -1;
			if (found) {
				bisection_step_measure(out, tries[i] - low, count);
				return 0;
			}
		}
	}
	return only_bad_is_left(b, count, out, err);
}

/* --- a graph --- */

struct spot {
	struct oid id;
	size_t first_parent, parent_count; /* in `parents`; those that are in the graph */
	uint64_t below;                    /* it and its ancestors in the graph */
	uint64_t mark;                     /* of the count that met it last */
	uint64_t loc;
};

struct graph {
	struct spot *spots; /* children before parents */
	size_t count, capacity;
	size_t *parents;
	size_t parent_count, parent_capacity;
	size_t *queue;
	struct oid_table table;
	uint64_t work;
};

static void graph_release(struct graph *g)
{
	free(g->spots);
	free(g->parents);
	free(g->queue);
	oid_table_release(&g->table);
}
#define auto_graph __attribute__((cleanup(graph_release))) struct graph

static int walk(const struct bisection *b, struct graph *g, struct drift_error *err)
{
	const struct revwalk_options options = { .order = REVWALK_TOPOLOGICAL };
	auto_revwalk *w = NULL;
	int more;

	if (revwalk_new(b->repo, &options, &w, err) || revwalk_include(w, b->bad, err))
		return -1;
	for (size_t i = 0; i < b->good.count; i++) {
		if (revwalk_exclude(w, b->good.items[i], err))
			return -1;
	}
	for (;;) {
		auto_commit *c = NULL;

		more = revwalk_next(w, &c, err);
		if (more <= 0)
			return more;
		if (mem_grow(&g->spots, &g->capacity, g->count + 1, sizeof(*g->spots)))
			return error_no_memory(err);
		g->spots[g->count++] = (struct spot){ .id = c->id, .loc = c->loc };
	}
}

static int link_parents(const struct bisection *b, struct graph *g, struct spot *spot, struct drift_error *err)
{
	auto_commit *c = NULL;

	if (odb_commit(repo_odb(b->repo), &spot->id, spot->loc, &c, err))
		return -1;
	spot->first_parent = g->parent_count;
	for (size_t i = 0; i < c->parent_count; i++) {
		const struct spot *parent = oid_table_get(&g->table, &c->parents[i].id);

		if (!parent)
			continue;
		if (mem_grow(&g->parents, &g->parent_capacity, g->parent_count + 1, sizeof(*g->parents)))
			return error_no_memory(err);
		g->parents[g->parent_count++] = (size_t)(parent - g->spots);
		spot->parent_count++;
	}
	return 0;
}

static int build(const struct bisection *b, struct graph *g, struct drift_error *err)
{
	if (walk(b, g, err))
		return -1;
	g->queue = mem_alloc_array(g->count + 1, sizeof(*g->queue));
	if (!g->queue)
		return error_no_memory(err);
	for (size_t i = 0; i < g->count; i++) {
		if (oid_table_put(&g->table, &g->spots[i].id, &g->spots[i], err))
			return -1;
	}
	for (size_t i = 0; i < g->count; i++) {
		if (link_parents(b, g, &g->spots[i], err))
			return -1;
	}
	return 0;
}

/* Below a merge lines meet again: each commit counts once. */
static uint64_t count_below(struct graph *g, size_t from)
{
	size_t head = 0, tail = 0;

	g->queue[tail++] = from;
	g->spots[from].mark = from + 1;
	while (head < tail) {
		const struct spot *at = &g->spots[g->queue[head++]];

		for (size_t i = 0; i < at->parent_count; i++) {
			size_t parent = g->parents[at->first_parent + i];

			if (g->spots[parent].mark == from + 1)
				continue;
			g->spots[parent].mark = from + 1;
			g->queue[tail++] = parent;
		}
	}
	g->work += tail;
	return tail;
}

static void weigh(struct graph *g, size_t i)
{
	struct spot *spot = &g->spots[i];
	uint64_t most = 0;

	if (spot->parent_count > 1 && g->work < MERGE_WORK_MAX) {
		spot->below = count_below(g, i);
		return;
	}
	for (size_t k = 0; k < spot->parent_count; k++) {
		uint64_t below = g->spots[g->parents[spot->first_parent + k]].below;

		most = below > most ? below : most;
	}
	spot->below = most + 1;
}

static uint64_t worth(const struct graph *g, size_t i)
{
	uint64_t below = g->spots[i].below;

	return below < g->count - below ? below : g->count - below;
}

static int collect_skipped(const struct bisection *b, const struct graph *g, struct bisection_step *out,
			   struct drift_error *err)
{
	for (size_t i = 1; i < g->count; i++) {
		auto_commit *c = NULL;

		if (odb_commit(repo_odb(b->repo), &g->spots[i].id, g->spots[i].loc, &c, err) ||
		    commit_list_add(&out->suspects, c, err))
			return -1;
	}
	return only_bad_is_left(b, g->count, out, err);
}

int bisection_middle_of_graph(const struct bisection *b, struct bisection_step *out, struct drift_error *err)
{
	auto_graph g = { .table = OID_TABLE_INIT };
	size_t best = 0;

	if (build(b, &g, err))
		return -1;
	/* The bad commit stands first and is not to be tried; parents come before their children here. */
	for (size_t i = g.count; i-- > 1;) {
		weigh(&g, i);
		if (commit_list_has(&b->skipped, &g.spots[i].id))
			continue;
		if (!best || worth(&g, i) > worth(&g, best))
			best = i;
		if (worth(&g, best) == g.count / 2)
			break;
	}
	if (!best)
		return collect_skipped(b, &g, out, err);
	out->state = BISECTION_TESTING;
	bisection_step_measure(out, g.spots[best].below, g.count);
	return odb_commit(repo_odb(b->repo), &g.spots[best].id, g.spots[best].loc, &out->commit, err);
}
