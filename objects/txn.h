/*
 * The payload of a transaction frame: new objects, what they change, and the refs that move, in one piece:
 *
 *   varint record count, the length of each record as varint, the records
 *     (a record that repair found to be lost: u8 56 + kind, varint seconds since 1970, its id if it is known, zeros)
 *   u8 parts: 1 a log entry follows, 2 change lists follow
 *   log entry: location of the log entry before it (of any ref), u8 flags (1: time, actor and reason are those of
 *     a commit: u8 its record), else svarint time in microseconds, varint length, actor, varint length, reason;
 *     varint update count, then for each:
 *       name: varint 0, varint length, name | varint 1 + n, location of a log entry whose update n spells out this name
 *       location of the entry that set the old value (unknown: there was none)
 *       u8 value: 0 absent | 1 object: 32-byte id, location | 2 the commit in record u8 of this frame
 *                 | 3 symbolic: varint length, name
 *   change lists: varint count, then for each: u8 record of the commit, varint change count + 1, or 0 for a marker;
 *     marker: location of the commit with a marker before it (unknown: none)
 *     change: varint collection: 0 as in the change before, else length + 1 and name; varint length, key;
 *             varint kinds; location of the commit that changed the path before (unknown: none on record)
 */
#ifndef OBJECTS_TXN_H
#define OBJECTS_TXN_H

#include "objects/odb.h"
#include "objects/record.h"

#define TXN_RECORD_MAX 240
#define TXN_TEXT_MAX ((size_t)64 << 10) /* actor, reason */

/* A frame's payload cut in parts; points into the payload. */
struct txn {
	uint64_t self; /* location of the frame */
	size_t record_count;
	const unsigned char *record[TXN_RECORD_MAX];
	size_t record_len[TXN_RECORD_MAX];
	size_t lost_len[TXN_RECORD_MAX]; /* of the mark of a lost one, whose record_len is 0 */
	bool has_log, has_changes;
	const unsigned char *rest; /* behind the parts byte */
	size_t rest_len;
};

int txn_parse(const void *payload, size_t len, uint64_t self, struct txn *out, struct drift_error *err) MUST_CHECK;
/* Only the one record: its bytes and length, 0 also of a lost one. */
int txn_record(const void *payload, size_t len, unsigned index, const unsigned char **data_out, size_t *len_out,
	       struct drift_error *err) MUST_CHECK;

/* What repair leaves in place of a record that is lost. */
struct txn_lost {
	enum object_kind kind; /* 0: not known */
	uint64_t since_sec;    /* when repair found it, since 1970 */
	struct oid id;         /* of a commit, blob or tag, if it could be told; else zero */
};
#define TXN_LOST_MIN 6 /* bytes of a mark without an id, at least */

/* The mark of a lost record, padded with zeros to len bytes (0: as long as it has to be). False: it does not fit. */
bool txn_lost_encode(const struct txn_lost *lost, size_t len, struct buf *out);
int txn_lost_decode(const void *mark, size_t len, struct txn_lost *out, struct drift_error *err) MUST_CHECK;
/* Is the record lost? 1, 0, -1 the payload is malformed. */
int txn_lost_parse(const void *payload, size_t len, unsigned index, struct txn_lost *out,
		   struct drift_error *err) MUST_CHECK;

enum txn_value { TXN_ABSENT = 0, TXN_OBJECT = 1, TXN_COMMIT = 2, TXN_SYMBOLIC = 3 };

struct txn_update {
	struct text name;      /* len 0: spelt out elsewhere */
	uint64_t name_loc;
	unsigned name_index;
	uint64_t previous_loc;
	enum txn_value value;
	struct object_ref object; /* TXN_OBJECT */
	unsigned record;          /* TXN_COMMIT */
	struct text target;       /* TXN_SYMBOLIC */
};

#define TXN_UPDATE_MAX 1000000

struct txn_log {
	uint64_t previous_loc;
	bool of_commit; /* time, actor and reason are those of the commit in `record` */
	unsigned record;
	int64_t time_usec;
	struct text actor, reason;
	struct txn_update *updates; /* freed by txn_log_release */
	size_t update_count;
};

/* The log entry, if there is one: 1 / 0 / -1. */
int txn_log_parse(const struct txn *t, struct txn_log *out, struct drift_error *err) MUST_CHECK;
void txn_log_release(struct txn_log *log);
void txn_log_encode(const struct txn_log *log, uint64_t self, struct buf *out);

/* How many bytes of t->rest the log entry takes: 0 if there is none. The change lists are behind it. */
int txn_log_len(const struct txn *t, size_t *len_out, struct drift_error *err) MUST_CHECK;

/* The change list of the commit in `record`: 1 / 0 / -1. Paths are copied to the list's memory. */
int txn_changes_parse(const struct txn *t, unsigned record, struct change_list *out, struct drift_error *err) MUST_CHECK;
void txn_changes_encode(unsigned record, const struct change_list *list, uint64_t self, struct buf *out);
/* All lists, for the index: record, change (NULL for a marker). Non-zero stops. */
int txn_each_change(const struct txn *t,
		    int (*each)(void *data, unsigned record, const struct change *change, struct drift_error *err),
		    void *data, struct drift_error *err) MUST_CHECK;

#endif
