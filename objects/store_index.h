/*
 * The shared, disposable half of a store: a memory-mapped file beside the journals with the live state of the
 * current journal (its end, how far it is durable) and hash tables over what the journals hold: objects by id, the newest
 * log entry of each ref, the newest change of each path; and the nodes written last. It is never synced. It is believed only if it was
 * written since this machine booted, for this very journal file; else it is made anew from the journals.
 *
 * All changes are made under the append lock; readers need none. An entry is written location last, the end of the
 * journal after all entries, so whoever dies on the way leaves entries behind the end, which nobody believes.
 *
 * Each 16 slots have a sum over what they hold, which every look-up checks for the slots that it passed: neither a damaged
 * entry nor one that vanished is taken for an answer. Such an index is marked (index_is_damaged, and for others as
 * superseded) and the look-up finds nothing; its caller asks index_is_damaged and looks again in a new one. Of the numbers in
 * motion those that decide where is written are checked by whoever takes the append lock.
 */
#ifndef OBJECTS_STORE_INDEX_H
#define OBJECTS_STORE_INDEX_H

#include <stdatomic.h>

#include "objects/fresh_nodes.h"
#include "objects/journal.h"
#include "objects/oid.h"

struct store_index;

/* The part of the map that is read and written directly. */
struct index_head {
	char magic[8];
	uint32_t version, main_bits, ref_bits;
	uint32_t check; /* CRC-32C of all before `end`, itself taken as 0 */
	unsigned char boot_id[16], store_id[16];
	uint64_t journal, device, inode;
	_Atomic uint64_t end;         /* where the next frame of the current journal goes */
	_Atomic uint64_t last;        /* the frame before it, 0: not known */
	_Atomic uint64_t synced;      /* durable up to here */
	_Atomic uint64_t visible;     /* refs are seen up to here: synced, or beyond where nobody waits for the disk */
	_Atomic uint64_t write_to;    /* an append is being written up to here; 0: none. Not 0 with the lock free: its writer died */
	_Atomic uint64_t frame_count; /* of the current journal, about */
	_Atomic uint64_t main_count, ref_count;
	_Atomic uint32_t failed;      /* a sync failed: the journal is closed */
	_Atomic uint32_t superseded;  /* a larger index, or a new journal, took its place */
	_Atomic uint32_t append_turn; /* changes when the append lock is given back */
	_Atomic uint32_t sync_turn;   /* changes when a sync has ended, however: whoever waits for one looks again */
	_Atomic uint32_t sync_waiters; /* for that; too many where one has died: then a wake is in vain */
	_Atomic uint32_t fresh_turn;  /* how many nodes were put among the fresh ones */
	_Atomic uint32_t damage_count; /* damaged places of the journals, found when it was made */
	_Atomic uint64_t packs;       /* odb_packs_mark of the files that it goes with: what is in those packs it has not */
	_Atomic uint64_t end_check;   /* the complement of end: who appends elsewhere writes over history */
};

/* Map an index that may be believed: 1, 0 if there is none. */
int index_open(const char *path, const struct journal_identity *identity, bool writable, struct store_index **out,
	       struct drift_error *err) MUST_CHECK;
/* A new empty one under a temporary name (path NULL: in memory only), with room for so many entries. */
int index_create(const char *path, const struct journal_identity *identity, uint64_t main_room, uint64_t ref_room,
		 struct store_index **out, struct drift_error *err) MUST_CHECK;
/* Give it its name in place of what is there; in memory only: nothing to do. */
int index_publish(struct store_index *index, struct drift_error *err) MUST_CHECK;
/* One that was not published is unlinked. */
void index_close(struct store_index *index);
/*
 * Give back its file and memory, but for the head, though some thread may still be looking something up in it, which
 * finds it damaged then.
 */
void index_abandon(struct store_index *index);
/* Is the file under its path still this one, and whole? Touches no map that may be cut. In-memory indexes always are. */
bool index_is_current(const struct store_index *index);
/* Does it stand in a file, for all processes? */
bool index_is_shared(const struct store_index *index);
/* Where the next frame goes. Under the append lock. */
void index_set_end(struct store_index *index, uint64_t end);
/* May one append where it says? Under the append lock. */
bool index_numbers_hold(struct store_index *index);
/* Raise *v to `to` if it is less. */
void index_raise(_Atomic uint64_t *v, uint64_t to);

struct index_head *index_head(struct store_index *index);
size_t index_len(const struct store_index *index);
struct fresh_nodes *index_fresh_nodes(struct store_index *index);

/* Room for so many more entries of each kind? Otherwise index_grow. */
bool index_has_room(struct store_index *index, uint64_t main_entries, uint64_t ref_entries);
/* Would they fit all the same, if slowly? */
bool index_has_slots(struct store_index *index, uint64_t main_entries, uint64_t ref_entries);
/* A copy with room for so many more, published if the old one was, which is marked superseded, not closed. */
int index_grow(struct store_index *old, const struct journal_identity *identity, uint64_t main_entries,
	       uint64_t ref_entries, struct store_index **out, struct drift_error *err) MUST_CHECK;

/*
 * A published copy for the journal that follows, in which nothing stands but its start; the old one is marked
 * superseded, not closed. Slot by slot, so that damage stays as visible as it was.
 */
int index_copy(struct store_index *old, const char *path, const struct journal_identity *identity, uint64_t start,
	       struct store_index **out, struct drift_error *err) MUST_CHECK;

/* What an index is to leave to packs. */
struct index_packed {
	uint64_t first; /* journal that is in no pack */
	uint64_t packs; /* odb_packs_mark */
};
/*
 * The same for the same journal, without what stands in journals before `first`; refs stay, wherever their newest
 * entry is.
 */
int index_prune(struct store_index *old, const char *path, const struct journal_identity *identity,
		const struct index_packed *packed, struct store_index **out, struct drift_error *err) MUST_CHECK;

void index_add_object(struct store_index *index, const struct oid *id, enum object_kind kind, uint64_t loc);
/* Candidates for an id: call with *position 0 first; true with a location and the kind on record, to be verified. */
bool index_find_object(struct store_index *index, const struct oid *id, size_t *position, uint64_t *loc_out,
		       enum object_kind *kind_out);
/* Candidates whose first `digits` hexadecimal digits are those of prefix. Position 0 first. */
bool index_find_prefix(struct store_index *index, const unsigned char prefix[8], unsigned digits, size_t *position,
		       uint64_t *loc_out, enum object_kind *kind_out);

/* Did a look-up find it damaged? In-memory indexes never are. */
bool index_is_damaged(const struct store_index *index);

/* The keyed hash, the same in every index of a store, under which a path or a ref name is filed. */
uint64_t index_hash(struct store_index *index, const void *a, size_t a_len, const void *b, size_t b_len);
void index_set_path(struct store_index *index, uint64_t hash, uint64_t loc);
uint64_t index_get_path(struct store_index *index, uint64_t hash);
void index_set_ref(struct store_index *index, uint64_t hash, uint64_t loc);
uint64_t index_get_ref(struct store_index *index, uint64_t hash);
/* Location of the newest log entry, of any ref. */
void index_set_log_head(struct store_index *index, uint64_t loc);
uint64_t index_log_head(struct store_index *index);
/* Location of the newest commit with a marker instead of a change list. */
void index_set_marker_head(struct store_index *index, uint64_t loc);
uint64_t index_marker_head(struct store_index *index);
/* Check them all, before they are walked. */
bool index_refs_hold(struct store_index *index);
/* Ref slot i from 0: false when there are no more; loc 0: empty slot. */
bool index_ref_slot(struct store_index *index, size_t i, uint64_t *hash_out, uint64_t *loc_out);

#endif
