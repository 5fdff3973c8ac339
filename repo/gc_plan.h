/* What a run of gc takes, and how long what nothing refers to is kept. */
#ifndef REPO_GC_PLAN_H
#define REPO_GC_PLAN_H

#include "repo/gc.h"
#include "repo/gc_source.h"

struct gc_plan {
	int64_t now_usec;
	int64_t reflog_since_usec; /* log entries since then keep what they name */
	uint64_t keep_from_sec;    /* what was sealed since then is kept */
	bool restored;             /* repair left RESTORED_NAME: something is lost, or was stored again */
	bool keep_all;             /* nothing is dropped */
	bool has_journals;         /* some of what is taken was never packed */
	bool merges;               /* packs become fewer */
	uint64_t sealed_sec;       /* when the newest of what is taken was sealed */
};

/* By the options, the configuration (gc.pruneExpire, gc.reflogExpire: a date, "now", "never"), or default. */
int gc_plan_times(struct gc_plan *plan, const struct config *config, const struct gc_options *options,
		  struct drift_error *err) MUST_CHECK;
/* A time before which something ends: as dates are written, "now": all, "never": nothing. */
int gc_parse_expiry(const char *text, int64_t now_usec, int64_t *before_usec_out, struct drift_error *err) MUST_CHECK;
/* Decides what source takes (its first is 0: nothing); batches: some that wrote ahead are under way. */
int gc_plan_make(struct gc_plan *plan, struct gc_source *source, const struct gc_options *options, bool batches,
		 struct drift_error *err) MUST_CHECK;
/* The heads of the new pack. */
int gc_plan_heads(const struct gc_plan *plan, const struct gc_source *source, struct pack_heads *heads_out,
		  struct drift_error *err) MUST_CHECK;

struct gc_size {
	uint64_t files, bytes; /* journals, packs with their indexes, the index of the store */
};
int gc_size(struct odb *odb, struct gc_size *out, struct drift_error *err) MUST_CHECK;

/* What came of transfers that nobody went on with (REF_INCOMING) is not kept any longer after REF_INCOMING_SEC. */
int gc_forget_incoming(struct odb *odb, struct drift_error *err) MUST_CHECK;

#endif
