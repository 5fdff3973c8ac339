/*
 * What stands in the files that gc takes, journals and packs alike: transactions or what is left of them in order of
 * location, then the objects of packs in the order of their groups.
 */
#ifndef REPO_GC_SOURCE_H
#define REPO_GC_SOURCE_H

#include "objects/odb_files.h"
#include "objects/record.h"
#include "objects/txn.h"

struct gc_source {
	struct odb *odb;
	struct odb_files files;     /* all of the store */
	uint64_t first, last;       /* numbers of journals that are taken: a whole number of files */
	struct pack_source *sealed; /* of each of them, from the first */
	const atomic_bool
		*cancel; /* may be NULL; once true, all that goes through files stops with DRIFT_ERR_NOTHING */
};

/* Takes hold of the files as they are now. */
int gc_source_init(struct gc_source *s, struct odb *odb, struct drift_error *err) MUST_CHECK;
void gc_source_release(struct gc_source *s);
/* The file that has what journal `number` had; NULL if it is none of these. */
const struct odb_file *gc_source_file(const struct gc_source *s, uint64_t number);
/* Take the files that cover these journals. */
int gc_source_take(struct gc_source *s, uint64_t first, uint64_t last, struct drift_error *err) MUST_CHECK;
/* When journal `number`, one of those taken, was sealed: packs tell it of each that they took. */
uint64_t gc_source_sealed(const struct gc_source *s, uint64_t number);
/* Is what stands there taken? */
bool gc_source_takes(const struct gc_source *s, uint64_t loc);

struct gc_frame {
	uint64_t loc;
	bool packed;
	bool is_txn; /* a transaction, or a stub; else one record */
	const unsigned char *payload;
	size_t len;
};
/*
 * Frames of journals and stubs of packs at locations in [from, to), in order; from: of a frame or of a file (offset 0).
 * What a journal has that is damaged ends it with DRIFT_ERR_CORRUPT, which names file and offset. Non-zero from each
 * stops and is returned.
 */
int gc_source_frames(struct gc_source *s, uint64_t from, uint64_t to,
		     int (*each)(void *data, const struct gc_frame *frame, struct drift_error *err), void *data,
		     struct drift_error *err) MUST_CHECK;
/* All that is taken. */
int gc_source_taken(struct gc_source *s, int (*each)(void *data, const struct gc_frame *frame, struct drift_error *err),
		    void *data, struct drift_error *err) MUST_CHECK;

struct gc_packed {
	struct record record; /* its location is known, see pack_record.h */
	uint64_t family;      /* of a plain blob */
	uint64_t older_loc;   /* of a node: what follows it as its delta, or LOC_UNKNOWN */
};
/* The objects of taken packs. */
int gc_source_packed(struct gc_source *s,
		     int (*each)(void *data, const struct gc_packed *object, struct drift_error *err), void *data,
		     struct drift_error *err) MUST_CHECK;

/* Any record by its location, in any file; its bytes live in payload. DRIFT_ERR_NOT_FOUND: it was removed. */
int gc_source_record(const struct gc_source *s, uint64_t loc, struct buf *payload, struct record *out,
		     struct drift_error *err) MUST_CHECK;
/* The same, its bytes alone, appended. */
int gc_source_bytes(const struct gc_source *s, uint64_t loc, struct buf *out, struct drift_error *err) MUST_CHECK;

#endif
