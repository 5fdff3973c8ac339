/* What the files of the receiver share. */
#ifndef SYNC_RECEIVE_INTERNAL_H
#define SYNC_RECEIVE_INTERNAL_H

#include "objects/oid_table.h"
#include "sync/receive.h"
#include "sync/stream.h"

#define PEER_LEN_MAX 64

/* Which of the objects has the id. */
struct listed_object {
	struct oid id;
	size_t index;
};

struct received {
	struct repo *repo;
	struct odb *odb;
	struct odb_batch *batch;
	struct sync_receive_options options;
	char peer[PEER_LEN_MAX + 1]; /* "": keep nothing */
	const struct sync_source *source;
	bool source_ended;
	struct stream_reader *reader;
	uint64_t *places; /* of the commits that came; those from first_waiting on as the batch tells them */
	size_t place_count, place_capacity, first_waiting;
	struct received_object *objects;
	size_t object_count, object_capacity;
	struct oid_table objects_by_id; /* each a struct listed_object, allocated */
	/* What the last checkpoint told, by number in the stream. */
	uint64_t checked[STREAM_CHECKS_MAX];
	size_t checked_count;
	bool unkept; /* some of it is not under INCOMING yet */
	bool own_slots;        /* it has been kept before, from first_slot on */
	size_t first_slot;
	uint64_t kept_len;
	int64_t kept_usec;
	struct oid_table known; /* commits here that were found to be sound, each allocated */
	struct ref_change *incoming;
	size_t incoming_count, incoming_capacity;
	struct buf old, content;
	struct sync_counts counts;
};

/* The commit in the record, with its changes: it is in the batch then, and is the last of `places`. */
int receive_commit(struct received *r, const struct stream_record *record, struct drift_error *err) MUST_CHECK;
/* A commit by its number in the stream. */
int received_commit_at(struct received *r, uint64_t number, struct commit **out, struct drift_error *err) MUST_CHECK;
/* An object here that a ref leads to: 1 / 0 / -1. */
int received_known(struct received *r, const struct oid *id, enum object_kind *kind_out, struct object_ref *out,
		   struct drift_error *err) MUST_CHECK;
void received_known_release(struct received *r);
/* More content: DRIFT_ERR_LIMIT if it is too much. */
int received_count_content(struct received *r, uint64_t len, struct drift_error *err) MUST_CHECK;
void received_report(struct received *r);

/* What the last checkpoint told goes under INCOMING, durably, and the batch is empty again. */
int incoming_keep(struct received *r, struct drift_error *err) MUST_CHECK;
/* Fill in the changes that drop what is under INCOMING. */
int incoming_list(struct received *r, struct drift_error *err) MUST_CHECK;
void incoming_release(struct received *r);

#endif
