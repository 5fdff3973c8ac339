/*
 * The receiver's end: rebuilds trees and commits from a data stream and compares ids with what the sender says. Nothing leads to
 * what arrived before the caller's transaction of refs, which appends the rest along:
 *
 *   sync_receive(repo, &source, &options, &received, err);
 *   received_find(received, &id, &kind, &object, err) for each ref to move;
 *   refs_apply(odb, { changes + received_incoming(), .batch = received_batch(received) }, err);
 *   received_free(received);
 *
 * Invariants
 *  1. A commit is kept only when its parents are: each was in the stream before it, or is one that a ref of this store leads to.
 *  2. Its tree is made here, of its first parent's tree and documents that came or are here: so nothing of it is missing.
 *  3. What is kept under a ref, be it INCOMING, is an ancestor of a commit whose id the sender has told, and is equal to it.
 */
#ifndef SYNC_RECEIVE_H
#define SYNC_RECEIVE_H

#include "repo/repo.h"
#include "sync/sync_io.h"

/* So many commits of one peer stand as INCOMING/PEER/N, while a transfer has not ended. */
#define INCOMING_TIPS_MAX 64

struct sync_receive_options {
	const char *peer;          /* letters and digits that stand for whom it comes from, at most 64; NULL: keep nothing of a transfer that fails */
	uint64_t document_len_max; /* longest document taken; 0: DOCUMENT_LEN_MAX */
	uint64_t content_len_max;  /* documents together, as they are here; 0: SYNC_CONTENT_MAX and SYNC_CONTENT_RATIO */
	uint64_t stream_len_max;   /* bytes that come; 0: no limit */
	uint64_t keep_len;         /* of bytes that come, after which what is told is kept under INCOMING; 0: a default */
	bool raw;                  /* records come as they are, for tests */
	bool any_clock;            /* take commits that are ahead of this machine's clock by more than core.maxClockAhead */
	const struct sync_progress *progress; /* or NULL */
};

/* So much content is taken, and so much for each byte that came. */
#define SYNC_CONTENT_MAX ((uint64_t)64 << 30)
#define SYNC_CONTENT_RATIO 4096

struct received;

/*
 * The source ends where the stream does. DRIFT_ERR_CORRUPT: the stream is damaged or its sender lies;
 * DRIFT_ERR_LIMIT; DRIFT_ERR_NOT_FOUND: it builds on a commit or a document that is not here; DRIFT_ERR_IO: it ends too soon. The
 * source's errors are passed on. After a cut (DRIFT_ERR_IO, or the source's error) what came up to the last id that was told
 * stays under INCOMING, for the next attempt to name as what it has.
 */
int sync_receive(struct repo *repo, const struct sync_source *source, const struct sync_receive_options *options,
		 struct received **out, struct drift_error *err) MUST_CHECK;
/* NULL-safe. What was not appended is forgotten. */
void received_free(struct received *r);
void received_cleanup(struct received **r);
#define auto_received __attribute__((cleanup(received_cleanup))) struct received

void received_counts(const struct received *r, struct sync_counts *out);
/* What the sender was asked for, as far as it was in the stream: a commit or a tag. */
struct received_object {
	enum object_kind kind;
	struct object_ref object;
};
const struct received_object *received_objects(const struct received *r, size_t *count_out);
/* A commit or tag that came, or that a ref of this store leads to: 1 / 0 / -1. object.loc is good for the transaction. */
int received_find(struct received *r, const struct oid *id, enum object_kind *kind_out,
		  struct object_ref *object_out, struct drift_error *err) MUST_CHECK;
/* For the transaction that moves refs to it. */
struct odb_batch *received_batch(struct received *r);
/* Changes for the same transaction, which drop what stands under INCOMING/PEER. Valid as long as r. */
const struct ref_change *received_incoming(const struct received *r, size_t *count_out);
/* Instead of that transaction: keep all that came under INCOMING, durably. */
int received_keep(struct received *r, struct drift_error *err) MUST_CHECK;

/* The commits that stand under INCOMING of any peer, for a request's haves. Non-zero from each stops and is returned. */
int incoming_each(struct repo *repo, int (*each)(void *data, const struct oid *id, struct drift_error *err), void *data,
		  struct drift_error *err) MUST_CHECK;

#endif
