/*
 * Frames over a connection: a byte that says what it is, the length of what follows as a varint, and that. A
 * peer is believed nothing: it may be silent, slow, cut off, or send what is no frame; each is an error after a time that is known.
 *
 * Waits: no byte for timeout_ms is an error; so is a frame that is not whole after WIRE_PATIENCE times as long, WIRE_KEEPALIVE frames,
 * which say that the peer is at work, not counted. Where a write has to wait, what the peer says meanwhile is taken in, up to a limit.
 */
#ifndef SYNC_WIRE_H
#define SYNC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

#define WIRE_FRAME_MAX ((size_t)1 << 20) /* bytes in a frame behind its length */
#define WIRE_KEEPALIVE 0                 /* an empty frame, dropped by whoever reads */
#define WIRE_PATIENCE 10

struct wire;

struct wire_frame {
	uint8_t type;
	const unsigned char *data; /* valid until the wire is used again */
	size_t len;
};

struct wire_counts {
	uint64_t in_len, out_len; /* bytes */
	uint64_t turns;           /* how often an answer was waited for after something had been sent */
};

/* Both descriptors, which may be one, belong to the wire from here on, even if this fails. */
int wire_new(int in, int out, int64_t timeout_ms, struct wire **out_wire, struct drift_error *err) MUST_CHECK;
/* Closes the descriptors; nothing is flushed. NULL-safe. */
void wire_free(struct wire *wire);

/* Say now and then that we are at work, from a thread of the wire's own, until it is freed. */
int wire_keep_alive(struct wire *wire, struct drift_error *err) MUST_CHECK;

/* A frame; it leaves at once where many bytes wait, else with the next wire_flush or wire_read. */
int wire_write(struct wire *wire, uint8_t type, const void *data, size_t len, struct drift_error *err) MUST_CHECK;
int wire_flush(struct wire *wire, struct drift_error *err) MUST_CHECK;
/*
 * The next frame: 1; 0 where the peer closed the connection between two; -1: DRIFT_ERR_IO if it closed it within one or the time is
 * over, DRIFT_ERR_CORRUPT for what is no frame.
 */
int wire_read(struct wire *wire, struct wire_frame *out, struct drift_error *err) MUST_CHECK;

void wire_counts(struct wire *wire, struct wire_counts *out);
/* Has the peer closed its side? */
bool wire_ended(const struct wire *wire);
/* The first bytes that came, for telling people what it was that is no peer of ours. */
void wire_first_words(const struct wire *wire, struct buf *out);

#endif
