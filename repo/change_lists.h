/* Making the change list of a commit: what it changed against its parents, and where each path was changed before. */
#ifndef REPO_CHANGE_LISTS_H
#define REPO_CHANGE_LISTS_H

#include "objects/odb.h"

#define CHANGE_PARENTS_MAX 16

/* An empty, complete list. */
void change_list_init(struct change_list *list);
/*
 * What `tree` changes against each of the parents' trees (none: against the empty tree), at most CHANGE_PARENTS_MAX. More than
 * CHANGE_LIST_MAX paths make a list that is not complete and has no changes. To be released with change_list_release.
 */
int change_list_compare(struct node_store *store, const struct tree_root *parents, size_t parent_count,
			const struct tree_root *tree, struct change_list *list_out, struct drift_error *err) MUST_CHECK;
#endif
