/* Support of unit tests: random graphs of commits whose sets of ancestors are known. */
#ifndef T_UNIT_DAG_MODEL_H
#define T_UNIT_DAG_MODEL_H

#include "t/unit/dag.h"

#define MODEL_COMMIT_MAX 64
#define MODEL_PARENT_MAX 4

/* A graph of its own in the dag: commits are numbered within it, a set of them is a word of bits. */
struct model {
	struct dag *dag;
	size_t first, count; /* in the dag */
	size_t parents[MODEL_COMMIT_MAX][MODEL_PARENT_MAX];
	size_t parent_count[MODEL_COMMIT_MAX];
	uint64_t ancestors[MODEL_COMMIT_MAX]; /* the commit included */
};

/* Choose parents for commit i, which is not added yet: one in `straight` of ten times, a recent one in `near` of four. */
void model_parents(struct model *m, size_t i, uint64_t straight, uint64_t near);
/* Needs dag_flush before its commits are read. */
void model_make(struct model *m, struct dag *d);
struct commit *model_commit(const struct model *m, size_t i);
/* The number of a commit of the model; fails the test if it is not one. */
size_t model_number(const struct model *m, const struct commit *c);
/* From the environment (DRIFT_TEST_SEED, DRIFT_TEST_ROUNDS) or the clock; the seed is printed. */
uint64_t model_seed(void);
size_t model_rounds(size_t normal);

#endif
