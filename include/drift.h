/*
 * libdrift: a document store that never forgets.
 *
 * A repository holds documents: bytes at a path "collection/key". Every change is a commit with an author, a message, a time
 * and a sequence number, and any past state can be read, compared and gone back to. This header is the manual; a
 * complete program is in README.md. Link with -ldrift (pkg-config drift).
 *
 * Conventions
 *  - A function that can fail returns 0 or -1; one that looks for something returns 1 (found), 0 (not there) or -1; one that
 *    goes through something returns 1 with the next, 0 at the end, or -1.
 *  - The last parameter receives what went wrong: a code that says what you can do, and a sentence that says what happened. It
 *    may be NULL; on success it is untouched. Beside the errors that are named at a function any may meet DRIFT_ERR_IO,
 *    DRIFT_ERR_PERMISSION, DRIFT_ERR_NO_MEMORY and DRIFT_ERR_CORRUPT: stored bytes are not what was written, which every read checks.
 *  - Outputs (*_out) are written on success only.
 *  - Structures that you fill in start as { 0 }: zero is the default of every field.
 *  - Strings are NUL-terminated; nothing in drift's names and paths holds a NUL byte. Documents are bytes with a length.
 *  - Times are microseconds since 1970-01-01 00:00 UTC (`_us`), sizes are bytes (`_len`), numbers of things `_count`.
 *  - The library never prints, never exits, installs no signal handlers, and changes neither locale nor working directory.
 *
 * Threads
 *  - A repository, a snapshot and a filled-in value may be used by any number of threads at once. Reading takes no lock
 *    that a writer holds.
 *  - A transaction, a cursor, a log, a history and a set of changes of refs belong to one thread at a time.
 *  - Any number of processes may have a repository open; the rules between them are those between threads. A process that
 *    forks must not use in the child what it has opened before.
 *
 * Paths
 *  - "users/ada", "users/ada/notes": the part before the first slash is the collection, the rest is the key. A path without a
 *    slash is in the collection with the empty name. No part is empty, "." or "..". A path has at most 4096 bytes,
 *    a key 2048, a collection's name 1024. The order of documents is that of collection, then key, by bytes.
 *  - The collection ".drift" is reserved: its documents are schema/COLLECTION and merge/NAME.lua.
 *  - A prefix is "" for all documents, "users/" for a collection, or any beginning of a path: "users/a".
 *  - A document has at most 2 GiB.
 *
 * Points in time
 *  - "main", "HEAD", "HEAD~3", "v1.0", "main@{yesterday}"; "@seq:42", "@now"; "2025-01-31", "2025-01-31T12:00:00Z"; the id of a commit or
 *    the beginning of it. drift-points(7) has the whole of it. What is ambiguous or missing is an error, never silently now.
 */
#ifndef DRIFT_H
#define DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drift_error.h"
#include "drift_version.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef DRIFT_EXPORT
#define DRIFT_EXPORT __attribute__((visibility("default")))
#endif

struct drift_repo;
struct drift_snapshot;
struct drift_cursor;
struct drift_txn;
struct drift_log;
struct drift_history;
struct drift_watch;

/* The version of the library that runs, "MAJOR.MINOR.PATCH"; DRIFT_VERSION is the one compiled against. */
DRIFT_EXPORT const char *drift_version(void);

/* --- ids --- */

/* SHA-256 of an object: a commit, a tree, or a document (where it equals git's id in a SHA-256 repository). */
struct drift_id {
	unsigned char bytes[32];
};

#define DRIFT_ID_HEX_LEN 64

/* 64 lower-case digits and a NUL; returns hex_out. */
DRIFT_EXPORT char *drift_id_format(const struct drift_id *id, char hex_out[DRIFT_ID_HEX_LEN + 1]);
/* Exactly 64 digits, of either case. DRIFT_ERR_INVALID. */
DRIFT_EXPORT int drift_id_parse(const char *hex, struct drift_id *id_out, struct drift_error *err);
DRIFT_EXPORT bool drift_id_equal(const struct drift_id *a, const struct drift_id *b);
/* All bytes zero: no object. */
DRIFT_EXPORT bool drift_id_is_zero(const struct drift_id *id);

/* --- repositories --- */

struct drift_init_options {
	const char *branch; /* the first branch; NULL: "main" */
	bool bare;          /* the repository is the folder itself (made with the name NAME.drift), not DIR/.drift */
};

/*
 * Create an empty repository in the folder `dir`, which is made if it is not there; durable on return. options may be NULL.
 * DRIFT_ERR_EXISTS if there is one, DRIFT_ERR_INVALID for a branch that no branch may be called.
 */
DRIFT_EXPORT int drift_init(const char *dir, const struct drift_init_options *options, struct drift_error *err);

struct drift_options {
	bool read_only; /* never write, not even caches; all writing is DRIFT_ERR_PERMISSION */
	bool no_sync;   /* do not wait for the disk: the last commits may be lost with the power, never torn */
	bool no_cache;  /* ignore what is derived and kept below .drift/cache: the same answers, slower */
	size_t cache_len; /* bytes of decoded tree nodes to keep in memory (0: a sixteenth of the machine's, at most 1 GiB);
			   * open snapshots may hold on to half as much besides */
};

/*
 * Open the repository in `dir` or the nearest folder above it. options may be NULL. What a crash has left half written is
 * put right here. Close it with drift_close. DRIFT_ERR_NOT_FOUND if there is none, DRIFT_ERR_UNSUPPORTED if it is of a newer format.
 */
DRIFT_EXPORT int drift_open(const char *dir, const struct drift_options *options, struct drift_repo **repo_out,
			    struct drift_error *err);
/*
 * The handle is not to be used any more; the repository is closed with the last snapshot, transaction, cursor, log or
 * history that was made from it. NULL is allowed.
 */
DRIFT_EXPORT void drift_close(struct drift_repo *repo);

/* The folder of the repository itself (.../.drift), absolute; lives as long as the handle. */
DRIFT_EXPORT const char *drift_dir(const struct drift_repo *repo);

/*
 * Damage that reading has met so far, a sentence each, valid during the call of `each`, which may be NULL; returns how many. It must
 * not call the library.
 */
DRIFT_EXPORT size_t drift_damage(struct drift_repo *repo, void (*each)(void *data, const char *sentence), void *data);

struct drift_stats {
	uint64_t file_count;            /* journals */
	uint64_t file_len;              /* their bytes on disk, room written ahead included */
	uint64_t used_len, durable_len; /* bytes of them that hold records; that are known to be on the disk */
	uint64_t index_len;             /* bytes of the index by id */
	uint64_t cache_len;             /* bytes of decoded nodes in memory now */
	uint64_t cache_hit_count, cache_miss_count; /* since the repository was opened */
	/* Objects in storage; only where counting was asked for, which reads the whole of it. */
	uint64_t blob_count, node_count, commit_count, tag_count;
	uint64_t delta_count, delta_depth_max;
};
DRIFT_EXPORT int drift_stats(struct drift_repo *repo, bool count_objects, struct drift_stats *stats_out,
			     struct drift_error *err);

/* --- commits --- */

/* What a commit says. The texts live as long as the function that gave it says. */
struct drift_commit {
	struct drift_id id, tree;
	uint64_t seq;       /* 1 for the first; one more than its first parent's */
	int64_t time_us;    /* never before its parents'; what points in time go by */
	const char *author; /* "billing", "Ada Example <ada@example.com>" */
	int64_t author_us;
	const char *committer;
	int64_t committer_us;
	const char *message; /* message_len bytes and a NUL */
	size_t message_len;
	size_t parent_count;
	const void *reserved;
};

/* Parent number n from 0: true, or false if there are not so many. commit must be as it was given, and still be alive. */
DRIFT_EXPORT bool drift_commit_parent(const struct drift_commit *commit, size_t n, struct drift_id *id_out);

/* --- documents --- */

enum drift_kind {
	DRIFT_DOCUMENT = 0,
	DRIFT_GITLINK = 1 /* from git, a submodule: the bytes are the commit's id in hexadecimal */
};

/* A document's bytes. */
struct drift_value {
	const void *data; /* never NULL; not NUL-terminated */
	size_t len;
	enum drift_kind kind;
	uint32_t mode; /* the file mode of what came from git (0100755, 0120000), else 0 */
	void *reserved[2];
};

/*
 * Give back what a value holds and make it empty; a value that is { 0 } or was released before is left alone. A value stays
 * valid until then, whatever becomes of the snapshot and the repository. Its bytes are shared: do not write to them.
 */
DRIFT_EXPORT void drift_value_release(struct drift_value *value);
/* The document's id. Computed for small documents: about a microsecond. */
DRIFT_EXPORT void drift_value_id(const struct drift_value *value, struct drift_id *id_out);

/* --- snapshots: the state of all documents at one point, immutable --- */

/*
 * The state at `point` (NULL: where the branch stands now). `branch` is what @seq, @now and times are about: "main" or
 * "refs/heads/main"; NULL is HEAD. A branch without a commit is the empty state. Later commits do not change a snapshot; it costs
 * some memory for what was read through it. Release it with drift_snapshot_release.
 * DRIFT_ERR_NOT_FOUND, DRIFT_ERR_AMBIGUOUS, DRIFT_ERR_INVALID for text that is no point.
 */
DRIFT_EXPORT int drift_snapshot_open(struct drift_repo *repo, const char *point, const char *branch,
				     struct drift_snapshot **snapshot_out, struct drift_error *err);
/* NULL is allowed. No thread may be using it. Cursors on it stay valid. */
DRIFT_EXPORT void drift_snapshot_release(struct drift_snapshot *snapshot);

/*
 * The commit that the snapshot is of: true; false where it is of none (no commit yet, or a tree's id was given). The texts live as long
 * as the snapshot.
 */
DRIFT_EXPORT bool drift_snapshot_commit(const struct drift_snapshot *snapshot, struct drift_commit *commit_out);
/* The id of the whole state: equal states have equal ids, whatever their history. */
DRIFT_EXPORT void drift_snapshot_tree(const struct drift_snapshot *snapshot, struct drift_id *id_out);

/*
 * The document at path: 1 with a value to be released, 0 if there is none, -1. Documents up to 1 KiB are not copied.
 * DRIFT_ERR_INVALID, DRIFT_ERR_LIMIT for what is no path.
 */
DRIFT_EXPORT int drift_get(struct drift_snapshot *snapshot, const char *path, struct drift_value *value_out,
			   struct drift_error *err);
/* How many documents begin with prefix (NULL: all): logarithmic time in a collection, linear in the number of collections. */
DRIFT_EXPORT int drift_count(struct drift_snapshot *snapshot, const char *prefix, uint64_t *count_out,
			     struct drift_error *err);

/* --- cursors: documents in order --- */

struct drift_entry {
	const char *path; /* NUL-terminated; lives until the next call on the cursor */
	size_t path_len;
	uint64_t len; /* bytes of the document */
	enum drift_kind kind;
	uint32_t mode; /* as in struct drift_value */
};

/*
 * The documents whose path begins with prefix (NULL: all), before the first. The cursor holds on to the snapshot. Close it
 * with drift_cursor_close.
 */
DRIFT_EXPORT int drift_cursor_open(struct drift_snapshot *snapshot, const char *prefix,
				   struct drift_cursor **cursor_out, struct drift_error *err);
/* NULL is allowed. */
DRIFT_EXPORT void drift_cursor_close(struct drift_cursor *cursor);
/* 1 with the next document, 0 at the end, -1. */
DRIFT_EXPORT int drift_cursor_next(struct drift_cursor *cursor, struct drift_entry *entry_out, struct drift_error *err);
/* The bytes, or the id, of the document that drift_cursor_next gave last. DRIFT_ERR_NOT_FOUND if it gave none. The value is
 * to be released. */
DRIFT_EXPORT int drift_cursor_value(struct drift_cursor *cursor, struct drift_value *value_out,
				    struct drift_error *err);
DRIFT_EXPORT int drift_cursor_id(struct drift_cursor *cursor, struct drift_id *id_out, struct drift_error *err);
/*
 * Go, forwards or back, to before the first document of the cursor that is at `path` or behind it. Any text will do: "users/b" need
 * not exist.
 */
DRIFT_EXPORT int drift_cursor_seek(struct drift_cursor *cursor, const char *path, struct drift_error *err);
/* Pass over `count` documents, or as many as there are, by the counts in the tree: logarithmic time in each collection. */
DRIFT_EXPORT int drift_cursor_skip(struct drift_cursor *cursor, uint64_t count, struct drift_error *err);

/* --- transactions: changes that become one commit --- */

/*
 * A transaction on a branch (NULL: HEAD's; "main"; it need not exist yet) that begins at where the branch stands now. It keeps
 * all others out of nothing: when it is committed and the branch has moved meanwhile, it is applied to the new state. A
 * put or delete takes that as it is, a patch is computed again, and what was required is checked. Free it with drift_txn_free.
 */
DRIFT_EXPORT int drift_txn_begin(struct drift_repo *repo, const char *branch, struct drift_txn **txn_out,
				 struct drift_error *err);
/* What was not committed is forgotten. NULL is allowed. */
DRIFT_EXPORT void drift_txn_free(struct drift_txn *txn);
/* Forget all changes and requirements and begin again at where the branch stands now. */
DRIFT_EXPORT int drift_txn_reset(struct drift_txn *txn, struct drift_error *err);

/*
 * The document at path becomes these bytes, which are copied. data may be NULL if len is 0.
 * DRIFT_ERR_INVALID, DRIFT_ERR_LIMIT.
 */
DRIFT_EXPORT int drift_txn_put(struct drift_txn *txn, const char *path, const void *data, size_t len,
			       struct drift_error *err);
/* There will be no document at path; if there is none, that is no change. */
DRIFT_EXPORT int drift_txn_delete(struct drift_txn *txn, const char *path, struct drift_error *err);

enum drift_patch {
	DRIFT_MERGE_PATCH = 0, /* RFC 7396 */
	DRIFT_JSON_PATCH = 1   /* RFC 6902 */
};
/*
 * Change fields of a JSON document; the result is written in canonical form (RFC 8785). DRIFT_ERR_INVALID if the patch is not JSON. When it
 * is committed: DRIFT_ERR_NOT_FOUND if there is no document, DRIFT_ERR_INVALID if it is not JSON or the patch is not one,
 * DRIFT_ERR_CLASH if a "test" of it fails.
 */
DRIFT_EXPORT int drift_txn_patch(struct drift_txn *txn, const char *path, enum drift_patch kind, const void *patch,
				 size_t len, struct drift_error *err);

/*
 * The document as it would be: the transaction's changes over the state in which it began. As drift_get; patches are computed,
 * with their errors.
 */
DRIFT_EXPORT int drift_txn_get(struct drift_txn *txn, const char *path, struct drift_value *value_out,
			       struct drift_error *err);
/*
 * As drift_txn_get, and what was read is required: the commit clashes if by then the path holds another document than it did
 * when the transaction began. What a decision or a computation rests on should be read so.
 */
DRIFT_EXPORT int drift_txn_get_for_update(struct drift_txn *txn, const char *path, struct drift_value *value_out,
					  struct drift_error *err);
/* The commit clashes unless the path holds the document with this id (NULL: none) before the transaction's changes. */
DRIFT_EXPORT int drift_txn_require(struct drift_txn *txn, const char *path, const struct drift_id *id,
				   struct drift_error *err);
/* The state in which the transaction began; lives until it is reset or freed. */
DRIFT_EXPORT struct drift_snapshot *drift_txn_snapshot(struct drift_txn *txn);

struct drift_commit_options {
	const char *author;    /* required: one line, "billing" or "Ada Example <ada@example.com>" */
	const char *committer; /* NULL: the author */
	const char *message;   /* NULL: empty */
	bool has_time;         /* time_us counts even if it is 0 */
	int64_t time_us;       /* 0: now; more than core.maxClockAhead ahead of the clock is DRIFT_ERR_INVALID */
	const struct drift_id
		*expect;  /* the commit where the branch must stand, zero: it must not exist; NULL: anywhere */
	bool allow_empty; /* make a commit even if no document changes */
	bool no_wait;     /* return before the commit is durable, and before readers see it: see drift_sync */
};

struct drift_commit_result {
	struct drift_id id;
	uint64_t seq;
	uint64_t changed_count; /* documents that differ from the commit before; exact up to 1000 */
	uint64_t ticket;        /* for drift_sync */
	bool rebased;           /* others had committed since the transaction began */
};

/*
 * Make the changes one commit of the branch: all or nothing, durable on return unless no_wait. Afterwards the transaction has ended:
 * reset it or free it. result_out may be NULL. If it fails nothing has changed, and the transaction may be committed again (but
 * after DRIFT_ERR_IO in waiting for the disk look first: the commit may be there).
 * DRIFT_ERR_CLASH: expect or something required is not so. DRIFT_ERR_NOTHING: no document would change. DRIFT_ERR_NO_SPACE. DRIFT_ERR_INVALID:
 * no author, or the transaction has ended; and what drift_txn_patch says.
 */
DRIFT_EXPORT int drift_txn_commit(struct drift_txn *txn, const struct drift_commit_options *options,
				  struct drift_commit_result *result_out, struct drift_error *err);

/*
 * Wait until the commit with this ticket, and all before it, is on the disk and visible to others. Many who wait share one
 * write: give no_wait to each of several commits, then the last ticket to this. Success means all are durable.
 */
DRIFT_EXPORT int drift_sync(struct drift_repo *repo, uint64_t ticket, struct drift_error *err);

struct drift_retry {
	const char *branch; /* as for drift_txn_begin */
	/* Called with a fresh transaction for each try: read, put, require. 0 to go on and commit; -1, with err set, to give up. */
	int (*body)(struct drift_txn *txn, void *data, struct drift_error *err);
	void *data;
	struct drift_commit_options commit;
	unsigned attempt_max; /* 0: 100 */
};
/*
 * Run body and commit, again while others come first (DRIFT_ERR_CLASH of the commit), waiting a little longer each time; after
 * attempt_max tries the last clash is returned. A clash that body reports is not tried again. result_out may be NULL.
 */
DRIFT_EXPORT int drift_txn_retry(struct drift_repo *repo, const struct drift_retry *retry,
				 struct drift_commit_result *result_out, struct drift_error *err);

/* --- history --- */

struct drift_log_options {
	const char *point;  /* "main", "v1..v2", "a...b" or any point; NULL: the branch */
	const char *branch; /* as for drift_snapshot_open */
	uint64_t limit;     /* at most so many; 0: all */
	bool first_parent;  /* of a merge only the line that it was made on */
	bool topological; /* keep lines of history together; otherwise by time. A parent never comes before its child */
};
/* Commits, newest first; options may be NULL. Close it with drift_log_close. Errors as drift_snapshot_open. */
DRIFT_EXPORT int drift_log_open(struct drift_repo *repo, const struct drift_log_options *options,
				struct drift_log **log_out, struct drift_error *err);
/* 1 with the next commit, whose texts live until the next call; 0 at the end; -1. */
DRIFT_EXPORT int drift_log_next(struct drift_log *log, struct drift_commit *commit_out, struct drift_error *err);
/* NULL is allowed. */
DRIFT_EXPORT void drift_log_close(struct drift_log *log);

enum drift_change_kind { DRIFT_ADD = 1, DRIFT_MODIFY = 2, DRIFT_DELETE = 3 };

struct drift_version_info {
	struct drift_commit commit; /* that made the change; its texts live until the next call */
	enum drift_change_kind kind;
};
/*
 * The versions of one document as seen from a snapshot, newest first: in time proportional to the changes of that document, not to
 * the history of the store. DRIFT_ERR_INVALID for what is no path, or a snapshot of a tree without a commit.
 */
DRIFT_EXPORT int drift_history_open(struct drift_snapshot *snapshot, const char *path,
				    struct drift_history **history_out, struct drift_error *err);
/* 1 with the next version, 0 at the end, -1. */
DRIFT_EXPORT int drift_history_next(struct drift_history *history, struct drift_version_info *version_out,
				    struct drift_error *err);
/* The bytes of the version given last: 1 with a value to be released, 0 if it was deleted there or none was given, -1. */
DRIFT_EXPORT int drift_history_value(struct drift_history *history, struct drift_value *value_out,
				     struct drift_error *err);
/* NULL is allowed. */
DRIFT_EXPORT void drift_history_close(struct drift_history *history);

enum drift_side { DRIFT_OLD = 0, DRIFT_NEW = 1 };

struct drift_change {
	const char *path; /* NUL-terminated */
	size_t path_len;
	enum drift_change_kind kind;
	uint64_t old_len, new_len; /* bytes; 0 where absent */
	const void *reserved[3];
};
/* Returns 0 to go on, >0 to stop, -1 (with err set) to fail. `change` lives during the call. */
typedef int (*drift_change_fn)(void *data, const struct drift_change *change, struct drift_error *err);
/*
 * What changed from one snapshot of a repository to another, in order of path; from NULL is the empty state. prefix as for drift_count.
 * Equal parts are skipped unread: the time follows the number of changes. Returns 0, what stopped it, or -1.
 */
DRIFT_EXPORT int drift_diff(struct drift_snapshot *from, struct drift_snapshot *to, const char *prefix,
			    drift_change_fn each, void *data, struct drift_error *err);
/* One side of a change, during the call that it was given to: 1 with a value to be released, 0 if absent there, -1. */
DRIFT_EXPORT int drift_change_value(const struct drift_change *change, enum drift_side side,
				    struct drift_value *value_out, struct drift_error *err);

/* --- what comes: the change feed of a branch --- */

enum drift_watch_kind {
	DRIFT_WATCH_CHANGE = 0, /* commit did that to path, against its first parent */
	DRIFT_WATCH_BACK = 1,   /* going back to the state of commit (or the empty state) does it */
	DRIFT_WATCH_RESET = 2   /* the branch was moved to where it does not lead here; commit is where it goes on; no path */
};

struct drift_watch_event {
	enum drift_watch_kind kind;
	bool has_commit;            /* else it is the empty state */
	struct drift_commit commit;
	const char *path;           /* NUL-terminated */
	size_t path_len;
	enum drift_change_kind change;
	const char *next;           /* for `since`: to go on behind this event, in another process as well */
	const void *reserved[2];
};
/* Returns 0 to go on, >0 to stop behind this event, -1 (with err set) to fail. `event` lives during the call. */
typedef int (*drift_watch_fn)(void *data, const struct drift_watch_event *event, struct drift_error *err);

struct drift_watch_options {
	const char *branch; /* as for drift_snapshot_open; HEAD's branch is that of now */
	const char *since;  /* a point, or what an event's `next` was; NULL: where the branch stands now */
	drift_watch_fn each;
	void *data;
	const void *reserved[2];
};
/*
 * Follow a branch: every document that a commit changed, in order, along first parents. Whoever begins with the state at `since` and puts
 * each document as it is in the event's commit (drift_snapshot_open by its id) has at last the state of the branch, also after merges that were
 * made elsewhere and after the branch was moved: drift-watch(1) has the details. Close it with drift_watch_close. One thread at a time
 * may use it. Errors as drift_snapshot_open.
 */
DRIFT_EXPORT int drift_watch_open(struct drift_repo *repo, const struct drift_watch_options *options,
				  struct drift_watch **watch_out, struct drift_error *err);
/*
 * Tell what there is; if there is nothing new wait for it, timeout_ms at most (0: do not; -1: for ever), and tell it. Returns 0, what stopped it, or -1.
 * What was told is not told again by the next call.
 */
DRIFT_EXPORT int drift_watch_run(struct drift_watch *watch, int timeout_ms, struct drift_error *err);
/* NULL is allowed. */
DRIFT_EXPORT void drift_watch_close(struct drift_watch *watch);


/* --- merging; Documentation/drift-merging.adoc says what that does, and what a conflict is --- */

struct drift_merge_options {
	const char *branch; /* as for drift_txn_begin */
	const char *actor;  /* required, as a commit's author: for the reflog */
	bool no_conflicts;  /* refuse what would leave more documents in conflict than there are */
	bool forward_only;  /* refuse what would take a commit */
};
enum drift_merge_kind { DRIFT_MERGE_NOTHING = 0, DRIFT_MERGE_FORWARD = 1, DRIFT_MERGE_COMMIT = 2 };
struct drift_merge_result {
	enum drift_merge_kind kind;
	struct drift_id id; /* where the branch stands now */
	uint64_t seq;
	uint64_t merged_count;   /* documents that both sides had changed and that merged well */
	uint64_t conflict_count; /* documents in conflict */
};
/*
 * Bring the commit that `point` is into the branch: the branch goes forward, or an automatic merge is made, the same commit on every
 * node. Durable on return. DRIFT_ERR_CLASH: refused, and nothing is changed. Errors of points.
 */
DRIFT_EXPORT int drift_merge(struct drift_repo *repo, const char *point, const struct drift_merge_options *options,
			     struct drift_merge_result *result_out, struct drift_error *err);

/* A document in conflict; its versions are numbered from 0, sides before bases. */
struct drift_conflict {
	const char *path; /* NUL-terminated */
	size_t path_len;
	size_t side_count, base_count;
	const void *reserved[2];
};
/* Returns 0 to go on, >0 to stop, -1 (with err set) to fail. `conflict` lives during the call. */
typedef int (*drift_conflict_fn)(void *data, const struct drift_conflict *conflict, struct drift_error *err);
/* The documents in conflict below prefix, as for drift_count; the time follows their number. Returns 0, what stopped it, or -1. */
DRIFT_EXPORT int drift_conflicts(struct drift_snapshot *snapshot, const char *prefix, drift_conflict_fn each, void *data,
				 struct drift_error *err);
/* A version, during the call that the conflict was given to: 1 with a value to be released, 0 the side removed it, -1. */
DRIFT_EXPORT int drift_conflict_value(const struct drift_conflict *conflict, size_t i, struct drift_value *value_out,
				      struct drift_error *err);

/* --- other repositories; Documentation/drift-remotes.adoc says where they may be, and what goes between them --- */

struct drift_remote_options {
	const char *remote;  /* required: the name of a remote in the configuration, a URL or a path */
	const char *branch;  /* NULL: fetch what the remote is set to fetch, push and sync the current branch */
	const char *actor;   /* required, as a commit's author: for the reflogs */
	bool force;          /* fetch, push: move refs that do not go forward, too */
	bool no_conflicts;   /* sync: refuse what would leave more documents in conflict */
};
struct drift_remote_result {
	uint64_t commits_in, commits_out; /* that travelled */
	uint64_t bytes_in, bytes_out;     /* on the wire */
	uint64_t round_trips;
	uint64_t conflict_count;          /* sync: documents in conflict, if it merged */
};
/*
 * As the commands fetch, push and sync. All that comes is checked before a ref moves, and refs move together; every wait for the other end
 * ends (sync.timeout). Blocks. Anything that ssh has to say goes to standard error. result_out may be NULL.
 * DRIFT_ERR_CLASH: a ref was not moved, since it would not go forward or others were quicker, or no_conflicts refused. DRIFT_ERR_NOT_FOUND: no
 * such remote or branch. DRIFT_ERR_IO: the other end cannot be reached, or is silent. DRIFT_ERR_CORRUPT: what it sent cannot be right.
 */
DRIFT_EXPORT int drift_remote_fetch(struct drift_repo *repo, const struct drift_remote_options *options,
				    struct drift_remote_result *result_out, struct drift_error *err);
DRIFT_EXPORT int drift_remote_push(struct drift_repo *repo, const struct drift_remote_options *options,
				   struct drift_remote_result *result_out, struct drift_error *err);
DRIFT_EXPORT int drift_remote_sync(struct drift_repo *repo, const struct drift_remote_options *options,
				   struct drift_remote_result *result_out, struct drift_error *err);

/* --- refs: names for commits --- */

#define DRIFT_REF_NAME_MAX 1024

struct drift_ref {
	char name[DRIFT_REF_NAME_MAX + 1]; /* "refs/heads/main", "refs/tags/v1", "HEAD" */
	struct drift_id id; /* of a commit or an annotated tag; zero: a symbolic ref that leads to none yet */
	char target[DRIFT_REF_NAME_MAX + 1]; /* of a symbolic ref (HEAD): the ref at its end; else "" */
};
/* A ref by its full or short name ("main", "v1", "HEAD"): 1, 0 if there is none, -1. DRIFT_ERR_AMBIGUOUS. */
DRIFT_EXPORT int drift_ref_read(struct drift_repo *repo, const char *name, struct drift_ref *ref_out,
				struct drift_error *err);
/*
 * All refs whose full name begins with prefix ("refs/heads/", "refs/tags/"; NULL: all below refs/), in order of name. `each` returns as
 * drift_change_fn; it may use the repository.
 */
typedef int (*drift_ref_fn)(void *data, const struct drift_ref *ref, struct drift_error *err);
DRIFT_EXPORT int drift_ref_each(struct drift_repo *repo, const char *prefix, drift_ref_fn each, void *data,
				struct drift_error *err);

enum drift_ref_expect {
	DRIFT_EXPECT_ANY = 0,
	DRIFT_EXPECT_ABSENT = 1,
	DRIFT_EXPECT_ID = 2 /* holds old_id */
};
enum drift_ref_action {
	DRIFT_REF_SET = 0,    /* to new_id: a commit that is there, below refs/tags/ also a tag */
	DRIFT_REF_DELETE = 1, /* deleting what is absent is no change */
	DRIFT_REF_LINK =
		2, /* make it symbolic, HEAD as a rule; `target` is a full name below refs/ and need not exist */
	DRIFT_REF_CHECK = 3 /* only see that it holds what is expected */
};
struct drift_ref_change {
	const char *name; /* in full; symbolic refs are not followed */
	enum drift_ref_expect expect;
	enum drift_ref_action action;
	struct drift_id old_id, new_id;
	const char *target;
};
/*
 * Move any number of refs, each named once, all or none; durable on return. actor and reason go into the reflog; the actor is as a
 * commit's author. DRIFT_ERR_CLASH: one does not hold what is expected. DRIFT_ERR_NOT_FOUND: no such object. DRIFT_ERR_EXISTS: one name would be the
 * folder of another. DRIFT_ERR_INVALID.
 */
struct drift_ref_update {
	const struct drift_ref_change *changes;
	size_t change_count;
	const char *actor, *reason; /* the actor is required */
};
DRIFT_EXPORT int drift_ref_update(struct drift_repo *repo, const struct drift_ref_update *update,
				  struct drift_error *err);

/*
 * Create the branch (refs/heads/) or the tag (refs/tags/) `name` at the commit that `point` is (NULL: HEAD). DRIFT_ERR_EXISTS if there is one,
 * DRIFT_ERR_INVALID for what none may be called, errors of points.
 */
DRIFT_EXPORT int drift_branch_create(struct drift_repo *repo, const char *name, const char *point, const char *actor,
				     struct drift_error *err);
DRIFT_EXPORT int drift_tag_create(struct drift_repo *repo, const char *name, const char *point, const char *actor,
				  struct drift_error *err);
/* DRIFT_ERR_NOT_FOUND if there is none; DRIFT_ERR_INVALID for the branch that HEAD is on. */
DRIFT_EXPORT int drift_branch_delete(struct drift_repo *repo, const char *name, const char *actor,
				     struct drift_error *err);
DRIFT_EXPORT int drift_tag_delete(struct drift_repo *repo, const char *name, const char *actor,
				  struct drift_error *err);

#ifdef __cplusplus
}
#endif
#endif
