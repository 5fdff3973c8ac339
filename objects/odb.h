/*
 * The object store: journals (later packs) behind one door. It keeps nodes, blobs, commits and tags, and the ref
 * updates that stand in the same log. A repository has one odb; it may be used by any number of threads.
 *
 * Invariants
 *  1. A frame is written once, under the append lock, behind all others of its file, and never changed.
 *  2. An append stands at or beyond the durable offset that it states; what lies before a stated offset was synced.
 *  3. Refs are seen up to the durable offset only; a writer, under the append lock, sees them up to the end.
 *  4. Nothing that a frame refers to stands behind it, so syncing a frame's end makes all it needs durable.
 *  5. A file whose sync failed is never written or synced again.
 */
#ifndef OBJECTS_ODB_H
#define OBJECTS_ODB_H

#include "objects/collection_set.h"
#include "objects/commit.h"
#include "objects/map.h"
#include "objects/tree.h"

struct odb;

/* Told now and then while the index is made anew, at last with bytes_done equal to bytes_total. It must not ask the store. */
struct odb_progress {
	void (*update)(void *data, uint64_t bytes_done, uint64_t bytes_total);
	void *data;
};

struct odb_options {
	bool read_only;         /* never lock, recover or write; derive what is missing in memory */
	bool no_sync;           /* do not wait for the disk: an acknowledged commit may be lost with the power */
	bool no_cache;          /* ignore everything under cache/, answer from the journal alone */
	size_t node_cache_len;  /* bytes of decoded nodes kept; 0: a default from the machine's memory */
	const struct odb_progress *progress; /* or NULL; outlives the store */
	uint64_t journal_len;   /* bytes past which a journal is sealed; 0: SEAL_BYTES */
};

/* Create the files of an empty store in folder `dir` (which exists), durably. */
int odb_create(const char *dir, const struct odb_options *options, struct drift_error *err) MUST_CHECK;
/* Open; replays what the index does not cover; under the append lock, if it can be had, cuts a torn tail. */
int odb_open(const char *dir, const struct odb_options *options, struct odb **odb_out,
	     struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void odb_close(struct odb *odb);

/* Damage met so far (a sentence each), for commands to name: call each for all; returns how many. */
size_t odb_damage(struct odb *odb, void (*each)(void *data, const char *sentence), void *data);

/* --- reading; ids are verified, locations are hints --- */

int odb_node(struct odb *odb, const struct oid *id, uint64_t loc, struct node **node_out,
	     struct drift_error *err) MUST_CHECK;
/*
 * Whoever reads commit after commit, the oldest first, needs no version any more of which it has the next: such ones are not kept
 * in memory then. Nothing else depends on it.
 */
void odb_read_forward(struct odb *odb, bool forward);
/*
 * The collections that the store has, a copy; NULL or not called: all. Of the others root maps have the descriptors and nothing else is
 * here. Before anything is read.
 */
int odb_set_only(struct odb *odb, const struct collection_set *only, struct drift_error *err) MUST_CHECK;
/* NULL: all. */
const struct collection_set *odb_only(struct odb *odb);
/* The odb as a store of nodes for the map and tree functions; saving through it is refused (see odb_batch). */
struct node_store *odb_nodes(struct odb *odb);
/* id NULL: the commit that stands at loc, which the store itself has told. */
int odb_commit(struct odb *odb, const struct oid *id, uint64_t loc, struct commit **commit_out,
	       struct drift_error *err) MUST_CHECK;
/*
 * Where the first-parent ancestor numbered seq stands, by the jump pointers in records from the commit at loc on, none of
 * which is verified: 1, or 0 if that did not lead there (ask commits then, one by one).
 */
int odb_commit_back(struct odb *odb, uint64_t loc, uint64_t seq, uint64_t *loc_out);
/* Appends the bytes. */
int odb_blob(struct odb *odb, const struct oid *id, uint64_t loc, struct buf *out, struct drift_error *err) MUST_CHECK;
int odb_tag(struct odb *odb, const struct oid *id, struct tag **tag_out, struct drift_error *err) MUST_CHECK;

/* Any stored object by id (not documents that are inline in leaves): 1 with kind and location, 0 if it is not here, -1. */
int odb_find(struct odb *odb, const struct oid *id, enum object_kind *kind_out, uint64_t *loc_out,
	     struct drift_error *err) MUST_CHECK;
/* Canonical bytes of any stored object: 1 / 0 / -1. */
int odb_read(struct odb *odb, const struct oid *id, enum object_kind *kind_out, struct buf *out,
	     struct drift_error *err) MUST_CHECK;
/* Objects whose hexadecimal id begins with prefix (2 to 64 digits): each once; non-zero from each stops. */
int odb_find_prefix(struct odb *odb, const char *prefix, size_t prefix_len,
		    int (*each)(void *data, const struct oid *id, enum object_kind kind, uint64_t loc,
				struct drift_error *err),
		    void *data, struct drift_error *err) MUST_CHECK;
/* Every stored object once that can be read, in storage order: for count-objects, the blob index. */
int odb_each_object(struct odb *odb,
		    int (*each)(void *data, const struct oid *id, enum object_kind kind, uint64_t loc,
				struct drift_error *err),
		    void *data, struct drift_error *err) MUST_CHECK;

/* --- ref values and the log of their changes, as stored (names and rules: refs/refs.h) --- */

enum ref_kind { REF_ABSENT = 0, REF_OBJECT = 1, REF_SYMBOLIC = 2 };

#define REF_NAME_MAX 1024

struct ref_value {
	enum ref_kind kind;
	struct object_ref object;
	char target[REF_NAME_MAX + 1]; /* REF_SYMBOLIC */
};

/* What a log entry (one append that moved refs) says. Texts are the caller's to free with ref_log_release. */
struct ref_log_entry {
	uint64_t loc;                /* of this entry */
	uint64_t previous_loc;       /* of the entry before it, of any ref; LOC_UNKNOWN: none */
	int64_t time_usec;
	struct text actor, reason;   /* "billing", "commit: fix price" */
	struct ref_log_update {
		struct text name;
		struct ref_value old, new;
		uint64_t previous_loc; /* the entry that set `old`, LOC_UNKNOWN if it was absent from the start */
	} *updates;
	size_t update_count;
};

/* The value of a ref: REF_ABSENT is success. In `locked` view, for the holder of the append lock, what is not yet durable counts. */
int odb_ref_read(struct odb *odb, const char *name, bool locked, struct ref_value *value_out,
		 struct drift_error *err) MUST_CHECK;
/* All refs whose name begins with prefix, in order of name; for the holder of the append lock as in `locked` view. */
int odb_ref_each(struct odb *odb, const char *prefix,
		 int (*each)(void *data, const char *name, const struct ref_value *value, struct drift_error *err),
		 void *data, struct drift_error *err) MUST_CHECK;
/* The newest log entry of a ref (name NULL: of any): 1 with its location, 0 none, -1. */
int odb_ref_log_head(struct odb *odb, const char *name, uint64_t *loc_out, struct drift_error *err) MUST_CHECK;
int odb_ref_log_read(struct odb *odb, uint64_t loc, struct ref_log_entry *entry_out, struct drift_error *err) MUST_CHECK;
void ref_log_release(struct ref_log_entry *entry);

/* --- change lists: what a commit changed, recorded beside it --- */

#define CHANGE_LIST_MAX 1000 /* a commit that changes more documents has a marker only */

enum change_kind { CHANGE_NONE = 0, CHANGE_ADD = 1, CHANGE_MODIFY = 2, CHANGE_DELETE = 3 };

struct change {
	struct path path;
	/* Against each parent, 2 bits a parent from the lowest (the first 32 parents); a commit without parents
	 * has one imaginary empty parent. */
	uint64_t kinds;
	/* Of the commit that changed the same path before, in storage order; 0: none on record. Filled in by the store. */
	uint64_t previous_loc;
};

struct change_list {
	bool complete; /* false: a marker, to be answered from the trees */
	struct change *changes;
	size_t count;
	uint64_t previous_marker_loc; /* of the commit before it, in storage order, that has a marker only */
	struct buf memory;
};

/* The change list beside a commit, by the commit's location: 1, or 0 if nothing is recorded there. */
int odb_change_list(struct odb *odb, uint64_t commit_loc, struct change_list *list_out, struct drift_error *err) MUST_CHECK;
/* The same for whoever walks along first parents: parent_loc_out as in commit_record_parent. The commit itself is not verified. */
int odb_change_step(struct odb *odb, uint64_t commit_loc, struct change_list *list_out, uint64_t *parent_loc_out,
		    struct drift_error *err) MUST_CHECK;
void change_list_release(struct change_list *list);
/* The newest commit in storage order that lists a change of path, and the newest one with a marker: 0 where none. */
int odb_change_head(struct odb *odb, const struct path *path, uint64_t *commit_loc_out, uint64_t *marker_loc_out,
		    struct drift_error *err) MUST_CHECK;

/* --- writing --- */

/*
 * A batch collects new objects. Small ones wait in memory for the append that makes them part of a
 * transaction; many are written ahead in frames of their own (harmless if nothing ever refers to them).
 */
struct odb_batch;
int odb_batch_new(struct odb *odb, struct odb_batch **batch_out, struct drift_error *err) MUST_CHECK;
void odb_batch_free(struct odb_batch *batch);
/* Drop all that waits, for a second try on another base, and all provisional locations. */
void odb_batch_clear(struct odb_batch *batch);
/* A node store that reads like odb_nodes, what is in the batch included, and saves into the batch. */
struct node_store *odb_batch_nodes(struct odb_batch *batch);
/* Hash and keep a blob (cut in chunks over CHUNK_THRESHOLD); base_loc: the blob it most resembles, or LOC_UNKNOWN. */
int odb_batch_blob(struct odb_batch *batch, const void *data, size_t len, uint64_t base_loc,
		   struct object_ref *ref_out, struct drift_error *err) MUST_CHECK;
int odb_batch_tag(struct odb_batch *batch, const struct tag *tag, struct object_ref *ref_out,
		  struct drift_error *err) MUST_CHECK;
/* Keep a commit; parents, jump and what its changes refer to are stored already or in the batch. changes, in order of
 * path, may be NULL (no list is recorded). */
int odb_batch_commit(struct odb_batch *batch, struct commit *commit, const struct change_list *changes,
		     struct object_ref *ref_out, struct drift_error *err) MUST_CHECK;

/* Where something that the batch gave a provisional location was stored in the end; others are returned as they are. */
uint64_t odb_batch_loc(struct odb_batch *batch, uint64_t loc);
/* As odb_commit, for one that is stored or waits in the batch. */
int odb_batch_read_commit(struct odb_batch *batch, const struct object_ref *ref, struct commit **commit_out,
			  struct drift_error *err) MUST_CHECK;
/* The commit at a location that the batch or the store has told. */
int odb_batch_commit_at(struct odb_batch *batch, uint64_t loc, struct commit **commit_out, struct drift_error *err) MUST_CHECK;
/* As odb_blob, likewise. */
int odb_batch_read_blob(struct odb_batch *batch, const struct oid *id, uint64_t loc, struct buf *out,
			struct drift_error *err) MUST_CHECK;
/* A blob that is stored or waits: 1 / 0 / -1. */
int odb_batch_find_blob(struct odb_batch *batch, const struct oid *id, struct object_ref *ref_out,
			struct drift_error *err) MUST_CHECK;

/* Exclusive right to append, over threads and processes; waits. Readers never need it. */
int odb_lock(struct odb *odb, struct drift_error *err) MUST_CHECK;
/* If it has to be waited for, `meanwhile` is called once, without the lock, when we are the next to have it. */
int odb_lock_meanwhile(struct odb *odb, void (*meanwhile)(void *data), void *data, struct drift_error *err) MUST_CHECK;
void odb_unlock(struct odb *odb);

struct odb_ref_update {
	const char *name;
	const struct ref_value *value; /* object.loc may be one that the batch gave */
};

struct odb_append {
	struct odb_batch *batch; /* may be NULL */
	const struct odb_ref_update *updates;
	size_t update_count;
	const char *actor, *reason; /* of the log entry; NULL where a commit in the batch says the same (its committer and message) */
	int64_t time_usec;
};

/*
 * Append under the lock, as one frame, whatever waits in the batch and the ref updates; ticket_out is to be given to odb_sync.
 * Not durable yet, not visible to others. On failure nothing happened.
 */
int odb_append(struct odb *odb, const struct odb_append *append, uint64_t *ticket_out, struct drift_error *err) MUST_CHECK;
/*
 * Wait until that append is durable and visible; one sync serves all who wait. Not under the lock. After a
 * failed sync the appends not yet durable are void, for every waiter.
 */
int odb_sync(struct odb *odb, uint64_t ticket, struct drift_error *err) MUST_CHECK;

/* --- waiting for what others append --- */

/* To be taken before a look at refs, and given to odb_wait where that found nothing new. */
uint32_t odb_turn(struct odb *odb);
/* Until an append became visible since then, if this store can tell so, or timeout_ms is over; may return early. */
void odb_wait(struct odb *odb, uint32_t turn, int timeout_ms);

/* --- figures --- */

struct odb_stats {
	uint64_t file_count, file_bytes, used_bytes, durable_bytes; /* journals: on disk, used by frames, durable */
	uint64_t pack_count, pack_bytes, pack_index_bytes;
	uint64_t index_bytes, index_entries;
	uint64_t object_count[5]; /* by enum object_kind; filled by odb_stats when asked to count */
	uint64_t delta_count, delta_depth_max, delta_depth_sum;
	uint64_t cache_hits, cache_misses, cache_bytes;
};
int odb_stats(struct odb *odb, bool count_objects, struct odb_stats *stats_out, struct drift_error *err) MUST_CHECK;

#endif
