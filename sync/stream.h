/*
 * The data stream (Documentation/drift-format-sync.adoc): commits, parents before children, each with what it changes against its
 * first parent. Here are its records and their codec; what they mean to a store is the business of send.h and receive.h.
 */
#ifndef SYNC_STREAM_H
#define SYNC_STREAM_H

#include "objects/commit.h"
#include "objects/tree.h"
#include "sync/sync_io.h"

#define STREAM_HEAD "drsy\1" /* its last byte is the version */
#define STREAM_HEAD_LEN 5
#define STREAM_COMMITS_MAX (UINT64_C(1) << 32)
#define STREAM_WHOS_MAX 1024 /* as many are remembered */
#define STREAM_CHECKS_MAX 64 /* in one record */
#define STREAM_LEVEL 1       /* zstd's: 3 takes an eighth longer to save 4 % */

enum stream_type {
	STREAM_COMMIT = 1, /* its changes follow */
	STREAM_CHECK = 2,  /* ids of commits that came, to be compared */
	STREAM_WANTED = 3, /* the same for one that was asked for */
	STREAM_TAG = 4,
	STREAM_BLOB = 5,   /* that a tag names */
	STREAM_END = 6
};

enum stream_op {
	STREAM_CHANGES_END = 0,
	STREAM_PUT = 1,   /* the whole document */
	STREAM_EDIT = 2,  /* the first parent's version with one stretch replaced */
	STREAM_DELTA = 3, /* made of pieces of the first parent's version and new ones */
	STREAM_KNOWN = 4, /* a blob that came before, or that the receiver has */
	STREAM_TAKE = 5,  /* as another parent has it */
	STREAM_REMOVE = 6,
	STREAM_DESCRIPTOR = 7 /* all of a collection at once, by its root; no other change of it follows */
};

/* Behind the op in a change's first byte. */
enum stream_change_flag {
	STREAM_MODE = 8,       /* a file mode follows; else it is the first parent's version's */
	STREAM_GITLINK = 16,   /* the content is a gitlink's id */
	STREAM_COLLECTION = 32 /* another than that of the change before */
};

enum stream_commit_flag {
	STREAM_PARENTS = 1,   /* else one, the commit before */
	STREAM_COMMITTER = 2, /* else who and zone of the commit before */
	STREAM_AUTHOR = 4,    /* else the committer */
	STREAM_ENCODING = 8,
	STREAM_EXTRA = 16,
	STREAM_SECONDS = 32   /* differences of time are in seconds, not microseconds */
};

/* A change without its content. */
struct stream_change {
	enum stream_op op;
	struct path path;
	bool has_mode, gitlink;
	uint32_t mode;
	struct oid id;     /* KNOWN; DESCRIPTOR: the root */
	uint64_t len;      /* KNOWN: bytes of the blob. DESCRIPTOR: of its documents */
	uint64_t count;    /* DESCRIPTOR: documents; 0: it has none any more */
	uint64_t parent;   /* TAKE: number from 1 (the first is 0) */
};

/* --- writing --- */

struct stream_writer;
int stream_writer_new(const struct sync_sink *sink, uint64_t commit_total, struct stream_writer **out,
		      struct drift_error *err) MUST_CHECK;
void stream_writer_free(struct stream_writer *w);
/* backs[i]: which commit before this one parent i is, 1 the last; 0: it is not in the stream. */
int stream_write_commit(struct stream_writer *w, const struct commit *c, const uint64_t *backs,
			struct drift_error *err) MUST_CHECK;
/* A change that has no content: KNOWN, TAKE, REMOVE, DESCRIPTOR (whose path has no key). */
int stream_write_change(struct stream_writer *w, const struct stream_change *change, struct drift_error *err) MUST_CHECK;
/* One with content, in whatever form is short; change->op is not looked at. old: the first parent's version, or NULL. */
int stream_write_document(struct stream_writer *w, const struct stream_change *change, const struct text *old,
			  const struct text *content, struct drift_error *err) MUST_CHECK;
int stream_write_changes_end(struct stream_writer *w, struct drift_error *err) MUST_CHECK;

struct stream_check {
	uint64_t back; /* 1: the last commit */
	bool told;     /* an earlier CHECK had its id */
	struct oid id;
};
/* So that the other can read all up to here. */
int stream_write_checks(struct stream_writer *w, const struct stream_check *checks, size_t count,
			struct drift_error *err) MUST_CHECK;
int stream_write_wanted(struct stream_writer *w, uint64_t back, const struct oid *id, struct drift_error *err) MUST_CHECK;
/* TAG or BLOB: canonical bytes. */
int stream_write_object(struct stream_writer *w, enum stream_type type, const struct text *content,
			struct drift_error *err) MUST_CHECK;
/* The last record, and the sink has it all. */
int stream_write_end(struct stream_writer *w, struct drift_error *err) MUST_CHECK;
/* Bytes given to the sink. */
uint64_t stream_writer_len(const struct stream_writer *w);

/* --- reading --- */

struct stream_reader;
/* raw: the records come as they are, for tests. */
struct stream_reader_options {
	uint64_t stream_len_max;   /* 0: no limit */
	uint64_t document_len_max; /* 0: DOCUMENT_LEN_MAX */
	bool raw;
};
int stream_reader_new(const struct sync_source *source, const struct stream_reader_options *options,
		      struct stream_reader **out, struct drift_error *err) MUST_CHECK;
void stream_reader_free(struct stream_reader *r);
uint64_t stream_reader_commit_total(const struct stream_reader *r);
/* Bytes taken from the source. */
uint64_t stream_reader_len(const struct stream_reader *r);

/* Valid until the next call. */
struct stream_record {
	enum stream_type type;
	struct commit commit;  /* COMMIT: parents (zero ids if in the stream), author, committer, encoding, extra, message */
	const uint64_t *backs; /* one a parent */
	struct stream_check checks[STREAM_CHECKS_MAX];
	size_t check_count;    /* CHECK, WANTED: 1 */
	struct text object;    /* TAG */
};
/*
 * The next record, at last END, behind which the source must end. All changes of a commit must have been read before, and
 * the content of a BLOB. DRIFT_ERR_CORRUPT: malformed; DRIFT_ERR_LIMIT; DRIFT_ERR_IO: it ends too soon.
 */
int stream_read(struct stream_reader *r, struct stream_record *record_out, struct drift_error *err) MUST_CHECK;
/* 1, or 0 behind the last of the commit, -1. */
int stream_read_change(struct stream_reader *r, struct stream_change *change_out, struct drift_error *err) MUST_CHECK;
/*
 * The content of the change just read (PUT, EDIT, DELTA), or of a BLOB, appended. old is needed for EDIT and DELTA. Memory grows as
 * bytes come, not as lengths are claimed.
 */
int stream_read_content(struct stream_reader *r, const struct text *old, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Pass over it, which needs no old: what an EDIT or a DELTA takes from there is not looked at. */
int stream_skip_content(struct stream_reader *r, struct drift_error *err) MUST_CHECK;

#endif
