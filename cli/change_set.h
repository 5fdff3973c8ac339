/* Changes of documents, copied and kept until a tree is edited by them. */
#ifndef CLI_CHANGE_SET_H
#define CLI_CHANGE_SET_H

#include "objects/tree.h"

struct kept_change;

struct change_set {
	struct tree_change *changes;
	struct kept_change **kept; /* what the changes point to */
	size_t count, capacity, kept_capacity;
};

void change_set_release(struct change_set *set);
/* In ascending order of path; document NULL: remove. Everything is copied. */
int change_set_add(struct change_set *set, const struct path *path, const struct document *doc,
		   struct drift_error *err) MUST_CHECK;
/* Replace *root by the tree with the changes. */
int change_set_apply(const struct change_set *set, struct node_store *nodes, struct tree_root *root,
		     struct drift_error *err) MUST_CHECK;

#endif
