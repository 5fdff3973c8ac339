/*
 * Editing works level by level. On each level, changes in key order meet the old nodes in key order:
 * from the old node that the first change falls into, entries and changes are merged and cut into new nodes until a
 * new node ends where an old one does with no change due; from there on both levels are the same, up to the node that the next
 * change falls into. Which old nodes went and which new ones came is the list of changes for the level above.
 *
 * Invariants
 *  1. The builder is empty whenever an old node is sought: new nodes begin where old ones begin.
 *  2. An old node is closed once all its entries are merged; its removal is listed then, unless it was kept.
 *  3. The list for the level above comes into being in key order, but for the end of the level: its last new node is
 *     listed behind removals of old ones after it, and the removal of the last old one behind new ones after that.
 *  4. All nodes of the old top level that remain are listed, as nothing above knows them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/map.h"
#include "objects/map_builder_internal.h"
#include "objects/map_internal.h"
#include "objects/value.h"

/* The old node that a new one shares most entries with. */
struct likeness {
	struct node *best;
	size_t best_count;
	size_t count; /* entries shared with the current old node */
};

struct editor {
	struct node_store *store;
	enum map_kind kind;
	struct map_root root;
	unsigned height; /* levels of the old map, 0 if it is empty */
	uint64_t count;  /* entries of the new map, final once the leaves are done */
	bool collapsed;  /* a node of one child turned up that holds all: that child is the root */
	struct map_root top;

	struct map_changes *changes; /* of the leaves */
	struct buf last_key;         /* of the change before, to check their order */
	struct child_changes in;     /* of an inner level */
	size_t in_next;
	struct child_changes up; /* for the level above */
	struct node_entry change;
	bool has_change, remove;
	const struct map_leaf *leaf; /* of the change, if it is of a whole leaf */

	unsigned level;
	struct node *path[NODE_LEVEL_MAX + 1]; /* old nodes from the top down to level */
	size_t slot[NODE_LEVEL_MAX + 1];
	struct node *old; /* path[level], or NULL beyond the old map */
	size_t pos;       /* entries of old that are merged */
	bool old_last;    /* nothing follows old on its level */
	bool kept;        /* old was found again unchanged */
	bool swapped;     /* old is what takes its place: it is new to the level above */
	/* With has_sums: of the builder, if all of old is counted in. Spares reading entries that were only copied. */
	bool has_sums;
	uint64_t count_sum, byte_sum;
	struct likeness likeness;
	struct node_builder out;
};

/* ---- changes that come in ---- */

static int check_change(struct editor *e, const struct map_change *c, struct drift_error *err)
{
	if (c->key_len > NODE_KEY_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a key of %zu bytes is longer than %d", c->key_len,
				 NODE_KEY_MAX);
	if (c->value && c->value_len > NODE_VALUE_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a value of %zu bytes is longer than %d", c->value_len,
				 NODE_VALUE_MAX);
	if (e->last_key.capacity && key_compare(e->last_key.data, e->last_key.len, c->key, c->key_len) >= 0)
		return error_set(err, DRIFT_ERR_INVALID, "changes of a map are not in order of key");
	if (c->value && value_check(e->kind, c->value, c->value_len, err) < 0)
		return -1;
	buf_clear(&e->last_key);
	buf_add(&e->last_key, c->key, c->key_len);
	/* So that capacity tells a first empty key from none. */
	if (!buf_reserve(&e->last_key, 1))
		return error_no_memory(err);
	return 0;
}

static int next_leaf_change(struct editor *e, struct drift_error *err)
{
	struct map_change c = { .leaf = NULL };
	int ret = e->changes->next(e->changes, &c, err);

	e->has_change = ret > 0;
	if (ret <= 0)
		return ret;
	if (check_change(e, &c, err) < 0)
		return -1;
	e->leaf = c.leaf;
	e->remove = !c.value;
	e->change = (struct node_entry){
		.key = c.key, .key_len = c.key_len, .value = c.value, .value_len = c.value_len, .count = 1, .loc = c.loc
	};
	if (c.value)
		e->change.bytes = value_byte_count(e->kind, c.value, c.value_len);
	return 0;
}

static int next_change(struct editor *e, struct drift_error *err)
{
	const struct child_change *c;

	if (!e->level)
		return next_leaf_change(e, err);
	e->has_change = e->in_next < e->in.count;
	if (!e->has_change)
		return 0;
	c = &e->in.items[e->in_next++];
	e->remove = c->remove;
	e->change = (struct node_entry){ .key = child_change_key(&e->in, c),
					 .key_len = c->key_len,
					 .child = c->id.bytes,
					 .count = c->count,
					 .bytes = c->bytes,
					 .loc = c->loc };
	return 0;
}

/* ---- old nodes ---- */

/* Take the child at the slot of a level as the old node below it, which may be at hand already. */
static int enter_child(struct editor *e, unsigned level, struct drift_error *err)
{
	struct node *parent = e->path[level], *child = e->path[level - 1];
	struct node_entry entry;

	node_entry_at(parent, e->slot[level], &entry);
	if (child && !memcmp(child->id.bytes, entry.child, OID_LEN))
		return 0;
	if (map_load_child(e->store, parent, e->slot[level], &child, err) < 0)
		return -1;
	node_unref(e->path[level - 1]);
	e->path[level - 1] = child;
	return 0;
}

/* Count the old node in, and see that it lies behind what is merged already. */
static int open_old(struct editor *e, struct drift_error *err)
{
	struct node_entry entry = { .count = e->root.count, .bytes = e->root.bytes };
	unsigned level;
	size_t key_len, last_len;
	const unsigned char *key, *last;

	e->old = e->path[e->level];
	e->pos = 0;
	e->kept = e->swapped = false;
	e->old_last = true;
	for (level = e->level + 1; level < e->height; level++)
		if (e->slot[level] + 1 < e->path[level]->count)
			e->old_last = false;
	if (e->level + 1 < e->height)
		node_entry_at(e->path[e->level + 1], e->slot[e->level + 1], &entry);
	if (!e->out.count) {
		e->has_sums = true;
		e->count_sum = entry.count;
		e->byte_sum = entry.bytes;
		return 0;
	}
	e->count_sum += entry.count;
	e->byte_sum += entry.bytes;
	key = node_key_at(e->old, 0, &key_len);
	last = node_builder_last_key(&e->out, &last_len);
	if (key_compare(last, last_len, key, key_len) >= 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "nodes of a tree are out of order");
	return 0;
}

/* The old node that the change falls into: the first that ends at or behind it, else the last. */
static int seek_old(struct editor *e, struct drift_error *err)
{
	unsigned level;
	bool equal;

	for (level = e->height - 1; level > e->level; level--) {
		size_t slot = node_search(e->path[level], e->change.key, e->change.key_len, &equal);

		e->slot[level] = slot < e->path[level]->count ? slot : slot - 1;
		if (enter_child(e, level, err) < 0)
			return -1;
	}
	return open_old(e, err);
}

/*
 * The old leaf that follows is to be another one whole, but leaves do not begin there any more where they did: merge the
 * other one's entries instead.
 */
static int swap_old(struct editor *e, struct drift_error *err)
{
	const struct map_leaf *leaf = e->leaf;
	struct node *node;
	const unsigned char *key, *last;
	size_t key_len, last_len;

	if (e->store->load(e->store, &leaf->id, leaf->loc, &node, err) < 0)
		return -1;
	node_unref(e->path[0]);
	e->path[0] = e->old = node;
	key = node_key_at(node, node->count - 1, &key_len);
	last = node_key_at(node, 0, &last_len);
	if (node->level || node->kind != e->kind || node->count != leaf->count ||
	    key_compare(key, key_len, e->change.key, e->change.key_len) != 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "a leaf of a tree is not what its parent says");
	key = node_builder_last_key(&e->out, &key_len);
	if (e->out.count && key_compare(key, key_len, last, last_len) >= 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "nodes of a tree are out of order");
	e->swapped = true;
	e->count += leaf->count - leaf->old_count;
	e->count_sum += leaf->count - leaf->old_count;
	e->byte_sum += leaf->bytes - leaf->old_bytes;
	return next_change(e, err);
}

/* Is the change of just this leaf? */
static bool change_is_of_old(const struct editor *e)
{
	const unsigned char *key;
	size_t key_len;

	if (e->level || !e->has_change || !e->leaf)
		return false;
	key = node_key_at(e->old, e->old->count - 1, &key_len);
	return !key_compare(key, key_len, e->change.key, e->change.key_len);
}

static int next_old(struct editor *e, struct drift_error *err)
{
	unsigned level = e->level + 1;

	while (e->slot[level] + 1 >= e->path[level]->count)
		level++;
	e->slot[level]++;
	for (;;) {
		if (enter_child(e, level, err) < 0)
			return -1;
		if (--level > e->level) {
			e->slot[level] = 0;
			continue;
		}
		if (open_old(e, err) < 0)
			return -1;
		return change_is_of_old(e) ? swap_old(e, err) : 0;
	}
}

/* The old node has given what it gives to the node in the making: is it the most alike so far? */
static void settle_likeness(struct editor *e)
{
	struct likeness *like = &e->likeness;

	if (e->old && like->count > like->best_count) {
		node_unref(like->best);
		like->best = node_ref(e->old);
		like->best_count = like->count;
	}
	like->count = 0;
}

/* All of the old node is merged: list its removal. */
static int close_old(struct editor *e, struct drift_error *err)
{
	const unsigned char *key;
	size_t key_len;

	if (!e->old)
		return 0;
	settle_likeness(e);
	if (e->kept)
		return 0;
	key = node_key_at(e->old, e->old->count - 1, &key_len);
	return child_changes_remove(&e->up, key, key_len, err);
}

/* ---- new nodes ---- */

static bool is_old_again(const struct editor *e, const struct node *base, const void *bytes, size_t len)
{
	return base && base->count == e->out.count && base->len == len && !memcmp(base->bytes, bytes, len);
}

/* The node in the making is complete: keep it, unless it is an old one or one that collapses. */
static int emit(struct editor *e, struct drift_error *err)
{
	struct child_change change = { .remove = false };
	const unsigned char *key, *bytes;
	size_t key_len, len;
	struct node *base;

	settle_likeness(e);
	base = e->likeness.best;
	key = node_builder_last_key(&e->out, &key_len);
	change.key_len = (uint32_t)key_len;
	if (e->has_sums && (!e->old || e->pos == e->old->count)) {
		change.count = e->count_sum;
		change.bytes = e->byte_sum;
	} else {
		node_builder_sums(&e->out, &change.count, &change.bytes);
	}
	if (e->level && e->out.count == 1 && change.count == e->count) {
		e->collapsed = true;
		memcpy(e->top.id.bytes, key + key_len, OID_LEN);
		e->top.loc = e->out.has_locs ? e->out.locs[0] : LOC_UNKNOWN;
		e->top.count = change.count;
		e->top.bytes = change.bytes;
		return 0;
	}
	bytes = node_builder_finish(&e->out, &len);
	if (is_old_again(e, base, bytes, len)) {
		change.id = base->id;
		change.loc = base->loc;
		if (base == e->old && !e->swapped) {
			e->kept = true;
			if (e->level + 1 < e->height)
				return 0;
		}
	} else if (e->store->save(e->store, bytes, len, e->out.has_locs ? e->out.locs : NULL, base, &change.id,
				  &change.loc, err) < 0) {
		return -1;
	}
	return child_changes_put(&e->up, key, &change, err);
}

static int emit_and_reset(struct editor *e, struct drift_error *err)
{
	if (emit(e, err) < 0)
		return -1;
	node_unref(e->likeness.best);
	e->likeness = (struct likeness){ .best = NULL };
	node_builder_reset(&e->out);
	e->has_sums = !e->old || e->pos == e->old->count;
	e->count_sum = 0;
	e->byte_sum = 0;
	return 0;
}

/* ---- merging ---- */

/* So far the node in the making is as long as the old node was here, so the same entries end no node again. */
static bool in_step(const struct editor *e)
{
	size_t old_len = (size_t)e->old->offset[e->pos] - e->old->offset[0];

	return e->out.len == old_len &&
	       (!e->level || e->out.count == e->pos || (e->out.count >= NODE_FANOUT_MIN && e->pos >= NODE_FANOUT_MIN));
}

/* Append the entries of the old node up to `to`. */
static int copy_old(struct editor *e, size_t to, struct drift_error *err)
{
	if (to < e->pos)
		return error_set(err, DRIFT_ERR_CORRUPT, "nodes of a tree are out of order");
	if (to > e->pos && in_step(e)) {
		size_t stop = to < e->old->count ? to : to - 1;

		if (node_builder_copy(&e->out, e->old, e->pos, stop, err) < 0)
			return -1;
		e->likeness.count += stop - e->pos;
		e->pos = stop;
	}
	while (e->pos < to) {
		if (node_builder_copy(&e->out, e->old, e->pos, e->pos + 1, err) < 0)
			return -1;
		e->pos++;
		e->likeness.count++;
		if (node_builder_ends(&e->out) && emit_and_reset(e, err) < 0)
			return -1;
	}
	return 0;
}

/* The change is due; with `replaces`, the old entry at pos has its key. */
static int apply_change(struct editor *e, bool replaces, struct drift_error *err)
{
	if (replaces) {
		struct node_entry entry;

		node_entry_at(e->old, e->pos, &entry);
		e->count_sum -= entry.count;
		e->byte_sum -= entry.bytes;
		e->pos++;
		e->likeness.count++;
		if (!e->level)
			e->count--;
	}
	if (e->remove)
		return 0;
	if (node_builder_add(&e->out, &e->change, err) < 0)
		return -1;
	e->count_sum += e->change.count;
	e->byte_sum += e->change.bytes;
	if (!e->level)
		e->count++;
	return node_builder_ends(&e->out) ? emit_and_reset(e, err) : 0;
}

static bool change_falls_into_old(const struct editor *e)
{
	const unsigned char *key;
	size_t key_len;

	if (e->has_change && !e->level && e->leaf)
		return false;
	if (!e->has_change || e->old_last)
		return e->has_change;
	key = node_key_at(e->old, e->old->count - 1, &key_len);
	return key_compare(e->change.key, e->change.key_len, key, key_len) <= 0;
}

static int merge_old(struct editor *e, struct drift_error *err)
{
	while (change_falls_into_old(e)) {
		bool equal = false;

		if (e->old && e->pos < e->old->count) {
			size_t slot = node_search(e->old, e->change.key, e->change.key_len, &equal);

			if (copy_old(e, slot, err) < 0)
				return -1;
		}
		if (apply_change(e, equal, err) < 0 || next_change(e, err) < 0)
			return -1;
	}
	return e->old ? copy_old(e, e->old->count, err) : 0;
}

/* From the old node that is open, go on until new and old nodes end together. */
static int merge_run(struct editor *e, struct drift_error *err)
{
	for (;;) {
		if (merge_old(e, err) < 0)
			return -1;
		if (e->old_last && e->out.count && emit_and_reset(e, err) < 0)
			return -1;
		if (close_old(e, err) < 0)
			return -1;
		if (e->old_last || !e->out.count)
			break;
		if (next_old(e, err) < 0)
			return -1;
	}
	node_unref(e->likeness.best);
	e->likeness = (struct likeness){ .best = NULL };
	return 0;
}

/* A whole leaf in the place of another, with nothing before it that goes on into it. */
static int put_leaf(struct editor *e, struct drift_error *err)
{
	const struct child_change change = { .key_len = (uint32_t)e->change.key_len,
					     .id = e->leaf->id,
					     .loc = e->leaf->loc,
					     .count = e->leaf->count,
					     .bytes = e->leaf->bytes };

	e->count += e->leaf->count - e->leaf->old_count;
	return child_changes_put(&e->up, e->change.key, &change, err);
}

/* Would the change leave the old node as it is? */
static bool change_is_idle(const struct editor *e)
{
	struct node_entry entry;
	bool equal;
	size_t slot = node_search(e->old, e->change.key, e->change.key_len, &equal);

	if (!equal || e->remove)
		return !equal && e->remove;
	node_entry_at(e->old, slot, &entry);
	if (e->level)
		return entry.count == e->change.count && entry.bytes == e->change.bytes &&
		       !memcmp(entry.child, e->change.child, OID_LEN);
	return entry.value_len == e->change.value_len && !memcmp(entry.value, e->change.value, entry.value_len);
}

static int edit_level(struct editor *e, struct drift_error *err)
{
	node_builder_start(&e->out, e->kind, e->level);
	e->in_next = 0;
	e->old = NULL;
	e->pos = 0;
	e->old_last = true;
	e->kept = false;
	e->has_sums = true;
	e->count_sum = 0;
	e->byte_sum = 0;
	if (next_change(e, err) < 0)
		return -1;
	while (e->has_change) {
		if (!e->level && e->leaf) {
			if (put_leaf(e, err) < 0 || next_change(e, err) < 0)
				return -1;
			continue;
		}
		if (e->level < e->height) {
			if (seek_old(e, err) < 0)
				return -1;
			if (change_is_idle(e)) {
				if (next_change(e, err) < 0)
					return -1;
				continue;
			}
		}
		if (merge_run(e, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the top ---- */

static int set_top(struct editor *e, const struct child_change *c, struct drift_error *err)
{
	if (c->count != e->count)
		return error_set(err, DRIFT_ERR_CORRUPT, "the counts of a tree do not add up");
	e->top = (struct map_root){ .id = c->id, .loc = c->loc, .count = c->count, .bytes = c->bytes };
	return 1;
}

/* A root that was an inner level's last node may have one child only: the root is further down. */
static int unwrap_top(struct editor *e, struct drift_error *err)
{
	for (;;) {
		auto_node *node = NULL;
		struct node_entry entry;

		if (map_load_root(e->store, &e->top, &node, err) < 0)
			return -1;
		if (!node->level || node->count > 1)
			return 1;
		node_entry_at(node, 0, &entry);
		memcpy(e->top.id.bytes, entry.child, OID_LEN);
		e->top.loc = entry.loc;
	}
}

/* With a level done, is the root known? 1 yes, 0 no. */
static int find_top(struct editor *e, struct drift_error *err)
{
	const struct child_change *put = NULL;
	size_t i, put_count = 0;

	if (e->collapsed)
		return unwrap_top(e, err);
	if (!e->up.count) {
		e->top = e->root;
		return 1;
	}
	if (!e->level && !e->count) {
		e->top = (struct map_root){ .count = 0 };
		return 1;
	}
	for (i = 0; i < e->up.count; i++) {
		if (e->up.items[i].remove)
			continue;
		put = &e->up.items[i];
		if (put->count == e->count)
			return set_top(e, put, err);
		put_count++;
	}
	if (e->level + 1 < e->height || put_count > 1)
		return 0;
	return put ? set_top(e, put, err) : error_set(err, DRIFT_ERR_CORRUPT, "the counts of a tree do not add up");
}

static int edit_levels(struct editor *e, struct drift_error *err)
{
	for (;;) {
		struct child_changes done;
		int ret;

		if (edit_level(e, err) < 0)
			return -1;
		ret = find_top(e, err);
		if (ret)
			return ret < 0 ? -1 : 0;
		if (++e->level > NODE_LEVEL_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "a map would need more than %d levels",
					 NODE_LEVEL_MAX + 1);
		done = e->in;
		e->in = e->up;
		e->up = done;
		child_changes_clear(&e->up);
	}
}

static int open_root(struct editor *e, struct drift_error *err)
{
	struct node *node;

	if (oid_is_zero(&e->root.id))
		return 0;
	if (map_load_root(e->store, &e->root, &node, err) < 0)
		return -1;
	e->path[node->level] = node;
	if (node->kind != e->kind)
		return error_set(err, DRIFT_ERR_CORRUPT, "a map is of kind %d, not %d", (int)node->kind, (int)e->kind);
	e->height = node->count ? node->level + 1U : 0;
	return 0;
}

static void editor_free(struct editor *e)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(e->path); i++)
		node_unref(e->path[i]);
	node_unref(e->likeness.best);
	child_changes_release(&e->in);
	child_changes_release(&e->up);
	buf_release(&e->last_key);
	node_builder_release(&e->out);
	free(e);
}

int map_edit(struct node_store *store, enum map_kind kind, const struct map_root *root, struct map_changes *changes,
	     struct map_root *root_out, struct drift_error *err)
{
	struct editor *e = malloc(sizeof(*e));
	int ret;

	if (!e)
		return error_no_memory(err);
	/* All but the builder's memory. */
	memset(e, 0, offsetof(struct editor, out) + offsetof(struct node_builder, memory));
	e->store = store;
	e->kind = kind;
	e->root = *root;
	e->count = root->count;
	e->changes = changes;
	buf_init(&e->last_key);
	buf_init(&e->in.keys);
	buf_init(&e->up.keys);
	ret = open_root(e, err);
	if (!ret)
		ret = edit_levels(e, err);
	if (!ret)
		*root_out = e->top;
	editor_free(e);
	return ret;
}

struct array_changes {
	struct map_changes changes;
	const struct map_change *next, *end;
};

static int next_of_array(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct array_changes *array = (struct array_changes *)self;

	(void)err;
	if (array->next == array->end)
		return 0;
	*change_out = *array->next++;
	return 1;
}

int map_edit_array(struct node_store *store, enum map_kind kind, const struct map_root *root,
		   const struct map_change *changes, size_t change_count, struct map_root *root_out,
		   struct drift_error *err)
{
	struct array_changes array = { .changes = { .next = next_of_array },
				       .next = changes,
				       .end = change_count ? changes + change_count : changes };

	return map_edit(store, kind, root, &array.changes, root_out, err);
}
