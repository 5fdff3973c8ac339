#include "repo/stage_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int wrong_map(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "the stage holds another map's node");
}

int stage_map_get(struct node_store *store, const struct tree_root *stage, const struct path *path,
		  struct node **node_out, struct staged *out, struct drift_error *err)
{
	auto_node *node = NULL;
	struct descriptor d;
	struct map_root map;
	struct node_entry entry;
	int r = tree_collection(store, stage, path->collection, path->collection_len, &d, err);

	if (r <= 0)
		return r;
	descriptor_map(&d, &map);
	r = map_get(store, &map, path->key, path->key_len, &node, &entry, err);
	if (r <= 0)
		return r;
	if (node->kind != MAP_STAGE)
		return wrong_map(err);
	if (staged_decode(entry.value, entry.value_len, entry.loc, out, err))
		return -1;
	*node_out = take_ptr(node);
	return 1;
}

/* --- editing --- */

/* Changes of the root map, each made by editing one collection's map. */
struct root_changes {
	struct map_changes changes;
	struct node_store *store;
	const struct tree_root *stage;
	struct stage_changes *source;
	struct stage_change change; /* the next one */
	bool has_change;
	struct buf name, descriptor;
};

/* Those of the source that are of one collection. */
struct key_changes {
	struct map_changes changes;
	struct root_changes *of;
	bool started;
	struct buf value;
};

static int pull(struct root_changes *of, struct drift_error *err)
{
	int r = of->source->next(of->source, &of->change, err);

	of->has_change = r > 0;
	return r < 0 ? -1 : 0;
}

static int next_key(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct key_changes *keys = (struct key_changes *)self;
	struct root_changes *of = keys->of;
	const struct path *path = &of->change.path;
	const struct staged *s;

	if (keys->started && pull(of, err))
		return -1;
	keys->started = true;
	if (!of->has_change || key_compare(path->collection, path->collection_len, of->name.data, of->name.len) != 0)
		return 0;
	s = of->change.staged;
	*change_out = (struct map_change){ .key = path->key, .key_len = path->key_len };
	if (!s)
		return 1;
	buf_clear(&keys->value);
	staged_encode(s, &keys->value);
	if (buf_check(&keys->value, err))
		return -1;
	change_out->value = keys->value.data;
	change_out->value_len = keys->value.len;
	if (s->op == STAGED_PUT && s->document.form == DOCUMENT_BLOB)
		change_out->loc = s->document.loc;
	return 1;
}

static int edit_collection(struct root_changes *of, struct map_root *map, struct drift_error *err)
{
	struct key_changes keys = { .changes = { .next = next_key }, .of = of, .value = BUF_INIT };
	int r = map_edit(of->store, MAP_STAGE, map, &keys.changes, map, err);

	buf_release(&keys.value);
	return r;
}

static int next_collection(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct root_changes *of = (struct root_changes *)self;
	struct descriptor d = { .has_root = false };
	struct map_root map;

	if (!of->has_change)
		return 0;
	buf_clear(&of->name);
	buf_add(&of->name, of->change.path.collection, of->change.path.collection_len);
	if (buf_check(&of->name, err) ||
	    tree_collection(of->store, of->stage, of->name.data, of->name.len, &d, err) < 0)
		return -1;
	descriptor_map(&d, &map);
	if (edit_collection(of, &map, err))
		return -1;
	*change_out = (struct map_change){ .key = of->name.data, .key_len = of->name.len };
	if (!map.count)
		return 1;
	d = (struct descriptor){
		.has_root = true, .root = map.id, .root_loc = map.loc, .count = map.count, .bytes = map.bytes
	};
	buf_clear(&of->descriptor);
	descriptor_encode(&d, &of->descriptor);
	change_out->value = of->descriptor.data;
	change_out->value_len = of->descriptor.len;
	change_out->loc = map.loc;
	return buf_check(&of->descriptor, err) ? -1 : 1;
}

static int open_root(struct node_store *store, const struct tree_root *stage, struct map_root *map_out,
		     struct drift_error *err)
{
	const struct oid none = { { 0 } };

	return map_root_open(store, tree_is_empty(stage) ? &none : &stage->id, stage->loc, map_out, err);
}

int stage_map_edit(struct node_store *store, const struct tree_root *stage, struct stage_changes *changes,
		   struct tree_root *stage_out, struct drift_error *err)
{
	struct root_changes of = {
		.changes = { .next = next_collection },
		.store = store,
		.stage = stage,
		.source = changes,
		.name = BUF_INIT,
		.descriptor = BUF_INIT,
	};
	struct map_root map;
	int r = open_root(store, stage, &map, err) || pull(&of, err) ||
				map_edit(store, MAP_ROOT, &map, &of.changes, &map, err) ?
			-1 :
			0;

	buf_release(&of.name);
	buf_release(&of.descriptor);
	if (r)
		return -1;
	if (map.count)
		*stage_out = (struct tree_root){ .id = map.id, .loc = map.loc };
	else
		tree_empty(stage_out);
	return 0;
}

/* --- iteration --- */

struct stage_cursor {
	struct node_store *store;
	struct map_root root;
	struct tree_root stage;
	char *prefix;
	size_t prefix_len;
	bool has_slash;    /* the prefix names one collection */
	bool unnamed_done; /* else: the unnamed collection comes first, then those whose names begin with the prefix */
	bool ended;
	struct map_cursor names;
	struct map_cursor keys;
	bool in_collection;
	struct buf collection;
	const char *key_prefix; /* of the keys in the collection */
	size_t key_prefix_len;
};

int stage_cursor_open(struct node_store *store, const struct tree_root *stage, const char *prefix, size_t prefix_len,
		      struct stage_cursor **out, struct drift_error *err)
{
	auto_stage_cursor *c = calloc(1, sizeof(*c));

	if (!c)
		return error_no_memory(err);
	c->store = store;
	c->stage = *stage;
	buf_init(&c->collection);
	c->prefix = mem_dup_str(prefix, prefix_len);
	if (!c->prefix)
		return error_no_memory(err);
	c->prefix_len = prefix_len;
	c->has_slash = memchr(c->prefix, '/', prefix_len);
	if (open_root(store, stage, &c->root, err))
		return -1;
	if (!c->has_slash && map_cursor_seek(&c->names, store, &c->root, prefix, prefix_len, err))
		return -1;
	*out = take_ptr(c);
	return 0;
}

void stage_cursor_free(struct stage_cursor *c)
{
	if (!c)
		return;
	map_cursor_release(&c->names);
	map_cursor_release(&c->keys);
	buf_release(&c->collection);
	free(c->prefix);
	free(c);
}

void stage_cursor_cleanup(struct stage_cursor **c)
{
	stage_cursor_free(*c);
}

/* Begin with the keys of a collection that begin with what is set as key prefix. */
static int enter(struct stage_cursor *c, const struct descriptor *d, const void *name, size_t name_len,
		 struct drift_error *err)
{
	struct map_root map;

	buf_clear(&c->collection);
	buf_add(&c->collection, name, name_len);
	descriptor_map(d, &map);
	if (buf_check(&c->collection, err) ||
	    map_cursor_seek(&c->keys, c->store, &map, c->key_prefix, c->key_prefix_len, err))
		return -1;
	c->in_collection = true;
	return 1;
}

static int enter_named(struct stage_cursor *c, const char *name, size_t name_len, const char *key_prefix,
		       size_t key_prefix_len, struct drift_error *err)
{
	struct descriptor d;
	int r = tree_collection(c->store, &c->stage, name, name_len, &d, err);

	if (r <= 0)
		return r;
	c->key_prefix = key_prefix;
	c->key_prefix_len = key_prefix_len;
	return enter(c, &d, name, name_len, err);
}

static bool begins_with(const void *data, size_t len, const char *prefix, size_t prefix_len)
{
	return !prefix_len || (len >= prefix_len && !memcmp(data, prefix, prefix_len));
}

/* The next collection: 1 / 0 / -1. */
static int next_name(struct stage_cursor *c, struct drift_error *err)
{
	struct node_entry entry;
	struct descriptor d;
	int r;

	if (c->has_slash) {
		const char *slash = memchr(c->prefix, '/', c->prefix_len);
		size_t name_len = (size_t)(slash - c->prefix);

		c->ended = true;
		return enter_named(c, c->prefix, name_len, slash + 1, c->prefix_len - name_len - 1, err);
	}
	if (!c->unnamed_done) {
		c->unnamed_done = true;
		r = enter_named(c, "", 0, c->prefix, c->prefix_len, err);
		if (r)
			return r;
	}
	do {
		r = map_cursor_next(&c->names, &entry, err);
		if (r <= 0)
			return r;
		if (!begins_with(entry.key, entry.key_len, c->prefix, c->prefix_len))
			return 0;
	} while (!entry.key_len);
	if (descriptor_decode(entry.value, entry.value_len, entry.loc, &d, err))
		return -1;
	c->key_prefix_len = 0;
	return enter(c, &d, entry.key, entry.key_len, err);
}

int stage_cursor_next(struct stage_cursor *c, struct path *path_out, struct staged *out, struct drift_error *err)
{
	struct node_entry entry;
	int r;

	for (;;) {
		if (!c->in_collection) {
			r = c->ended ? 0 : next_name(c, err);
			if (r <= 0)
				return r;
		}
		r = map_cursor_next(&c->keys, &entry, err);
		if (r < 0)
			return -1;
		if (r > 0 && begins_with(entry.key, entry.key_len, c->key_prefix, c->key_prefix_len))
			break;
		map_cursor_release(&c->keys);
		c->in_collection = false;
	}
	if (c->keys.node[0]->kind != MAP_STAGE)
		return wrong_map(err);
	if (staged_decode(entry.value, entry.value_len, entry.loc, out, err))
		return -1;
	path_out->collection = c->collection.data;
	path_out->collection_len = c->collection.len;
	path_out->key = (const char *)entry.key;
	path_out->key_len = entry.key_len;
	return 1;
}
