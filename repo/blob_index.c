#include "repo/blob_index_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"

#define FILE_LEN_MAX ((uint64_t)8 << 30)

struct blob_index {
	struct repo *repo;
	bool no_cache;
	bool loaded;
	bool from_file; /* what it says may be wrong, though not what is found by it */
	struct blob_table table;
};

int blob_index_new(struct repo *repo, bool no_cache, struct blob_index **out, struct drift_error *err)
{
	struct blob_index *index = calloc(1, sizeof(*index));

	if (!index)
		return error_no_memory(err);
	index->repo = repo;
	index->no_cache = no_cache;
	*out = index;
	return 0;
}

void blob_index_free(struct blob_index *index)
{
	if (!index)
		return;
	blob_table_release(&index->table);
	free(index);
}

void blob_found_release(struct blob_found *found)
{
	node_unref(found->node);
	found->node = NULL;
}

static int read_mark(struct blob_index *index, struct blob_mark *mark, struct drift_error *err)
{
	struct odb_stats stats;

	if (odb_stats(repo_odb(index->repo), false, &stats, err))
		return -1;
	mark->file_count = stats.file_count;
	mark->used_bytes = stats.used_bytes;
	return 0;
}

static bool same_size(const struct blob_mark *a, const struct blob_mark *b)
{
	return a->file_count == b->file_count && a->used_bytes == b->used_bytes;
}

/* Of the same size, but is it the same store? */
static bool is_current(struct blob_index *index, const struct blob_table *t, const struct blob_mark *now)
{
	enum object_kind kind;
	uint64_t loc;

	return same_size(&t->mark, now) && odb_find(repo_odb(index->repo), &t->mark.newest.id, &kind, &loc, NULL) > 0 &&
	       loc == t->mark.newest.loc;
}

static void file_name(struct blob_index *index, struct buf *folder, struct buf *file)
{
	file_join(folder, repo_dir(index->repo), "cache");
	file_join(file, folder->data, "blobs");
}

/* Whatever is wrong with the file, it is made again. */
static bool load_file(struct blob_index *index, const struct blob_mark *now)
{
	auto_buf folder = BUF_INIT, file = BUF_INIT, bytes = BUF_INIT;
	struct blob_table t;

	file_name(index, &folder, &file);
	if (buf_check(&file, NULL) || file_read_whole(file.data, FILE_LEN_MAX, &bytes, NULL) ||
	    blob_table_decode(bytes.data, bytes.len, &t, NULL))
		return false;
	if (!is_current(index, &t, now)) {
		blob_table_release(&t);
		return false;
	}
	blob_table_release(&index->table);
	index->table = t;
	return true;
}

/* A cache that cannot be written is done without. */
static void save_file(struct blob_index *index)
{
	auto_buf folder = BUF_INIT, file = BUF_INIT, bytes = BUF_INIT;

	if (oid_is_zero(&index->table.mark.newest.id))
		return;
	file_name(index, &folder, &file);
	blob_table_encode(&index->table, &bytes);
	if (buf_check(&file, NULL) || buf_check(&bytes, NULL))
		return;
	(void)!file_make_directory(folder.data, NULL);
	(void)!file_replace(file.data, bytes.data, bytes.len, NULL);
}

static int scan(struct blob_index *index, const struct blob_mark *now, struct drift_error *err)
{
	struct blob_table t;

	if (blob_table_scan(index->repo, &t, err))
		return -1;
	blob_table_release(&index->table);
	index->table = t;
	index->table.mark.file_count = now->file_count;
	index->table.mark.used_bytes = now->used_bytes;
	index->from_file = false;
	index->loaded = true;
	if (!index->no_cache)
		save_file(index);
	return 0;
}

/* 1 if the table is another than before / 0 / -1 */
static int refresh(struct blob_index *index, struct drift_error *err)
{
	struct blob_mark now;

	if (read_mark(index, &now, err))
		return -1;
	if (index->loaded && same_size(&index->table.mark, &now))
		return 0;
	if (!index->loaded && !index->no_cache && load_file(index, &now)) {
		index->loaded = index->from_file = true;
		return 1;
	}
	return scan(index, &now, err) ? -1 : 1;
}

/* The first entry whose id is not before `id`. */
static size_t find_slot(const struct blob_table *t, const struct oid *id)
{
	size_t low = 0, high = t->entry_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (oid_compare(&t->entries[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int decode_entry(const struct node_entry *e, enum map_kind kind, struct blob_found *out, struct drift_error *err)
{
	struct staged staged;
	struct descriptor d;

	out->kind = OBJECT_BLOB;
	switch (kind) {
	case MAP_ROOT:
		out->kind = OBJECT_TREE;
		if (descriptor_decode(e->value, e->value_len, e->loc, &d, err))
			return -1;
		out->loc = d.root_loc;
		out->id = d.root;
		return 0;
	case MAP_STAGE:
		if (staged_decode(e->value, e->value_len, e->loc, &staged, err))
			return -1;
		out->document = staged.document;
		break;
	case MAP_DOCUMENTS:
		if (document_decode(e->value, e->value_len, e->loc, &out->document, err))
			return -1;
		break;
	case MAP_INDEX:
		return error_set(err, DRIFT_ERR_CORRUPT, "the index of documents names a node of another kind");
	}
	document_id(&out->document, &out->id);
	return 0;
}

static int read_entry(struct blob_index *index, const struct blob_entry *entry, struct blob_found *out,
		      struct drift_error *err)
{
	const struct blob_node *at = &index->table.nodes[entry->node];
	struct blob_found found = BLOB_FOUND_INIT;
	struct node_entry e;
	int r;

	if (odb_node(repo_odb(index->repo), &at->id, at->loc, &found.node, err))
		return -1;
	if (entry->slot >= found.node->count || found.node->level) {
		r = error_set(err, DRIFT_ERR_CORRUPT, "the index of documents names an entry that is not there");
	} else {
		node_entry_at(found.node, entry->slot, &e);
		r = decode_entry(&e, found.node->kind, &found, err);
		if (!r && !oid_equal(&found.id, &entry->id))
			r = error_set(err, DRIFT_ERR_CORRUPT, "the index of documents names another document");
	}
	if (r || found.kind == OBJECT_TREE)
		blob_found_release(&found);
	if (!r)
		*out = found;
	return r;
}

static bool has_prefix(const struct oid *id, const char *prefix, size_t prefix_len)
{
	for (size_t i = 0; i < prefix_len; i++) {
		unsigned digit = i % 2 ? id->bytes[i / 2] & 15U : id->bytes[i / 2] >> 4;

		if (hex_digit((unsigned char)prefix[i]) != (int)digit)
			return false;
	}
	return true;
}

static int search(struct blob_index *index, const char *prefix, size_t prefix_len, struct blob_found *out,
		  struct drift_error *err)
{
	const struct blob_table *t = &index->table;
	struct oid first = { .bytes = { 0 } };
	size_t at;

	for (size_t i = 0; i < prefix_len; i++)
		first.bytes[i / 2] |= (unsigned char)(hex_digit((unsigned char)prefix[i]) << (i % 2 ? 0 : 4));
	at = find_slot(t, &first);
	if (at == t->entry_count || !has_prefix(&t->entries[at].id, prefix, prefix_len))
		return 0;
	if (at + 1 < t->entry_count && has_prefix(&t->entries[at + 1].id, prefix, prefix_len))
		return error_set(err, DRIFT_ERR_AMBIGUOUS, "'%.*s' is the beginning of several ids", (int)prefix_len,
				 prefix);
	return read_entry(index, &t->entries[at], out, err) ? -1 : 1;
}

/* Any other tree node, of which only whole ids are known: 1 / 0 / -1. */
static int find_node(struct blob_index *index, const char *hex, size_t len, struct blob_found *out,
		     struct drift_error *err)
{
	const struct blob_table *t = &index->table;
	auto_node *node = NULL;
	size_t low = 0, high = t->print_count;
	uint64_t print;
	struct oid id;

	if (len != OID_HEX_LEN || oid_from_hex(hex, len, &id, NULL))
		return 0;
	print = blob_print(&id);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->prints[middle] < print)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->print_count || t->prints[low] != print)
		return 0;
	if (odb_node(repo_odb(index->repo), &id, LOC_UNKNOWN, &node, err))
		return -1;
	*out = (struct blob_found){ .id = id, .kind = OBJECT_TREE, .loc = node->loc };
	return 1;
}

static int search_all(struct blob_index *index, const char *hex, size_t len, struct blob_found *out,
		      struct drift_error *err)
{
	int r = search(index, hex, len, out, err);

	return r ? r : find_node(index, hex, len, out, err);
}

int blob_index_find_prefix(struct blob_index *index, const char *prefix, size_t prefix_len, struct blob_found *out,
			   struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	int r = 0, renewed = 0;

	for (size_t i = 0; i < prefix_len; i++) {
		if (prefix_len > OID_HEX_LEN || hex_digit((unsigned char)prefix[i]) < 0)
			return 0;
	}
	if (index->loaded)
		r = search_all(index, prefix, prefix_len, out, &why);
	if (!r)
		renewed = refresh(index, &why);
	if (renewed > 0)
		r = search_all(index, prefix, prefix_len, out, &why);
	if (r < 0 && index->from_file && why.code != DRIFT_ERR_AMBIGUOUS) {
		struct blob_mark now = index->table.mark;

		renewed = scan(index, &now, &why);
		r = renewed ? -1 : search_all(index, prefix, prefix_len, out, &why);
	}
	if (r >= 0 && renewed >= 0)
		return r;
	if (err)
		*err = why;
	return -1;
}

int blob_index_find(struct blob_index *index, const struct oid *id, struct blob_found *out, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return blob_index_find_prefix(index, oid_to_hex(id, hex), OID_HEX_LEN, out, err);
}
