/*
 * Stores to measure on. What is dear to make is made once and kept in BENCH_DIR, until the next run; rows that write work on
 * a copy. Its users change one field of one document a commit.
 */
#ifndef BENCH_STOCK_H
#define BENCH_STOCK_H

#include "bench/child.h"
#include "bench/corpus.h"
#include "bench/measure.h"
#include "repo/writer.h"

/* An open store with documents of one length. */
struct desk {
	struct repo *repo;
	struct odb *odb;
	size_t document_count, document_len;
	struct edits *edits;
	size_t commit_count; /* made through this */
	uint64_t random;
};

struct stock_kind {
	size_t document_count, document_len;
	size_t commit_count; /* after the first, of one document each */
};

/* The path of such a store, which is made if it is not there; to be freed. Never to be written to. */
char *stock_get(const struct stock_kind *kind);
/* A copy of it under that name in BENCH_DIR; to be freed. */
char *stock_copy(const struct stock_kind *kind, const char *name);
/* A new empty one. */
char *stock_empty(const char *name);
/* A file of that many documents as lines of JSON; to be freed. */
char *stock_lines(size_t count, size_t len);

/* The document that the commits of a stock change WATCHED_CHANGES times, evenly spread; the others are drawn. */
#define WATCHED_NUMBER 7
#define WATCHED_CHANGES 10

void desk_open(struct desk *d, const char *dir, const struct stock_kind *kind, bool no_sync);
void desk_close(struct desk *d);
/* All documents in one commit, in process. */
void desk_fill(struct desk *d);
/* A document drawn, as it is after the next edit: its number. */
size_t desk_draw(struct desk *d, char text_out[CORPUS_TEXT_MAX + 1]);
/* Commit one field of document number i. */
void desk_commit_edit(struct desk *d, size_t i, size_t edit);
/* The same for a document drawn. */
void desk_commit_next(struct desk *d);
struct commit *desk_head(struct desk *d);
struct tree_root desk_tree_of(const struct commit *c);
struct odb_stats desk_stats(struct desk *d);

#endif
