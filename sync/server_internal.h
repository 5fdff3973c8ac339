/* What the files of the serving end share. */
#ifndef SYNC_SERVER_INTERNAL_H
#define SYNC_SERVER_INTERNAL_H

#include "repo/repo.h"
#include "sync/session.h"

struct server {
	struct repo *repo;
	struct session session;
	bool may_push;
	char peer[2 * STORE_ID_LEN + 1]; /* the client's store, in hexadecimal */
};

/* Options of a FETCH that are known; the caller refuses others. */
int server_fetch(struct server *s, const struct wire_frame *frame, struct drift_error *err) MUST_CHECK;
int server_push(struct server *s, const struct wire_frame *frame, struct drift_error *err) MUST_CHECK;

#endif
