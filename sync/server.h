/*
 * The serving end of a session: answers FETCH, and PUSH where it may, until the client hangs up. What was pushed becomes visible
 * by one transaction of refs, after all of it was checked.
 */
#ifndef SYNC_SERVER_H
#define SYNC_SERVER_H

#include "repo/repo.h"
#include "sync/wire.h"

struct server_options {
	bool may_push;
	int64_t timeout_ms; /* 0: what the repository's configuration says (sync.timeout) */
};

/*
 * Serve the repository in dir (not one above it) over the two descriptors, which are closed in any case. What goes wrong is told
 * the client too. 0 when the client has closed the connection after a whole answer.
 */
int server_run(const char *dir, int in, int out, const struct server_options *options, struct drift_error *err) MUST_CHECK;

/* What sync.timeout says, in ms. */
int sync_timeout_ms(struct repo *repo, int64_t *out, struct drift_error *err) MUST_CHECK;

#endif
