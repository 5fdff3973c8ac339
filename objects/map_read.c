#include <string.h>

#include "objects/map.h"
#include "objects/map_internal.h"

int map_load_root(struct node_store *store, const struct map_root *root, struct node **node_out,
		  struct drift_error *err)
{
	return store->load(store, &root->id, root->loc, node_out, err);
}

static bool child_fits(const struct node *parent, size_t slot, const struct node *child)
{
	const unsigned char *separator, *key;
	size_t separator_len, key_len;

	if (child->kind != parent->kind || child->level + 1 != parent->level || !child->count)
		return false;
	separator = node_key_at(parent, slot, &separator_len);
	key = node_key_at(child, child->count - 1, &key_len);
	if (key_compare(separator, separator_len, key, key_len))
		return false;
	if (!slot)
		return true;
	separator = node_key_at(parent, slot - 1, &separator_len);
	key = node_key_at(child, 0, &key_len);
	return key_compare(separator, separator_len, key, key_len) < 0;
}

/* From now on the parent knows this child: an inner one by a reference, a leaf as one that fits. */
static void remember_child(const struct node *parent, size_t slot, struct node *child)
{
	struct node *none = NULL, *known = child->level ? node_ref(child) : NODE_CHILD_FITS;

	if (!atomic_compare_exchange_strong(&parent->child[slot], &none, known) && child->level)
		node_unref(child);
}

static int load_unknown(struct node_store *store, const struct node *parent, size_t slot, bool fits,
			struct node **node_out, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	struct node_entry entry;
	struct node *child;
	struct oid id;

	node_entry_at(parent, slot, &entry);
	memcpy(id.bytes, entry.child, OID_LEN);
	if (store->load(store, &id, entry.loc, &child, err) < 0)
		return -1;
	if (!fits && !child_fits(parent, slot, child)) {
		node_unref(child);
		return error_set(err, DRIFT_ERR_CORRUPT, "tree node %s does not fit where its parent names it",
				 oid_to_hex(&id, hex));
	}
	if (!fits)
		remember_child(parent, slot, child);
	*node_out = child;
	return 0;
}

int map_load_child(struct node_store *store, const struct node *parent, size_t slot, struct node **node_out,
		   struct drift_error *err)
{
	struct node *known = atomic_load_explicit(&parent->child[slot], memory_order_acquire);

	if (!known || known == NODE_CHILD_FITS)
		return load_unknown(store, parent, slot, known != NULL, node_out, err);
	*node_out = node_ref(known);
	return 0;
}

void node_sums(const struct node *node, uint64_t *count_out, uint64_t *bytes_out)
{
	uint64_t count = 0, bytes = 0;
	size_t i;

	for (i = 0; i < node->count; i++) {
		struct node_entry entry;

		node_entry_at(node, i, &entry);
		count += entry.count;
		bytes += entry.bytes;
	}
	*count_out = count;
	*bytes_out = bytes;
}

int map_root_open(struct node_store *store, const struct oid *id, uint64_t loc, struct map_root *root_out,
		  struct drift_error *err)
{
	struct map_root root = { .id = *id, .loc = loc };
	auto_node *node = NULL;

	if (!oid_is_zero(id)) {
		if (map_load_root(store, &root, &node, err) < 0)
			return -1;
		node_sums(node, &root.count, &root.bytes);
	}
	*root_out = root;
	return 0;
}

/* The leaf where key belongs, referenced: 1, or 0 if the key is beyond the last. A parent in hand keeps its inner children. */
static int find_leaf(struct node_store *store, const struct node *parent, const void *key, size_t key_len,
		     struct node **leaf_out, struct drift_error *err)
{
	auto_node *held = NULL;
	struct node *child;
	bool equal;

	for (;;) {
		size_t slot = node_search(parent, key, key_len, &equal);

		if (slot == parent->count)
			return 0;
		child = atomic_load_explicit(&parent->child[slot], memory_order_acquire);
		if (child && child != NODE_CHILD_FITS) {
			parent = child;
			continue;
		}
		if (load_unknown(store, parent, slot, child != NULL, &child, err) < 0)
			return -1;
		if (!child->level) {
			*leaf_out = child;
			return 1;
		}
		node_unref(held);
		held = child;
		parent = child;
	}
}

int map_get(struct node_store *store, const struct map_root *root, const void *key, size_t key_len,
	    struct node **node_out, struct node_entry *entry_out, struct drift_error *err)
{
	auto_node *top = NULL;
	auto_node *leaf = NULL;
	size_t slot;
	bool equal;
	int r;

	if (oid_is_zero(&root->id))
		return 0;
	if (map_load_root(store, root, &top, err) < 0)
		return -1;
	if (top->level) {
		r = find_leaf(store, top, key, key_len, &leaf, err);
		if (r <= 0)
			return r;
	} else {
		leaf = node_ref(top);
	}
	slot = node_search(leaf, key, key_len, &equal);
	if (!equal)
		return 0;
	node_entry_at(leaf, slot, entry_out);
	*node_out = leaf;
	leaf = NULL;
	return 1;
}

/* The node above the leaf where key belongs: 1, or 0 if the root is a leaf or the key is beyond the last. */
static int find_above_leaf(struct node_store *store, const struct map_root *root, const void *key, size_t key_len,
			   struct node **out, struct drift_error *err)
{
	auto_node *node = NULL;

	if (oid_is_zero(&root->id))
		return 0;
	if (map_load_root(store, root, &node, err) < 0)
		return -1;
	while (node->level > 1) {
		bool equal;
		size_t slot = node_search(node, key, key_len, &equal);
		struct node *child = NULL;

		if (slot == node->count)
			return 0;
		if (map_load_child(store, node, slot, &child, err) < 0)
			return -1;
		node_unref(node);
		node = child;
	}
	if (!node->level)
		return 0;
	*out = node;
	node = NULL;
	return 1;
}

int map_leaf_fits(struct node_store *store, const struct map_root *root, const struct map_leaf_pair *pair,
		  struct node **node, struct drift_error *err)
{
	struct node_entry entry;
	const unsigned char *key = NULL;
	size_t slot, key_len = 0;
	bool equal;

	if (*node)
		key = node_key_at(*node, (*node)->count - 1, &key_len);
	if (!key || key_compare(key, key_len, pair->a.key, pair->a.key_len) < 0) {
		struct node *found = NULL;
		int r = find_above_leaf(store, root, pair->a.key, pair->a.key_len, &found, err);

		if (r <= 0)
			return r;
		node_unref(*node);
		*node = found;
	}
	slot = node_search(*node, pair->a.key, pair->a.key_len, &equal);
	if (!equal || !slot || slot + 1 >= (*node)->count)
		return 0;
	node_entry_at(*node, slot, &entry);
	key = node_key_at(*node, slot - 1, &key_len);
	return !memcmp(entry.child, pair->a.child, OID_LEN) &&
	       !key_compare(key, key_len, pair->before, pair->before_len);
}

/* ---- cursors ---- */

void map_cursor_release(struct map_cursor *c)
{
	size_t level;

	for (level = 0; level < c->height; level++) {
		node_unref(c->node[level]);
		c->node[level] = NULL;
	}
	c->height = 0;
}

/* Load what is below a level along the slots that `choose` names, down to a slot of the leaf. */
static int cursor_descend(struct map_cursor *c, size_t level, size_t (*choose)(const struct node *node, void *data),
			  void *data, struct drift_error *err)
{
	for (;;) {
		struct node *node = c->node[level];
		size_t slot = choose(node, data);

		if (level && slot >= node->count)
			slot = node->count - 1;
		c->slot[level] = slot;
		if (!level)
			return 0;
		node_unref(c->node[level - 1]);
		c->node[level - 1] = NULL;
		if (map_load_child(c->store, node, slot, &c->node[level - 1], err) < 0) {
			map_cursor_release(c);
			return -1;
		}
		level--;
	}
}

static int cursor_start(struct map_cursor *c, struct node_store *store, const struct map_root *root,
			struct drift_error *err)
{
	struct node *node;

	map_cursor_release(c);
	c->store = store;
	if (oid_is_zero(&root->id))
		return 0;
	if (map_load_root(store, root, &node, err) < 0)
		return -1;
	memset(c->node, 0, sizeof(c->node));
	c->height = node->level + (size_t)1;
	c->node[node->level] = node;
	return 1;
}

struct sought_key {
	const void *key;
	size_t len;
};

static size_t choose_key(const struct node *node, void *data)
{
	const struct sought_key *sought = data;
	bool equal;

	return sought->len ? node_search(node, sought->key, sought->len, &equal) : 0;
}

static size_t choose_first(const struct node *node, void *data)
{
	(void)node;
	(void)data;
	return 0;
}

/* The slot that holds entry number *data; what is left of the number is that below the slot. */
static size_t choose_index(const struct node *node, void *data)
{
	uint64_t *left = data;
	size_t i;

	if (!node->level)
		return *left < node->count ? (size_t)*left : node->count;
	for (i = 0; i < node->count; i++) {
		struct node_entry entry;

		node_entry_at(node, i, &entry);
		if (*left < entry.count)
			return i;
		/* Past the end stays past the end: the last child is entered with its own count. */
		if (i + 1 < node->count)
			*left -= entry.count;
	}
	return i;
}

int map_cursor_seek(struct map_cursor *c, struct node_store *store, const struct map_root *root, const void *key,
		    size_t key_len, struct drift_error *err)
{
	struct sought_key sought = { .key = key, .len = key_len };
	int ret = cursor_start(c, store, root, err);

	return ret > 0 ? cursor_descend(c, c->height - 1, choose_key, &sought, err) : ret;
}

int map_cursor_seek_index(struct map_cursor *c, struct node_store *store, const struct map_root *root, uint64_t index,
			  struct drift_error *err)
{
	int ret = cursor_start(c, store, root, err);

	return ret > 0 ? cursor_descend(c, c->height - 1, choose_index, &index, err) : ret;
}

int map_cursor_next(struct map_cursor *c, struct node_entry *entry_out, struct drift_error *err)
{
	if (!c->height)
		return 0;
	if (c->slot[0] >= c->node[0]->count) {
		size_t level = 1;

		while (level < c->height && c->slot[level] + 1 >= c->node[level]->count)
			level++;
		if (level == c->height)
			return 0;
		c->slot[level]++;
		node_unref(c->node[level - 1]);
		c->node[level - 1] = NULL;
		if (map_load_child(c->store, c->node[level], c->slot[level], &c->node[level - 1], err) < 0) {
			map_cursor_release(c);
			return -1;
		}
		if (cursor_descend(c, level - 1, choose_first, NULL, err) < 0)
			return -1;
	}
	node_entry_at(c->node[0], c->slot[0]++, entry_out);
	return 1;
}

int map_rank(struct node_store *store, const struct map_root *root, const void *key, size_t key_len, uint64_t *rank_out,
	     struct drift_error *err)
{
	auto_node *node = NULL;
	uint64_t rank = 0;

	if (oid_is_zero(&root->id)) {
		*rank_out = 0;
		return 0;
	}
	if (map_load_root(store, root, &node, err) < 0)
		return -1;
	for (;;) {
		bool equal;
		size_t i, slot = node_search(node, key, key_len, &equal);
		struct node *child;

		if (!node->level) {
			*rank_out = rank + slot;
			return 0;
		}
		for (i = 0; i < slot; i++) {
			struct node_entry entry;

			node_entry_at(node, i, &entry);
			rank += entry.count;
		}
		if (slot == node->count) {
			*rank_out = rank;
			return 0;
		}
		if (map_load_child(store, node, slot, &child, err) < 0)
			return -1;
		node_unref(node);
		node = child;
	}
}

int map_walk_nodes(struct node_store *store, const struct map_root *root,
		   int (*each)(void *data, const struct node *node, struct drift_error *err), void *data,
		   struct drift_error *err)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	size_t level;
	int ret = cursor_start(&c, store, root, err);

	if (ret <= 0)
		return ret;
	level = c.height - 1;
	c.slot[level] = 0;
	ret = each(data, c.node[level], err);
	while (!ret) {
		if (!level || c.slot[level] == c.node[level]->count) {
			if (++level == c.height)
				break;
			continue;
		}
		node_unref(c.node[level - 1]);
		c.node[level - 1] = NULL;
		if (map_load_child(store, c.node[level], c.slot[level]++, &c.node[level - 1], err) < 0)
			return -1;
		c.slot[--level] = 0;
		ret = each(data, c.node[level], err);
	}
	return ret;
}
