/* Documents in conflict, as a tree holds them: see objects/term.h for how. */
#ifndef MERGE_CONFLICT_H
#define MERGE_CONFLICT_H

#include "objects/term.h"

/* A term with the document that it holds. */
struct conflict_term {
	struct term term;
	struct document document; /* not valid if the term is `absent` */
	size_t data_at;           /* of inline bytes in the conflict's memory */
};

/* The terms of one path, sides first, each in the order of their keys. Not in conflict: none. */
struct conflict {
	struct conflict_term *terms;
	size_t side_count, base_count, capacity;
	struct buf memory; /* what the documents' inline bytes point to */
};
#define CONFLICT_INIT              \
	{                          \
		.memory = BUF_INIT \
	}
void conflict_release(struct conflict *c);
#define auto_conflict __attribute__((cleanup(conflict_release))) struct conflict

/* Put a term, and a copy of its document, in its place; once only. */
int conflict_add(struct conflict *c, const struct conflict_term *term, struct drift_error *err) MUST_CHECK;
bool conflict_has(const struct conflict *c, const struct term *term);

/* The terms of path: 1 in conflict / 0 / -1. *out is initialised, and filled in either case but the last. */
int conflict_read(struct node_store *store, const struct tree_root *root, const struct path *path, struct conflict *out,
		  struct drift_error *err) MUST_CHECK;
/* The same with term_reserved at hand; no documents at all: none. */
int conflict_read_from(struct node_store *store, const struct map_root *reserved, const struct path *path,
		       struct conflict *out, struct drift_error *err) MUST_CHECK;

/*
 * All documents in conflict whose path begins with prefix ("" or NULL for all, else as in tree_cursor_open), in order of their
 * terms' keys; c lives until the call returns. Non-zero from each stops and is returned. Costs follow the
 * number of conflicts.
 */
int conflict_each(struct node_store *store, const struct tree_root *root, const char *prefix, size_t prefix_len,
		  int (*each)(void *data, const struct path *path, const struct conflict *c, struct drift_error *err),
		  void *data, struct drift_error *err) MUST_CHECK;
int conflict_count(struct node_store *store, const struct tree_root *root, uint64_t *count_out,
		   struct drift_error *err) MUST_CHECK;

#endif
