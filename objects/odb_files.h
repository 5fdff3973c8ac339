/*
 * The files of a store, for those who look after them: sealing, collection of garbage, checking, mending. Everybody
 * else reads by location or id (odb.h) and does not see in which file a thing is.
 *
 * `current` names, in this order, packs ("pack SHA FIRST LAST SEALED") and journals ("journal NUMBER CLOSED"), so
 * that each journal from 1 to the live one is covered exactly once. The numbers of journals, and so locations, are
 * never used again.
 */
#ifndef OBJECTS_ODB_FILES_H
#define OBJECTS_ODB_FILES_H

#include "objects/journal.h"
#include "objects/odb.h"
#include "objects/pack.h"
#include "objects/txn.h"

/*
 * A journal past one of these is sealed by the next who takes the append lock; bytes double for each 4096 numbers
 * used.
 */
#define SEAL_BYTES ((uint64_t)16 << 20)
#define SEAL_FRAMES 65536

const unsigned char *odb_store_id(const struct odb *odb); /* 16 bytes */
const char *odb_pack_dir(const struct odb *odb);

/* One file. A journal has pack NULL; closed_at 0 is the live one. */
struct odb_file {
	uint64_t first, last;    /* numbers of journals; equal for a journal */
	uint64_t closed_at;      /* of a journal: frames from there on do not count */
	uint64_t sealed_sec;     /* of a pack; of a journal when it was last written to */
	struct journal *journal; /* one of them is NULL */
	struct pack *pack;
};

/*
 * The files as they are now, oldest first; they stay open and readable until odb_files_release, whatever becomes of
 * them meanwhile: a descriptor each. The journals are not for writing.
 */
struct odb_files {
	struct odb_file *items;
	size_t count;
	void *hold;
};
int odb_files_get(struct odb *odb, struct odb_files *files_out, struct drift_error *err) MUST_CHECK;
void odb_files_release(struct odb_files *files);

/*
 * Seal the live journal, durably, if anything stands in it; under the append lock. 1 sealed, 0 nothing to seal, -1:
 * all as before.
 */
int odb_seal(struct odb *odb, struct drift_error *err) MUST_CHECK;
/*
 * Changes whenever a pack takes the place of files: what was looked up before may have been removed since, unless a
 * ref leads to it. Known to be so under the append lock.
 */
uint64_t odb_packs_mark(struct odb *odb);
/* How many sealed journals wait to be packed; cheap. */
size_t odb_sealed_count(struct odb *odb);

/*
 * The exclusive right to replace and unlink files: 0; 1 if somebody else has it; -1. Held until odb_gc_unlock; over
 * processes and threads. wait: until whoever has it is done; who has it through the same handle is not waited for.
 */
int odb_gc_lock(struct odb *odb, bool wait, struct drift_error *err) MUST_CHECK;
void odb_gc_unlock(struct odb *odb);
/*
 * Is no batch under way that has written objects ahead, in any process? 1: none, and none begins to until
 * odb_batches_release; 0; -1. Under the append lock, all the time: who begins a batch waits with that lock in hand.
 */
int odb_batches_exclude(struct odb *odb, struct drift_error *err) MUST_CHECK;
void odb_batches_release(struct odb *odb);

/*
 * Under gc and append lock: `pack` (published) takes the place of the files that cover its journals; durably. Makes
 * the index anew: heads of the newest pack, and what journals are left. The old files are to be unlinked with
 * odb_remove_leftovers.
 */
int odb_replace_files(struct odb *odb, const struct pack_name *pack, struct drift_error *err) MUST_CHECK;
/*
 * Under the gc lock, without the append lock, which it takes: unlink journals and packs that `current` does not name,
 * and temporary files, once `current` is durable. What cannot be unlinked stays, and does no harm.
 */
struct odb_leftovers {
	size_t removed;
	struct drift_error stuck; /* not DRIFT_OK: the first that stays, and why */
};
int odb_remove_leftovers(struct odb *odb, struct odb_leftovers *out, struct drift_error *err) MUST_CHECK;

/*
 * Objects are written ahead of what will refer to them: until the end no gc removes anything. Batches do so by
 * themselves. The first under the append lock.
 */
int odb_spill_begin(struct odb *odb, struct drift_error *err) MUST_CHECK;
void odb_spill_end(struct odb *odb);

/* The end of the live journal, where frames not yet written will stand: a location. Under the append lock. */
uint64_t odb_end(struct odb *odb);
/* For who may not lock: a location behind all that readers see; LOC_UNKNOWN where nothing tells. */
uint64_t odb_visible_end(struct odb *odb);
/*
 * Heads of refs at the end of the file that ends with journal `last` (of all refs ever): what the newest pack up to
 * there knows, and what was appended since; sources: of all journals from 1 to `last`, where a pack has those from its
 * first on.
 */
int odb_heads_at(struct odb *odb, uint64_t last, struct pack_heads *heads_out, struct drift_error *err) MUST_CHECK;

/*
 * Every location that the items of a frame name, for marking; kind: what stands there as far as is known. Deltas
 * name their bases, nodes their children, commits trees, parents, jump and merge; log entries both values of each
 * ref (entries themselves, and changes, need nothing that is not kept anyway). Non-zero from each stops.
 */
enum named_as { NAMED_NODE, NAMED_BLOB, NAMED_COMMIT, NAMED_ANY };
int odb_frame_names(struct odb *odb, uint64_t frame_loc, enum frame_kind kind, const void *payload, size_t len,
		    int (*each)(void *data, uint64_t loc, enum named_as as, struct drift_error *err), void *data,
		    struct drift_error *err) MUST_CHECK;

#endif
