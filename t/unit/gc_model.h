/*
 * For tests of collecting garbage: a repository with two handles, and a model of it in memory. Each step does one thing
 * to both, at random but the same for each seed; then every question must have the model's answer, by whichever
 * handle it is asked. What fails names the seed and the step.
 */
#ifndef T_UNIT_GC_MODEL_H
#define T_UNIT_GC_MODEL_H

#include "base/mem.h"
#include "repo/writer.h"

#define MODEL_PATHS 24
#define MODEL_PARENTS 18
#define MODEL_REFS 12
#define MODEL_HANDLES 2
#define NO_COMMIT SIZE_MAX

struct model_commit {
	struct oid id;
	unsigned state[MODEL_PATHS]; /* which content each path has; 0: none */
	size_t parents[MODEL_PARENTS], parent_count;
	uint64_t seq;
	int64_t time_usec;
};

struct model_ref {
	char name[32];
	size_t value;        /* a commit, or NO_COMMIT */
	struct oid held;     /* what the ref holds: the commit's id or a tag's */
	struct oid log[200]; /* what it held, oldest first; zero: it was absent */
	size_t log_count;
};

/* Something that was begun and goes on after any number of other steps. */
struct model_walk {
	struct revwalk *walk;
	size_t start, *order, at, count; /* of commits, by their numbers, and how many have come */
};

struct model {
	uint64_t seed, random;
	unsigned step;
	const char *what;  /* is being done */
	int64_t base_usec; /* commits are made a second a step from here on */
	bool old;          /* all times are years ago, so that logs of refs have expired */
	bool dropped;      /* what nothing leads to may be gone */
	bool large;        /* a document in chunks now and then */
	char dir[64];
	struct repo *repos[MODEL_HANDLES];
	struct model_commit *commits;
	size_t count, capacity;
	struct model_ref refs[MODEL_REFS];
	unsigned contents; /* numbers of contents used */
	bool only_new;     /* no content that was there before is to come again */
	struct buf stage;  /* as model_stage_text says */
	unsigned staged[MODEL_PATHS];
	bool is_staged[MODEL_PATHS];
	struct odb_batch *pending; /* of handle 0; its commit will be on the ref `pending_ref` */
	struct model_commit pending_commit;
	uint64_t pending_loc;
	struct model_ref *pending_ref;
	struct model_walk walk;
	uint64_t sealed, collected, dropped_count;
	struct drift_error err;
};

void model_open(struct model *m, uint64_t seed);
void model_close(struct model *m);
/* Do something; the journal is bounded to some KiB. */
void model_step(struct model *m);

uint64_t model_random(struct model *m, uint64_t below);
_Noreturn void model_fail(const struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
void model_must(const struct model *m, int r);
const char *model_path(size_t p);
/* Content number n of path p. */
void model_content(const struct model *m, size_t p, unsigned n, struct buf *out);
/* Which commits do refs lead to? An array of bools to be freed. */
bool *model_reachable(const struct model *m);
/* All that commit number `at` leads to, youngest first; to be freed. */
size_t *model_log(const struct model *m, size_t at, size_t *count_out);
/* Mark those. */
void model_mark(const struct model *m, size_t at, bool *reached);
void model_stage_text(struct model *m, struct repo *repo, struct buf *out);

/* Every answer of a handle, or a part of them. */
void model_check(struct model *m, struct repo *repo, bool all);

#endif
