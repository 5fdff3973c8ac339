/* What the files of the sender share. */
#ifndef SYNC_SEND_INTERNAL_H
#define SYNC_SEND_INTERNAL_H

#include "base/random.h"
#include "base/siphash.h"
#include "objects/oid_table.h"
#include "repo/place_table.h"
#include "sync/send.h"
#include "sync/stream.h"

#define SENDER_KNOWN_COUNT 8192 /* blobs that are remembered to be with the receiver */

/* What was asked for, and what tags of it lead to. */
struct sender_object {
	struct oid id;
	enum object_kind kind;
};

/* A commit that was sent, of which no child was. */
struct sender_tip {
	struct oid id;
	uint64_t number; /* in the stream, from 0 */
	bool told;
};

struct sender {
	struct repo *repo;
	struct odb *odb;
	const struct sync_progress *progress;
	const struct collection_set *only;
	struct sender_object *objects; /* targets before their tags */
	size_t object_count, object_capacity;
	struct oid_table haves, listed; /* the latter's ids are allocated */
	uint64_t *locs; /* of the commits to be sent, the newest first */
	size_t loc_count, loc_capacity;
	struct stream_writer *writer;
	uint64_t sent;
	uint64_t checked, checked_len; /* how far the last checkpoint was */
	struct sender_tip tips[STREAM_CHECKS_MAX];
	size_t tip_count;
	unsigned char key[SIPHASH_KEY_LEN];
	struct place_table numbers; /* by hash of the id: 1 + a sent commit's number */
	struct oid last;            /* the commit sent last */
	struct oid *known;          /* a blob of a kind may take the place of another */
	struct buf old, content;
	struct sync_counts counts;
};

/* Is it one of the haves? */
bool sender_has(const struct sender *s, const struct oid *id);
/* A commit sent before, by its id: 1 with its number, 0, -1. */
int sender_find(struct sender *s, const struct oid *id, uint64_t *number_out, struct drift_error *err) MUST_CHECK;
/* The commit and what it changes. */
int sender_commit(struct sender *s, const struct commit *c, struct drift_error *err) MUST_CHECK;

#endif
