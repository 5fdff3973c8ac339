#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "api/span_internal.h"
#include "base/mem.h"

struct drift_cursor {
	struct drift_snapshot *snapshot;
	struct node_store *store;
	struct map_root root;
	struct span span;
	size_t range; /* of the span; its count at the end */
	struct map_cursor names, keys;
	bool in_collection;
	struct map_root map; /* of the collection that we are in */
	uint64_t at;         /* the number in it of the next document */
	struct buf path;     /* of the document given last; its start is the collection's name with the slash */
	size_t name_len;
	bool has_entry;
	struct document doc; /* given last, in the memory of the leaf that `keys` is in */
};

static const struct range *range_of(const struct drift_cursor *c)
{
	return &c->span.ranges[c->range];
}

/* The map of the root of a snapshot; the empty tree's root is not a map's node. */
static struct map_root root_map(const struct drift_snapshot *snapshot)
{
	const struct tree_root *tree = &snapshot->point.tree;
	struct map_root map = { .loc = LOC_UNKNOWN };

	if (!tree_is_empty(tree)) {
		map.id = tree->id;
		map.loc = tree->loc;
	}
	return map;
}

/* To before the collections of a range that are called `name` or come behind it. */
static int enter_range(struct drift_cursor *c, size_t range, const char *name, size_t name_len, struct drift_error *err)
{
	const struct bounds *names;

	c->in_collection = false;
	c->range = range;
	if (range == c->span.count)
		return 0;
	names = &range_of(c)->names;
	if (key_compare(name, name_len, names->from, names->from_len) < 0) {
		name = names->from;
		name_len = names->from_len;
	}
	return span_seek(&c->names, c->store, &c->root, MAP_ROOT, name, name_len, err);
}

/* To before the documents of a collection from `key` on. */
static int enter_collection(struct drift_cursor *c, const struct node_entry *entry, const struct descriptor *d,
			    const char *key, size_t key_len, struct drift_error *err)
{
	const struct bounds *keys = &range_of(c)->keys;

	if (key_compare(key, key_len, keys->from, keys->from_len) < 0) {
		key = keys->from;
		key_len = keys->from_len;
	}
	if (tree_documents(c->store, (const char *)entry->key, entry->key_len, d, &c->map, err))
		return -1;
	buf_clear(&c->path);
	buf_add(&c->path, entry->key, entry->key_len);
	if (entry->key_len)
		buf_add_byte(&c->path, '/');
	c->name_len = c->path.len;
	c->at = 0;
	if (buf_check(&c->path, err) || (key_len && map_rank(c->store, &c->map, key, key_len, &c->at, err)) ||
	    span_seek(&c->keys, c->store, &c->map, MAP_DOCUMENTS, key, key_len, err))
		return -1;
	c->in_collection = true;
	return 0;
}

/* The next collection that has documents: 1, 0 at the end. In the one called `name`, if it is that, from `key` on. */
static int next_collection(struct drift_cursor *c, const struct path *from, struct drift_error *err)
{
	struct node_entry entry;
	struct descriptor d;

	while (c->range < c->span.count) {
		int r = map_cursor_next(&c->names, &entry, err);
		bool is_from;

		if (r < 0)
			return -1;
		if (!r || !bounds_hold(&range_of(c)->names, &entry)) {
			if (enter_range(c, c->range + 1, "", 0, err))
				return -1;
			continue;
		}
		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err))
			return -1;
		if (!d.has_root ||
		    (!range_of(c)->named && !tree_has_documents(c->store, (const char *)entry.key, entry.key_len)))
			continue;
		is_from = from && !key_compare(entry.key, entry.key_len, from->collection, from->collection_len);
		return enter_collection(c, &entry, &d, is_from ? from->key : "", is_from ? from->key_len : 0, err) ?
			       -1 :
			       1;
	}
	return 0;
}

int drift_cursor_seek(struct drift_cursor *c, const char *path, struct drift_error *err)
{
	struct path from;
	size_t i = 0;

	path_split(path, strlen(path), &from);
	c->has_entry = false;
	while (i < c->span.count && c->span.ranges[i].names.to &&
	       key_compare(from.collection, from.collection_len, c->span.ranges[i].names.to,
			   c->span.ranges[i].names.to_len) >= 0)
		i++;
	if (enter_range(c, i, from.collection, from.collection_len, err))
		return -1;
	return next_collection(c, &from, err) < 0 ? -1 : 0;
}

int drift_cursor_open(struct drift_snapshot *snapshot, const char *prefix, struct drift_cursor **cursor_out,
		      struct drift_error *err)
{
	struct drift_cursor *c = mem_calloc(1, sizeof(*c));

	if (!c)
		return error_no_memory(err);
	buf_init(&c->path);
	c->snapshot = api_snapshot_ref(snapshot);
	c->store = repo_nodes(snapshot->repo->repo);
	c->root = root_map(snapshot);
	if (span_init(&c->span, prefix, err) || drift_cursor_seek(c, "", err)) {
		drift_cursor_close(c);
		return -1;
	}
	*cursor_out = c;
	return 0;
}

void drift_cursor_close(struct drift_cursor *c)
{
	if (!c)
		return;
	map_cursor_release(&c->names);
	map_cursor_release(&c->keys);
	buf_release(&c->path);
	span_release(&c->span);
	drift_snapshot_release(c->snapshot);
	free(c);
}

static int give_entry(struct drift_cursor *c, const struct node_entry *entry, struct drift_entry *out,
		      struct drift_error *err)
{
	if (document_decode(entry->value, entry->value_len, entry->loc, &c->doc, err))
		return -1;
	buf_truncate(&c->path, c->name_len);
	buf_add(&c->path, entry->key, entry->key_len);
	if (buf_check(&c->path, err))
		return -1;
	*out = (struct drift_entry){
		.path = c->path.data,
		.path_len = c->path.len,
		.len = api_document_len(&c->doc),
		.kind = api_kind(&c->doc),
		.mode = c->doc.mode,
	};
	c->has_entry = true;
	return 1;
}

int drift_cursor_next(struct drift_cursor *c, struct drift_entry *entry_out, struct drift_error *err)
{
	struct node_entry entry;
	int r = 1;

	c->has_entry = false;
	while (r > 0) {
		if (c->in_collection) {
			r = map_cursor_next(&c->keys, &entry, err);
			if (r < 0)
				return -1;
			if (r && bounds_hold(&range_of(c)->keys, &entry)) {
				c->at++;
				return give_entry(c, &entry, entry_out, err);
			}
			c->in_collection = false;
		}
		r = next_collection(c, NULL, err);
	}
	return r;
}

int drift_cursor_skip(struct drift_cursor *c, uint64_t count, struct drift_error *err)
{
	uint64_t first, end;
	int r = 1;

	c->has_entry = false;
	while (count && r > 0) {
		if (c->in_collection) {
			if (bounds_find(&range_of(c)->keys, c->store, &c->map, &first, &end, err))
				return -1;
			if (end > c->at && count < end - c->at) {
				c->at += count;
				return map_cursor_seek_index(&c->keys, c->store, &c->map, c->at, err);
			}
			count -= end > c->at ? end - c->at : 0;
			c->in_collection = false;
		}
		r = next_collection(c, NULL, err);
	}
	return r < 0 ? -1 : 0;
}

int drift_cursor_value(struct drift_cursor *c, struct drift_value *value_out, struct drift_error *err)
{
	if (!c->has_entry)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the cursor is not on a document");
	return api_value_of(c->snapshot->repo, c->keys.node[0], &c->doc, value_out, err);
}

int drift_cursor_id(struct drift_cursor *c, struct drift_id *id_out, struct drift_error *err)
{
	struct oid id;

	if (!c->has_entry)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the cursor is not on a document");
	document_id(&c->doc, &id);
	*id_out = api_id(&id);
	return 0;
}

static int count_range(struct node_store *store, const struct map_root *root, const struct range *range,
		       uint64_t *count, struct drift_error *err)
{
	auto_map_cursor names = MAP_CURSOR_INIT;
	struct node_entry entry;
	int r;

	if (span_seek(&names, store, root, MAP_ROOT, range->names.from, range->names.from_len, err))
		return -1;
	while ((r = map_cursor_next(&names, &entry, err)) > 0 && bounds_hold(&range->names, &entry)) {
		struct descriptor d;
		struct map_root map;
		uint64_t first, end;

		if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err))
			return -1;
		if (!range->named && !tree_has_documents(store, (const char *)entry.key, entry.key_len))
			continue;
		if (tree_documents(store, (const char *)entry.key, entry.key_len, &d, &map, err) ||
		    bounds_find(&range->keys, store, &map, &first, &end, err))
			return -1;
		*count += end > first ? end - first : 0;
	}
	return r < 0 ? -1 : 0;
}

int drift_count(struct drift_snapshot *snapshot, const char *prefix, uint64_t *count_out, struct drift_error *err)
{
	struct map_root root = root_map(snapshot);
	auto_span span = { .count = 0 };
	uint64_t count = 0;

	if (span_init(&span, prefix, err))
		return -1;
	for (size_t i = 0; i < span.count; i++)
		if (count_range(repo_nodes(snapshot->repo->repo), &root, &span.ranges[i], &count, err))
			return -1;
	*count_out = count;
	return 0;
}
