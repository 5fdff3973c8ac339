/*
 * A search by halves for the commit that broke something. What is known is kept in refs: refs/bisect/start (where HEAD
 * stood), bad, good-ID, skip-ID, first-parent (there if that is asked for) and head, the commit to be tried.
 */
#ifndef CLI_BISECTION_H
#define CLI_BISECTION_H

#include "cli/command.h"

#define REF_BISECT "refs/bisect/"
#define REF_BISECT_START REF_BISECT "start"
#define REF_BISECT_FIRST_PARENT REF_BISECT "first-parent"
#define REF_BISECT_HEAD REF_BISECT "head"
#define REF_BISECT_BAD REF_BISECT "bad"
#define REF_BISECT_GOOD REF_BISECT "good-"
#define REF_BISECT_SKIP REF_BISECT "skip-"

struct commit_list {
	struct commit **items;
	size_t count, capacity;
};

struct bisection {
	struct repo *repo;
	struct commit *start; /* NULL: none is under way */
	bool first_parent;
	struct commit *bad;   /* NULL: not known yet */
	struct commit_list good, skipped;
};
#define auto_bisection __attribute__((cleanup(bisection_release))) struct bisection

/* Take a reference more. */
int commit_list_add(struct commit_list *list, struct commit *c, struct drift_error *err) MUST_CHECK;
bool commit_list_has(const struct commit_list *list, const struct oid *id);
void commit_list_release(struct commit_list *list);

/* Read the refs. Release it whatever the outcome. */
int bisection_load(struct repo *repo, struct bisection *out, struct drift_error *err) MUST_CHECK;
void bisection_release(struct bisection *b);

enum bisection_state {
	BISECTION_WAITING, /* for a bad and a good commit */
	BISECTION_TESTING, /* `commit` is to be tried */
	BISECTION_FOUND,   /* `commit` is the first bad one */
	BISECTION_SKIPPED  /* one of `suspects` is, and all but the bad one were skipped */
};

struct bisection_step {
	enum bisection_state state;
	struct commit *commit;
	uint64_t left;  /* commits to choose from after this one, at worst */
	unsigned steps; /* how often one will have to be tried after this one, at worst */
	struct commit_list suspects;
};
#define BISECTION_STEP_INIT { .state = BISECTION_WAITING }
#define auto_bisection_step __attribute__((cleanup(bisection_step_release))) struct bisection_step

/*
 * What to do next. Where the first-parent line between good and bad has no merge (or only that line counts) the middle
 * is found by number, with a logarithmic number of reads; else the commits between are walked over.
 * DRIFT_ERR_INVALID: what is marked bad is part of what is marked good.
 */
int bisection_next(const struct bisection *b, struct bisection_step *out, struct drift_error *err) MUST_CHECK;
void bisection_step_release(struct bisection_step *step);

/* For the two files that know how: the middle of a line above the commit numbered low, and of a graph. */
int bisection_middle_of_line(const struct bisection *b, uint64_t low, struct bisection_step *out,
			     struct drift_error *err) MUST_CHECK;
int bisection_middle_of_graph(const struct bisection *b, struct bisection_step *out, struct drift_error *err) MUST_CHECK;

#endif
