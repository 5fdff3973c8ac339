/*
 * A bit for each record of the files that gc takes: those of journals, and of what packs keep of transactions, by a
 * table of their frames (some three bytes a frame), those that packs have in groups of objects by their place there.
 */
#ifndef REPO_GC_BITS_H
#define REPO_GC_BITS_H

#include "repo/gc_source.h"

struct gc_bits;

/* Goes through all that is taken. */
int gc_bits_new(struct gc_source *source, struct gc_bits **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_bits_free(struct gc_bits *b);
/* 1: it was clear; 0: it was set; -1, with DRIFT_ERR_NOT_FOUND where nothing is known of such a record. */
int gc_bits_set(struct gc_bits *b, uint64_t loc, struct drift_error *err) MUST_CHECK;
/* 1 / 0 / -1 */
int gc_bits_get(const struct gc_bits *b, uint64_t loc, struct drift_error *err) MUST_CHECK;

#endif
