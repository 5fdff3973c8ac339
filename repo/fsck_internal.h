/*
 * The parts of fsck. One pass over all files finds frames and follows the chains of log entries and changes
 * (fsck_files.c, fsck_chains.c); all threads then take units of frames, decode and hash what is in them, and ask of
 * each reference whether what it says was found there (fsck_objects.c, fsck_commits.c). As nothing refers forward,
 * only references to what another thread just reads have to be asked again at the end. What stays open is missing;
 * fsck_names.c says whom that concerns.
 *
 * So every object is read once, and if no reference is left open, everything that a ref leads to is there.
 */
#ifndef REPO_FSCK_INTERNAL_H
#define REPO_FSCK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/compress.h"
#include "objects/node_cache.h"
#include "objects/odb_exact.h"
#include "objects/odb_files.h"
#include "repo/fsck.h"
#include "repo/fsck_known.h"
#include "repo/place_table.h"

#define FSCK_FOUND_MAX 100000 /* faults that are told one by one */

/* A fault, and whom it concerns once that is known. */
struct fsck_found {
	struct fsck_fault fault; /* sentence and file are its own */
	char *sentence, *file;
	char **paths;
	struct oid *commits;
};

/* A reference to what was not found, or is not what is said of it. */
struct fsck_missing {
	struct fsck_fact fact;
	enum object_kind kind;
	uint64_t from, loc; /* of who refers, and to where */
	struct oid id;
	bool differs; /* it is there, but holds something else than is said */
};

struct fsck_missings {
	struct fsck_missing *items;
	size_t count, capacity;
};

/* Work for a thread: frames of a journal, or groups of a pack. */
struct fsck_unit {
	size_t file;               /* in fsck.files */
	enum pack_block_kind kind; /* of a pack */
	uint64_t from, to;         /* offsets, or numbers of groups */
	uint64_t len;              /* bytes of the file */
	bool damaged;              /* a frame whose checksum differs: what it holds may be sound all the same */
};

struct fsck_ref {
	char *name;
	uint64_t entry; /* the log entry that set it last */
	uint64_t loc;   /* of its object, LOC_UNKNOWN: absent or symbolic */
	enum ref_kind kind;
	char *target;
	bool damaged;  /* that entry is, and readers do not see it: this is where the ref would be */
	struct oid id; /* of its object then, zero if that is a commit of the same frame */
};

/* Where the items of a pack first stood, in the order of the file. */
struct fsck_locs {
	uint64_t *items;
	size_t count;
};

/* What follows from entry to entry. */
struct fsck_chains {
	uint64_t last_log, last_marker;
	struct place_table spelled; /* hash of an update's place to index of its ref + 1 */
	struct place_table names;   /* hash of a name to index of its ref + 1 */
	struct place_table paths;   /* hash of a path to the newest commit that lists it */
	struct fsck_ref *refs;
	size_t ref_count, ref_capacity;
	bool broken; /* a damaged frame may have had entries: what seems to be missing is no news */
};

struct fsck {
	struct repo *repo;
	struct odb *odb;
	const struct fsck_options *options;
	uint64_t end; /* location behind which frames were written since */
	struct odb_files files;
	struct fsck_locs (*locs)[2]; /* for each file: stubs, objects */
	struct fsck_unit *units;
	size_t unit_count, unit_capacity;
	uint64_t record_count;
	uint64_t *commits; /* locations of all, in storage order */
	size_t commit_count, commit_capacity;
	struct fsck_chains chains;
	struct fsck_known *known;
	struct node_cache *nodes; /* bases of deltas */
	struct fsck_missings missing;
	bool removed; /* something refers to what gc removed: nothing that is needed may */
	struct fsck_result result;

	atomic_size_t next_unit;
	atomic_bool stop;
	pthread_mutex_t mutex; /* of what follows */
	struct fsck_found *found;
	size_t found_count, found_capacity;
	uint64_t work_done, work_total; /* bytes of files */
};

#define FSCK_REFERENCES_MAX 512 /* of a node: more do not fit */
#define FSCK_BLOBS 32
#define FSCK_BLOB_MAX ((size_t)1 << 20)

/* What a thread has for itself. */
struct fsck_worker {
	struct fsck *f;
	struct compressor *z;
	struct buf bytes, content;
	struct fsck_missings missing;
	struct fsck_missing references[FSCK_REFERENCES_MAX]; /* of the node at hand */
	struct fsck_result tally;
	struct {
		uint64_t loc;
		struct buf bytes;
	} blobs[FSCK_BLOBS]; /* bases of deltas */
	bool failed;
	struct drift_error err;
};

/* --- fsck_faults.c --- */

/* Note a fault: what the fields say, texts are copied. file NULL: the one that loc is in, if loc is given. */
int fsck_note(struct fsck *f, const struct fsck_fault *fault, struct drift_error *err) MUST_CHECK;
/* A fault at a place in a file; the sentence is printed. */
int fsck_note_at(struct fsck *f, enum fsck_severity severity, uint64_t loc, struct drift_error *err, const char *fmt,
		 ...) PRINTF_LIKE(5, 6) MUST_CHECK;
/* "commit ID", and the ref that it is the value of, if there is one. */
void fsck_spell_object(const struct fsck *f, enum object_kind kind, const struct oid *id, uint64_t loc, struct buf *out);
/* Is it an error of what was read (a fault), or one that ends the check? */
bool fsck_is_fault(const struct drift_error *why);
const char *fsck_file_name(const struct odb_file *file);
/* The file that a location is in; NULL: there is none. */
const struct odb_file *fsck_file_of(const struct fsck *f, uint64_t loc);
/* Sort them and tell them all. */
int fsck_tell(struct fsck *f, struct drift_error *err) MUST_CHECK;
void fsck_forget(struct fsck *f);

/* --- fsck_files.c: units of work, chains, damaged places --- */
int fsck_scan_files(struct fsck *f, struct drift_error *err) MUST_CHECK;
int fsck_add_unit(struct fsck *f, const struct fsck_unit *unit, struct drift_error *err) MUST_CHECK;
/* A transaction's chains, and how many records it has. */
int fsck_scan_txn(struct fsck *f, uint64_t loc, const unsigned char *payload, size_t len,
		  struct drift_error *err) MUST_CHECK;
/* What lies beside the files: indexes, leftovers. */
int fsck_check_derived(struct fsck *f, struct drift_error *err) MUST_CHECK;

/* --- fsck_packs.c: the same for a pack, and its groups --- */
int fsck_scan_pack(struct fsck *f, size_t number, struct drift_error *err) MUST_CHECK;
int fsck_check_groups(struct fsck_worker *w, const struct fsck_unit *unit, struct drift_error *err) MUST_CHECK;

/* --- fsck_chains.c --- */
int fsck_chain_txn(struct fsck *f, const struct txn *t, struct drift_error *err) MUST_CHECK;
/* Of a frame whose checksum differs, as far as it makes sense. */
int fsck_chain_damaged(struct fsck *f, const struct txn *t, struct drift_error *err) MUST_CHECK;
/* After the last: what the store says of each ref is what its newest entry says. */
int fsck_check_refs(struct fsck *f, struct drift_error *err) MUST_CHECK;
void fsck_chains_release(struct fsck_chains *c);
/* The newest commit that lists a path. */
uint64_t fsck_chain_path(const struct fsck_chains *c, const struct path *path);

/* --- fsck_objects.c: one unit; -1: it cannot go on --- */
int fsck_check_unit(struct fsck_worker *w, const struct fsck_unit *unit, struct drift_error *err) MUST_CHECK;
/* Does its id lead to an object: to here, or to where else it stands? */
bool fsck_is_found(struct fsck_worker *w, const struct oid *id, enum object_kind kind, uint64_t here);
/* What went wrong with a record: a fault, or the end of the check. */
int fsck_record_fault(struct fsck_worker *w, uint64_t loc, const struct drift_error *why,
		      struct drift_error *err) MUST_CHECK;
/* A record of a stub, a blob and a node of a pack's groups. */
int fsck_check_stored(struct fsck_worker *w, const unsigned char *data, size_t len, uint64_t loc,
		      struct drift_error *err) MUST_CHECK;
int fsck_check_blob(struct fsck_worker *w, const struct record *r, uint64_t loc, struct drift_error *err) MUST_CHECK;
int fsck_check_packed_node(struct fsck_worker *w, struct node *node, const struct node *base, uint64_t loc,
			   struct drift_error *err) MUST_CHECK;
/* Ask, and remember what is not known. */
int fsck_expect(struct fsck_worker *w, const struct fsck_missing *reference, struct drift_error *err) MUST_CHECK;
int fsck_keep_missing(struct fsck_missings *m, const struct fsck_missing *item, struct drift_error *err) MUST_CHECK;

/* --- fsck_commits.c --- */
int fsck_check_commit(struct fsck_worker *w, uint64_t loc, bool damaged, struct drift_error *err) MUST_CHECK;
int fsck_check_tag(struct fsck_worker *w, const struct record *r, uint64_t loc, struct drift_error *err) MUST_CHECK;
/*
 * The log entry and the change lists of a transaction, as far as they refer to objects. packed: what entries refer to
 * may be removed.
 */
int fsck_check_entry(struct fsck_worker *w, const struct txn *t, bool packed, struct drift_error *err) MUST_CHECK;

/* --- fsck_trees.c: trees as wholes --- */
int fsck_check_trees(struct fsck *f, struct drift_error *err) MUST_CHECK;

/* --- fsck_terms.c --- */

/* Of the tree of a commit that a ref leads to. */
int fsck_check_terms(struct fsck *f, const struct commit *c, struct drift_error *err) MUST_CHECK;

/* --- fsck_rebuild.c: a map built anew from its entries is the same: 1, 0, -1 --- */
int fsck_rebuild_map(struct node_store *store, enum map_kind kind, const struct map_root *root,
		     struct drift_error *err) MUST_CHECK;

/* --- fsck_names.c: which documents and commits what is missing concerns --- */
int fsck_name_all(struct fsck *f, struct drift_error *err) MUST_CHECK;

#endif
