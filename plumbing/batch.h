/*
 * drift batch: requests as JSON objects, a line each, answered in order by lines of JSON.
 *
 * Invariants
 *  1. An answer to a commit is printed only when the commit is durable; commits that were read together share one sync.
 *  2. Answers are printed in the order of the requests, so whatever follows a commit that is not durable yet waits with it.
 *  3. Reads see what is staged in this batch and what it committed, durable or not.
 */
#ifndef PLUMBING_BATCH_H
#define PLUMBING_BATCH_H

#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/json_members.h"

/* Answers that wait for the disk, at most. */
#define BATCH_ANSWERS_MAX 1000
#define BATCH_ANSWERS_LEN_MAX ((size_t)4 << 20)

struct queued_answer {
	size_t start; /* in answers; it ends where the next one starts */
	bool is_commit;
	size_t tag_start, tag_len; /* in tags */
};

struct batch {
	struct cmd_context *ctx;
	struct edits *edits; /* the batch's own stage */
	struct buf touched;  /* the paths of edits, each with its length before it (u32) */
	uint64_t line_number;
	bool atomic;        /* a commit fails if a change before it did */
	bool change_failed; /* since the last commit or abort */
	bool sync_failed;

	struct buf answers, tags;
	struct queued_answer *queue;
	size_t queue_count, queue_capacity;

	bool pending;                  /* commits were made that are not durable yet */
	uint64_t ticket;               /* of the last of them */
	char branch[REF_NAME_MAX + 1]; /* that it went to */
	struct oid tip;                /* its id */
	bool request_commits;          /* the answer at hand is that of a commit */
};

struct batch_request {
	struct json_members members;
	const struct json_slice *tag; /* or NULL */
};

/* Make what was committed durable and print all answers that wait. -1 only if nothing more can be printed. */
int batch_flush(struct batch *b, struct drift_error *err) MUST_CHECK;

/* Members of a request. 1 / 0 it is not there (or null) / -1 it is of another kind: DRIFT_ERR_INVALID. */
int request_string(const struct batch_request *r, const char *name, struct buf *out,
		   struct drift_error *err) MUST_CHECK;
/* Member `name`, or `name`_b64: bytes in base64. */
int request_text(const struct batch_request *r, const char *name, struct buf *out, struct drift_error *err) MUST_CHECK;
int request_bool(const struct batch_request *r, const char *name, bool *out, struct drift_error *err) MUST_CHECK;
/* A whole number from 0. */
int request_number(const struct batch_request *r, const char *name, uint64_t *out, struct drift_error *err) MUST_CHECK;
/* A whole id, or "absent": then *out is zero. */
int request_id(const struct batch_request *r, const char *name, struct oid *out, struct drift_error *err) MUST_CHECK;
/* As request_text, but it must be there: 0 / -1. */
int request_path(const struct batch_request *r, const char *name, struct buf *out, struct drift_error *err) MUST_CHECK;

/* The full name of the branch that the request, or the command line, names; "" for HEAD's. */
int batch_branch(struct batch *b, const struct batch_request *r, char out[REF_NAME_MAX + 1],
		 struct drift_error *err) MUST_CHECK;
/*
 * The ref at the end of the symbolic chain from name, and whether it exists; of the branch that has commits which are not durable
 * yet the object is not filled in: looking for what was there before them would take longer with each of them.
 */
int batch_resolve(struct batch *b, const char *name, struct ref_resolved *out, struct drift_error *err) MUST_CHECK;
/* The tree that reads without "at" begin with, before the stage. */
int batch_base(struct batch *b, const struct batch_request *r, struct tree_root *out,
	       struct drift_error *err) MUST_CHECK;
/* The commit or tree of member `name`, NULL tip's if it is not there; makes everything durable before. */
int batch_point(struct batch *b, const struct batch_request *r, const char *name, struct point *out,
		struct drift_error *err) MUST_CHECK;

/* What requests do: write members of the answer into w. */
int batch_put(struct batch *b, const struct batch_request *r, struct json_writer *w,
	      struct drift_error *err) MUST_CHECK;
int batch_patch(struct batch *b, const struct batch_request *r, struct json_writer *w,
		struct drift_error *err) MUST_CHECK;
int batch_remove(struct batch *b, const struct batch_request *r, struct json_writer *w,
		 struct drift_error *err) MUST_CHECK;
int batch_abort(struct batch *b, const struct batch_request *r, struct json_writer *w,
		struct drift_error *err) MUST_CHECK;
int batch_commit(struct batch *b, const struct batch_request *r, struct json_writer *w,
		 struct drift_error *err) MUST_CHECK;
int batch_sync(struct batch *b, const struct batch_request *r, struct json_writer *w,
	       struct drift_error *err) MUST_CHECK;
int batch_get(struct batch *b, const struct batch_request *r, struct json_writer *w,
	      struct drift_error *err) MUST_CHECK;
int batch_list(struct batch *b, const struct batch_request *r, struct json_writer *w,
	       struct drift_error *err) MUST_CHECK;
int batch_log(struct batch *b, const struct batch_request *r, struct json_writer *w,
	      struct drift_error *err) MUST_CHECK;
int batch_history(struct batch *b, const struct batch_request *r, struct json_writer *w,
		  struct drift_error *err) MUST_CHECK;
int batch_diff(struct batch *b, const struct batch_request *r, struct json_writer *w,
	       struct drift_error *err) MUST_CHECK;
int batch_ref(struct batch *b, const struct batch_request *r, struct json_writer *w,
	      struct drift_error *err) MUST_CHECK;
int batch_refs(struct batch *b, const struct batch_request *r, struct json_writer *w,
	       struct drift_error *err) MUST_CHECK;

#endif
