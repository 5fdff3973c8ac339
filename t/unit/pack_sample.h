/* For tests of packs: one of journals 1 and 2, frame i with a commit (record 0) that puts a blob (record 1). */
#ifndef T_UNIT_PACK_SAMPLE_H
#define T_UNIT_PACK_SAMPLE_H

#include "objects/pack_write.h"

#define PACK_SAMPLE_FRAMES 500
#define PACK_SAMPLE_PATHS 40

extern const unsigned char pack_sample_store[16];

uint64_t pack_sample_loc(size_t i);
void pack_sample_stub(size_t i, struct buf *out);
/* As an item of a group. */
void pack_sample_blob(size_t i, struct buf *out);
void pack_sample_ids(size_t i, struct oid *commit_out, struct oid *blob_out);
/* The hash of path i, and where the newest commit is that changed it. */
uint64_t pack_sample_path(size_t i);
uint64_t pack_sample_newest(size_t i);
/* Written and published. dict: with a dictionary for the objects. */
int pack_sample_write(const char *dir, bool dict, struct pack_name *name_out, struct drift_error *err);

#endif
