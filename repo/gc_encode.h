/*
 * Nodes and blobs into groups. Records are sorted into families, versions of one node or document; a family is read
 * oldest first, written newest first: whole, then each as an edit list against the one before; see pack_record.h.
 * Neighbours by key stand together.
 *
 * A stretch of 512 KiB is compressed as one group and as pieces of 32 KiB; it stays one where that takes less than
 * 88 % (versions of large documents), else the pieces are what is read (a few tens of microseconds each). Where size is
 * all, and stretches stay one, they have 2 MiB.
 */
#ifndef REPO_GC_ENCODE_H
#define REPO_GC_ENCODE_H

#include "objects/pack_write.h"
#include "repo/gc_source.h"

#define GC_PIECE_LEN ((size_t)32 << 10)
#define GC_STRETCH_LEN ((size_t)512 << 10)
#define GC_STRETCH_FULL_LEN ((size_t)2 << 20)
#define GC_SORT_MEMORY ((size_t)8 << 20)

struct gc_encoder;

struct gc_encode_options {
	const char *temp_dir;                                        /* for the sort */
	int level;                                                   /* of zstd */
	size_t stretch_len;                                          /* 0: GC_STRETCH_LEN */
	void (*progress)(void *data, uint64_t done, uint64_t total); /* of gc_encoder_write; may be NULL */
	void *data;
};

/* source lives as long as the encoder. */
int gc_encoder_new(struct gc_source *source, const struct gc_encode_options *options, struct gc_encoder **out,
		   struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void gc_encoder_free(struct gc_encoder *e);

/* A node or blob to be kept. */
struct gc_object {
	const struct record *record; /* with its location */
	uint64_t family;             /* of a blob from a pack: what pack_record_family says; else 0 */
	uint64_t older_loc; /* of a node: the version that it was made from, LOC_UNKNOWN if that is not known */
};
/* Does this record of a journal hold a node of a root map? */
int gc_encoder_is_root(struct gc_encoder *e, const struct record *record, bool *root_out,
		       struct drift_error *err) MUST_CHECK;
int gc_encoder_add(struct gc_encoder *e, const struct gc_object *object, struct drift_error *err) MUST_CHECK;
/* After the last: read, encode, group and write all; ids of blobs and of nodes of root maps go to the index. */
int gc_encoder_write(struct gc_encoder *e, struct pack_writer *w, struct drift_error *err) MUST_CHECK;

#endif
