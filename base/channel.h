/*
 * Pipes and sockets to another process, whether their descriptors block or not: what is asked for here never waits but in
 * channel_wait, and so never longer than its caller wants. Nobody is killed for writing to an end that nobody reads.
 */
#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct channel_ready {
	bool in, out;
};

/*
 * Wait until `in` can be read or `out` written (-1: not asked for), at most timeout_ms: 1 with what it is, 0 when the time is
 * over, -1. An end that is closed or failed counts as ready: the next call on it says why.
 */
int channel_wait(int in, int out, int64_t timeout_ms, struct channel_ready *ready, struct drift_error *err) MUST_CHECK;
/* What is there, up to len bytes, when channel_wait said so; 0 is the end, CHANNEL_NONE that there is nothing after all, -1. */
#define CHANNEL_NONE (-2)
int64_t channel_read(int fd, void *data, size_t len, struct drift_error *err) MUST_CHECK;
/*
 * As much as goes, when channel_wait said so: how many bytes, perhaps 0, or -1. A pipe whose other end is closed is a failure
 * of its own code, DRIFT_ERR_NOT_FOUND, since what the other end said last may still be to be read. On a pipe that is no socket
 * SIGPIPE kills who has not seen to it.
 */
int64_t channel_write(int fd, const void *data, size_t len, struct drift_error *err) MUST_CHECK;
/* Two ends of a new connection within this process, not inherited by others. */
int channel_pair(int ends[2], struct drift_error *err) MUST_CHECK;
/* No more will be written to this end; the other sees the end. For a socket; else nothing. */
void channel_shut(int fd);

#endif
