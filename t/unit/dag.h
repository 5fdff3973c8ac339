/* Support of unit tests: a repository in a temporary folder and a graph of commits made by the test. */
#ifndef T_UNIT_DAG_H
#define T_UNIT_DAG_H

#include "repo/repo.h"

struct dag {
	struct repo *repo;
	struct odb_batch *batch;
	struct commit **commits; /* by number, in the order in which they were added */
	size_t count, capacity;
	uint64_t random; /* state of dag_random */
	char dir[64];
};

/* What fails here fails the test. */
void dag_open(struct dag *d, uint64_t seed);
void dag_close(struct dag *d);
/* Numbers below `below`, the same for the same seed. */
uint64_t dag_random(struct dag *d, uint64_t below);

struct dag_commit {
	const size_t *parents; /* numbers of commits, at most 16 */
	size_t parent_count;
	int64_t time_usec;            /* the committer's */
	const struct tree_root *tree; /* NULL: the empty tree */
	bool recorded;                /* by the writer, with its list of changes; else without one */
};
/* The number of the new commit. */
size_t dag_add(struct dag *d, const struct dag_commit *c);
/* Append what was added, move the ref (NULL: none) to a commit at the commit's time, and read all commits again from the store. */
void dag_flush(struct dag *d, const char *ref, size_t tip);
/* Begin again at number 0; what was added stays in the store. */
void dag_forget(struct dag *d);

#endif
