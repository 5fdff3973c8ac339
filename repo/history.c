#include "repo/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/repair.h"

/* A commit that may belong to the history. Not the commit itself: a document may have changed a million times. */
struct candidate {
	struct object_ref commit;
	int64_t time_usec;
	uint64_t gen;
	enum change_kind kind;
};

struct history {
	struct repo *repo;
	char *path_text;
	struct path path;
	struct commit *from;
	struct candidate *items;
	size_t count, capacity, next;
	/*
	 * On a line without merges storage order is the order of history, since what a commit refers to is never stored behind it: the
	 * chains are followed as events are asked for. Whatever does not fit ends this, and the rest is collected.
	 */
	bool streaming;
	uint64_t chain[2];      /* the next record of a change, the next marker */
	struct commit *above;   /* the last that was given out while streaming */
	struct commit *commit;  /* of the last event */
	bool present;           /* is there a document after the last event? */
	struct node *node;      /* that holds it, if it was asked for */
	struct drift_error end; /* what keeps the rest from being told; DRIFT_OK: nothing */
};

/* --- what a commit did to the path, by its trees --- */

static int get(struct history *h, const struct object_ref *tree, struct node **node, struct document *doc,
	       struct drift_error *err)
{
	struct tree_root root = { .id = tree->id, .loc = tree->loc };

	return tree_get(repo_nodes(h->repo), &root, &h->path, node, doc, err);
}

/* How the document differs from that in the tree of a parent; NULL: no parent, nothing. */
static int compare(struct history *h, struct commit *c, struct commit *parent, enum change_kind *kind_out,
		   struct drift_error *err)
{
	auto_node *node_a = NULL;
	auto_node *node_b = NULL;
	struct document a, b;
	int has_a = 0, has_b;

	if (parent && oid_equal(&parent->tree.id, &c->tree.id)) {
		*kind_out = CHANGE_NONE;
		return 0;
	}
	if (parent)
		has_a = get(h, &parent->tree, &node_a, &a, err);
	has_b = has_a < 0 ? -1 : get(h, &c->tree, &node_b, &b, err);
	if (has_b < 0)
		return -1;
	if (has_a && has_b)
		*kind_out = document_equal(&a, &b) ? CHANGE_NONE : CHANGE_MODIFY;
	else
		*kind_out = has_b ? CHANGE_ADD : has_a ? CHANGE_DELETE : CHANGE_NONE;
	return 0;
}

/* The change against the first parent, CHANGE_NONE unless there is one against every parent. */
static int change_by_trees(struct history *h, struct commit *c, enum change_kind *kind_out, struct drift_error *err)
{
	enum change_kind first = CHANGE_NONE;

	if (!c->parent_count)
		return compare(h, c, NULL, kind_out, err);
	for (size_t i = 0; i < c->parent_count; i++) {
		auto_commit *parent = NULL;
		enum change_kind kind;

		if (graph_parent(h->repo, c, i, &parent, err) < 0 || compare(h, c, parent, &kind, err) < 0)
			return -1;
		if (kind == CHANGE_NONE) {
			*kind_out = CHANGE_NONE;
			return 0;
		}
		if (!i)
			first = kind;
	}
	*kind_out = first;
	return 0;
}

/* --- collecting candidates --- */

static int add(struct history *h, const struct commit *c, enum change_kind kind, struct drift_error *err)
{
	if (mem_grow(&h->items, &h->capacity, h->count + 1, sizeof(*h->items)) < 0)
		return error_no_memory(err);
	h->items[h->count++] = (struct candidate){
		.commit = { .id = c->id, .loc = c->loc }, .time_usec = c->time_usec, .gen = c->gen, .kind = kind
	};
	return 0;
}

static const struct change *find_change(const struct change_list *list, const struct path *path)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!path_compare(&list->changes[i].path, path))
			return list->changes + i;
	}
	return NULL;
}

static enum change_kind change_of_parent(uint64_t kinds, size_t parent)
{
	return parent < 32 ? (enum change_kind)(kinds >> 2 * parent & 3) : CHANGE_NONE;
}

static bool changed_for_all(uint64_t kinds, const struct commit *c)
{
	for (size_t i = 0; i < c->parent_count; i++) {
		if (change_of_parent(kinds, i) == CHANGE_NONE)
			return false;
	}
	return change_of_parent(kinds, 0) != CHANGE_NONE;
}

/* A commit that lists what it changed. 0 where it does not list the path. */
static int add_listed(struct history *h, struct commit *c, const struct change_list *list, uint64_t *next_out,
		      struct drift_error *err)
{
	const struct change *change = find_change(list, &h->path);

	if (!list->complete || !change)
		return 0;
	*next_out = change->previous_loc;
	if (!changed_for_all(change->kinds, c))
		return 1;
	return add(h, c, change_of_parent(change->kinds, 0), err) < 0 ? -1 : 1;
}

/* A commit that has a marker only. */
static int add_marked(struct history *h, struct commit *c, const struct change_list *list, uint64_t *next_out,
		      struct drift_error *err)
{
	enum change_kind kind;

	if (list->complete)
		return 0;
	*next_out = list->previous_marker_loc;
	if (change_by_trees(h, c, &kind, err) < 0)
		return -1;
	return kind != CHANGE_NONE && add(h, c, kind, err) < 0 ? -1 : 1;
}

/* A commit that gc removed is reachable from nowhere; its list leads on. */
static int pass_gone(struct history *h, const struct change_list *list, bool marker, uint64_t *next_out)
{
	const struct change *change = find_change(list, &h->path);

	if (list->complete == marker || (!marker && !change))
		return 0;
	*next_out = marker ? list->previous_marker_loc : change->previous_loc;
	return 1;
}

/* Was it removed? A cache may still hold it when its trees are gone. c NULL: it cannot be read. */
static bool is_gone(struct history *h, const struct commit *c, const struct drift_error *why)
{
	enum object_kind kind;
	uint64_t loc;

	return c ? odb_find(repo_odb(h->repo), &c->id, &kind, &loc, NULL) == 0 : why->code == DRIFT_ERR_NOT_FOUND;
}

/* What is damaged ends a chain: 0; the trees tell what it would have. -1: anything else. */
static int cannot_follow(const struct drift_error *why, struct drift_error *err)
{
	return why->code == DRIFT_ERR_CORRUPT ? 0 : error_set(err, why->code, "%s", why->message);
}

/*
 * One step along a chain of records: *loc becomes the next, LOC_UNKNOWN at its end. Returns 0 where the chain is not what
 * it should be; the records are a help, not the truth.
 */
static int step(struct history *h, uint64_t *loc, bool marker, struct drift_error *err)
{
	struct change_list list = { .memory = BUF_INIT };
	auto_commit *c = NULL;
	uint64_t next = LOC_UNKNOWN;
	struct drift_error why;
	int rc = odb_change_list(repo_odb(h->repo), *loc, &list, &why);

	if (rc <= 0)
		return rc < 0 ? cannot_follow(&why, err) : 0;
	if (odb_commit(repo_odb(h->repo), NULL, *loc, &c, &why) < 0)
		rc = -1;
	else if (marker)
		rc = add_marked(h, c, &list, &next, &why);
	else
		rc = add_listed(h, c, &list, &next, &why);
	if (rc < 0)
		rc = is_gone(h, c, &why) ? pass_gone(h, &list, marker, &next) : cannot_follow(&why, err);
	change_list_release(&list);
	if (rc <= 0 || next >= *loc)
		return rc < 0 ? -1 : 0;
	*loc = next;
	return 1;
}

static int find_chains(struct history *h, struct drift_error *err)
{
	return odb_change_head(repo_odb(h->repo), &h->path, &h->chain[0], &h->chain[1], err);
}

static int collect_recorded(struct history *h, struct drift_error *err)
{
	for (int marker = 0; marker < 2; marker++) {
		while (h->chain[marker] != LOC_UNKNOWN) {
			int rc = step(h, &h->chain[marker], marker, err);

			if (rc <= 0)
				return rc;
		}
	}
	return 1;
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->time_usec != y->time_usec)
		return x->time_usec > y->time_usec ? -1 : 1;
	if (x->gen != y->gen)
		return x->gen > y->gen ? -1 : 1;
	return oid_compare(&x->commit.id, &y->commit.id);
}

/* 1 / 0 gc has removed it meanwhile, so it is reachable from nowhere / -1 */
static int candidate_commit(struct history *h, const struct object_ref *ref, struct commit **out,
			    struct drift_error *err)
{
	struct drift_error why;

	if (!odb_commit(repo_odb(h->repo), &ref->id, ref->loc, out, &why))
		return 1;
	return why.code == DRIFT_ERR_NOT_FOUND ? 0 : error_set(err, why.code, "%s", why.message);
}

/* In storage order came what is now put in the order of history, each once, and only if the starting point has it. */
static int keep_reachable(struct history *h, struct commit *from, struct drift_error *err)
{
	auto_graph_reach *reach = NULL;
	uint64_t gen_min = from->gen;
	size_t kept = 0;

	if (h->count > 1)
		qsort(h->items, h->count, sizeof(*h->items), compare_newest_first);
	for (size_t i = 0; i < h->count; i++)
		gen_min = h->items[i].gen < gen_min ? h->items[i].gen : gen_min;
	if (graph_reach_new(h->repo, from, gen_min, &reach, err) < 0)
		return -1;
	for (size_t i = 0; i < h->count; i++) {
		const struct object_ref *ref = &h->items[i].commit;
		auto_commit *c = NULL;
		int rc;

		if (kept && oid_equal(&h->items[kept - 1].commit.id, &ref->id))
			continue;
		rc = candidate_commit(h, ref, &c, err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		rc = graph_reach_has(reach, c, err);
		if (rc < 0)
			return -1;
		if (rc)
			h->items[kept++] = h->items[i];
	}
	h->count = kept;
	return 0;
}

/* 1 it may have changed the document, 0 there are no more, -1. */
static int walk_on(struct history *h, struct revwalk *walk, struct drift_error *err)
{
	auto_commit *c = NULL;
	enum change_kind kind;
	int rc = revwalk_next(walk, &c, err);

	if (rc <= 0)
		return rc;
	if (change_by_trees(h, c, &kind, err) < 0 || (kind != CHANGE_NONE && add(h, c, kind, err) < 0))
		return -1;
	return 1;
}

/* Where something is damaged what is known is given out all the same, and then why that is not all. */
static int collect_by_walk(struct history *h, struct commit *from, struct drift_error *err)
{
	auto_revwalk *walk = NULL;
	struct drift_error why;
	int rc;

	h->count = 0;
	if (revwalk_new(h->repo, NULL, &walk, err) < 0 || revwalk_include(walk, from, err) < 0)
		return -1;
	do
		rc = walk_on(h, walk, &why);
	while (rc > 0);
	if (rc < 0 && why.code != DRIFT_ERR_CORRUPT && why.code != DRIFT_ERR_NOT_FOUND)
		return error_set(err, why.code, "%s", why.message);
	if (rc < 0)
		error_set(&h->end, why.code, "the history %s cannot be told: %s", h->count ? "before this" : "of it",
			  why.message);
	return 0;
}

static int collect(struct history *h, struct drift_error *err)
{
	int rc;

	h->count = 0;
	if (find_chains(h, err) < 0)
		return -1;
	rc = collect_recorded(h, err);
	if (rc < 0)
		return -1;
	return rc ? keep_reachable(h, h->from, err) : collect_by_walk(h, h->from, err);
}

/* --- one by one --- */

enum fit { FIT_ERROR = -1, FIT_NO = 0, FIT_YES = 1, FIT_UNCLEAR = 2 };

/*
 * Is the candidate on the line? It has to be the very copy that the line refers to: if it was stored twice, the other
 * one may stand anywhere.
 */
static enum fit fit_line(struct history *h, const struct candidate *candidate, struct drift_error *err)
{
	auto_commit *c = NULL;
	auto_commit *found = NULL;
	struct commit *above;
	int rc = candidate_commit(h, &candidate->commit, &c, err);

	if (rc <= 0)
		return rc ? FIT_ERROR : FIT_NO;
	above = h->above && c->seq <= h->above->seq ? h->above : h->from;
	if (graph_at_seq(h->repo, above, c->seq, &found, err) < 0)
		return FIT_ERROR;
	if (!found || !oid_equal(&found->id, &c->id))
		return FIT_NO;
	if (found->loc != c->loc || (h->above && c->seq >= h->above->seq))
		return FIT_UNCLEAR;
	commit_unref(h->above);
	h->above = take_ptr(found);
	return FIT_YES;
}

/* All that is below what was given out so far. */
static int collect_rest(struct history *h, struct drift_error *err)
{
	size_t kept = 0;

	h->streaming = false;
	if (collect(h, err) < 0)
		return -1;
	for (size_t i = 0; h->above && i < h->count; i++) {
		if (h->items[i].gen < h->above->gen)
			h->items[kept++] = h->items[i];
	}
	h->count = h->above ? kept : h->count;
	return 0;
}

static int stream(struct history *h, struct drift_error *err)
{
	h->next = h->count = 0;
	while (h->chain[0] != LOC_UNKNOWN || h->chain[1] != LOC_UNKNOWN) {
		bool marker = h->chain[1] > h->chain[0];
		int rc = step(h, &h->chain[marker], marker, err);
		enum fit fit = FIT_NO;

		if (rc < 0)
			return -1;
		if (h->count)
			fit = fit_line(h, h->items, err);
		if (fit == FIT_ERROR)
			return -1;
		if (!rc || fit == FIT_UNCLEAR)
			return collect_rest(h, err);
		if (fit == FIT_YES)
			return 0;
		h->count = 0;
	}
	h->streaming = false;
	return 0;
}

static int start(struct history *h, struct drift_error *err)
{
	/* A chain may begin, or have had a record, in what is damaged. */
	if (odb_damage(repo_odb(h->repo), NULL, NULL) || repair_left_marks(repo_dir(h->repo)))
		return collect_by_walk(h, h->from, err);
	h->streaming = h->from->parent_count < 2 && h->from->last_merge_loc == LOC_UNKNOWN;
	return h->streaming ? find_chains(h, err) : collect(h, err);
}

/* --- the interface --- */

int history_open(struct repo *repo, const struct point *from, const char *path, size_t path_len, struct history **out,
		 struct drift_error *err)
{
	auto_history *h = mem_calloc(1, sizeof(*h));

	if (!h)
		return error_no_memory(err);
	if (from->bare_tree)
		return error_set(err, DRIFT_ERR_INVALID, "a tree alone has no history, a commit has");
	h->repo = repo;
	h->path_text = mem_dup_str(path, path_len);
	if (!h->path_text)
		return error_no_memory(err);
	if (path_parse(h->path_text, path_len, &h->path, err) < 0)
		return -1;
	if (from->commit)
		h->from = commit_ref(from->commit);
	if (h->from && start(h, err) < 0)
		return -1;
	*out = take_ptr(h);
	return 0;
}

int history_next(struct history *h, struct history_event *event_out, struct drift_error *err)
{
	const struct candidate *at;

	commit_unref(take_ptr(h->commit));
	node_unref(take_ptr(h->node));
	if (h->streaming && h->next == h->count && stream(h, err) < 0)
		return -1;
	if (h->next == h->count)
		return h->end.code ? error_set(err, h->end.code, "%s", h->end.message) : 0;
	at = h->items + h->next;
	if (odb_commit(repo_odb(h->repo), &at->commit.id, at->commit.loc, &h->commit, err) < 0)
		return -1;
	h->present = at->kind != CHANGE_DELETE;
	h->next++;
	*event_out = (struct history_event){ .commit = h->commit, .kind = at->kind, .present = h->present };
	return 1;
}

int history_document(struct history *h, struct document *document_out, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	int found;

	if (!h->commit || !h->present)
		return 0;
	node_unref(take_ptr(h->node));
	found = get(h, &h->commit->tree, &h->node, document_out, err);
	if (!found)
		return error_set(err, DRIFT_ERR_CORRUPT, "commit %s lists a change of '%s', which its tree lacks",
				 oid_to_hex(&h->commit->id, hex), h->path_text);
	return found;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	commit_unref(h->from);
	commit_unref(h->above);
	commit_unref(h->commit);
	node_unref(h->node);
	free(h->items);
	free(h->path_text);
	free(h);
}

void history_cleanup(struct history **h)
{
	history_free(*h);
}
