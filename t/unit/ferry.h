/* Support of unit tests: what refs of one repository lead to goes to another, by way of memory. */
#ifndef T_UNIT_FERRY_H
#define T_UNIT_FERRY_H

#include "sync/receive.h"
#include "sync/send.h"

/* Bytes as a source: of each read at most `step` (0: all), and nothing from `end` on, where it fails if `fails`. */
struct ferry_bytes {
	const char *data;
	size_t len, at, step;
	bool fails;
};
struct sync_source ferry_source(struct ferry_bytes *bytes);
/* What is sent is appended. */
struct sync_sink ferry_sink(struct buf *out);

/* All refs below refs/ of `from`, with the refs and what has come of `to` as haves (NULL: none). */
int ferry_send(struct repo *from, struct repo *to, struct buf *out, struct drift_error *err) MUST_CHECK;
/* Then the refs of `to` are made those of `from`. */
int ferry_settle(struct repo *from, struct repo *to, struct received *r, struct drift_error *err) MUST_CHECK;
/* All of it. */
int ferry(struct repo *from, struct repo *to, struct drift_error *err) MUST_CHECK;
/* Fails the test unless fsck, with trees rebuilt, finds nothing, and change lists are what comparing trees gives. */
void ferry_check(struct repo *repo);

/* A repository in a folder of its own. */
struct repo *ferry_make(char dir[64]);
void ferry_remove(struct repo *repo, const char *dir);

#endif
