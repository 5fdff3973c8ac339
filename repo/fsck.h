/*
 * Checking a store: every frame and group, every object against its id, every commit's parents, seq, gen, jump and
 * times, every tree (full: rebuilt from its documents and compared), the closure of every ref and log entry that is
 * not expired, packs and their indexes. Objects are checked by all cores, each once.
 */
#ifndef REPO_FSCK_H
#define REPO_FSCK_H

#include "repo/repo.h"

enum fsck_severity {
	FSCK_NOTE = 0,   /* nothing is lost: an index that is made anew, a torn tail, leftovers */
	FSCK_DAMAGE = 1, /* damaged, but nothing refers to it, or it is there a second time */
	FSCK_LOST = 2    /* something that a ref leads to cannot be read */
};

/* Texts are valid during the call. */
struct fsck_fault {
	enum fsck_severity severity;
	const char *sentence; /* lower case, no period */
	const char *file;     /* its name below the store, or NULL */
	uint64_t offset;
	bool has_object;
	enum object_kind kind;
	struct oid object; /* zero if only the location is known */
	uint64_t loc;
	const char *const *paths; /* documents that cannot be read for it, at most FSCK_PATHS_MAX */
	size_t path_count;
	const struct oid *commits; /* that have them, newest first, at most FSCK_COMMITS_MAX */
	size_t commit_count;
	uint64_t paths_total, commits_total;
};
#define FSCK_PATHS_MAX 100
#define FSCK_COMMITS_MAX 100

struct fsck_options {
	bool full;        /* trees rebuilt and compared */
	unsigned threads; /* 0: one a processor */
	int (*fault)(void *data, const struct fsck_fault *fault,
		     struct drift_error *err); /* one thread at a time; -1 stops */
	void (*progress)(void *data, const char *what, uint64_t done, uint64_t total); /* may be NULL */
	void *data;
};

struct fsck_result {
	uint64_t faults[3]; /* by severity */
	uint64_t files, commits, nodes, blobs, tags, refs;
	uint64_t content_bytes; /* hashed */
	uint64_t marks;         /* records that repair marked as lost */
};

/*
 * Of a store (its own folder) that cannot be opened: which files keep it from that, a fault each. 0 also where there
 * are none; DRIFT_ERR_UNSUPPORTED: a later program wrote it.
 */
int fsck_closed(const char *dir, const struct fsck_options *options, struct fsck_result *result_out,
		struct drift_error *err) MUST_CHECK;

/* 0 also when there are faults; -1 if it cannot go on. Opens what is damaged as far as it can. */
int fsck_run(struct repo *repo, const struct fsck_options *options, struct fsck_result *result_out,
	     struct drift_error *err) MUST_CHECK;

#endif
