/*
 * Keeping terms in step with the documents of a tree that is edited. What is to be dropped is gathered while the changes go by, as
 * their order is not that of the terms' keys, and becomes an edit of the reserved documents behind all others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/term.h"
#include "objects/tree_internal.h"

int tree_terms_begin(struct tree_terms *t, struct node_store *store, const struct tree_root *root,
		     struct drift_error *err)
{
	int any = term_any(store, root, err);

	t->store = store;
	if (any > 0 && term_reserved(store, root, &t->reserved, err) < 0)
		return -1;
	t->any = any > 0;
	return any < 0 ? -1 : 0;
}

void tree_terms_release(struct tree_terms *t)
{
	free(t->drops.items);
	buf_release(&t->drops.bytes);
	free(t->named.items);
	buf_release(&t->named.bytes);
}

static int keys_add(struct term_keys *k, const void *key, size_t len, size_t prefix_len, struct drift_error *err)
{
	if (mem_grow(&k->items, &k->capacity, k->count + 1, sizeof(*k->items)))
		return error_no_memory(err);
	k->items[k->count++] = (struct term_keys_item){ k->bytes.len, len, prefix_len };
	buf_add(&k->bytes, key, len);
	return buf_check(&k->bytes, err);
}

static int drop_term(void *data, const struct term_key *key, const struct node_entry *entry, struct drift_error *err)
{
	struct tree_terms *t = data;

	return keys_add(&t->drops, entry->key, entry->key_len, key->prefix_len, err);
}

static int name_path(struct tree_terms *t, const struct path *path, struct drift_error *err)
{
	const char *slash = memrchr(path->key, '/', path->key_len);
	size_t len = slash ? (size_t)(slash - path->key) + 1 : 0;
	const struct term_keys_item *last = t->named.count ? &t->named.items[t->named.count - 1] : NULL;

	if (last && last->len == len && !memcmp(t->named.bytes.data + last->at, path->key, len))
		return 0;
	return keys_add(&t->named, path->key, len, len, err);
}

int tree_terms_change(struct tree_terms *t, const struct path *path, struct drift_error *err)
{
	if (!t->any)
		return 0;
	if (term_path_is(path))
		return name_path(t, path, err);
	return term_each(t->store, &t->reserved, path, drop_term, t, err);
}

static bool is_of_collection(const char *path, size_t len, const struct path *named)
{
	struct path cut;

	path_split(path, len, &cut);
	return cut.collection_len == named->collection_len &&
	       !memcmp(cut.collection, named->collection, cut.collection_len);
}

/* All terms of documents of a collection, as keys of `out`. */
static int list_collection(struct tree_terms *t, const struct map_root *reserved, const struct path *collection,
			   struct term_keys *out, struct drift_error *err)
{
	auto_map_cursor c = MAP_CURSOR_INIT;
	auto_buf path = BUF_INIT;
	struct node_entry entry;
	int r;

	if (map_cursor_seek(&c, t->store, reserved, TERM_PREFIX, sizeof(TERM_PREFIX) - 1, err))
		return -1;
	while ((r = map_cursor_next(&c, &entry, err)) > 0) {
		struct term_key key;

		if (entry.key_len < sizeof(TERM_PREFIX) - 1 ||
		    memcmp(entry.key, TERM_PREFIX, sizeof(TERM_PREFIX) - 1) != 0)
			return 0;
		buf_clear(&path);
		if (term_key_parse((const char *)entry.key, entry.key_len, &key, NULL))
			continue;
		r = term_path_read(t->store, reserved, &key, &path, err);
		if (r < 0)
			return -1;
		if (r && is_of_collection(path.data, path.len, collection) &&
		    keys_add(out, entry.key, entry.key_len, key.prefix_len, err))
			return -1;
	}
	return r;
}

int tree_terms_collection(struct tree_terms *t, const struct path *collection, struct drift_error *err)
{
	return t->any ? list_collection(t, &t->reserved, collection, &t->drops, err) : 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct map_change *x = a, *y = b;

	return key_compare(x->key, x->key_len, y->key, y->key_len);
}

static bool is_named(const struct tree_terms *t, const struct term_keys_item *drop)
{
	size_t low = 0, high = t->named.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct term_keys_item *item = &t->named.items[middle];
		int order = key_compare(t->named.bytes.data + item->at, item->len, t->drops.bytes.data + drop->at,
					drop->prefix_len);

		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int tree_terms_apply(struct tree_terms *t, struct map_root *documents, struct drift_error *err)
{
	struct map_change *changes auto_free = NULL;
	size_t count = 0;

	if (!t->drops.count)
		return 0;
	changes = mem_calloc(t->drops.count, sizeof(*changes));
	if (!changes)
		return error_no_memory(err);
	for (size_t i = 0; i < t->drops.count; i++) {
		const struct term_keys_item *drop = &t->drops.items[i];

		if (!is_named(t, drop))
			changes[count++] =
				(struct map_change){ .key = t->drops.bytes.data + drop->at, .key_len = drop->len };
	}
	qsort(changes, count, sizeof(*changes), compare_keys);
	return count ? map_edit_array(t->store, MAP_DOCUMENTS, documents, changes, count, documents, err) : 0;
}

/* The terms that two trees have of one collection, in order of key: as they are in the second. */
struct taking {
	struct map_changes changes;
	struct node_store *store;
	struct map_root from;
	const struct term_keys *keys[2];
	size_t next[2];
	struct node *node;
};

static const struct term_keys_item *item_at(const struct taking *k, int i)
{
	return k->next[i] < k->keys[i]->count ? &k->keys[i]->items[k->next[i]] : NULL;
}

static int next_taken(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct taking *k = (struct taking *)self;
	const struct term_keys_item *a = item_at(k, 0), *b = item_at(k, 1);
	struct node_entry entry;
	int order = !a - !b;

	if (!a && !b)
		return 0;
	if (a && b)
		order = key_compare(k->keys[0]->bytes.data + a->at, a->len, k->keys[1]->bytes.data + b->at, b->len);
	*change_out = order < 0 ? (struct map_change){ .key = k->keys[0]->bytes.data + a->at, .key_len = a->len } :
				  (struct map_change){ .key = k->keys[1]->bytes.data + b->at, .key_len = b->len };
	k->next[0] += order <= 0;
	k->next[1] += order >= 0;
	if (order < 0)
		return 1;
	node_unref(k->node);
	k->node = NULL;
	if (map_get(k->store, &k->from, change_out->key, change_out->key_len, &k->node, &entry, err) < 0)
		return -1;
	change_out->value = entry.value;
	change_out->value_len = entry.value_len;
	change_out->loc = entry.loc;
	return 1;
}

int tree_terms_take(struct tree_terms *t, const struct tree_root *from, const struct path *collection,
		    struct map_root *documents, struct drift_error *err)
{
	struct taking k = { .changes = { .next = next_taken }, .store = t->store };
	struct term_keys theirs = { .bytes = BUF_INIT };
	int r = term_reserved(t->store, from, &k.from, err);

	if (r > 0)
		r = list_collection(t, &k.from, collection, &theirs, err);
	if (!r)
		r = tree_terms_collection(t, collection, err);
	k.keys[0] = &t->drops;
	k.keys[1] = &theirs;
	if (!r && (t->drops.count || theirs.count))
		r = map_edit(t->store, MAP_DOCUMENTS, documents, &k.changes, documents, err);
	node_unref(k.node);
	free(theirs.items);
	buf_release(&theirs.bytes);
	return r;
}
