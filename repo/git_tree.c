/*
 * The changes are kept in order of path over the tree that the commit began with. Where everything was removed first, that tree counts as
 * empty, but what comes back unchanged is found to be the same in the end, so that nothing is written anew.
 */
#include "repo/git_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct item {
	struct path path;
	bool removed;
	struct document doc; /* its bytes stand behind the path */
	char memory[];
};

struct git_tree {
	struct tree_changes changes; /* for git_tree_finish */
	struct node_store *store;
	struct tree_root base;
	bool all_removed;
	struct item **items; /* in order of path */
	size_t count, capacity;
	size_t copy_count, copies_len;
	/* git_tree_finish with all_removed: what was there before. */
	struct tree_cursor *cursor;
	struct path old_path;
	bool has_old;
	size_t next;
};

int git_tree_new(struct git_tree **out, struct drift_error *err)
{
	*out = mem_calloc(1, sizeof(**out));
	return *out ? 0 : error_no_memory(err);
}

static void forget_items(struct git_tree *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->items[i]);
	t->count = 0;
}

void git_tree_free(struct git_tree *t)
{
	if (!t)
		return;
	forget_items(t);
	tree_cursor_free(t->cursor);
	free(t->items);
	free(t);
}

void git_tree_begin(struct git_tree *t, struct node_store *store, const struct tree_root *root)
{
	forget_items(t);
	t->store = store;
	t->base = *root;
	t->all_removed = false;
	t->copy_count = t->copies_len = 0;
}

/* The first item that is not before path. */
static size_t find(const struct git_tree *t, const struct path *path)
{
	size_t low = 0, high = t->count;

	if (high && path_compare(&t->items[high - 1]->path, path) < 0)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (path_compare(&t->items[middle]->path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct item *item_at(const struct git_tree *t, const struct path *path)
{
	size_t at = find(t, path);

	return at < t->count && !path_compare(&t->items[at]->path, path) ? t->items[at] : NULL;
}

/* doc NULL: removed. */
static struct item *item_new(const struct path *path, const struct document *doc)
{
	size_t data_len = doc && doc->data ? (size_t)doc->len : 0;
	struct item *item = malloc(sizeof(*item) + path->collection_len + path->key_len + data_len);
	char *at;

	if (!item)
		return NULL;
	at = item->memory;
	if (path->collection_len)
		memcpy(at, path->collection, path->collection_len);
	memcpy(at + path->collection_len, path->key, path->key_len);
	item->path = (struct path){ at, path->collection_len, at + path->collection_len, path->key_len };
	item->removed = !doc;
	if (doc)
		item->doc = *doc;
	if (doc && doc->data) {
		at += path->collection_len + path->key_len;
		if (data_len)
			memcpy(at, doc->data, data_len);
		item->doc.data = (unsigned char *)at;
	}
	return item;
}

static int set(struct git_tree *t, const struct path *path, const struct document *doc, struct drift_error *err)
{
	size_t at = find(t, path);
	struct item *item = item_new(path, doc);

	if (!item)
		return error_no_memory(err);
	if (at < t->count && !path_compare(&t->items[at]->path, path)) {
		free(t->items[at]);
		t->items[at] = item;
		return 0;
	}
	if (mem_grow(&t->items, &t->capacity, t->count + 1, sizeof(struct item *))) {
		free(item);
		return error_no_memory(err);
	}
	memmove(t->items + at + 1, t->items + at, (t->count - at) * sizeof(struct item *));
	t->items[at] = item;
	t->count++;
	return 0;
}

/* As the tree stands now: 1 / 0 / -1; *node keeps what doc points to. */
static int get(struct git_tree *t, const struct path *path, struct node **node, struct document *doc,
	       struct drift_error *err)
{
	const struct item *item = item_at(t, path);

	if (item) {
		*doc = item->doc;
		return !item->removed;
	}
	return t->all_removed ? 0 : tree_get(t->store, &t->base, path, node, doc, err);
}

static int has(struct git_tree *t, const struct path *path, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;

	return get(t, path, &node, &doc, err);
}

/* --- folders --- */

/* Is the path in the folder? prefix ends with a slash, or is "". */
static bool is_below(const struct path *path, struct text prefix)
{
	size_t n = path->collection_len;

	if (!prefix.len)
		return true;
	if (!n || prefix.len < n + 1 || memcmp(prefix.data, path->collection, n) != 0 || prefix.data[n] != '/')
		return false;
	prefix.data += n + 1;
	prefix.len -= n + 1;
	return path->key_len > prefix.len && !memcmp(path->key, prefix.data, prefix.len);
}

/* The first path that can be in the folder: no key is shorter than that. */
static size_t first_below(const struct git_tree *t, struct text prefix)
{
	struct path first;

	if (!prefix.len)
		return 0;
	path_split(prefix.data, prefix.len, &first);
	return find(t, &first);
}

/* each: 0 to go on, >0 to stop, <0 error. */
struct below {
	int (*each)(struct below *self, const struct path *path, const struct document *doc, struct drift_error *err);
};

/* What the tree that we began with has in the folder and no change has touched. */
static int each_old(struct git_tree *t, struct text prefix, struct below *below, struct drift_error *err)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	int r;

	if (tree_cursor_open(t->store, &t->base, prefix.data, prefix.len, &cursor, err))
		return -1;
	while ((r = tree_cursor_next(cursor, &path, &doc, err)) > 0) {
		if (!is_below(&path, prefix) || item_at(t, &path))
			continue;
		r = below->each(below, &path, &doc, err);
		if (r)
			break;
	}
	tree_cursor_free(cursor);
	return r;
}

/* All files in the folder, first the old ones; the changes must stay while that runs. */
static int each_below(struct git_tree *t, struct text prefix, struct below *below, struct drift_error *err)
{
	int r = t->all_removed ? 0 : each_old(t, prefix, below, err);

	for (size_t i = first_below(t, prefix); !r && i < t->count && is_below(&t->items[i]->path, prefix); i++) {
		if (!t->items[i]->removed)
			r = below->each(below, &t->items[i]->path, &t->items[i]->doc, err);
	}
	return r;
}

static int stop_at_first(struct below *self, const struct path *path, const struct document *doc,
			 struct drift_error *err)
{
	(void)self;
	(void)path;
	(void)doc;
	(void)err;
	return 1;
}

/* Files put aside, since the changes must not change while they are walked. */
struct collected {
	struct below below;
	struct item **items;
	size_t count, capacity;
	size_t count_max, len, len_max; /* what may be collected, and how long that is so far */
};

static void collected_release(struct collected *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->items[i]);
	free(c->items);
}
#define auto_collected __attribute__((cleanup(collected_release))) struct collected

static int collect(struct below *self, const struct path *path, const struct document *doc, struct drift_error *err)
{
	struct collected *c = (struct collected *)self;

	c->len += path->collection_len + path->key_len + (doc->data ? (size_t)doc->len : 0);
	if (c->count >= c->count_max || c->len > c->len_max)
		return error_set(err, DRIFT_ERR_LIMIT, "a commit copies at most %zu files, %zu MiB with their paths",
				 GIT_COPIES_MAX, GIT_COPIES_LEN_MAX >> 20);
	if (mem_grow(&c->items, &c->capacity, c->count + 1, sizeof(struct item *)))
		return error_no_memory(err);
	c->items[c->count] = item_new(path, doc);
	if (!c->items[c->count])
		return error_no_memory(err);
	c->count++;
	return 0;
}

static int remove_folder(struct git_tree *t, struct text prefix, struct drift_error *err)
{
	auto_collected found = { .below = { .each = collect }, .count_max = SIZE_MAX, .len_max = SIZE_MAX };

	if (each_below(t, prefix, &found.below, err))
		return -1;
	for (size_t i = 0; i < found.count; i++) {
		if (set(t, &found.items[i]->path, NULL, err))
			return -1;
	}
	return 0;
}

static int as_prefix(struct text path, struct buf *out, struct drift_error *err)
{
	buf_add(out, path.data, path.len);
	if (path.len)
		buf_add_byte(out, '/');
	return buf_check(out, err);
}

/* --- commands --- */

/* No file may stand where one of the folders of path is to be. */
static int clear_folders(struct git_tree *t, struct text path, struct drift_error *err)
{
	for (size_t i = 0; i < path.len; i++) {
		struct path folder;
		int r;

		if (path.data[i] != '/')
			continue;
		path_split(path.data, i, &folder);
		r = has(t, &folder, err);
		if (r < 0 || (r && set(t, &folder, NULL, err)))
			return -1;
	}
	return 0;
}

static int remove_all_below(struct git_tree *t, struct text path, struct drift_error *err)
{
	struct below first = { .each = stop_at_first };
	auto_buf prefix = BUF_INIT;
	struct text below;
	int r;

	if (as_prefix(path, &prefix, err))
		return -1;
	below = (struct text){ prefix.data, prefix.len };
	r = each_below(t, below, &first, err);
	return r > 0 ? remove_folder(t, below, err) : r;
}

int git_tree_put(struct git_tree *t, struct text path, const struct document *doc, struct drift_error *err)
{
	struct path cut;
	int r;

	path_split(path.data, path.len, &cut);
	r = has(t, &cut, err);
	/* What is a file already has no folder of its name, nor a file above it. */
	if (r < 0 || (!r && (clear_folders(t, path, err) || remove_all_below(t, path, err))))
		return -1;
	return set(t, &cut, doc, err);
}

int git_tree_remove(struct git_tree *t, struct text path, struct drift_error *err)
{
	struct path cut;
	int r;

	if (!path.len)
		return git_tree_remove_all(t, err);
	path_split(path.data, path.len, &cut);
	r = has(t, &cut, err);
	if (r)
		return r < 0 ? -1 : set(t, &cut, NULL, err);
	return remove_all_below(t, path, err);
}

int git_tree_remove_all(struct git_tree *t, struct drift_error *err)
{
	(void)err;
	forget_items(t);
	t->all_removed = true;
	return 0;
}

/* What is to be copied: a file, or all in a folder. */
static int collect_source(struct git_tree *t, struct text from, struct collected *found, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;
	auto_node *node = NULL;
	struct document doc;
	struct path cut;
	int r = 0;

	path_split(from.data, from.len, &cut);
	if (from.len)
		r = get(t, &cut, &node, &doc, err);
	if (r)
		return r < 0 ? -1 : found->below.each(&found->below, &cut, &doc, err);
	if (as_prefix(from, &prefix, err))
		return -1;
	return each_below(t, (struct text){ prefix.data, prefix.len }, &found->below, err);
}

/* The same file where the copy is to be. */
static int copied_item(const struct item *item, size_t from_len, struct text to, struct item **out, struct drift_error *err)
{
	auto_buf path = BUF_INIT, old = BUF_INIT;
	struct path cut;

	path_format(&item->path, &old);
	buf_add(&path, to.data, to.len);
	/* "a" to "b": "a/x" becomes "b/x"; from "" everything goes below. */
	if (!from_len)
		buf_add_byte(&path, '/');
	buf_add(&path, old.data + from_len, old.len - from_len);
	if (buf_check(&path, err) || buf_check(&old, err) || path_parse(path.data, path.len, &cut, err))
		return -1;
	*out = item_new(&cut, &item->doc);
	return *out ? 0 : error_no_memory(err);
}

static int compare_items(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;

	return path_compare(&(*x)->path, &(*y)->path);
}

/* Take over all of c, which is in order, among the changes: one by one would move the rest for each. */
static int merge(struct git_tree *t, struct collected *c, struct drift_error *err)
{
	size_t i = 0, k = 0, n = 0, capacity = t->count + c->count;
	struct item **items = mem_calloc(capacity, sizeof(struct item *));

	if (!items)
		return error_no_memory(err);
	while (i < t->count || k < c->count) {
		int order = i == t->count ? 1 : k == c->count ? -1 : path_compare(&t->items[i]->path, &c->items[k]->path);

		if (order < 0) {
			items[n++] = t->items[i++];
			continue;
		}
		if (!order)
			free(t->items[i++]);
		items[n++] = c->items[k++];
	}
	c->count = 0;
	free(t->items);
	t->items = items;
	t->count = n;
	t->capacity = capacity;
	return 0;
}

static int put_copies(struct git_tree *t, const struct collected *found, size_t from_len, struct text to,
		      struct drift_error *err)
{
	auto_collected copies = { .items = mem_calloc(found->count, sizeof(struct item *)) };

	if (!copies.items)
		return error_no_memory(err);
	for (; copies.count < found->count; copies.count++) {
		if (copied_item(found->items[copies.count], from_len, to, &copies.items[copies.count], err))
			return -1;
	}
	qsort(copies.items, copies.count, sizeof(struct item *), compare_items);
	/* A file that had a folder of its name beside it is away by now, the folder not. */
	if (clear_folders(t, to, err) || remove_all_below(t, to, err))
		return -1;
	return merge(t, &copies, err);
}

int git_tree_copy(struct git_tree *t, struct text from, struct text to, bool remove_source, struct drift_error *err)
{
	auto_collected found = { .below = { .each = collect },
				 .count_max = remove_source ? SIZE_MAX : GIT_COPIES_MAX - t->copy_count,
				 .len_max = remove_source ? SIZE_MAX : GIT_COPIES_LEN_MAX - t->copies_len };

	if (collect_source(t, from, &found, err))
		return -1;
	if (!found.count)
		return 0;
	if (!remove_source) {
		t->copy_count += found.count;
		t->copies_len += found.len;
	}
	if ((remove_source && git_tree_remove(t, from, err)) || git_tree_remove(t, to, err))
		return -1;
	return put_copies(t, &found, from.len, to, err) ? -1 : 1;
}

int git_tree_has(struct git_tree *t, struct text path, struct drift_error *err)
{
	struct path cut;

	path_split(path.data, path.len, &cut);
	return has(t, &cut, err);
}

int git_tree_base_loc(struct git_tree *t, struct text path, uint64_t *loc_out, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct path cut;
	int r;

	path_split(path.data, path.len, &cut);
	r = tree_get(t->store, &t->base, &cut, &node, &doc, err);
	if (r < 0)
		return -1;
	*loc_out = r && doc.form == DOCUMENT_BLOB ? doc.loc : LOC_UNKNOWN;
	return 0;
}

/* --- the end --- */

static int next_old(struct git_tree *t, struct drift_error *err)
{
	struct document doc;
	int r = t->cursor ? tree_cursor_next(t->cursor, &t->old_path, &doc, err) : 0;

	t->has_old = r > 0;
	return r < 0 ? -1 : 0;
}

/* The changes in order, with a removal of every old path that no change names where all were removed. */
static int next_change(struct tree_changes *self, struct tree_change *out, struct drift_error *err)
{
	struct git_tree *t = (struct git_tree *)self;
	const struct item *item = t->next < t->count ? t->items[t->next] : NULL;
	int order;

	/* What was given last has been used up by now. */
	if (!t->has_old && next_old(t, err))
		return -1;
	if (!item && !t->has_old)
		return 0;
	order = !item ? 1 : !t->has_old ? -1 : path_compare(&item->path, &t->old_path);
	if (order >= 0)
		t->has_old = false;
	if (order > 0) {
		*out = (struct tree_change){ .path = t->old_path };
		return 1;
	}
	t->next++;
	*out = (struct tree_change){ .path = item->path, .document = item->removed ? NULL : &item->doc };
	return 1;
}

int git_tree_finish(struct git_tree *t, struct tree_root *root_out, struct drift_error *err)
{
	int r;

	if (!t->count && !t->all_removed) {
		*root_out = t->base;
		return 0;
	}
	t->changes.next = next_change;
	t->next = 0;
	t->has_old = false;
	if (t->all_removed && tree_cursor_open(t->store, &t->base, "", 0, &t->cursor, err))
		return -1;
	r = tree_edit(t->store, &t->base, &t->changes, root_out, err);
	tree_cursor_free(t->cursor);
	t->cursor = NULL;
	return r;
}
