#include <string.h>

#include "objects/boundary.h"
#include "objects/map.h"
#include "objects/map_internal.h"

struct check {
	struct node_store *store;
	const struct map_check_options *options;
	size_t top;
	struct node *node[NODE_LEVEL_MAX + 1];
	size_t slot[NODE_LEVEL_MAX + 1]; /* of the next child */
	struct buf last_key;             /* of the leaf before */
	bool has_last_key;
};

static void check_release(struct check *c)
{
	size_t level;

	for (level = 0; level <= NODE_LEVEL_MAX; level++)
		node_unref(c->node[level]);
	buf_release(&c->last_key);
}
#define auto_check __attribute__((cleanup(check_release))) struct check

static int unsound(const struct node *node, const char *why, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return error_set(err, DRIFT_ERR_CORRUPT, "tree node %s %s", oid_to_hex(&node->id, hex), why);
}

static bool ends_node(const struct node *node, size_t i)
{
	size_t key_len;
	const unsigned char *key = node_key_at(node, i, &key_len);

	return boundary_after(node->level, key, key_len, (size_t)node->offset[i] - node->offset[0],
			      (size_t)node->offset[i + 1] - node->offset[0], i + 1);
}

int map_check_changed(const struct node *node, size_t from, size_t to, bool *open_out, struct drift_error *err)
{
	size_t i;

	/* The first entry that ends the node by the rules must be the last. */
	for (i = from; i + 1 < node->count && i < to; i++)
		if (ends_node(node, i))
			return unsound(node, "does not end where it should", err);
	*open_out = !node->count || !ends_node(node, node->count - 1);
	return 0;
}

int map_check_node(const struct node *node, bool *open_out, struct drift_error *err)
{
	return map_check_changed(node, 0, node->count, open_out, err);
}

static int keep_last_key(struct check *c, const struct node *node, size_t slot, struct drift_error *err)
{
	size_t key_len;
	const unsigned char *key = node_key_at(node, slot, &key_len);

	buf_clear(&c->last_key);
	buf_add(&c->last_key, key, key_len);
	c->has_last_key = true;
	return buf_check(&c->last_key, err);
}

/* One node for itself, and a leaf against the one before. */
static int check_node(struct check *c, const struct node *node, bool last, struct drift_error *err)
{
	const unsigned char *key;
	size_t key_len;
	bool open;

	if (node->kind != c->options->kind)
		return unsound(node, "belongs to a map of another kind", err);
	if (map_check_node(node, &open, err) < 0)
		return -1;
	if (open && !last)
		return unsound(node, "does not end where it should", err);
	if (node->level)
		return 0;
	key = node_key_at(node, 0, &key_len);
	if (c->has_last_key && key_compare(c->last_key.data, c->last_key.len, key, key_len) >= 0)
		return unsound(node, "begins before the end of the node before it", err);
	return keep_last_key(c, node, node->count - 1, err);
}

static int check_sums(const struct node *node, uint64_t count, uint64_t bytes, struct drift_error *err)
{
	uint64_t node_count, node_bytes;

	node_sums(node, &node_count, &node_bytes);
	if (node_count != count || node_bytes != bytes)
		return unsound(node, "does not hold as much as is said of it", err);
	return 0;
}

/* Is the next child of a node the last one of its level? The levels above stand behind the nodes that were entered. */
static bool nothing_follows(const struct check *c, size_t level)
{
	if (c->slot[level] + 1 < c->node[level]->count)
		return false;
	while (++level <= c->top)
		if (c->slot[level] < c->node[level]->count)
			return false;
	return true;
}

/* Check the next child of a node and make it the node of the level below. 0 if it was skipped. */
static int enter_child(struct check *c, size_t level, struct drift_error *err)
{
	const struct node *parent = c->node[level];
	size_t slot = c->slot[level];
	bool last = nothing_follows(c, level);
	struct node_entry entry;
	struct node *child;
	struct oid id;

	node_entry_at(parent, slot, &entry);
	memcpy(id.bytes, entry.child, OID_LEN);
	if (c->options->skip && c->options->skip(c->options->data, &id, last)) {
		c->slot[level]++;
		return keep_last_key(c, parent, slot, err);
	}
	if (map_load_child(c->store, parent, slot, &child, err) < 0)
		return -1;
	node_unref(c->node[level - 1]);
	c->node[level - 1] = child;
	c->slot[level - 1] = 0;
	c->slot[level]++;
	if (check_sums(child, entry.count, entry.bytes, err) < 0 || check_node(c, child, last, err) < 0)
		return -1;
	return 1;
}

static int check_all(struct check *c, struct drift_error *err)
{
	size_t level = c->top;

	for (;;) {
		int ret;

		if (!level || c->slot[level] == c->node[level]->count) {
			if (++level > c->top)
				return 0;
			continue;
		}
		ret = enter_child(c, level, err);
		if (ret < 0)
			return -1;
		level -= (size_t)ret;
	}
}

int map_check(struct node_store *store, const struct map_root *root, const struct map_check_options *options,
	      struct drift_error *err)
{
	auto_check c = { .store = store, .options = options, .last_key = BUF_INIT };
	struct node *node;

	if (oid_is_zero(&root->id)) {
		if (root->count || root->bytes)
			return error_set(err, DRIFT_ERR_CORRUPT, "an empty map is said to hold entries");
		return 0;
	}
	if (options->skip && options->skip(options->data, &root->id, true))
		return 0;
	if (map_load_root(store, root, &node, err) < 0)
		return -1;
	c.top = node->level;
	c.node[c.top] = node;
	if (!node->count || (node->level && node->count == 1))
		return unsound(node, "is no root", err);
	if (check_sums(node, root->count, root->bytes, err) < 0 || check_node(&c, node, true, err) < 0)
		return -1;
	return check_all(&c, err);
}
