/*
 * The way to another repository: who serves it, and the descriptors on which it does. A table of transports says
 * which kind of place is reached how; a new kind is a line there.
 */
#ifndef SYNC_CONNECTION_H
#define SYNC_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct connection_options {
	const char *url;
	const char *base_dir;     /* what a relative path is relative to; NULL: the current directory */
	bool push;                /* else fetches are served alone */
	const char *upload_pack;  /* the command on the other machine; NULL: "drift upload-pack" */
	const char *receive_pack; /* NULL: "drift receive-pack" */
	const char *ssh_command;  /* where DRIFT_SSH is not set; NULL: "ssh" */
	int64_t timeout_ms;       /* how long the other end may take to end */
};

struct connection;

/* The descriptors, which may be one, are the caller's to close, before connection_close. */
int connection_open(const struct connection_options *options, struct connection **out, int *in_out, int *out_out,
		    struct drift_error *err) MUST_CHECK;
/*
 * Wait for the end of who served. Frees the connection. 0, or -1 where that was a program that did not end well: *err says how,
 * which matters only where the conversation failed too.
 */
int connection_close(struct connection *connection, struct drift_error *err);

#endif
