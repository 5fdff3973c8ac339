/*
 * Merging commits. Several merge bases become one by being merged themselves, in order of id, each time upon the base of theirs;
 * no common commit is an empty base.
 *
 * An automatic merge is a pure function of its two parents: the one with the higher seq first, then the one with the lower id; author and
 * committer "drift", the time the later of the parents' effective times, zone +0000, message "Merge". Any node that
 * merges the same two commits makes the same commit, id included.
 */
#ifndef REPO_MERGE_COMMIT_H
#define REPO_MERGE_COMMIT_H

#include "merge/tree_merge.h"
#include "repo/graph.h"

#define MERGE_AUTHOR "drift"
#define MERGE_MESSAGE "Merge"
#define MERGE_BASES_MAX 8   /* folded into one; further ones are left out */
#define MERGE_DEPTH_MAX 256 /* of bases of bases; below, the first of several stands for all */
#define MERGE_FOLDS_MAX 512 /* merges of bases for one merge; beyond, the same */

enum merge_kind {
	MERGE_NOTHING, /* theirs is an ancestor of ours, or the same */
	MERGE_FORWARD, /* ours is an ancestor of theirs */
	MERGE_MADE
};

struct merge_result {
	enum merge_kind kind;
	struct commit *commit;         /* a reference: ours, theirs, or the merge, which waits in the batch */
	struct tree_merge_stats stats; /* MERGE_MADE */
};

/* Both are stored. The commit still has to be appended with the batch, and a ref moved: see refs_apply. */
int merge_automatic(struct repo *repo, struct odb_batch *batch, struct commit *ours, struct commit *theirs,
		    struct merge_result *out, struct drift_error *err) MUST_CHECK;

/*
 * The tree of a merge, first's side first: of a person's, too. It goes into the batch; with NULL it stays in the store's memory, to
 * be looked at. The later one, for the policy last-writer, is the one with the later effective time, then with the greater id.
 */
struct merge_job {
	struct repo *repo;
	struct merge_store *store;
	struct odb_batch *batch;
	struct commit *sides[2];
	const struct merge_choices *choices; /* or NULL */
};
int merge_commit_trees(const struct merge_job *job, struct tree_root *root_out, struct tree_merge_stats *stats_out,
		       struct drift_error *err) MUST_CHECK;

/* The tree that a merge of the two is based on; what is made for it stays in the store's memory. */
int merge_base_tree(struct repo *repo, struct merge_store *store, struct commit *const sides[2],
		    struct tree_root *root_out, struct drift_error *err) MUST_CHECK;

/* Does the config say that this branch (its full name) takes no conflicts? branch.NAME.conflicts = refuse */
int merge_conflicts_refused(struct repo *repo, const char *branch, bool *out, struct drift_error *err) MUST_CHECK;

/*
 * Where none are wanted, because of `unwanted` or the branch's config: DRIFT_ERR_CLASH if more documents would be in conflict than
 * are now.
 */
int merge_check_conflicts(struct repo *repo, const char *branch, bool unwanted, uint64_t now, uint64_t then,
			  struct drift_error *err) MUST_CHECK;

/* Does a commit have the form of an automatic merge? */
bool merge_is_automatic(const struct commit *c);
/* Recompute an automatic merge: 1 it is right, 0 it is no automatic merge; -1, with DRIFT_ERR_CORRUPT where it is another than its parents make. */
int merge_verify(struct repo *repo, struct commit *c, struct drift_error *err) MUST_CHECK;

#endif
