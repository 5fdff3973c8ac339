/* Changes of a map of documents, copied, in any order, until the map is edited by them. */
#ifndef MERGE_KEPT_CHANGES_H
#define MERGE_KEPT_CHANGES_H

#include "merge/merge_store.h"

struct kept_change;

struct kept_changes {
	struct kept_change *items;
	size_t count, capacity;
	struct buf bytes;
};
#define KEPT_CHANGES_INIT         \
	{                         \
		.bytes = BUF_INIT \
	}
void kept_changes_release(struct kept_changes *k);
#define auto_kept_changes __attribute__((cleanup(kept_changes_release))) struct kept_changes

/* doc NULL: remove. No key comes twice. The store adopts the document. */
int kept_changes_add(struct kept_changes *k, struct merge_store *store, const struct text *key,
		     const struct document *doc, struct drift_error *err) MUST_CHECK;
int kept_changes_apply(struct kept_changes *k, struct node_store *nodes, struct map_root *documents,
		       struct drift_error *err) MUST_CHECK;

#endif
