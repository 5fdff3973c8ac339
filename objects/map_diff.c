/*
 * Two walks side by side. Each stands before an entry of some level: of a leaf, or of an inner node, which stands
 * for all entries below. Where both stand before the same subtree, both step over it; else the one that stands
 * higher goes down (both, if on one level), until two leaf entries can be compared by key.
 */
#include <string.h>

#include "objects/map.h"
#include "objects/map_internal.h"

struct walk {
	struct node_store *store;
	const struct map_diff_options *options;
	size_t top;   /* level of the root */
	size_t level; /* of the entry before which the walk stands */
	struct node *node[NODE_LEVEL_MAX + 1];
	size_t slot[NODE_LEVEL_MAX + 1];
	bool end;
	struct node_entry entry; /* unless at the end */
};

static void walk_release(struct walk *w)
{
	size_t level;

	for (level = 0; level <= NODE_LEVEL_MAX; level++)
		node_unref(w->node[level]);
}
#define auto_walk __attribute__((cleanup(walk_release))) struct walk

static bool at_or_beyond(const unsigned char *key, size_t key_len, const struct map_diff_options *o)
{
	return o->to && key_compare(key, key_len, o->to, o->to_len) >= 0;
}

/* Fetch the entry at the slot; past the node's last one go up. Finds the end of the walk. */
static void walk_settle(struct walk *w)
{
	const struct node *node = w->node[w->level];
	size_t slot;

	while (w->slot[w->level] >= node->count) {
		if (w->level == w->top) {
			w->end = true;
			return;
		}
		node = w->node[++w->level];
		w->slot[w->level]++;
	}
	slot = w->slot[w->level];
	node_entry_at(node, slot, &w->entry);
	if (!w->level) {
		w->end = at_or_beyond(w->entry.key, w->entry.key_len, w->options);
	} else if (slot) {
		size_t key_len;
		const unsigned char *key = node_key_at(node, slot - 1, &key_len);

		/* All keys below are greater than the separator before. */
		w->end = at_or_beyond(key, key_len, w->options);
	}
}

/* Begin with a node at the first entry that may be in range. */
static void walk_enter(struct walk *w, size_t level)
{
	const struct map_diff_options *o = w->options;
	bool equal;

	w->level = level;
	w->slot[level] = o->from ? node_search(w->node[level], o->from, o->from_len, &equal) : 0;
	walk_settle(w);
}

static int walk_start(struct walk *w, struct node_store *store, const struct map_root *root,
		      const struct map_diff_options *options, struct drift_error *err)
{
	struct node *node;

	w->store = store;
	w->options = options;
	w->end = true;
	if (oid_is_zero(&root->id))
		return 0;
	if (map_load_root(store, root, &node, err) < 0)
		return -1;
	w->end = false;
	w->top = node->level;
	w->node[w->top] = node;
	walk_enter(w, w->top);
	return 0;
}

static int walk_down(struct walk *w, struct drift_error *err)
{
	struct node *child;
	size_t level = w->level;

	if (map_load_child(w->store, w->node[level], w->slot[level], &child, err) < 0)
		return -1;
	node_unref(w->node[level - 1]);
	w->node[level - 1] = child;
	walk_enter(w, level - 1);
	return 0;
}

static void walk_next(struct walk *w)
{
	w->slot[w->level]++;
	walk_settle(w);
}

static bool same_entry(const struct node *a, size_t i, const struct node *b, size_t j)
{
	size_t len = (size_t)a->offset[i + 1] - a->offset[i];

	return len == (size_t)b->offset[j + 1] - b->offset[j] &&
	       !memcmp(a->bytes + a->offset[i], b->bytes + b->offset[j], len);
}

/* Step over what is the same in two leaves, seen without taking entries apart: most of two versions of one is. */
static bool skip_same(struct walk *a, struct walk *b)
{
	const struct node *left = a->node[0], *right = b->node[0];
	size_t i = a->slot[0], j = b->slot[0];

	while (i < left->count && j < right->count && same_entry(left, i, right, j)) {
		i++;
		j++;
	}
	if (i == a->slot[0])
		return false;
	a->slot[0] = i;
	b->slot[0] = j;
	walk_settle(a);
	walk_settle(b);
	return true;
}

static bool same_value(const struct node_entry *a, const struct node_entry *b)
{
	return a->value_len == b->value_len && !memcmp(a->value, b->value, a->value_len);
}

/* Both walks stand before leaf entries, or one of them at its end: report the lesser one and step. */
static int report(struct walk *a, struct walk *b, struct drift_error *err)
{
	const struct map_diff_options *o = a->options;
	int order, ret = 0;

	if (a->end || b->end)
		order = a->end ? 1 : -1;
	else if (skip_same(a, b))
		return 0;
	else
		order = key_compare(a->entry.key, a->entry.key_len, b->entry.key, b->entry.key_len);
	if (order || !same_value(&a->entry, &b->entry))
		ret = o->each(o->data, order <= 0 ? &a->entry : NULL, order >= 0 ? &b->entry : NULL, err);
	if (ret)
		return ret;
	if (order <= 0)
		walk_next(a);
	if (order >= 0)
		walk_next(b);
	return 0;
}

static bool same_subtree(const struct walk *a, const struct walk *b)
{
	return !a->end && !b->end && a->level && a->level == b->level &&
	       !memcmp(a->entry.child, b->entry.child, OID_LEN);
}

/* Do both stand before leaves in the same place, of which nothing was told before? */
static bool same_place(const struct walk *a, const struct walk *b, struct map_leaf_pair *pair)
{
	const struct map_diff_options *o = a->options;
	const struct node *left = a->node[1], *right = b->node[1];
	const unsigned char *key;
	size_t key_len;

	if (a->end || b->end || a->level != 1 || b->level != 1 || !a->slot[1] || !b->slot[1] ||
	    a->slot[1] + 1 >= left->count || b->slot[1] + 1 >= right->count ||
	    key_compare(a->entry.key, a->entry.key_len, b->entry.key, b->entry.key_len) != 0 ||
	    at_or_beyond(a->entry.key, a->entry.key_len, o))
		return false;
	pair->before = node_key_at(left, a->slot[1] - 1, &pair->before_len);
	key = node_key_at(right, b->slot[1] - 1, &key_len);
	if (key_compare(pair->before, pair->before_len, key, key_len) != 0 ||
	    (o->from && key_compare(key, key_len, o->from, o->from_len) < 0))
		return false;
	pair->a = a->entry;
	pair->b = b->entry;
	return true;
}

static int step(struct walk *a, struct walk *b, struct drift_error *err)
{
	size_t a_level = a->end ? 0 : a->level, b_level = b->end ? 0 : b->level;
	struct map_leaf_pair pair;

	if (same_subtree(a, b)) {
		walk_next(a);
		walk_next(b);
		return 0;
	}
	if (!a_level && !b_level)
		return report(a, b, err);
	if (a->options->leaf && same_place(a, b, &pair)) {
		int known = a->options->leaf(a->options->data, &pair, err);

		if (known < 0)
			return -1;
		if (known) {
			walk_next(a);
			walk_next(b);
			return known > 1;
		}
	}
	if (a_level >= b_level && walk_down(a, err) < 0)
		return -1;
	if (b_level >= a_level && walk_down(b, err) < 0)
		return -1;
	return 0;
}

int map_diff(struct node_store *store, const struct map_root *a, const struct map_root *b,
	     const struct map_diff_options *options, struct drift_error *err)
{
	auto_walk left = { .end = true }, right = { .end = true };
	int ret = 0;

	if (oid_equal(&a->id, &b->id))
		return 0;
	if (walk_start(&left, store, a, options, err) < 0 || walk_start(&right, store, b, options, err) < 0)
		return -1;
	while (!ret && !(left.end && right.end))
		ret = step(&left, &right, err);
	return ret;
}
