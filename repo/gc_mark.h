/*
 * What is needed of the files that gc takes. Memory: a bit for each record, some bytes for each frame of a journal,
 * a stack.
 *
 * Roots: the values of all refs, both values of each update in log entries that are young enough, and every location
 * named in the frames behind the taken files (bases of deltas too). Nothing refers forward, so what lies in a file
 * before the taken ones leads to none of them. Commits are marked first; then the trees of those marked, oldest
 * first, so that each node is decoded from the one before.
 */
#ifndef REPO_GC_MARK_H
#define REPO_GC_MARK_H

#include "objects/odb_files.h"

struct gc_marks;

struct gc_mark_options {
	uint64_t first, last;      /* journal numbers of the taken files */
	int64_t reflog_since_usec; /* log entries since then keep what they name */
	uint64_t keep_from_sec;    /* everything in journals sealed since then is kept */
	bool keep_all;             /* no walk: everything is marked */
	const atomic_bool *cancel;
	void (*progress)(void *data, uint64_t marked);
	void *data;
};

int gc_marks_new(struct odb *odb, const struct odb_files *files, const struct gc_mark_options *options,
		 struct gc_marks **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_marks_free(struct gc_marks *marks);
/* Mark from all roots, frames behind the taken files up to `end` (a location) included. */
int gc_mark(struct gc_marks *marks, uint64_t end, struct drift_error *err) MUST_CHECK;
/* Mark what the frames in [from, to) name, and its closure. added_out: how many that were not marked. */
int gc_mark_since(struct gc_marks *marks, uint64_t from, uint64_t to, uint64_t *added_out,
		  struct drift_error *err) MUST_CHECK;
bool gc_marked(const struct gc_marks *marks, uint64_t loc);

/* What stands in the taken files, in order of location. */
struct gc_item {
	uint64_t loc;                 /* of the frame */
	bool is_txn;                  /* a transaction or its stub; else one record */
	const unsigned char *payload; /* valid until the next call */
	size_t len;
	const uint8_t *moved; /* of what was in a pack: numbers of records that are in its OBJECTS */
	size_t moved_count;
};
struct gc_source;
int gc_source_open(struct odb *odb, const struct odb_files *files, uint64_t first, uint64_t last,
		   struct gc_source **out, struct drift_error *err) MUST_CHECK;
/* 1 / 0 / -1 */
int gc_source_next(struct gc_source *source, struct gc_item *item_out, struct drift_error *err) MUST_CHECK;
void gc_source_close(struct gc_source *source);

#endif
