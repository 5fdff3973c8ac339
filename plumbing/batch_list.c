/* ls: the documents of the tree and those that are staged, merged in order of path. */
#include "plumbing/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/output.h"

#define LIST_DEFAULT 1000

struct staged_path {
	struct path path;
	const char *text;
	size_t len;
};

struct batch_listing {
	struct batch *b;
	struct json_writer *w;
	struct tree_root root;
	struct buf prefix, after;
	struct path after_path;
	bool own; /* drift's own documents, too */
	uint64_t left;
	bool more;
	struct staged_path *staged;
	size_t staged_count, staged_next;
};

static int by_path(const void *a, const void *b)
{
	const struct staged_path *x = a, *y = b;

	return path_compare(&x->path, &y->path);
}

/* "users" and "users/" name the same: what begins with the text, as tree_cursor_open has it. */
static bool has_prefix(const struct batch_listing *l, const char *text, size_t len)
{
	size_t n = l->prefix.len;

	return n <= len && !memcmp(text, l->prefix.data, n);
}

static bool is_wanted(const struct batch_listing *l, const struct path *path)
{
	if (!l->own && path->collection_len == strlen(TREE_RESERVED) &&
	    !memcmp(path->collection, TREE_RESERVED, path->collection_len))
		return false;
	return !l->after.len || path_compare(path, &l->after_path) > 0;
}

/* The staged paths under the prefix, sorted, each once. */
static int collect_staged(struct batch_listing *l, struct drift_error *err)
{
	const char *p = l->b->touched.data, *end = p + l->b->touched.len;
	size_t capacity = 0, kept = 0;

	while (p < end) {
		struct staged_path item = { .text = p + sizeof(uint32_t) };
		uint32_t len;

		memcpy(&len, p, sizeof(len));
		item.len = len;
		p = item.text + len;
		path_split(item.text, item.len, &item.path);
		if (!has_prefix(l, item.text, item.len) || !is_wanted(l, &item.path))
			continue;
		if (mem_grow(&l->staged, &capacity, l->staged_count + 1, sizeof(*l->staged)))
			return error_no_memory(err);
		l->staged[l->staged_count++] = item;
	}
	if (l->staged_count)
		qsort(l->staged, l->staged_count, sizeof(*l->staged), by_path);
	for (size_t i = 0; i < l->staged_count; i++) {
		if (!kept || path_compare(&l->staged[kept - 1].path, &l->staged[i].path) != 0)
			l->staged[kept++] = l->staged[i];
	}
	l->staged_count = kept;
	return 0;
}

static void write_entry(struct batch_listing *l, const char *path, size_t len, const struct oid *id, uint64_t size)
{
	l->left--;
	json_writer_begin_object(l->w);
	out_json_path(l->w, path, len);
	out_json_id(l->w, "id", id);
	json_writer_member_uint(l->w, "size", size);
	json_writer_end_object(l->w);
}

static int write_staged(struct batch_listing *l, struct drift_error *err)
{
	const struct staged_path *item = &l->staged[l->staged_next];
	auto_buf bytes = BUF_INIT;
	struct oid id;
	int found = edits_preview(l->b->edits, &l->root, item->text, item->len, &bytes, err);

	if (found <= 0) {
		l->staged_next++;
		return found;
	}
	if (!l->left) {
		l->more = true;
		return 0;
	}
	l->staged_next++;
	object_hash(OBJECT_BLOB, bytes.data, bytes.len, &id);
	write_entry(l, item->text, item->len, &id, bytes.len);
	return 0;
}

/* Staged paths before `path` (NULL: all that are left) are written; *replaced_out says whether it is one of them. */
static int write_staged_before(struct batch_listing *l, const struct path *path, bool *replaced_out,
			       struct drift_error *err)
{
	*replaced_out = false;
	while (l->staged_next < l->staged_count && !l->more) {
		int order = path ? path_compare(&l->staged[l->staged_next].path, path) : -1;

		if (order > 0)
			break;
		if (!order)
			*replaced_out = true;
		if (write_staged(l, err))
			return -1;
	}
	return 0;
}

static int take_document(struct batch_listing *l, const struct path *path, const struct document *doc,
			 struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	struct oid id;
	bool replaced;

	if (!is_wanted(l, path))
		return 0;
	if (write_staged_before(l, path, &replaced, err))
		return -1;
	if (replaced || l->more)
		return 0;
	if (!l->left) {
		l->more = true;
		return 0;
	}
	path_format(path, &name);
	if (buf_check(&name, err))
		return -1;
	document_id(doc, &id);
	write_entry(l, name.data, name.len, &id, doc->len);
	return 0;
}

/* One collection from a key on, which is how long lists are paged through. */
static int list_collection(struct batch_listing *l, const struct path *prefix, struct drift_error *err)
{
	struct node_store *nodes = repo_nodes(l->b->ctx->repo);
	auto_map_cursor cursor = MAP_CURSOR_INIT;
	const struct path *from = l->after.len && path_compare(&l->after_path, prefix) > 0 ? &l->after_path : prefix;
	struct path path = *prefix;
	struct descriptor d;
	struct node_entry entry;
	struct document doc;
	struct map_root map;
	int more = tree_collection(nodes, &l->root, prefix->collection, prefix->collection_len, &d, err);

	if (more <= 0)
		return more;
	if (from == &l->after_path && (from->collection_len != prefix->collection_len ||
				       memcmp(from->collection, prefix->collection, from->collection_len) != 0))
		return 0;
	if (tree_documents(nodes, prefix->collection, prefix->collection_len, &d, &map, err) ||
	    map_cursor_seek(&cursor, nodes, &map, from->key, from->key_len, err))
		return -1;
	while (!l->more && (more = map_cursor_next(&cursor, &entry, err)) > 0) {
		path.key = (const char *)entry.key;
		path.key_len = entry.key_len;
		if (path.key_len < prefix->key_len || memcmp(path.key, prefix->key, prefix->key_len) != 0)
			return 0;
		if (document_decode(entry.value, entry.value_len, entry.loc, &doc, err) ||
		    take_document(l, &path, &doc, err))
			return -1;
	}
	return more < 0 ? -1 : 0;
}

static int list_all(struct batch_listing *l, struct drift_error *err)
{
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	int more = 1;

	if (tree_cursor_open(repo_nodes(l->b->ctx->repo), &l->root, l->prefix.data, l->prefix.len, &cursor, err))
		return -1;
	while (!l->more && (more = tree_cursor_next(cursor, &path, &doc, err)) > 0) {
		if (take_document(l, &path, &doc, err)) {
			more = -1;
			break;
		}
	}
	tree_cursor_free(cursor);
	return more < 0 ? -1 : 0;
}

static int write_list(struct batch_listing *l, struct drift_error *err)
{
	struct path prefix;
	bool replaced;
	int failed;

	json_writer_key(l->w, "documents");
	json_writer_begin_array(l->w);
	path_split(l->prefix.data, l->prefix.len, &prefix);
	failed = memchr(l->prefix.data, '/', l->prefix.len) ? list_collection(l, &prefix, err) : list_all(l, err);
	if (!failed && !l->more)
		failed = write_staged_before(l, NULL, &replaced, err);
	json_writer_end_array(l->w);
	json_writer_member_bool(l->w, "more", l->more);
	return failed;
}

int batch_list(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err)
{
	struct batch_listing l = {
		.b = b,
		.w = w,
		.prefix = BUF_INIT,
		.after = BUF_INIT,
		.left = LIST_DEFAULT,
	};
	auto_point point = POINT_INIT;
	bool at = json_members_get(&r->members, "at") != NULL;
	int failed;

	failed = request_text(r, "prefix", &l.prefix, err) < 0 || request_text(r, "after", &l.after, err) < 0 ||
		 request_number(r, "limit", &l.left, err) < 0 ||
		 (at ? batch_point(b, r, "at", &point, err) : batch_base(b, r, &point.tree, err));
	if (!failed) {
		l.root = point.tree;
		l.own = l.prefix.len >= strlen(TREE_RESERVED) &&
			!memcmp(l.prefix.data, TREE_RESERVED, strlen(TREE_RESERVED));
		path_split(l.after.data, l.after.len, &l.after_path);
		failed = (!at && collect_staged(&l, err)) || write_list(&l, err);
	}
	free(l.staged);
	buf_release(&l.prefix);
	buf_release(&l.after);
	return failed ? -1 : 0;
}
