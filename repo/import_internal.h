/*
 * The parts of an import, in the order in which documents pass them: a parser fills blocks (import_lines.c, import_array.c,
 * import_rows.c, with import_document.c for keys), a thread runs it (import_reader.c), a sorter holds what is out of order
 * (import_sort.c, import_items.c, import_merge.c), a stream makes changes of a tree of it (import_stream.c).
 */
#ifndef REPO_IMPORT_INTERNAL_H
#define REPO_IMPORT_INTERNAL_H

#include <stdatomic.h>

#include "objects/tree.h"
#include "repo/import.h"

/* One document. The key is collection, NUL, key, so that the order of bytes is the order of paths. */
struct import_record {
	uint64_t rank; /* the first bytes of the key behind what all keys begin with, most significant first */
	const char *key;
	size_t key_len, collection_len;
	const char *data;
	size_t data_len;
	uint32_t mode;
	bool gitlink; /* data is the id */
};

/* By key. */
int import_record_compare(const struct import_record *a, const struct import_record *b);
void import_record_path(const struct import_record *r, struct path *path_out);

struct import_entry {
	size_t key_at, data_at, data_len;
	uint64_t rank;
	uint32_t key_len, collection_len;
	uint32_t mode;
	bool gitlink;
};

/* A stretch of the input. */
struct import_block {
	struct import_block *next;
	struct import_entry *entries;
	size_t count, capacity;
	struct buf keys, data;
	bool ascending;     /* strictly */
	uint64_t imported;  /* good lines */
	uint64_t skipped;   /* bad lines */
	struct buf bad;     /* sentences of some of them, each ended by NUL */
	uint64_t input_len; /* bytes of input up to its end, from the start */
};
struct import_block *import_block_new(struct drift_error *err);
void import_block_clear(struct import_block *b);
/* NULL-safe; frees the whole list. */
void import_block_free(struct import_block *b);
/* Bytes of memory that it takes. */
size_t import_block_size(const struct import_block *b);
void import_block_record(const struct import_block *b, size_t i, struct import_record *out);

/* ---- parsing ---- */

struct import_input {
	const struct import_options *options;
	const atomic_bool *stop;
	bool started, ended;
	uint64_t len;      /* bytes read */
	uint64_t line;     /* that is being looked at, from 1 */
	uint64_t reported; /* bad lines whose sentence was kept */
	struct buf head;   /* collection, NUL, prefix: what all keys begin with */
	struct buf text;   /* scratch */
};
/* Up to len bytes, 0 at the end; a byte order mark at the start is passed over. */
int64_t import_read(struct import_input *in, void *data, size_t len, struct drift_error *err) MUST_CHECK;

/* Enter the document that stands in block->data, JSON, by what its key field says. A failure is for import_bad. */
int import_add_document(struct import_input *in, struct import_block *block, size_t data_at, size_t data_len,
			struct drift_error *err) MUST_CHECK;
/* The same with the text of the key. */
int import_add_entry(struct import_input *in, struct import_block *block, const char *key, size_t key_len,
		     const struct import_entry *entry, struct drift_error *err) MUST_CHECK;
/* The line was refused, err says why: count it, or make it the failure of the import. */
int import_bad(struct import_input *in, struct import_block *block, struct drift_error *err) MUST_CHECK;

struct import_parser {
	/* Fill an empty block: 1, or 0 with what is left when the input has ended, -1. */
	int (*fill)(struct import_parser *self, struct import_block *block, struct drift_error *err);
	void (*free)(struct import_parser *self);
};
struct import_parser *import_lines_new(struct import_input *in, struct drift_error *err);
struct import_parser *import_array_new(struct import_input *in, struct drift_error *err);
struct import_parser *import_rows_new(struct import_input *in, struct drift_error *err);

#define IMPORT_BLOCK_LEN ((size_t)1 << 20)
#define IMPORT_SORT_LEN ((size_t)36 << 20)

/* ---- reading ahead ---- */

struct import_reader;
int import_reader_start(const struct import_options *options, struct import_reader **out,
			struct drift_error *err) MUST_CHECK;
void import_reader_free(struct import_reader *r);
/* The next block, the caller's until it gives it back: 1 / 0 / -1. Blocks without documents come too. */
int import_reader_next(struct import_reader *r, struct import_block **out, struct drift_error *err) MUST_CHECK;
void import_reader_give(struct import_reader *r, struct import_block *block);

/* ---- sorting ---- */

/* A place in a block, or the block's own order. */
struct import_item {
	uint64_t rank;
	const struct import_block *block;
	size_t index;
};
/* Sort; of equal keys the last stays. Returns how many are left in items; *spare is as large. */
size_t import_items_sort(struct import_item **items, struct import_item **spare, size_t count);
/* The items are about to be gone through from the first on: ask for what will soon be read. To be called at each. */
void import_items_expect(const struct import_item *items, size_t count);

struct import_sorter;
int import_sorter_new(const struct import_options *options, struct import_reader *reader, const char *temp_dir,
		      struct import_sorter **out, struct drift_error *err) MUST_CHECK;
void import_sorter_free(struct import_sorter *s);
/* Takes the block over, whatever it returns. */
int import_sorter_add(struct import_sorter *s, struct import_block *block, struct drift_error *err) MUST_CHECK;
/* All are there: import_sorter_next gives them in order, 1 / 0 / -1, each once, good until the next call. */
int import_sorter_finish(struct import_sorter *s, struct drift_error *err) MUST_CHECK;
int import_sorter_next(struct import_sorter *s, struct import_record *out, struct drift_error *err) MUST_CHECK;

/* Sorted runs in a file. */
struct import_merge;
int import_merge_new(int fd, struct import_merge **out, struct drift_error *err) MUST_CHECK;
void import_merge_free(struct import_merge *m);
/* Runs are added in order of time: of equal keys the one of the latest run stays. */
int import_merge_add_run(struct import_merge *m, uint64_t start, uint64_t end, struct drift_error *err) MUST_CHECK;
/* A last run, in memory. */
int import_merge_add_items(struct import_merge *m, const struct import_item *items, size_t count,
			   struct drift_error *err) MUST_CHECK;
int import_merge_start(struct import_merge *m, struct drift_error *err) MUST_CHECK;
int import_merge_next(struct import_merge *m, struct import_record *out, struct drift_error *err) MUST_CHECK;
/* Append a record in the form of a run. */
void import_run_append(struct buf *out, const struct import_record *r);

/* ---- building ---- */

struct import_stream;
int import_stream_open(struct repo *repo, const struct import_options *options, struct import_stream **out,
		       struct drift_error *err) MUST_CHECK;
void import_stream_free(struct import_stream *s);
/* The block that holds all of the input, if it is as short as that and nothing was built yet; else NULL. */
const struct import_block *import_stream_whole(const struct import_stream *s);
/* Once: the tree with all documents put into base. */
int import_stream_build(struct import_stream *s, struct odb_batch *batch, const struct tree_root *base,
			struct tree_root *root_out, struct drift_error *err) MUST_CHECK;
/* What was read so far. */
void import_stream_counts(const struct import_stream *s, struct import_result *out);

/* Append what all paths of the import begin with, for tree_cursor_open and tree_diff. */
void import_extent(const struct import_options *options, struct buf *out);
/* Store what waits in the batch now, so that it can be read when the batch is cleared; root gets its place. */
int import_store_ahead(struct repo *repo, struct odb_batch *batch, bool locked, struct tree_root *root,
		       struct drift_error *err) MUST_CHECK;
/* The documents of a small import as edits; removals are not among them. */
int import_edits(struct repo *repo, const struct import_block *block, struct edits **out,
		 struct drift_error *err) MUST_CHECK;

#endif
