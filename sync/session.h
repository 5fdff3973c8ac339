/* What both ends of a conversation share: messages over a wire, what the other end says instead of an answer, the data stream in pieces. */
#ifndef SYNC_SESSION_H
#define SYNC_SESSION_H

#include "sync/message.h"
#include "sync/sync_io.h"
#include "sync/wire.h"

#define SYNC_TIMEOUT_KEY "sync.timeout" /* seconds without a byte from the other end */
#define SYNC_TIMEOUT_DEFAULT 60

struct session {
	struct wire *wire;
	struct buf data;            /* of a data stream that we send: less than a frame */
	const unsigned char *piece; /* of one that comes: what is left of a frame */
	size_t piece_len;
	bool data_ended;
	bool heard; /* the peer has said something that was understood */
};

/* Takes the wire over, even if it fails. */
int session_init(struct session *s, struct wire *wire, struct drift_error *err) MUST_CHECK;
void session_release(struct session *s);

/* Messages wait until they are many, session_flush or session_read. payload NULL: empty. */
int session_send(struct session *s, enum message_type type, const struct buf *payload, struct drift_error *err) MUST_CHECK;
int session_flush(struct session *s, struct drift_error *err) MUST_CHECK;
/* Tell the peer why we give up, as far as it listens. */
void session_give_up(struct session *s, const struct drift_error *why);

/*
 * The next message: 1 / 0 the peer is gone / -1. If it is an ERROR, *err says what the peer says; -1, too, for what is no
 * message.
 */
int session_read(struct session *s, struct wire_frame *out, struct drift_error *err) MUST_CHECK;
/* The next message must be of that type. */
int session_expect(struct session *s, enum message_type type, struct wire_frame *out, struct drift_error *err) MUST_CHECK;
int session_unexpected(const struct wire_frame *frame, const char *wanted, struct drift_error *err);

/* DATA pieces; session_end_data sends what is left, and END. */
struct sync_sink session_sink(struct session *s);
int session_end_data(struct session *s, struct drift_error *err) MUST_CHECK;
/* Begin to read a data stream, which ends where END comes; `first` was read already, or NULL. */
struct sync_source session_source(struct session *s, const struct wire_frame *first);
/* Read on to its END, whatever comes. */
int session_skip_data(struct session *s, struct drift_error *err) MUST_CHECK;

/* Our HELLO, sent; the peer's, which must come next. */
int session_say_hello(struct session *s, const unsigned char store_id[STORE_ID_LEN], struct drift_error *err) MUST_CHECK;
int session_hear_hello(struct session *s, struct message_hello *out, struct drift_error *err) MUST_CHECK;

#endif
