/*
 * What a ref held: the moves of one ref, newest first, from the log of the store. A symbolic ref (HEAD) moves with
 * the ref that it names and when it is made to name another.
 */
#ifndef REPO_REFLOG_H
#define REPO_REFLOG_H

#include "repo/repo.h"

struct reflog_walk {
	struct odb *odb;
	char name[REF_NAME_MAX + 1];
	char target[REF_NAME_MAX + 1]; /* the ref followed where name is symbolic, else "" */
	uint64_t name_loc, target_loc; /* the next entries to be gone back over, LOC_UNKNOWN: none */
	struct ref_value value;        /* held before the moves gone back over: an object, or absent */
};

/* The name in full; it need not exist now. *value is what it holds now. 1, 0 if it neither exists nor has a log, -1. */
int reflog_open(struct odb *odb, const char *name, struct reflog_walk *w, struct drift_error *err) MUST_CHECK;
/* Go back over one move: 1 with its time, 0 if there are no more, -1. */
int reflog_back(struct reflog_walk *w, int64_t *time_usec_out, struct drift_error *err) MUST_CHECK;
/* When the next move to be gone back over was made: 1 / 0 / -1. */
int reflog_peek(struct reflog_walk *w, int64_t *time_usec_out, struct drift_error *err) MUST_CHECK;
/* As refs_expand, for names that only the log knows too. */
int reflog_expand(struct odb *odb, const char *shorthand, size_t len, char name_out[REF_NAME_MAX + 1],
		  struct drift_error *err) MUST_CHECK;

#endif
