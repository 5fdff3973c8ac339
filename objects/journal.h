/*
 * One journal file: frames behind one another, then zeros written ahead. This is the file alone: reading verified
 * frames, writing at the end, finding the end after a crash. Who may write, and what readers may see, is odb.c's.
 *
 * Finding the end (journal_scan). Let D be the greatest durable offset that any valid frame states.
 *  - A bad place before D was synced once: damage. It is kept and skipped by its framing.
 *  - A bad place at or beyond D with valid frames after it is a torn tail, which takes them with it, if all that it has of
 *    some sector is zero (the disk lost a sector of an append that was never acknowledged); otherwise it is damage.
 *  - A bad place at or beyond D with no valid frame after it is a torn tail likewise, also if its last four bytes are zero
 *    (the append stopped before); otherwise, a frame all of which was written, it is damage.
 */
#ifndef OBJECTS_JOURNAL_H
#define OBJECTS_JOURNAL_H

#include "base/buf.h"
#include "objects/frame.h"
#include "objects/loc.h"

struct journal;

struct journal_identity {
	uint64_t number;
	unsigned char store_id[16];
	uint64_t device, inode;
};

/* Make the file with its first frame, durable together with its name. */
int journal_create(const char *dir, uint64_t number, const unsigned char store_id[16], struct drift_error *err) MUST_CHECK;
/* Remove what an attempt that did not come to an end left; no journal that counts has that number. */
int journal_discard(const char *dir, uint64_t number, struct drift_error *err) MUST_CHECK;
int journal_open(const char *dir, uint64_t number, bool writable, struct journal **journal_out,
		 struct drift_error *err) MUST_CHECK;
void journal_close(struct journal *j);
/* Pieces of the file that were read are kept: so many bytes at most, though 32 KiB at least; 1 MiB until this is called. */
void journal_limit_memory(struct journal *j, size_t len);

const struct journal_identity *journal_identity(const struct journal *j);
/* The descriptor, for locks. */
int journal_fd(const struct journal *j);
const char *journal_path(const struct journal *j);

/* The payload of the frame at offset, appended to out, verified. Threads may read at once. */
int journal_read(struct journal *j, uint64_t offset, struct buf *out, enum frame_kind *kind_out,
		 struct drift_error *err) MUST_CHECK;
/* The same of a frame whose checksum may be wrong: for who verifies by an id what he takes from it. */
int journal_read_damaged(struct journal *j, uint64_t offset, struct buf *out, enum frame_kind *kind_out,
			 bool *damaged_out, struct drift_error *err) MUST_CHECK;
/* Raw bytes (verified by nobody) for looking at heads; fewer only at the end of the file. */
int64_t journal_peek(struct journal *j, uint64_t offset, void *data, size_t len, struct drift_error *err);

struct journal_scan {
	/* Each valid frame in order; payload is not ours. Non-zero stops. */
	int (*frame)(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		     struct drift_error *err);
	/* A damaged stretch that is kept. */
	void (*damage)(void *data, uint64_t from, uint64_t to);
	void *data;
};
/* From offset (a frame's) to the end; end_out: where the next frame goes, dirty_out: how far there are bytes other than zero. */
int journal_scan(struct journal *j, uint64_t from, const struct journal_scan *scan, uint64_t *end_out,
		 uint64_t *dirty_out, struct drift_error *err) MUST_CHECK;

/* Append bytes (whole frames) at `end`; grows the file by steps written ahead. */
int journal_write(struct journal *j, uint64_t end, const void *data, size_t len, struct drift_error *err) MUST_CHECK;
/* Make [from, to) zeros again, durably: what a torn append left. */
int journal_blank(struct journal *j, uint64_t from, uint64_t to, struct drift_error *err) MUST_CHECK;
int journal_sync(struct journal *j, struct drift_error *err) MUST_CHECK;
/* The same by who may not write: what was read of it so far is durable from here on. */
int journal_settle(struct journal *j, struct drift_error *err) MUST_CHECK;
/* The file's size and the end of the first frame. */
int journal_size(struct journal *j, uint64_t *size_out, struct drift_error *err) MUST_CHECK;
/* For frame_checksum. */
uint32_t journal_seed(const struct journal *j);
uint64_t journal_start(const struct journal *j);

#endif
