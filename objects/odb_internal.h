/* Inside the store: shared by the odb_*.c files only. */
#ifndef OBJECTS_ODB_INTERNAL_H
#define OBJECTS_ODB_INTERNAL_H

#include <pthread.h>

#include "base/compress.h"
#include "objects/commit_record.h"
#include "objects/journal.h"
#include "objects/node_cache.h"
#include "objects/odb_exact.h"
#include "objects/odb_files.h"
#include "objects/pack_record.h"
#include "objects/record.h"
#include "objects/store_index.h"
#include "objects/txn.h"

#define LOCK_APPEND 0
#define LOCK_SYNC 1
#define LOCK_NEXT 2    /* of those who wait for LOCK_APPEND, the one who is awake */
#define LOCK_GC 3      /* whoever replaces or unlinks files */
#define LOCK_BATCHES 4 /* shared by those who have written ahead */
#define MEMO_COUNT 8
#define COMMIT_CACHE_COUNT 1024
#define STEP_CACHE_COUNT 32768

/* What was read of a file. */
struct payload {
	struct buf bytes;
	enum frame_kind kind;
	bool damaged; /* the checksum of the frame differs: odb_record lets its caller judge what is in it */
};

struct store_file;

/* The files, oldest first, the live journal last, as "current" named them at one time: counted, never changed. */
struct file_list {
	atomic_uint refs;
	size_t count;
	_Atomic size_t open_count;
	struct odb_file *items;    /* journal and pack NULL but in a whole list */
	struct store_file **holds; /* keep open what is */
};

/* What leads back from the commit at loc. */
struct step_slot {
	uint64_t loc;
	struct commit_step step;
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

/* Tells packs the ids that they leave out. */
struct odb_resolver {
	struct pack_resolver base; /* first */
	struct odb *odb;
};

/* A damaged place: locations [from, to) of a journal. */
struct damage {
	char *sentence;
	uint64_t from, to;
};

struct odb {
	struct node_store nodes; /* first: odb_nodes() */
	struct odb_options options;
	struct collection_set only; /* where nodes.only points to it */
	char *dir, *pack_dir;
	int lock_fd; /* of the file "lock", -1 if only reading */
	unsigned char store_id[16];

	struct file_list *files;        /* replaced under files_lock, by what is in other files under state_mutex too; see odb_list */
	pthread_rwlock_t files_lock;    /* inside all others, held for moments */
	_Atomic uint64_t packed_to;  /* number of the last journal that is in a pack, 0: none */
	struct odb_resolver resolver;
	struct group_cache *groups;
	size_t blocks_len; /* that journals which are not live keep of what they read, together */
	_Atomic uint64_t live;          /* number of the journal that is written to */
	_Atomic uint64_t seal_again_at; /* a location: where sealing failed, it is not tried before */

	bool gc_held;           /* under state_mutex */
	unsigned spilled_count; /* batches that have written ahead, under state_mutex; LOCK_BATCHES is held for them */

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
	atomic_bool reads_forward;
	struct commit *commits[COMMIT_CACHE_COUNT]; /* by location, under commit_mutex */
	struct step_slot *steps; /* STEP_CACHE_COUNT by location, under commit_mutex; NULL until somebody walks */
	pthread_mutex_t commit_mutex;

	struct compressor *idle[16]; /* under state_mutex */
	size_t idle_count;
	struct dict *dicts;
	size_t dict_count, dict_capacity;

	struct memo_table who_memo, name_memo;
	struct ref_memo ref_memos[MEMO_COUNT]; /* under memo_mutex */
	unsigned ref_memo_next;

	struct damage *damage;
	size_t damage_count, damage_capacity;
	uint32_t damage_known; /* so many places whoever made the index has met */
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

static inline uint64_t odb_live(struct odb *odb)
{
	return atomic_load(&odb->live);
}

/* odb_files.c */
/* Open what "current" names. Under state_mutex. */
int odb_load_current(struct odb *odb, struct drift_error *err) MUST_CHECK;
/* The number of the live journal by now, as "current" says. */
int odb_live_on_disk(struct odb *odb, uint64_t *live_out, struct drift_error *err) MUST_CHECK;
/* Locations up to there may be in packs. */
void odb_note_packed(struct odb *odb, const struct file_list *list);

/* odb_list.c */
struct current;
/* The files as this process knows them, with a reference for the caller. */
struct file_list *odb_list(struct odb *odb);
void odb_list_unref(struct file_list *list);
void odb_list_cleanup(struct file_list **list);
#define auto_file_list __attribute__((cleanup(odb_list_cleanup))) struct file_list
/* As `current` says, with what is open in `old` (may be NULL) already, and the live journal. */
int odb_list_make(struct odb *odb, const struct current *current, const struct file_list *old,
		  struct file_list **out, struct drift_error *err) MUST_CHECK;
bool odb_list_says(const struct file_list *list, const struct current *current);
/* The file that has or covers a journal, or NULL. */
const struct odb_file *odb_list_find(const struct file_list *list, uint64_t number);
/* The name of a pack; NULL for a journal. */
const struct pack_name *odb_list_pack(const struct file_list *list, size_t i);
/* The number behind the last. */
uint64_t odb_list_end(const struct file_list *list);
struct journal *odb_list_live(const struct file_list *list);
/*
 * The same opened, readable as long as *list is held. Where a gc replaced it meanwhile, *list gives way to the list
 * that counts now. DRIFT_ERR_CORRUPT if there is no such file.
 */
int odb_list_open(struct odb *odb, struct file_list **list, uint64_t number, struct odb_file *file_out,
		  struct drift_error *err) MUST_CHECK;
/* A list of the caller's own in which all are open, for who goes over all; NULL if that fails. */
enum odb_which { ODB_ALL_FILES, ODB_PACKS };
struct file_list *odb_list_whole(struct odb *odb, enum odb_which which, struct drift_error *err) MUST_CHECK;
/* The live journal; it stays it, and open, under the append lock or state_mutex. */
struct journal *odb_current(struct odb *odb);
/* Up to where frames of a journal count. */
uint64_t odb_file_end(struct odb *odb, const struct odb_file *file);
/* Does what stands before loc count? 1, 0 the journal failed before it was durable, -1. Of a journal that is not live. */
int odb_was_kept(struct odb *odb, uint64_t loc, struct drift_error *err) MUST_CHECK;

/* odb_seal.c */
/* Close the live journal at an offset, begin the next. Under append and sync lock. After a failure "current" may name it all the same. */
int odb_begin_journal(struct odb *odb, uint64_t closed_at, struct drift_error *err) MUST_CHECK;
/* Take the locks for that; odb_sync_unlock tells who waits for a sync. */
int odb_sync_lock(struct odb *odb, struct drift_error *err) MUST_CHECK;
void odb_sync_unlock(struct odb *odb, struct index_head *h);
/* Under the append lock: seal the live journal if it is past its bound; that it cannot be sealed is no failure. */
int odb_seal_if_due(struct odb *odb, struct drift_error *err) MUST_CHECK;

/* odb_pack.c */
typedef int odb_each_fn(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err);
void odb_resolver_init(struct odb_resolver *resolver, struct odb *odb);
int odb_open_pack(struct odb *odb, const struct pack_name *name, const unsigned char store_id[16], struct pack **out,
		  struct drift_error *err) MUST_CHECK;
/* Perhaps; false is certain. Cheap. */
bool odb_is_packed(struct odb *odb, uint64_t loc);
/* DRIFT_ERR_NOT_FOUND that says so. */
int odb_was_removed(uint64_t loc, struct drift_error *err);
int odb_was_lost(uint64_t loc, const struct txn_lost *lost, struct drift_error *err);
/* The stub of a frame, appended: 1, 0 if nothing is kept, -1. */
int odb_pack_stub(struct pack *pack, uint64_t loc, struct buf *out, struct drift_error *err) MUST_CHECK;
/* As odb_record; of a changed node the base is missing, of a plain blob the id. */
int odb_pack_record(struct pack *pack, uint64_t loc, struct payload *payload, struct record *out,
		    struct drift_error *err) MUST_CHECK;
/* For who goes over all objects: what is damaged, or stands on what is, is none. 0, or -1 for other errors. */
int odb_skip_damaged(const struct drift_error *why, struct drift_error *err) MUST_CHECK;
/* The node at loc; id NULL: it is computed. */
int odb_pack_node(struct odb *odb, struct pack *pack, uint64_t loc, const struct oid *id, struct node **out,
		  struct drift_error *err) MUST_CHECK;
/* By id, newest pack first: 1 / 0 / -1. */
int odb_find_packed(struct odb *odb, const struct oid *id, enum object_kind *kind_out, uint64_t *loc_out,
		    struct drift_error *err) MUST_CHECK;
/* All in packs whose ids begin so, each once. */
int odb_each_packed_prefix(struct odb *odb, const struct oid *prefix, unsigned digits, odb_each_fn *each, void *data,
			   struct drift_error *err) MUST_CHECK;
/* The newest commit in a pack that seems to list a change of path: 1 / 0 / -1. */
int odb_packed_path(struct odb *odb, const struct path *path, uint64_t *loc_out, struct drift_error *err) MUST_CHECK;
/* All of a pack, in the order of its groups. */
int odb_each_packed(struct odb *odb, struct pack *pack, odb_each_fn *each, void *data, struct drift_error *err) MUST_CHECK;

/* odb_open.c */
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
void odb_note_damage(struct odb *odb, uint64_t from, uint64_t to, const char *sentence);
int odb_cache_path(const struct odb *odb, struct buf *out, struct drift_error *err);

/* odb_index.c: an index from the journals; recovers the newest one's tail if `locked`. */
int odb_rebuild_index(struct odb *odb, bool locked, struct store_index **out, struct drift_error *err);
/* Enter what a frame holds. */
int odb_index_frame(struct odb *odb, struct store_index *index, uint64_t loc, enum frame_kind kind,
		    const unsigned char *payload, size_t len, struct drift_error *err);

/* odb_append.c */
/* Everybody may look again, at once: those whose append a sync covered go on together. */
void odb_end_turn(struct index_head *h);
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
/* The record at loc; its bytes live in payload. */
int odb_record(struct odb *odb, uint64_t loc, struct payload *payload, struct record *out, struct drift_error *err);
/* The whole frame at loc as a transaction; DRIFT_ERR_CORRUPT if it is none. */
int odb_txn(struct odb *odb, uint64_t loc, struct payload *payload, struct txn *out, struct drift_error *err);
struct compressor *odb_compressor_take(struct odb *odb, struct drift_error *err);
void odb_compressor_give(struct odb *odb, struct compressor *c);

/* odb_commit.c */
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
