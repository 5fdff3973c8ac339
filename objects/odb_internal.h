/* Inside the store: shared by the odb_*.c files only. */
#ifndef OBJECTS_ODB_INTERNAL_H
#define OBJECTS_ODB_INTERNAL_H

#include <pthread.h>

#include "base/compress.h"
#include "objects/commit_record.h"
#include "objects/journal.h"
#include "objects/node_cache.h"
#include "objects/odb.h"
#include "objects/odb_exact.h"
#include "objects/record.h"
#include "objects/store_index.h"
#include "objects/txn.h"

#define LOCK_APPEND 0
#define LOCK_SYNC 1
#define LOCK_NEXT 2 /* of those who wait for LOCK_APPEND, the one who is awake */
#define JOURNAL_COUNT_MAX 4096
#define MEMO_COUNT 8
#define COMMIT_CACHE_COUNT 1024

/* One line of the file "current": a journal, and how much of it counts (0: all, it is the newest). */
struct journal_slot {
	struct journal *journal; /* number is the index + 1 */
	uint64_t closed_at;
};

/* A text (who, ref name) and where in the store it is spelt out, so that the next record can point there. */
struct memo {
	char *text;
	size_t len;
	uint64_t loc;
	unsigned index; /* ref names: of the update */
};

struct memo_table {
	struct memo items[MEMO_COUNT];
	unsigned next;
};

/* What a log entry set a ref to: it never changes, so it need not be read again. */
struct ref_memo {
	uint64_t loc; /* of the entry, 0: free */
	char *name;
	struct ref_value value;
};

struct dict {
	uint64_t loc;
	struct compress_dict *dict;
};

struct odb {
	struct node_store nodes; /* first: odb_nodes() */
	struct odb_options options;
	char *dir;
	int lock_fd; /* of the file "lock", -1 if only reading */
	unsigned char store_id[16];

	/* Grows only, under state_mutex; readers use what they find at indexes below journal_count. */
	struct journal_slot journals[JOURNAL_COUNT_MAX];
	atomic_size_t journal_count;

	_Atomic(struct store_index *) index;
	bool distrust; /* the shared index is damaged, and we cannot make another; under state_mutex */
	struct store_index **retired; /* replaced mappings that readers may still look at */
	size_t retired_count, retired_capacity;

	pthread_mutex_t state_mutex; /* journals, index replacement, damage, dicts */
	pthread_mutex_t next_mutex, append_mutex, sync_mutex; /* taken in this order */
	pthread_mutex_t memo_mutex; /* inside all others */
	_Atomic uintptr_t next_owner; /* the thread that is next in line through this odb, 0: none */
	_Atomic uintptr_t owner; /* the thread that holds the append lock through this odb, 0: none */

	struct node_cache *cache;
	struct commit *commits[COMMIT_CACHE_COUNT]; /* by location, under commit_mutex */
	pthread_mutex_t commit_mutex;

	struct compressor *idle[16]; /* under state_mutex */
	size_t idle_count;
	struct dict *dicts;
	size_t dict_count, dict_capacity;

	struct memo_table who_memo, name_memo;
	struct ref_memo ref_memos[MEMO_COUNT]; /* under memo_mutex */
	unsigned ref_memo_next;

	char **damage;
	size_t damage_count, damage_capacity;
};

static inline struct store_index *odb_index(struct odb *odb)
{
	return atomic_load_explicit(&odb->index, memory_order_acquire);
}

/* Does this thread hold the append lock? */
static inline bool odb_is_owner(struct odb *odb)
{
	return atomic_load(&odb->owner) == (uintptr_t)pthread_self();
}

/* odb_open.c */
int odb_load_current(struct odb *odb, struct drift_error *err);
int odb_write_current(const char *dir, const struct journal_slot *slots, size_t count, const unsigned char store_id[16],
		      struct drift_error *err);
/* How many journals the file "current" names by now. */
int odb_count_journals(struct odb *odb, size_t *count_out, struct drift_error *err);
/*
 * Make sure that the index mapped is the one that counts; cheap when it is. locked: the append lock is held. Without it,
 * and where nobody made one yet, the lock is taken for a moment; who cannot or must not write gets one in memory.
 */
int odb_refresh(struct odb *odb, bool locked, struct drift_error *err) MUST_CHECK;
/* The same, but never one in memory: for who waits for a sync. Takes the append lock only where there is none. */
int odb_share_index(struct odb *odb, struct drift_error *err) MUST_CHECK;
/* Map another one if that took the place of ours; takes no lock, makes none. */
int odb_remap_index(struct odb *odb, struct drift_error *err) MUST_CHECK;
/*
 * After looking something up in index: 1 if it was found damaged, another is in its place and what was found is void;
 * 0 if it held; -1.
 */
int odb_index_mended(struct odb *odb, struct store_index *index, struct drift_error *err) MUST_CHECK;
bool odb_index_is_good(struct odb *odb, bool shared);
void odb_replace_index(struct odb *odb, struct store_index *index);
void odb_note_damage(struct odb *odb, const char *sentence);
int odb_cache_path(const struct odb *odb, struct buf *out, struct drift_error *err);
struct journal *odb_current(const struct odb *odb);

/* odb_index.c: an index from the journals; recovers the newest one's tail if `locked`. */
int odb_rebuild_index(struct odb *odb, bool locked, struct store_index **out, struct drift_error *err);
/* Enter what a frame holds. */
int odb_index_frame(struct odb *odb, struct store_index *index, uint64_t loc, enum frame_kind kind,
		    const unsigned char *payload, size_t len, struct drift_error *err);

/* odb_append.c */
/* Write whole frames (their checksums filled in by frame_out_end) at the end, enter them in the index. Under the lock. */
struct frame_out {
	struct odb *odb;
	struct buf bytes;
	uint64_t start;  /* offset in the file of the first byte */
	size_t open_at;  /* of the frame being built */
};
#define auto_frame_out __attribute__((cleanup(frame_out_release))) struct frame_out
void frame_out_init(struct frame_out *out, struct odb *odb);
void frame_out_release(struct frame_out *out);
/* Begin a frame; returns its location. Its payload is added to out->bytes. */
uint64_t frame_out_begin(struct frame_out *out);
int frame_out_end(struct frame_out *out, enum frame_kind kind, struct drift_error *err) MUST_CHECK;
/* Append what was built; ticket_out may be NULL. */
int frame_out_write(struct frame_out *out, uint64_t *ticket_out, struct drift_error *err) MUST_CHECK;

/* odb_batch.c */
/* Encode all that waits in the batch and the log entry behind it. Under the lock. */
int odb_batch_encode(struct odb_batch *batch, const struct odb_append *append, struct frame_out *out,
		     struct drift_error *err) MUST_CHECK;
/* The append has happened: new objects are known by their places. */
void odb_batch_stored(struct odb_batch *batch);

/* odb_read.c */
struct payload {
	struct buf bytes;
	enum frame_kind kind;
};
/* The record at loc; its bytes live in payload. */
int odb_record(struct odb *odb, uint64_t loc, struct payload *payload, struct record *out, struct drift_error *err);
/* The whole frame at loc as a transaction; DRIFT_ERR_CORRUPT if it is none. */
int odb_txn(struct odb *odb, uint64_t loc, struct payload *payload, struct txn *out, struct drift_error *err);
struct compressor *odb_compressor_take(struct odb *odb, struct drift_error *err);
void odb_compressor_give(struct odb *odb, struct compressor *c);
int odb_dict(struct odb *odb, uint64_t loc, const struct compress_dict **out, struct drift_error *err);

/* odb_commit.c */
struct commit *odb_commit_cached(struct odb *odb, uint64_t loc);
void odb_commit_keep(struct odb *odb, uint64_t loc, struct commit *c);
int odb_commit_at(struct odb *odb, uint64_t loc, struct commit **out, struct drift_error *err);

void memo_put(struct odb *odb, struct memo_table *t, const char *text, size_t len, uint64_t loc, unsigned index);
bool memo_get(struct odb *odb, struct memo_table *t, const char *text, size_t len, uint64_t *loc_out, unsigned *index_out);
/* By location, the text appended. */
bool memo_find(struct odb *odb, struct memo_table *t, uint64_t loc, unsigned index, struct buf *out);

void ref_memo_put(struct odb *odb, const char *name, uint64_t loc, const struct ref_value *value);
bool ref_memo_get(struct odb *odb, const char *name, uint64_t loc, struct ref_value *value_out);
/* All three kinds: they may point into an append that did not happen. */
void odb_forget_memos(struct odb *odb);

/* odb_refs.c: spell out the name of update `i` of a log entry. */
int odb_update_name(struct odb *odb, const struct txn_update *u, struct buf *out, struct drift_error *err);

/* Where the index says that the newest entry of a ref, or of any (NULL), stands; LOC_UNKNOWN: nowhere. */
int odb_index_ref(struct odb *odb, const char *name, size_t len, uint64_t *loc_out, struct drift_error *err) MUST_CHECK;

/* Can what stands at loc be seen by readers? */
bool odb_is_visible(struct odb *odb, uint64_t loc);

#endif
