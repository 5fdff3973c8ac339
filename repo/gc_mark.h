/*
 * What is needed of the files that gc takes. Memory: a bit for each record, some bytes for each frame, a stack.
 *
 * Roots: the values of all refs, both values of each update in log entries that are young enough, everything in
 * journals that were sealed not long ago, and every location named in the frames behind the taken files (bases of
 * deltas too). Nothing refers forward, so what lies in a file before the taken ones leads to none of them. Commits are
 * marked first; then the trees of those marked, oldest first, so that each node is decoded from the one before.
 */
#ifndef REPO_GC_MARK_H
#define REPO_GC_MARK_H

#include "repo/gc_source.h"

struct gc_marks;

struct gc_mark_options {
	int64_t reflog_since_usec;                     /* log entries since then keep what they name */
	uint64_t keep_from_sec;                        /* everything in journals sealed since then is kept */
	bool keep_all;                                 /* no walk: everything is marked */
	void (*progress)(void *data, uint64_t marked); /* may be NULL */
	void *data;
};

/* source lives as long as the marks; what it takes is settled. */
int gc_marks_new(struct gc_source *source, const struct gc_mark_options *options, struct gc_marks **out,
		 struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_marks_free(struct gc_marks *marks);
/* Mark from all roots, frames behind the taken files up to `end` (a location) included. */
int gc_mark(struct gc_marks *marks, uint64_t end, struct drift_error *err) MUST_CHECK;
/* Mark what the frames in [from, to) name, and its closure. added_out: how many that were not marked. */
int gc_mark_since(struct gc_marks *marks, uint64_t from, uint64_t to, uint64_t *added_out,
		  struct drift_error *err) MUST_CHECK;
/* From here on everything is marked. */
void gc_mark_everything(struct gc_marks *marks);
/* 1 / 0 / -1; loc: of a record in what is taken. */
int gc_marked(const struct gc_marks *marks, uint64_t loc, struct drift_error *err) MUST_CHECK;
/* Of what was missing while marking, so that everything is kept, a sentence; NULL: nothing was. */
const struct drift_error *gc_mark_lost(const struct gc_marks *marks);

#endif
