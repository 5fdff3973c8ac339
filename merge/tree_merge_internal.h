/* What the parts of the tree merge share. */
#ifndef MERGE_TREE_MERGE_INTERNAL_H
#define MERGE_TREE_MERGE_INTERNAL_H

#include "merge/kept_changes.h"
#include "merge/path_merge.h"
#include "merge/tree_merge.h"

enum version_of { OF_BASE, OF_FIRST, OF_SECOND, VERSIONS };

/* Paths, one behind the other; in order of path_compare once sorted. */
struct path_list {
	struct path_list_item {
		size_t at, len;
	} * items;
	size_t count, capacity;
	struct buf bytes;
};
#define PATH_LIST_INIT            \
	{                         \
		.bytes = BUF_INIT \
	}
void path_list_release(struct path_list *l);
int path_list_add(struct path_list *l, const char *path, size_t len, struct drift_error *err) MUST_CHECK;
/* In order, each once. */
int path_list_sort(struct path_list *l, struct drift_error *err) MUST_CHECK;
void path_list_at(const struct path_list *l, size_t i, struct path *path_out);
/* The number of the first that is not before path; *equal_out: it is that one. */
size_t path_list_find(const struct path_list *l, const struct path *path, bool *equal_out);

/* One merge of trees on its way. */
struct tree_merging {
	struct merge_setting setting;
	struct node_store *nodes;
	struct map_root reserved[VERSIONS];
	bool has_terms;             /* any of the three */
	struct path_list contested; /* whose terms a side has changed: these are merged by themselves */
	struct kept_changes terms;  /* to be */
	struct tree_merge_stats stats;
};

/* A collection that a side has changed. */
struct merge_part {
	struct text name;
	struct map_root maps[VERSIONS];
	struct map_root result;
};

/* Merge its documents; what becomes of terms is noted. */
int merge_collection(struct tree_merging *m, struct merge_part *part, struct drift_error *err) MUST_CHECK;
/* Find the paths whose terms a side has changed. */
int merge_find_contested(struct tree_merging *m, struct drift_error *err) MUST_CHECK;
/* A path was merged: count it and note its terms; those of `before` (NULL: none) that it has no more are removed. */
int merge_note(struct tree_merging *m, const struct path *path, const struct path_outcome *outcome,
	       struct path_state *const *before, struct drift_error *err) MUST_CHECK;

#endif
