/*
 * Blocks become changes of a tree. While they ascend they are streamed; the first that does not ends that edit, and what comes
 * from there on is sorted and becomes a second edit of its result. A document is given out once the next one is seen to have another path.
 *
 * To replace a collection, what it held is walked beside the new documents, and removed where it is not among them. The walk
 * goes on from the first edit to the second, for which all that lies before is replaced already.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/documents.h"
#include "repo/import_internal.h"
#include "repo/repo.h"

#define CACHE_NAME "cache"

struct import_stream {
	struct tree_changes changes;
	struct repo *repo;
	const struct import_options *options;
	struct import_reader *reader;
	struct import_block *block, *following; /* that is given out, and the one after it */
	bool looked_ahead;
	size_t at;
	struct buf last_key; /* of the block before */
	bool broken;         /* the order */
	struct import_sorter *sorter;
	struct buf temp_dir;
	struct import_result counts;
	uint64_t input_len;

	struct odb_batch *batch;
	const struct tree_root *base;
	struct import_record put;
	bool has_put, ended;
	struct document document;
	struct tree_cursor *old_cursor;
	struct path old;
	bool has_old, old_ended;
};

/* The next block that has documents, NULL at the end. */
static int take_block(struct import_stream *s, struct import_block **out, struct drift_error *err)
{
	const struct import_options *o = s->options;
	struct import_block *b = NULL;
	const char *sentence;
	int r;

	while ((r = import_reader_next(s->reader, &b, err)) > 0) {
		s->counts.imported += b->imported;
		s->counts.skipped += b->skipped;
		for (sentence = b->bad.data; o->bad && sentence < b->bad.data + b->bad.len;
		     sentence += strlen(sentence) + 1)
			o->bad(o->data, sentence);
		if (o->progress)
			o->progress(o->data, s->counts.imported, b->input_len);
		if (b->count)
			break;
		import_reader_give(s->reader, b);
	}
	if (r < 0)
		return -1;
	*out = r ? b : NULL;
	return 0;
}

static int look_ahead(struct import_stream *s, struct drift_error *err)
{
	if (s->looked_ahead)
		return 0;
	s->looked_ahead = true;
	return take_block(s, &s->following, err);
}

static int start(struct import_stream *s, struct drift_error *err)
{
	if (import_reader_start(s->options, &s->reader, err) || take_block(s, &s->block, err))
		return -1;
	if (!s->block)
		return 0;
	s->broken = !s->block->ascending;
	return look_ahead(s, err);
}

int import_stream_open(struct repo *repo, const struct import_options *options, struct import_stream **out,
		       struct drift_error *err)
{
	struct import_stream *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	s->repo = repo;
	s->options = options;
	buf_init(&s->last_key);
	buf_init(&s->temp_dir);
	if (start(s, err)) {
		import_stream_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void import_stream_free(struct import_stream *s)
{
	if (!s)
		return;
	import_sorter_free(s->sorter);
	import_block_free(s->block);
	import_block_free(s->following);
	import_reader_free(s->reader);
	tree_cursor_free(s->old_cursor);
	buf_release(&s->last_key);
	buf_release(&s->temp_dir);
	free(s);
}

const struct import_block *import_stream_whole(const struct import_stream *s)
{
	return s->following ? NULL : s->block;
}

void import_stream_counts(const struct import_stream *s, struct import_result *out)
{
	out->imported = s->counts.imported;
	out->skipped = s->counts.skipped;
}

/* ---- in order ---- */

/* Go on to the block that follows, unless the order breaks there. */
static int next_block(struct import_stream *s, struct drift_error *err)
{
	struct import_record first, last;

	import_block_record(s->block, s->block->count - 1, &last);
	buf_clear(&s->last_key);
	buf_add(&s->last_key, last.key, last.key_len);
	if (buf_check(&s->last_key, err) || look_ahead(s, err))
		return -1;
	import_reader_give(s->reader, s->block);
	s->block = s->following;
	s->following = NULL;
	s->looked_ahead = false;
	s->at = 0;
	if (!s->block)
		return 0;
	import_block_record(s->block, 0, &first);
	s->broken =
		!s->block->ascending || key_compare(s->last_key.data, s->last_key.len, first.key, first.key_len) > 0;
	return 0;
}

/* Is the last record of the block followed by one of the same key? */
static int is_replaced(struct import_stream *s, struct drift_error *err)
{
	struct import_record first;

	if (s->at < s->block->count)
		return 0;
	if (look_ahead(s, err))
		return -1;
	if (!s->following)
		return 0;
	import_block_record(s->following, 0, &first);
	return !import_record_compare(&first, &s->put);
}

static int next_ascending(struct import_stream *s, struct drift_error *err)
{
	int replaced;

	while (s->block && !s->broken) {
		if (s->at == s->block->count) {
			if (next_block(s, err))
				return -1;
			continue;
		}
		import_block_record(s->block, s->at++, &s->put);
		replaced = is_replaced(s, err);
		if (replaced <= 0)
			return replaced < 0 ? -1 : 1;
	}
	return 0;
}

/* ---- out of order ---- */

static int find_temp_dir(struct import_stream *s, struct drift_error *err)
{
	struct file_info info;

	if (s->options->temp_dir) {
		buf_add_str(&s->temp_dir, s->options->temp_dir);
		return buf_check(&s->temp_dir, err);
	}
	file_join(&s->temp_dir, repo_dir(s->repo), CACHE_NAME);
	if (buf_check(&s->temp_dir, err) || file_look(s->temp_dir.data, &info, err))
		return -1;
	if (info.kind == FILE_DIRECTORY)
		return 0;
	buf_clear(&s->temp_dir);
	buf_add_str(&s->temp_dir, repo_dir(s->repo));
	return buf_check(&s->temp_dir, err);
}

/* All that is left goes into the sorter. */
static int sort_rest(struct import_stream *s, struct drift_error *err)
{
	struct import_block *b;

	if (find_temp_dir(s, err) || import_sorter_new(s->options, s->reader, s->temp_dir.data, &s->sorter, err))
		return -1;
	while (s->block) {
		b = s->block;
		s->block = NULL;
		if (import_sorter_add(s->sorter, b, err) || look_ahead(s, err))
			return -1;
		s->block = s->following;
		s->following = NULL;
		s->looked_ahead = false;
	}
	return import_sorter_finish(s->sorter, err);
}

/* ---- changes ---- */

/* The next document, in s->put. */
static int next_put(struct import_stream *s, struct drift_error *err)
{
	int r;

	if (s->has_put || s->ended)
		return 0;
	r = s->sorter ? import_sorter_next(s->sorter, &s->put, err) : next_ascending(s, err);
	s->has_put = r > 0;
	s->ended = !r;
	return r < 0 ? -1 : 0;
}

/* The next document that the collection held, in s->old. */
static int next_old(struct import_stream *s, struct drift_error *err)
{
	struct document document;
	int r;

	while (!s->has_old && !s->old_ended) {
		r = tree_cursor_next(s->old_cursor, &s->old, &document, err);
		if (r < 0)
			return -1;
		s->old_ended = !r;
		/* The prefix may be that of collections too. */
		s->has_old = r && s->old.collection_len == strlen(s->options->collection);
	}
	return 0;
}

/* 1 the old document is to be removed / 0 / -1 */
static int is_removal(struct import_stream *s, struct drift_error *err)
{
	struct path put;
	int order = -1;

	/* Where the order breaks more documents come. */
	if (!s->old_cursor || (!s->has_put && s->broken && !s->sorter))
		return 0;
	if (next_old(s, err))
		return -1;
	if (!s->has_old)
		return 0;
	if (s->has_put) {
		import_record_path(&s->put, &put);
		order = path_compare(&s->old, &put);
	}
	if (order <= 0)
		s->has_old = false;
	return order < 0;
}

/* Large documents may become deltas against what they replace. */
static int base_location(struct import_stream *s, const struct path *path, uint64_t *loc_out, struct drift_error *err)
{
	struct odb *odb = repo_odb(s->repo);
	struct document before;
	auto_node *node = NULL;
	enum object_kind kind;
	int found;

	*loc_out = LOC_UNKNOWN;
	found = tree_get(odb_batch_nodes(s->batch), s->base, path, &node, &before, err);
	if (found < 0)
		return -1;
	if (!found || before.form != DOCUMENT_BLOB)
		return 0;
	*loc_out = before.loc;
	return *loc_out == LOC_UNKNOWN && odb_find(odb, &before.blob, &kind, loc_out, err) < 0 ? -1 : 0;
}

static int make_document(struct import_stream *s, const struct path *path, struct drift_error *err)
{
	const struct import_record *r = &s->put;
	uint64_t base_loc = LOC_UNKNOWN;

	if (r->gitlink) {
		s->document = (struct document){ .form = DOCUMENT_GITLINK,
						 .mode = r->mode,
						 .data = (const unsigned char *)r->data,
						 .len = r->data_len };
		return 0;
	}
	if (r->data_len > VALUE_INLINE_MAX && base_location(s, path, &base_loc, err))
		return -1;
	return document_store(s->batch, r->data, r->data_len, r->mode, base_loc, &s->document, err);
}

static int next_change(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct import_stream *s = (struct import_stream *)self;
	int removal;

	if (next_put(s, err))
		return -1;
	removal = is_removal(s, err);
	if (removal < 0)
		return -1;
	if (removal) {
		*change_out = (struct tree_change){ .path = s->old, .document = NULL };
		return 1;
	}
	if (!s->has_put)
		return 0;
	s->has_put = false;
	import_record_path(&s->put, &change_out->path);
	if (make_document(s, &change_out->path, err))
		return -1;
	change_out->document = &s->document;
	return 1;
}

int import_stream_build(struct import_stream *s, struct odb_batch *batch, const struct tree_root *base,
			struct tree_root *root_out, struct drift_error *err)
{
	struct node_store *store = odb_batch_nodes(batch);
	struct tree_root root = *base;
	auto_buf extent = BUF_INIT;

	s->changes.next = next_change;
	s->batch = batch;
	s->base = base;
	import_extent(s->options, &extent);
	if (buf_check(&extent, err))
		return -1;
	if (s->options->replace && tree_cursor_open(store, base, extent.data, extent.len, &s->old_cursor, err))
		return -1;
	if (!s->broken && tree_edit(store, &root, &s->changes, &root, err))
		return -1;
	if (s->broken) {
		s->ended = false;
		if (sort_rest(s, err) || tree_edit(store, &root, &s->changes, &root, err))
			return -1;
	}
	*root_out = root;
	return 0;
}

void import_extent(const struct import_options *options, struct buf *out)
{
	buf_add_str(out, options->collection);
	if (*options->collection)
		buf_add_byte(out, '/');
	buf_add_str(out, options->prefix ? options->prefix : "");
}
