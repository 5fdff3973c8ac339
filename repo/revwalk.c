#include <stdlib.h>

#include "base/mem.h"
#include "repo/graph.h"
#include "repo/heap.h"
#include "objects/oid_table.h"
#include "repo/repo_internal.h"

/* More commits than these are left to the commit graph, which has to be read. */
#define COUNT_WALK_MAX 10000

/*
 * By time: effective times never decrease from parent to child and generations grow, so in order of (time, generation) all
 * children of a commit come before it. The walk therefore needs nothing but the commits at its front, and whether
 * a commit is left out is known when its turn comes.
 *
 * Topological: the front runs ahead in order of generation and counts children. A commit is ready when its last
 * child was shown; the count is complete once the front has passed all greater generations.
 */
struct item {
	struct commit *commit;
	bool hidden;    /* left out, with its ancestors */
	size_t pending; /* topological: children known and not yet shown */
};

struct revwalk {
	struct repo *repo;
	struct revwalk_options options;
	struct heap front;
	size_t shown_front; /* by time: items in the front that are not hidden */
	/* Topological only. */
	struct oid_table items; /* in the front, or explored and not yet shown */
	struct item **ready;    /* the last is the next */
	size_t ready_count, ready_capacity;
	uint64_t gen_min; /* of the commits to start from */
	bool started;
};

static bool newer(const void *a, const void *b)
{
	const struct commit *x = ((const struct item *)a)->commit, *y = ((const struct item *)b)->commit;

	if (x->time_usec != y->time_usec)
		return x->time_usec > y->time_usec;
	if (x->gen != y->gen)
		return x->gen > y->gen;
	return oid_compare(&x->id, &y->id) < 0;
}

static bool greater_gen(const void *a, const void *b)
{
	const struct commit *x = ((const struct item *)a)->commit, *y = ((const struct item *)b)->commit;

	return x->gen != y->gen ? x->gen > y->gen : newer(a, b);
}

static struct item *item_new(struct commit *c, bool hidden, struct drift_error *err)
{
	struct item *item = mem_calloc(1, sizeof(*item));

	if (!item) {
		error_no_memory(err);
		return NULL;
	}
	item->commit = commit_ref(c);
	item->hidden = hidden;
	return item;
}

static void item_free(struct item *item)
{
	if (!item)
		return;
	commit_unref(item->commit);
	free(item);
}

int revwalk_new(struct repo *repo, const struct revwalk_options *options, struct revwalk **out, struct drift_error *err)
{
	struct revwalk *w = mem_calloc(1, sizeof(*w));

	if (!w)
		return error_no_memory(err);
	w->repo = repo;
	if (options)
		w->options = *options;
	w->gen_min = UINT64_MAX;
	heap_init(&w->front, w->options.order == REVWALK_TIME ? newer : greater_gen);
	*out = w;
	return 0;
}

void revwalk_free(struct revwalk *w)
{
	if (!w)
		return;
	/* In topological order what is in the front or ready is in the table too. */
	if (w->options.order == REVWALK_TIME) {
		for (size_t i = 0; i < w->front.count; i++)
			item_free(w->front.items[i]);
	}
	for (size_t i = 0; i < w->items.capacity; i++)
		item_free(w->items.slots[i].item);
	heap_release(&w->front);
	oid_table_release(&w->items);
	free(w->ready);
	free(w);
}

void revwalk_cleanup(struct revwalk **w)
{
	revwalk_free(*w);
}

/* By time: duplicates are met when their turn comes. */
static int push(struct revwalk *w, struct commit *c, bool hidden, struct drift_error *err)
{
	struct item *item = item_new(c, hidden, err);

	if (!item)
		return -1;
	if (heap_push(&w->front, item, err) < 0) {
		item_free(item);
		return -1;
	}
	if (!hidden)
		w->shown_front++;
	return 0;
}

/* Topological: the item of c, in the front if it is new. NULL on failure. */
static struct item *know(struct revwalk *w, struct commit *c, bool hidden, struct drift_error *err)
{
	struct item *item = oid_table_get(&w->items, &c->id);

	if (item) {
		item->hidden = item->hidden || hidden;
		return item;
	}
	item = item_new(c, hidden, err);
	if (!item)
		return NULL;
	if (oid_table_put(&w->items, &item->commit->id, item, err) < 0) {
		item_free(item);
		return NULL;
	}
	return heap_push(&w->front, item, err) < 0 ? NULL : item;
}

int revwalk_include(struct revwalk *w, struct commit *c, struct drift_error *err)
{
	if (w->options.order == REVWALK_TIME)
		return push(w, c, false, err);
	if (c->gen < w->gen_min)
		w->gen_min = c->gen;
	return know(w, c, false, err) ? 0 : -1;
}

int revwalk_exclude(struct revwalk *w, struct commit *c, struct drift_error *err)
{
	if (w->options.order == REVWALK_TIME)
		return push(w, c, true, err);
	return know(w, c, true, err) ? 0 : -1;
}

static size_t parents_followed(const struct revwalk *w, const struct item *item)
{
	size_t n = item->commit->parent_count;

	return w->options.first_parent && !item->hidden && n > 1 ? 1 : n;
}

static int push_parents(struct revwalk *w, const struct item *item, struct drift_error *err)
{
	for (size_t i = 0; i < parents_followed(w, item); i++) {
		auto_commit *parent = NULL;

		if (graph_parent(w->repo, item->commit, i, &parent, err) < 0)
			return -1;
		if (push(w, parent, item->hidden, err) < 0)
			return -1;
	}
	return 0;
}

/* The newest item of the front, duplicates joined; NULL when nothing to be shown is left in it. */
static struct item *pop_newest(struct revwalk *w)
{
	struct item *item, *same;

	if (!w->shown_front)
		return NULL;
	item = heap_pop(&w->front);
	if (!item->hidden)
		w->shown_front--;
	while ((same = heap_top(&w->front)) && oid_equal(&same->commit->id, &item->commit->id)) {
		heap_pop(&w->front);
		if (!same->hidden)
			w->shown_front--;
		item->hidden = item->hidden || same->hidden;
		item_free(same);
	}
	return item;
}

static int next_by_time(struct revwalk *w, struct commit **out, struct drift_error *err)
{
	struct item *item;

	while ((item = pop_newest(w))) {
		int rc = push_parents(w, item, err);

		if (!rc && !item->hidden) {
			*out = commit_ref(item->commit);
			rc = 1;
		}
		item_free(item);
		if (rc)
			return rc;
	}
	return 0;
}

/* Move the front on until all commits of greater generations are explored. */
static int explore(struct revwalk *w, uint64_t gen, struct drift_error *err)
{
	struct item *item;

	while ((item = heap_top(&w->front)) && item->commit->gen > gen) {
		heap_pop(&w->front);
		for (size_t i = 0; i < parents_followed(w, item); i++) {
			auto_commit *parent = NULL;
			struct item *known;

			if (graph_parent(w->repo, item->commit, i, &parent, err) < 0)
				return -1;
			known = know(w, parent, item->hidden, err);
			if (!known)
				return -1;
			if (!item->hidden)
				known->pending++;
		}
		if (item->hidden) {
			oid_table_remove(&w->items, &item->commit->id);
			item_free(item);
		}
	}
	return 0;
}

static int make_ready(struct revwalk *w, struct item *item, struct drift_error *err)
{
	if (item->hidden || item->pending)
		return 0;
	if (mem_grow(&w->ready, &w->ready_capacity, w->ready_count + 1, sizeof(struct item *)) < 0)
		return error_no_memory(err);
	w->ready[w->ready_count++] = item;
	return 0;
}

static int compare_oldest_first(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	return newer(x, y) ? 1 : newer(y, x) ? -1 : 0;
}

/* Commits to start from that are no ancestors of others, the newest next. */
static int start(struct revwalk *w, struct drift_error *err)
{
	if (w->gen_min == UINT64_MAX)
		return 0;
	if (explore(w, w->gen_min, err) < 0)
		return -1;
	/* Whatever no one is waiting for was given by the caller. */
	for (size_t i = 0; i < w->items.capacity; i++) {
		if (w->items.slots[i].item && make_ready(w, w->items.slots[i].item, err) < 0)
			return -1;
	}
	if (w->ready_count > 1)
		qsort(w->ready, w->ready_count, sizeof(struct item *), compare_oldest_first);
	return 0;
}

static int release_parents(struct revwalk *w, struct item *item, struct drift_error *err)
{
	struct commit *c = item->commit;

	if (explore(w, c->gen - 1, err) < 0)
		return -1;
	for (size_t i = 0; i < parents_followed(w, item); i++) {
		struct item *parent = oid_table_get(&w->items, &c->parents[i].id);

		/* Hidden ones are forgotten once explored. */
		if (!parent)
			continue;
		if (explore(w, parent->commit->gen, err) < 0)
			return -1;
		parent->pending--;
		if (make_ready(w, parent, err) < 0)
			return -1;
	}
	return 0;
}

static int next_topological(struct revwalk *w, struct commit **out, struct drift_error *err)
{
	struct item *item;

	if (!w->started && start(w, err) < 0)
		return -1;
	w->started = true;
	if (!w->ready_count)
		return 0;
	item = w->ready[--w->ready_count];
	if (release_parents(w, item, err) < 0)
		return -1;
	*out = commit_ref(item->commit);
	oid_table_remove(&w->items, &item->commit->id);
	item_free(item);
	return 1;
}

int revwalk_next(struct revwalk *w, struct commit **out, struct drift_error *err)
{
	return w->options.order == REVWALK_TIME ? next_by_time(w, out, err) : next_topological(w, out, err);
}

/* Where a walk that has not begun starts from. */
struct starts {
	uint64_t *locs; /* those that count, then those that are left out */
	size_t from_count, without_count;
	bool known;
};

static int find_starts(const struct revwalk *w, struct starts *out, struct drift_error *err)
{
	*out = (struct starts){ .locs = mem_calloc(w->front.count + 1, sizeof(*out->locs)), .known = true };
	if (!out->locs)
		return error_no_memory(err);
	for (int hidden = 0; hidden < 2; hidden++) {
		for (size_t i = 0; i < w->front.count; i++) {
			const struct item *item = w->front.items[i];

			if (item->hidden != (bool)hidden)
				continue;
			out->locs[out->from_count + out->without_count] = item->commit->loc;
			out->known = out->known && item->commit->loc != LOC_UNKNOWN;
			*(hidden ? &out->without_count : &out->from_count) += 1;
		}
	}
	return 0;
}

/* 1 / 0 the graph cannot tell. Whatever is the matter with it, the commits themselves are there to be asked. */
static int count_by_graph(struct revwalk *w, const struct starts *s, const struct graph_progress *progress,
			  uint64_t *count_out)
{
	auto_commit_graph *g = NULL;

	if (!s->known || w->options.first_parent || w->repo->no_cache || commit_graph_open(w->repo, progress, &g, NULL))
		return 0;
	return commit_graph_count(g, s->locs, s->from_count, s->locs + s->from_count, s->without_count, count_out,
				  NULL) > 0;
}

int revwalk_count(struct revwalk *w, const struct graph_progress *progress, uint64_t *count_out,
		  struct drift_error *err)
{
	struct starts starts;
	uint64_t count = 0;
	int more = 0;

	if (find_starts(w, &starts, err))
		return -1;
	for (;; count++) {
		auto_commit *c = NULL;

		if (count == COUNT_WALK_MAX && count_by_graph(w, &starts, progress, &count))
			break;
		more = revwalk_next(w, &c, err);
		if (more <= 0)
			break;
	}
	free(starts.locs);
	if (more < 0)
		return -1;
	*count_out = count;
	return 0;
}
