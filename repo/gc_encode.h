/*
 * Nodes and blobs into groups. Records are sorted into families, versions of one node or document; a family is read
 * oldest first, written newest first: whole, then each as an edit list against the one before; see pack_record.h.
 * Neighbours by key stand together.
 *
 * A stretch of 512 KiB is compressed as one group and as pieces of 32 KiB; it stays one where that takes less than
 * 88 % (versions of large documents), else the pieces are what is read (a few tens of microseconds each).
 */
#ifndef REPO_GC_ENCODE_H
#define REPO_GC_ENCODE_H

#include "objects/odb.h"
#include "objects/pack_write.h"

#define GC_PIECE_LEN ((size_t)32 << 10)
#define GC_STRETCH_LEN ((size_t)512 << 10)
#define GC_SORT_MEMORY ((size_t)32 << 20)

struct gc_encoder;

/* temp_dir: for the sort; level: of zstd. */
int gc_encoder_new(struct odb *odb, const char *temp_dir, int level, struct gc_encoder **out,
		   struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_encoder_free(struct gc_encoder *e);
/* A node or blob to be kept: file it under its family. */
int gc_encoder_add(struct gc_encoder *e, uint64_t loc, struct drift_error *err) MUST_CHECK;
/* After the last: read, encode, group and write all; ids of blobs go to the index. progress may be NULL. */
int gc_encoder_write(struct gc_encoder *e, struct pack_writer *w,
		     void (*progress)(void *data, uint64_t done, uint64_t total), void *data,
		     struct drift_error *err) MUST_CHECK;

#endif
