/* How a set of edits is kept, and what becomes of a document by them: shared by the edits_*.c files and the stage. */
#ifndef REPO_EDITS_INTERNAL_H
#define REPO_EDITS_INTERNAL_H

#include "repo/writer.h"

/* Larger sets are applied outside of the append lock first. */
#define EDITS_LIGHT_MAX 300
/* Bytes of large documents that are held in memory; beyond it they are stored ahead. */
#define EDITS_HELD_MAX ((size_t)64 << 20)

enum edit_kind { EDIT_PUT, EDIT_DOCUMENT, EDIT_REMOVE, EDIT_PATCH, EDIT_MATCH };

struct edit {
	struct path path;
	uint64_t order; /* later ones are greater */
	enum edit_kind kind;
	enum patch_kind patch;
	uint32_t mode;
	bool keep_mode; /* put without mode: a regular file's stays what it was */
	bool lenient;
	unsigned char *data; /* put, patch; allocated on its own if it is large, else in the arena */
	size_t len;
	const struct document *document;
	const struct oid *id; /* match; NULL: absent */
};

struct edits_block;

struct edits {
	struct repo *repo;
	struct edits_block *blocks;
	struct edit *items;
	size_t count, capacity;
	bool sorted;
	size_t held_len;
	bool ahead; /* documents are stored that only the commit to come refers to: gc must wait for it */
};

/* By path, then order of coming. */
/* DRIFT_ERR_INVALID for a path that is drift's own. */
int edits_check_reserved(const struct path *path, struct drift_error *err) MUST_CHECK;
/*
 * Bytes that are put at a path which passed: a schema whose merge policy or a script whose Lua is wrong is refused, a script that is
 * put here is trusted here.
 */
int edits_admit(struct edits *e, const struct path *path, const void *data, size_t len,
		struct drift_error *err) MUST_CHECK;

void edits_sort(struct edits *e);
/* How many edits from item `at` on are of its path. */
size_t edits_group(const struct edits *e, size_t at);

/* What edits are applied to: 1 / 0 / -1, as tree_get. */
struct edit_view {
	int (*get)(struct edit_view *self, const struct path *path, struct node **node_out, struct document *doc_out,
		   struct drift_error *err);
	bool in_conflict; /* set by get: so is the document that it gave */
};

/* A tree as a view. */
struct tree_view {
	struct edit_view view;
	struct node_store *store;
	const struct tree_root *root;
	bool asked, any; /* has the tree terms at all? */
};
void tree_view_init(struct tree_view *v, struct node_store *store, const struct tree_root *root);

struct edit_outcome {
	struct path path;
	struct node *node; /* keeps `before` */
	bool had, has;
	struct document before, after;
	/* The document afterwards as bytes that are not stored yet (`after` is not valid then). */
	bool is_raw;
	const void *raw;
	size_t raw_len;
	uint32_t raw_mode;
	bool settles;          /* a conflict, whatever the document is afterwards */
	struct buf patched[2]; /* what raw may point to */
};
void edit_outcome_init(struct edit_outcome *o);
void edit_outcome_release(struct edit_outcome *o);

/* Apply `count` edits of one path; *o has been used before or initialised. The view is asked once. */
int edits_apply(const struct edits *e, const struct edit *items, size_t count, struct edit_view *view,
		struct edit_outcome *o, struct drift_error *err) MUST_CHECK;
/* Store raw bytes in the batch, so that `after` is valid. Does the document differ now? 1 / 0 / -1. */
int edit_outcome_store(struct edit_outcome *o, struct odb *odb, struct odb_batch *batch,
		       struct drift_error *err) MUST_CHECK;

#endif
