/*
 * The stage: changes of people that wait for `drift commit`. It is the value of the ref STAGE, so staging is durable, atomic and
 * can be undone like all else. It has the shape of a tree (a root map of collections), but its documents are staged changes.
 * Each staged path remembers what it replaced; committing clashes where the branch holds something else by now.
 */
#ifndef REPO_STAGE_H
#define REPO_STAGE_H

#include "repo/writer.h"

/*
 * Stage the edits over what is staged and what the branch (NULL: HEAD) holds; a document that is again as the branch has it
 * is no longer staged. Errors as edits_commit; staging what is staged already is no error. A whole document (or a removal) staged
 * anew replaces what the branch holds now; a patch of what is staged, and what has an if_match, still replaces what that did.
 * reason NULL: "put users/1", "stage: 3 documents".
 */
int stage_add(struct repo *repo, struct edits *e, const char *branch, const char *actor, const char *reason,
	      struct drift_error *err) MUST_CHECK;
/* What is staged for path: 1 / 0 / -1; *node_out keeps its memory. */
int stage_get(struct repo *repo, const char *path, size_t path_len, struct node **node_out, struct staged *out,
	      struct drift_error *err) MUST_CHECK;
/* All staged changes whose path begins with prefix (as in tree_cursor_open), in order of path_compare. Non-zero from each stops and is returned. */
int stage_each(struct repo *repo, const char *prefix, size_t prefix_len,
	       int (*each)(void *data, const char *path, size_t path_len, const struct staged *s,
			   struct drift_error *err),
	       void *data, struct drift_error *err) MUST_CHECK;
int stage_count(struct repo *repo, uint64_t *count_out, struct drift_error *err) MUST_CHECK;
/* What to take of the stage; embedded, so that `takes` finds what it needs. Asked in order of path, perhaps several times over. */
struct stage_filter {
	bool (*takes)(const struct stage_filter *self, const char *path, size_t path_len);
};
/* Drop what the filter (NULL: everything) takes, in one step; how many in dropped_out. reason NULL: "unstage". */
int stage_drop(struct repo *repo, const struct stage_filter *filter, const char *actor, const char *reason,
	       uint64_t *dropped_out, struct drift_error *err) MUST_CHECK;
/* The tree of `base` with the stage over it, in the batch (write-tree, get and ls over the stage). */
int stage_tree(struct repo *repo, struct odb_batch *batch, const struct tree_root *base, struct tree_root *root_out,
	       struct drift_error *err) MUST_CHECK;
/* Replace the stage by the differences between the branch's tree and root, whose nodes are stored (read-tree). */
int stage_read_tree(struct repo *repo, const struct tree_root *root, const char *branch, const char *actor,
		    struct drift_error *err) MUST_CHECK;
/*
 * Commit everything staged and clear the stage, in one append. DRIFT_ERR_CLASH names up to ten of the paths where the branch
 * holds neither what was replaced nor what is staged. DRIFT_ERR_NOTHING: nothing is staged, or the branch has
 * all of it, which is dropped then.
 */
int stage_commit(struct repo *repo, const struct commit_options *options, struct commit_result *out,
		 struct drift_error *err) MUST_CHECK;

#endif
