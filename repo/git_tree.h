/*
 * The tree of a commit while the file commands of a stream change it. As in git a name is a file or a folder: a new file takes the place of
 * a folder of its name, and of files that stand where its folders are to be. Paths are drift's (see git_names.h).
 */
#ifndef REPO_GIT_TREE_H
#define REPO_GIT_TREE_H

#include "base/textdiff.h" /* struct text */
#include "objects/tree.h"

struct git_tree;

int git_tree_new(struct git_tree **out, struct drift_error *err) MUST_CHECK;
void git_tree_free(struct git_tree *t);
/* Begin with what is in root; the store must live until git_tree_finish. */
void git_tree_begin(struct git_tree *t, struct node_store *store, const struct tree_root *root);

/* The document's bytes are copied. */
int git_tree_put(struct git_tree *t, struct text path, const struct document *doc, struct drift_error *err) MUST_CHECK;
/* A file, or a folder with all that is in it (path "": everything). What is not there needs no removing. */
int git_tree_remove(struct git_tree *t, struct text path, struct drift_error *err) MUST_CHECK;
/* What the copies of one commit come to at most, since a few lines can ask for any number of them. */
#define GIT_COPIES_MAX ((size_t)1000000)
#define GIT_COPIES_LEN_MAX ((size_t)256 << 20) /* of their paths and what stands in the tree itself */

/*
 * A file or a folder to where `to` is, which is replaced: 1, 0 if there is no such file or folder, -1. DRIFT_ERR_LIMIT,
 * nothing changed: more than GIT_COPIES_MAX files since git_tree_begin, or longer ones.
 */
int git_tree_copy(struct git_tree *t, struct text from, struct text to, bool remove_source,
		  struct drift_error *err) MUST_CHECK;
int git_tree_remove_all(struct git_tree *t, struct drift_error *err) MUST_CHECK;
/* Is it a file? 1 / 0 / -1. */
int git_tree_has(struct git_tree *t, struct text path, struct drift_error *err) MUST_CHECK;
/* Where the blob of the path was in the tree that it began with, for a delta; LOC_UNKNOWN if there is none. */
int git_tree_base_loc(struct git_tree *t, struct text path, uint64_t *loc_out, struct drift_error *err) MUST_CHECK;

int git_tree_finish(struct git_tree *t, struct tree_root *root_out, struct drift_error *err) MUST_CHECK;

#endif
