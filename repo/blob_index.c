#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "objects/odb_exact.h"
#include "objects/odb_scan.h"
#include "repo/blob_index_internal.h"

#define FRESH_MIN 65536 /* entries; fewer are not worth writing the old table again */
#define FRESH_PART 8

enum { TABLE_OLD, TABLE_FRESH, TABLE_COUNT };

static const char *const table_names[TABLE_COUNT] = { "blobs", "blobs-new" };

struct blob_index {
	struct repo *repo;
	bool no_cache;
	const struct blob_progress *progress;
	bool loaded;
	bool from_start; /* all was read for the question at hand: what is not found is not there */
	uint64_t seen;  /* all that stands before is in the tables */
	/* Of all up to a place, and of what was written since; NULL: nothing. */
	struct derived_table *tables[TABLE_COUNT];
};

int blob_index_new(struct repo *repo, bool no_cache, const struct blob_progress *progress, struct blob_index **out,
		   struct drift_error *err)
{
	struct blob_index *index = calloc(1, sizeof(*index));

	if (!index)
		return error_no_memory(err);
	index->repo = repo;
	index->no_cache = no_cache;
	index->progress = progress;
	*out = index;
	return 0;
}

static void drop_tables(struct blob_index *index)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		derived_table_free(index->tables[i]);
		index->tables[i] = NULL;
	}
	index->seen = 0;
}

void blob_index_free(struct blob_index *index)
{
	if (!index)
		return;
	drop_tables(index);
	free(index);
}

void blob_found_release(struct blob_found *found)
{
	node_unref(found->node);
	found->node = NULL;
}

static int file_name(struct blob_index *index, int table, struct buf *folder, struct buf *file,
		     struct drift_error *err)
{
	buf_clear(folder);
	buf_clear(file);
	file_join(folder, repo_dir(index->repo), "cache");
	if (buf_check(folder, err))
		return -1;
	file_join(file, folder->data, table_names[table]);
	return buf_check(file, err);
}

uint64_t blob_print(const struct oid *id, enum blob_kind kind)
{
	uint64_t print = 0;

	for (size_t i = 0; i < 8; i++)
		print = print << 8 | id->bytes[i];
	return (print & ~BLOB_KIND_MASK) | (uint64_t)kind;
}

/* Is it of this store, and is the store not an older one, put back from a copy? */
static bool is_believed(struct blob_index *index, const struct derived_table *t, uint64_t end)
{
	const struct derived_mark *mark = derived_table_mark(t);
	struct odb *odb = repo_odb(index->repo);
	enum object_kind kind;
	uint64_t loc;

	if (mark->kind != DERIVED_BLOBS || memcmp(mark->store_id, odb_store_id(odb), sizeof(mark->store_id)) != 0 || mark->to > end)
		return false;
	return oid_is_zero(&mark->newest.id) ||
	       (odb_find(odb, &mark->newest.id, &kind, &loc, NULL) > 0 && loc == mark->newest.loc);
}

/* Whatever is wrong with a file, what it would have is read from the store again. */
static void load_files(struct blob_index *index, uint64_t end)
{
	auto_buf folder = BUF_INIT, file = BUF_INIT;

	for (int i = 0; i < TABLE_COUNT; i++) {
		struct derived_table *t;

		if (file_name(index, i, &folder, &file, NULL) || derived_table_open(file.data, &t, NULL))
			continue;
		if (is_believed(index, t, end) && derived_table_mark(t)->from <= index->seen &&
		    derived_table_mark(t)->to > index->seen) {
			index->tables[i] = t;
			index->seen = derived_table_mark(t)->to;
		} else {
			derived_table_free(t);
		}
	}
}

static int make_folder(struct blob_index *index, struct drift_error *err)
{
	auto_buf folder = BUF_INIT, file = BUF_INIT;

	if (file_name(index, TABLE_OLD, &folder, &file, err))
		return -1;
	return file_make_directories(folder.data, err);
}

/* Put what was found since in its place. `fresh` is freed. */
static int join(struct blob_index *index, struct derived_table *fresh, struct drift_error *err)
{
	struct derived_table **old = &index->tables[TABLE_OLD], **few = &index->tables[TABLE_FRESH], *made = NULL;
	uint64_t count = derived_table_count(fresh) + (*few ? derived_table_count(*few) : 0);
	bool all = count > FRESH_MIN && count > derived_table_count(*old) / FRESH_PART;
	auto_buf folder = BUF_INIT, file = BUF_INIT;
	int r = 0;

	if (*few) {
		r = derived_table_merge(NULL, *few, fresh, &made, err);
		derived_table_free(fresh);
		fresh = r ? NULL : made;
	}
	if (!r)
		r = file_name(index, all ? TABLE_OLD : TABLE_FRESH, &folder, &file, err);
	if (r) {
		derived_table_free(fresh);
	} else {
		/* Alone it is merged with an empty one, which writes it where it belongs. */
		r = derived_table_merge(index->no_cache ? NULL : file.data, all ? *old : fresh, fresh, &made, err);
		derived_table_free(fresh);
	}
	if (r)
		return -1;
	derived_table_free(*few);
	*few = all ? NULL : made;
	if (all) {
		derived_table_free(*old);
		*old = made;
		if (!index->no_cache && !file_name(index, TABLE_FRESH, &folder, &file, NULL))
			(void)!file_unlink(file.data, NULL);
	}
	return 0;
}

/* Read what stands behind that which the tables are of. */
static int extend(struct blob_index *index, struct drift_error *err)
{
	struct blob_scan_options options = { .progress = index->progress };
	auto_buf folder = BUF_INIT, file = BUF_INIT;
	struct derived_table *t, *last = index->tables[TABLE_FRESH];
	const char *path = NULL;
	uint64_t seen;

	if (!last)
		last = index->tables[TABLE_OLD];
	options.from = last ? derived_table_mark(last)->to : 0;
	index->from_start = !last;
	if (file_name(index, TABLE_OLD, &folder, &file, err) || (!index->no_cache && make_folder(index, err)))
		return -1;
	if (!index->no_cache) {
		options.dir = folder.data;
		path = last ? NULL : file.data;
	}
	if (blob_scan(index->repo, &options, path, &t, &seen, err))
		return -1;
	if (last ? join(index, t, err) : 0)
		return -1;
	if (!last)
		index->tables[TABLE_OLD] = t;
	index->seen = seen;
	return 0;
}

/* Without the folder, or with a full disk, in memory. */
static int extend_somehow(struct blob_index *index, struct drift_error *err)
{
	if (index->no_cache)
		return extend(index, err);
	if (!extend(index, NULL))
		return 0;
	index->no_cache = true;
	return extend(index, err);
}

static int rescan(struct blob_index *index, struct drift_error *err)
{
	drop_tables(index);
	return extend_somehow(index, err);
}

/* 1 if the tables are others than before / 0 / -1 */
static int refresh(struct blob_index *index, struct drift_error *err)
{
	uint64_t end, durable;
	bool first = !index->loaded;

	if (odb_scan_end(repo_odb(index->repo), &end, &durable, err))
		return -1;
	if (first && !index->no_cache)
		load_files(index, end);
	index->loaded = true;
	if (index->tables[TABLE_OLD] && index->seen >= end)
		return first;
	return extend_somehow(index, err) ? -1 : 1;
}

/* ---- looking up ---- */

struct search {
	struct blob_index *index;
	char prefix[OID_HEX_LEN];
	size_t prefix_len;
	struct oid first; /* with zeros behind the prefix */
	bool found;
	struct blob_found *out;
	struct drift_error lost; /* an entry leads nowhere: it was removed, or something is damaged */
};

static bool has_prefix(const struct oid *id, const char *prefix, size_t prefix_len)
{
	for (size_t i = 0; i < prefix_len; i++) {
		unsigned digit = i % 2 ? id->bytes[i / 2] & 15U : id->bytes[i / 2] >> 4;

		if (hex_digit((unsigned char)prefix[i]) != (int)digit)
			return false;
	}
	return true;
}

static int decode_entry(const struct node *node, size_t i, struct document *doc, struct drift_error *err)
{
	struct staged staged;
	struct node_entry e;

	node_entry_at(node, i, &e);
	if (node->kind == MAP_DOCUMENTS)
		return document_decode(e.value, e.value_len, e.loc, doc, err);
	if (staged_decode(e.value, e.value_len, e.loc, &staged, err))
		return -1;
	*doc = staged.document;
	if (staged.op != STAGED_PUT)
		doc->form = DOCUMENT_BLOB;
	return 0;
}

/* 1 / 0 it is the one found before / -1 */
static int add_found(struct search *s, const struct oid *id, struct drift_error *err)
{
	if (s->found && oid_equal(&s->out->id, id))
		return 0;
	if (s->found)
		return error_set(err, DRIFT_ERR_AMBIGUOUS, "'%.*s' is the beginning of several ids",
				 (int)s->prefix_len, s->prefix);
	s->found = true;
	s->out->id = *id;
	return 1;
}

static int look_in_leaf(struct search *s, struct node *node, struct drift_error *err)
{
	bool any = false;

	for (size_t i = 0; i < node->count; i++) {
		struct document doc;
		struct oid id;
		int r;

		if (decode_entry(node, i, &doc, err))
			return -1;
		if (doc.form != DOCUMENT_INLINE && doc.form != DOCUMENT_GITLINK)
			continue;
		document_id(&doc, &id);
		if (!has_prefix(&id, s->prefix, s->prefix_len))
			continue;
		any = true;
		r = add_found(s, &id, err);
		if (r < 0)
			return -1;
		if (r) {
			s->out->kind = OBJECT_BLOB;
			s->out->document = doc;
			s->out->node = node_ref(node);
		}
	}
	if (!any)
		error_set(&s->lost, DRIFT_ERR_CORRUPT, "the index of documents names a document that is not there");
	return 0;
}

static int look_at_entry(struct search *s, const struct derived_entry *e, struct drift_error *err)
{
	enum blob_kind kind = (enum blob_kind)(e->key & BLOB_KIND_MASK);
	auto_node *node = NULL;
	int r;

	if (odb_node_at(repo_odb(s->index->repo), e->value, &node, &s->lost))
		return 0;
	if (kind == BLOB_KIND_DOCUMENT) {
		if (!node->level && (node->kind == MAP_DOCUMENTS || node->kind == MAP_STAGE))
			return look_in_leaf(s, node, err);
	} else if (has_prefix(&node->id, s->prefix, s->prefix_len)) {
		r = add_found(s, &node->id, err);
		if (r > 0) {
			s->out->kind = OBJECT_TREE;
			s->out->loc = e->value;
		}
		return r < 0 ? -1 : 0;
	} else if (blob_print(&node->id, kind) == e->key) {
		return 0; /* another one that begins likewise */
	}
	error_set(&s->lost, DRIFT_ERR_CORRUPT, "the index of documents names a node that is not there");
	return 0;
}

static int search_table(struct search *s, struct derived_table *t, struct drift_error *err)
{
	uint64_t from = blob_print(&s->first, (enum blob_kind)0), i;
	unsigned digits = s->prefix_len < 15 ? (unsigned)s->prefix_len : 15;
	uint64_t mask = ~(UINT64_MAX >> (4 * digits));
	struct derived_entry e;

	if (s->prefix_len > 15)
		mask = ~BLOB_KIND_MASK;
	if (derived_table_search(t, from, &i, err))
		return -1;
	for (; i < derived_table_count(t); i++) {
		if (derived_table_get(t, i, &e, err))
			return -1;
		if ((e.key & mask) != (from & mask))
			break;
		/* Of other nodes only whole ids are known: they are too many. */
		if ((e.key & BLOB_KIND_MASK) == BLOB_KIND_NODE && s->prefix_len < OID_HEX_LEN)
			continue;
		if (look_at_entry(s, &e, err))
			return -1;
	}
	return 0;
}

/* 1 / 0 / -1; *lost_out: it was not found, but an entry led nowhere */
static int search_all(struct blob_index *index, const char *hex, size_t len, struct blob_found *out, bool *lost_out,
		      struct drift_error *err)
{
	struct blob_found found = BLOB_FOUND_INIT;
	struct search s = { .index = index, .prefix_len = len, .out = &found };

	memcpy(s.prefix, hex, len);
	for (size_t i = 0; i < len; i++)
		s.first.bytes[i / 2] |= (unsigned char)(hex_digit((unsigned char)hex[i]) << (i % 2 ? 0 : 4));
	for (int i = 0; i < TABLE_COUNT; i++) {
		if (index->tables[i] && search_table(&s, index->tables[i], err)) {
			blob_found_release(&found);
			return -1;
		}
	}
	if (s.found) {
		*out = found;
		return 1;
	}
	*lost_out = s.lost.code != DRIFT_OK;
	if (*lost_out && err)
		*err = s.lost;
	return 0;
}

int blob_index_find_prefix(struct blob_index *index, const char *prefix, size_t prefix_len, struct blob_found *out,
			   struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	bool lost = false;
	int r = 0, renewed;

	for (size_t i = 0; i < prefix_len; i++) {
		if (prefix_len > OID_HEX_LEN || hex_digit((unsigned char)prefix[i]) < 0)
			return 0;
	}
	index->from_start = false;
	if (index->loaded)
		r = search_all(index, prefix, prefix_len, out, &lost, &why);
	if (!r) {
		renewed = refresh(index, err);
		if (renewed < 0)
			return -1;
		if (renewed)
			r = search_all(index, prefix, prefix_len, out, &lost, &why);
	}
	/* What is damaged is not the store's, or the garbage collection took a version that stood for others. */
	if ((r < 0 && why.code != DRIFT_ERR_AMBIGUOUS) || (!r && lost)) {
		if (!index->from_start) {
			if (rescan(index, err))
				return -1;
			lost = false;
			r = search_all(index, prefix, prefix_len, out, &lost, &why);
		}
		if (!r && lost)
			r = -1;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

int blob_index_find(struct blob_index *index, const struct oid *id, struct blob_found *out, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];

	return blob_index_find_prefix(index, oid_to_hex(id, hex), OID_HEX_LEN, out, err);
}
