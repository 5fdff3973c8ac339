/* What is staged, compared with the branch that it is to be committed to. */
#ifndef CLI_STAGED_H
#define CLI_STAGED_H

#include "repo/stage.h"

struct staged_change {
	const char *path;
	size_t path_len;
	enum change_kind kind;       /* against what the path held when it was staged */
	bool clash;                  /* the branch holds something else by now */
	const struct staged *staged;
};

/* In order of path, against `tree`; counts the clashes. Non-zero from each stops and is returned. */
int staged_each(struct repo *repo, const struct tree_root *tree,
		int (*each)(void *data, const struct staged_change *change, struct drift_error *err), void *data,
		uint64_t *clash_count_out, struct drift_error *err) MUST_CHECK;

/* "add", "modify", "delete"; "added:", ...; 'A', 'M', 'D'. */
const char *staged_word(enum change_kind kind);
const char *staged_label(enum change_kind kind);
char staged_letter(enum change_kind kind);

#endif
