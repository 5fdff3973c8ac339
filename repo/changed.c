#include "repo/changed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Names collected before it is asked for the first time whether they are worth it. */
#define WORTH_COUNT 256

/* A path that was changed; what its oldest and its newest change did. */
struct named {
	struct path path; /* its lengths; set when all are there, since `paths` moves while it grows */
	size_t at;        /* in `paths` */
	size_t number;    /* the order in which it was met, newest first */
	enum change_kind oldest, newest;
	bool often;
};

struct lists {
	struct repo *repo;
	const struct changed_options *options;
	const struct tree_root *old, *new;
	bool backwards; /* the new side is asked for what made the old one of it */
	struct buf paths;
	struct named *items;
	size_t count, capacity;
	size_t met;   /* changes so far */
	size_t check; /* how many are worth a look at what they come to */
};

static int by_path(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int r = path_compare(&x->path, &y->path);

	return r ? r : x->number < y->number ? -1 : 1;
}

/* In order of path, each once. */
static void combine(struct lists *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		l->items[i].path.collection = l->paths.data + l->items[i].at;
		l->items[i].path.key = l->items[i].path.collection + l->items[i].path.collection_len;
	}
	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), by_path);
	for (size_t i = 0; i < l->count; i++) {
		if (kept && !path_compare(&l->items[kept - 1].path, &l->items[i].path)) {
			l->items[kept - 1].oldest = l->items[i].oldest;
			l->items[kept - 1].often = true;
		} else {
			l->items[kept++] = l->items[i];
		}
	}
	l->count = kept;
}

static int collect(struct lists *l, const struct change_list *list, struct drift_error *err)
{
	if (mem_grow(&l->items, &l->capacity, l->count + list->count, sizeof(*l->items)))
		return error_no_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		const struct path *path = &list->changes[i].path;
		enum change_kind kind = (enum change_kind)(list->changes[i].kinds & 3);

		if (kind == CHANGE_NONE)
			continue; /* against another parent */
		l->items[l->count++] = (struct named){ .path = *path,
						       .at = l->paths.len,
						       .number = l->met++,
						       .oldest = kind,
						       .newest = kind };
		buf_add(&l->paths, path->collection, path->collection_len);
		buf_add(&l->paths, path->key, path->key_len);
	}
	return buf_check(&l->paths, err);
}

/* Where few documents are changed over and over the trees know it at once. */
static bool worth_it(struct lists *l)
{
	if (l->met < l->check)
		return true;
	l->check = 2 * l->met;
	combine(l);
	return l->count >= l->met / 2;
}

/* From the newer commit down to the older one: 1, or 0 where the lists do not lead there. */
static int walk(struct lists *l, const struct commit *newer, const struct commit *older, struct drift_error *err)
{
	uint64_t loc = newer->loc;

	for (uint64_t n = newer->seq - older->seq; n; n--) {
		struct change_list list = { .memory = BUF_INIT };
		uint64_t parent_loc = LOC_UNKNOWN;
		int r = loc == LOC_UNKNOWN ? 0 : odb_change_step(repo_odb(l->repo), loc, &list, &parent_loc, NULL);
		bool complete = r > 0 && list.complete;

		if (complete && collect(l, &list, err))
			r = -1;
		else
			r = complete;
		change_list_release(&list);
		if (r <= 0)
			return r;
		if (!worth_it(l))
			return 0;
		loc = parent_loc;
	}
	return loc == older->loc;
}

static int note_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	const struct path *wanted = data;

	(void)a;
	(void)b;
	(void)err;
	/* Paths that only begin like it come too, after it. */
	return path_compare(path, wanted) ? 2 : 1;
}

/* Changed more than once, there before and after: does it hold the same again? 1 if not. */
static int still_differs(const struct lists *l, struct path path, struct drift_error *err)
{
	auto_buf text = BUF_INIT;
	struct tree_diff_options options = { .each = note_difference, .data = &path };
	int r;

	path_format(&path, &text);
	if (buf_check(&text, err))
		return -1;
	options.prefix = text.data;
	options.prefix_len = text.len;
	r = tree_diff(repo_nodes(l->repo), l->old, l->new, &options, err);
	return r < 0 ? -1 : r == 1;
}

static enum change_kind turned(enum change_kind kind)
{
	return kind == CHANGE_ADD ? CHANGE_DELETE : kind == CHANGE_DELETE ? CHANGE_ADD : kind;
}

static int give(const struct lists *l, const struct named *n, struct drift_error *err)
{
	bool before = n->oldest != CHANGE_ADD, after = n->newest != CHANGE_DELETE;
	enum change_kind kind = !before ? CHANGE_ADD : !after ? CHANGE_DELETE : CHANGE_MODIFY;
	int differs = before || after;

	if (before && after && n->often)
		differs = still_differs(l, n->path, err);
	if (differs <= 0)
		return differs;
	return l->options->each(l->options->data, &n->path, l->backwards ? turned(kind) : kind, err);
}

static int give_all(struct lists *l, struct drift_error *err)
{
	const struct changed_options *o = l->options;
	auto_buf text = BUF_INIT;
	int r = 0;

	combine(l);
	for (size_t i = 0; i < l->count && !r; i++) {
		if (o->prefix_len) {
			buf_clear(&text);
			path_format(&l->items[i].path, &text);
			if (buf_check(&text, err))
				return -1;
			if (text.len < o->prefix_len || memcmp(text.data, o->prefix, o->prefix_len) != 0)
				continue;
		}
		r = give(l, &l->items[i], err);
	}
	return r;
}

static int give_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	const struct changed_options *o = data;

	return o->each(o->data, path, !a ? CHANGE_ADD : !b ? CHANGE_DELETE : CHANGE_MODIFY, err);
}

static int from_trees(struct repo *repo, const struct point *from, const struct point *to,
		      const struct changed_options *o, struct drift_error *err)
{
	struct changed_options asked = *o;
	struct tree_diff_options options = {
		.prefix = o->prefix, .prefix_len = o->prefix_len, .each = give_difference, .data = &asked
	};

	return tree_diff(repo_nodes(repo), &from->tree, &to->tree, &options, err);
}

int changed_between(struct repo *repo, const struct point *from, const struct point *to,
		    const struct changed_options *options, struct drift_error *err)
{
	struct lists l = { .repo = repo, .options = options, .old = &from->tree, .new = &to->tree,
			   .paths = BUF_INIT, .check = WORTH_COUNT };
	int r;

	if (!from->commit || !to->commit || from->commit->seq == to->commit->seq)
		return from_trees(repo, from, to, options, err);
	l.backwards = from->commit->seq > to->commit->seq;
	r = l.backwards ? walk(&l, from->commit, to->commit, err) : walk(&l, to->commit, from->commit, err);
	if (r > 0)
		r = give_all(&l, err);
	else if (!r)
		r = from_trees(repo, from, to, options, err);
	free(l.items);
	buf_release(&l.paths);
	return r;
}
