#include "objects/tree.h"

#include <stdlib.h>
#include <string.h>

#include "objects/map_internal.h"
#include "objects/tree_internal.h"

/* Of the empty leaf of MAP_ROOT, the bytes 01 00 00 00. */
static const struct oid empty_tree_id = { {
	0x14, 0xad, 0xd4, 0xfd, 0x0f, 0x8a, 0x82, 0x6c, 0xa3, 0x29, 0xd9, 0x56, 0x43, 0x4c, 0x34, 0x1e,
	0x42, 0x81, 0x43, 0xc9, 0x8e, 0xbe, 0x95, 0x05, 0x6b, 0x20, 0x3b, 0xbd, 0x9c, 0xac, 0x0a, 0x76,
} };

void tree_empty(struct tree_root *root_out)
{
	*root_out = (struct tree_root){ .id = empty_tree_id, .loc = LOC_UNKNOWN };
}

bool tree_is_empty(const struct tree_root *root)
{
	return oid_equal(&root->id, &empty_tree_id);
}

int tree_open_map(struct node_store *store, const struct tree_root *root, struct map_root *map_out,
		  struct drift_error *err)
{
	struct map_root map = { .count = 0 };
	auto_node *node = NULL;

	if (!tree_is_empty(root)) {
		map.id = root->id;
		map.loc = root->loc;
		if (map_load_root(store, &map, &node, err) < 0)
			return -1;
		if (node->kind != MAP_ROOT)
			return error_set(err, DRIFT_ERR_CORRUPT, "a tree's root is another map's node");
		node_sums(node, &map.count, &map.bytes);
	}
	*map_out = map;
	return 0;
}

void tree_from_map(const struct map_root *map, struct tree_root *root_out)
{
	if (oid_is_zero(&map->id))
		tree_empty(root_out);
	else
		*root_out = (struct tree_root){ .id = map->id, .loc = map->loc };
}

void descriptor_map(const struct descriptor *d, struct map_root *root_out)
{
	*root_out = (struct map_root){ .count = 0 };
	if (d->has_root)
		*root_out =
			(struct map_root){ .id = d->root, .loc = d->root_loc, .count = d->count, .bytes = d->bytes };
}

bool tree_has_documents(const struct node_store *store, const char *name, size_t name_len)
{
	return collection_set_has(store->only, name, name_len);
}

int tree_documents(struct node_store *store, const char *name, size_t name_len, const struct descriptor *d,
		   struct map_root *root_out, struct drift_error *err)
{
	if (d->has_root && !tree_has_documents(store, name, name_len))
		return tree_absent(name, name_len, err);
	descriptor_map(d, root_out);
	return 0;
}

int tree_absent(const char *name, size_t name_len, struct drift_error *err)
{
	if (!name_len)
		return error_set(err, DRIFT_ERR_ABSENT, "documents outside of collections are not in this partial clone");
	return error_set(err, DRIFT_ERR_ABSENT, "the collection '%.*s' is not in this partial clone",
			 (int)(name_len > 500 ? 500 : name_len), name);
}

int tree_collection(struct node_store *store, const struct tree_root *root, const char *name, size_t name_len,
		    struct descriptor *d_out, struct drift_error *err)
{
	struct map_root map = { .id = root->id, .loc = root->loc };
	struct node_entry entry;
	auto_node *node = NULL;
	int ret;

	if (tree_is_empty(root))
		return 0;
	ret = map_get(store, &map, name, name_len, &node, &entry, err);
	if (ret <= 0)
		return ret;
	if (node->kind != MAP_ROOT)
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree's root is another map's node");
	if (descriptor_decode(entry.value, entry.value_len, entry.loc, d_out, err) < 0)
		return -1;
	return 1;
}

int tree_get(struct node_store *store, const struct tree_root *root, const struct path *path, struct node **node_out,
	     struct document *doc_out, struct drift_error *err)
{
	struct descriptor d;
	struct map_root map;
	struct node_entry entry;
	auto_node *node = NULL;
	int ret = tree_collection(store, root, path->collection, path->collection_len, &d, err);

	if (ret <= 0)
		return ret;
	if (tree_documents(store, path->collection, path->collection_len, &d, &map, err) < 0)
		return -1;
	ret = map_get(store, &map, path->key, path->key_len, &node, &entry, err);
	if (ret <= 0)
		return ret;
	if (node->kind != MAP_DOCUMENTS)
		return error_set(err, DRIFT_ERR_CORRUPT, "a collection's root is another map's node");
	if (document_decode(entry.value, entry.value_len, entry.loc, doc_out, err) < 0)
		return -1;
	*node_out = node;
	node = NULL;
	return 1;
}

int tree_totals(struct node_store *store, const struct tree_root *root, struct tree_totals *totals_out,
		struct drift_error *err)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	struct tree_totals totals = { .collection_count = 0 };
	struct map_root map;
	struct node_entry entry;
	int ret;

	if (tree_open_map(store, root, &map, err) < 0 || map_cursor_seek(&c, store, &map, NULL, 0, err) < 0)
		return -1;
	while ((ret = map_cursor_next(&c, &entry, err)) > 0) {
		struct descriptor d;

		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err) < 0)
			return -1;
		totals.collection_count++;
		totals.document_count += d.count;
		totals.byte_count += d.bytes;
	}
	if (!ret)
		*totals_out = totals;
	return ret;
}

/* ---- prefixes ---- */

/* Write at *p the least key greater than all that begin with prefix; false if there is none. */
static bool successor(const unsigned char *prefix, size_t len, unsigned char **p, struct key_range *range)
{
	while (len && prefix[len - 1] == 0xff)
		len--;
	if (!len)
		return false;
	memcpy(*p, prefix, len);
	(*p)[len - 1]++;
	range->to = *p;
	range->to_len = len;
	*p += len;
	return true;
}

static void range_of_prefix(const unsigned char *prefix, size_t len, unsigned char **p, struct key_range *range)
{
	*range = (struct key_range){ .from = NULL };
	if (!len)
		return;
	range->from = prefix;
	range->from_len = len;
	successor(prefix, len, p, range);
}

static void range_of_one(const unsigned char *key, size_t len, unsigned char **p, struct key_range *range)
{
	*range = (struct key_range){ .from = key, .from_len = len, .to = *p, .to_len = len + 1 };
	memcpy(*p, key, len);
	(*p)[len] = '\0';
	*p += len + 1;
}

int tree_ranges_init(struct tree_ranges *ranges, const char *prefix, size_t prefix_len, struct drift_error *err)
{
	unsigned char *own = malloc(4 * (prefix_len + 1)), *p, *slash;

	if (!own)
		return error_no_memory(err);
	*ranges = (struct tree_ranges){ .memory = own };
	if (prefix_len)
		memcpy(own, prefix, prefix_len);
	p = own + prefix_len;
	slash = memchr(own, '/', prefix_len);
	if (slash == own && prefix_len)
		return 0; /* no path begins with a slash */
	if (slash) {
		size_t name_len = (size_t)(slash - own);

		range_of_one(own, name_len, &p, &ranges->items[0].names);
		range_of_prefix(slash + 1, prefix_len - name_len - 1, &p, &ranges->items[0].keys);
		ranges->count = 1;
		ranges->named = true;
		return 0;
	}
	if (prefix_len) {
		range_of_one(own, 0, &p, &ranges->items[0].names);
		range_of_prefix(own, prefix_len, &p, &ranges->items[0].keys);
		ranges->count = 1;
	}
	range_of_prefix(own, prefix_len, &p, &ranges->items[ranges->count].names);
	ranges->items[ranges->count++].keys = (struct key_range){ .from = NULL };
	return 0;
}

void tree_ranges_release(struct tree_ranges *ranges)
{
	free(ranges->memory);
	ranges->memory = NULL;
	ranges->count = 0;
}

/* Does a key lie before the end of the range? */
static bool key_range_holds(const struct key_range *range, const struct node_entry *entry)
{
	return !range->to || key_compare(entry->key, entry->key_len, range->to, range->to_len) < 0;
}

/* ---- cursor ---- */

struct tree_cursor {
	struct node_store *store;
	struct map_root map;
	struct tree_ranges ranges;
	size_t next_range;
	struct map_cursor collections, documents;
	bool in_collection;
	struct buf name; /* of the collection */
};

void tree_cursor_free(struct tree_cursor *c)
{
	if (!c)
		return;
	map_cursor_release(&c->collections);
	map_cursor_release(&c->documents);
	tree_ranges_release(&c->ranges);
	buf_release(&c->name);
	free(c);
}

int tree_cursor_open(struct node_store *store, const struct tree_root *root, const char *prefix, size_t prefix_len,
		     struct tree_cursor **cursor_out, struct drift_error *err)
{
	struct tree_cursor *c = calloc(1, sizeof(*c));

	if (!c)
		return error_no_memory(err);
	c->store = store;
	buf_init(&c->name);
	if (tree_ranges_init(&c->ranges, prefix, prefix_len, err) < 0 || tree_open_map(store, root, &c->map, err) < 0) {
		tree_cursor_free(c);
		return -1;
	}
	*cursor_out = c;
	return 0;
}

/* 1 with the next collection that has documents to look at, 0 at the end. */
static int next_collection(struct tree_cursor *c, struct drift_error *err)
{
	for (;;) {
		const struct tree_range *range = &c->ranges.items[c->next_range ? c->next_range - 1 : 0];
		struct node_entry entry;
		struct descriptor d;
		struct map_root documents;
		int ret = map_cursor_next(&c->collections, &entry, err);

		if (ret < 0)
			return -1;
		if (!ret || !key_range_holds(&range->names, &entry)) {
			if (c->next_range == c->ranges.count)
				return 0;
			range = &c->ranges.items[c->next_range++];
			if (map_cursor_seek(&c->collections, c->store, &c->map, range->names.from,
					    range->names.from_len, err) < 0)
				return -1;
			continue;
		}
		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err) < 0)
			return -1;
		if (!d.has_root || (!c->ranges.named && !tree_has_documents(c->store, (const char *)entry.key, entry.key_len)))
			continue;
		if (tree_documents(c->store, (const char *)entry.key, entry.key_len, &d, &documents, err) < 0)
			return -1;
		buf_clear(&c->name);
		buf_add(&c->name, entry.key, entry.key_len);
		if (buf_check(&c->name, err) < 0)
			return -1;
		ret = map_cursor_seek(&c->documents, c->store, &documents, range->keys.from, range->keys.from_len, err);
		return ret < 0 ? -1 : 1;
	}
}

/* 1 with the next entry of the collections in turn, 0 at the end. */
static int next_entry(struct tree_cursor *c, struct node_entry *entry, struct drift_error *err)
{
	for (;;) {
		int ret;

		if (c->in_collection) {
			const struct tree_range *range = &c->ranges.items[c->next_range - 1];

			ret = map_cursor_next(&c->documents, entry, err);
			if (ret < 0 || (ret && key_range_holds(&range->keys, entry)))
				return ret;
			c->in_collection = false;
		}
		ret = next_collection(c, err);
		if (ret <= 0)
			return ret;
		c->in_collection = true;
	}
}

int tree_cursor_next(struct tree_cursor *c, struct path *path_out, struct document *doc_out, struct drift_error *err)
{
	struct node_entry entry;
	int ret = next_entry(c, &entry, err);

	if (ret <= 0)
		return ret;
	if (document_decode(entry.value, entry.value_len, entry.loc, doc_out, err) < 0)
		return -1;
	*path_out = (struct path){ .collection = c->name.data,
				   .collection_len = c->name.len,
				   .key = (const char *)entry.key,
				   .key_len = entry.key_len };
	return 1;
}
