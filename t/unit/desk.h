/* Support of unit tests: a repository in a temporary folder, and short words for what tests do with it. */
#ifndef T_UNIT_DESK_H
#define T_UNIT_DESK_H

#include "repo/writer.h"

struct desk {
	struct repo *repo;
	struct odb *odb;
	char dir[64];
	uint64_t random;
	struct drift_error err; /* of the last call that failed */
};

/* setup and teardown of cmocka: *state is a struct desk. What fails here fails the test. */
int desk_setup(void **state);
int desk_teardown(void **state);
/* Close the repository and open it again. */
void desk_reopen(struct desk *d);

/* Fails the test with the message unless r >= 0. */
void desk_must(struct desk *d, int r);
/* Fails the test unless r < 0 with that code and, where it is not NULL, that part of the message. */
void desk_refused(struct desk *d, int r, enum drift_error_code code, const char *part);

/* Numbers below `below`, the same in each run. */
uint64_t desk_random(struct desk *d, uint64_t below);

struct edits *desk_edits(struct desk *d);
void desk_put(struct desk *d, struct edits *e, const char *path, const char *text);
void desk_remove(struct desk *d, struct edits *e, const char *path);
void desk_merge(struct desk *d, struct edits *e, const char *path, const char *patch);
/* Options of a commit by "tester", its message "test\n". */
struct commit_options desk_options(void);
/* Commit to HEAD and free the edits; the result must be good. */
struct commit_result desk_commit(struct desk *d, struct edits *e);
/* The same with one put. */
struct commit_result desk_commit_put(struct desk *d, const char *path, const char *text);

/* The commit at HEAD, or NULL; the tree of it, or the empty tree. */
struct commit *desk_head(struct desk *d);
struct tree_root desk_head_tree(struct desk *d);
struct tree_root desk_tree(struct desk *d, const struct oid *commit);
/* Fails the test unless the tree has the text at path; text NULL: nothing. */
void desk_holds(struct desk *d, const struct tree_root *tree, const char *path, const char *text);
void desk_head_holds(struct desk *d, const char *path, const char *text);

#endif
