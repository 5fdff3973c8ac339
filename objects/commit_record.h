/*
 * Commits as the journal keeps them: every field that another record near by already holds is a location. After the
 * head byte of record.h:
 *
 *   32 bytes own id, 32 bytes tree id, location of the tree
 *   varint flags (below), varint seq, [varint gen]
 *   varint parent count, for each its location, and its 32-byte id if that is unknown
 *   [location of jump, its id if unknown]           unless it is the first parent, or there is none
 *   location of the nearest merge on the first-parent line, itself excluded; unknown if there is none
 *   committer: varint length, who | location of a commit that spells out the same who (its author's if it
 *              spells that out, else its committer's)
 *              svarint time (microseconds, or seconds with SECONDS), [u8 length, zone]
 *   [author: likewise, each part only where it differs from the committer's]
 *   [svarint effective time less committer's time, microseconds]
 *   [varint length, encoding] [varint length, extra headers]
 *   message: the rest, as it is or, with ZSTD, varint raw length and a bare zstd frame
 *
 * In packs, 32 zeros in place of the tree's id stand for the id of the node at its location.
 *
 * The own id lets children name their parents by location alone; it is verified when the commit is read.
 */
#ifndef OBJECTS_COMMIT_RECORD_H
#define OBJECTS_COMMIT_RECORD_H

#include "objects/commit.h"
#include "objects/record.h"

enum commit_record_flag {
	COMMIT_RECORD_GEN = 1,
	COMMIT_RECORD_JUMP = 2,             /* a jump other than the first parent follows */
	COMMIT_RECORD_COMMITTER_REF = 4,
	COMMIT_RECORD_COMMITTER_ZONE = 8,   /* other than +0000 */
	COMMIT_RECORD_SECONDS = 16,         /* both times are whole seconds */
	COMMIT_RECORD_AUTHOR_WHO = 32,      /* differs from the committer's */
	COMMIT_RECORD_AUTHOR_REF = 64,
	COMMIT_RECORD_AUTHOR_TIME = 128,
	COMMIT_RECORD_AUTHOR_ZONE = 256,
	COMMIT_RECORD_TIME = 512,
	COMMIT_RECORD_ENCODING = 1024,
	COMMIT_RECORD_EXTRA = 2048,
	COMMIT_RECORD_ZSTD = 4096,
	COMMIT_RECORD_MEANS_COMMITTER = 8192, /* packs only: see commit_record_encode_packed */
	COMMIT_RECORD_FLAGS = 16383
};

/* A parsed record: a commit whose missing pieces are known by location. Texts point into the record. */
struct commit_record {
	struct commit commit;       /* ids of parents and jump are zero where only the location is known */
	unsigned flags;
	uint64_t committer_loc, author_loc; /* of a commit that spells out the who, where flags say so */
	struct buf message;         /* decompressed */
	struct object_ref parent_storage[2]; /* commit.parents points here if there are at most two */
	struct object_ref *parents_allocated;
};

/* Append the record, head byte included. committer_loc and author_loc: where the same who is spelt out, or LOC_UNKNOWN. */
int commit_record_encode(const struct commit *c, uint64_t self, uint64_t committer_loc, uint64_t author_loc,
			 struct compressor *z, struct buf *out, struct drift_error *err) MUST_CHECK;
/*
 * As packs have it: each who is spelled out, the message is raw, and zeros stand for the tree's id if its location is
 * known. Other commits may name the record to mean the who that it spelled out where it first stood; means_committer:
 * that was the committer, though the author differs.
 */
int commit_record_encode_packed(const struct commit *c, uint64_t self, bool means_committer, struct buf *out,
				struct drift_error *err) MUST_CHECK;
/* What means_committer must be for a commit that stands in this record. */
int commit_record_means_committer(const struct record *r, bool *means_out, struct drift_error *err) MUST_CHECK;
/* Parse what follows the head byte (record_parse's body). */
int commit_record_parse(const struct record *r, struct compressor *z, struct commit_record *out,
			struct drift_error *err) MUST_CHECK;
void commit_record_release(struct commit_record *r);
/* Who is meant where another record names this one: NULL if nobody is spelled out here. */
const struct text *commit_record_spelled(const struct commit_record *r);
/* The own id and the tree of a record (zeros in packs), without parsing the rest. */
int commit_record_ids(const struct record *r, struct oid *id_out, struct object_ref *tree_out, struct drift_error *err) MUST_CHECK;
/* What leads back from a commit: locations, LOC_UNKNOWN where there is none or only an id is written. */
struct commit_step {
	uint64_t seq, parent_loc, jump_loc;
};
int commit_record_step(const struct record *r, struct commit_step *out, struct drift_error *err) MUST_CHECK;
/* Where the first parent stands: LOC_UNKNOWN if there is none, or none whose location is written. */
int commit_record_parent(const struct record *r, uint64_t *loc_out, struct drift_error *err) MUST_CHECK;

#endif
