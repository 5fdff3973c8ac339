/*
 * The whole state of a store: two levels of map, collection to descriptor and key to document, behind one door.
 * A tree's id is the id of its root map's root node; the empty tree is a root map of no entries,
 * whose id is that of the empty leaf node (it exists in every store without being stored).
 *
 * The schema of collection NAME is the document "schema/NAME" of the collection ".drift"; its descriptor
 * repeats the blob id, so that a collection exists while it has documents or a schema. tree_edit keeps the two in step.
 * Documents in conflict have terms beside them (objects/term.h), which go when the document is changed.
 */
#ifndef OBJECTS_TREE_H
#define OBJECTS_TREE_H

#include "objects/map.h"
#include "objects/value.h"

#define TREE_RESERVED ".drift"
#define TREE_SCHEMA_PREFIX "schema/"
#define TREE_MERGE_RULES "merge-rules" /* reserved: a document that says that the rules of merging are not number 1 */

/* A path cut at its first slash: "users/a/b" is collection "users", key "a/b"; without a slash the collection is "". */
struct path {
	const char *collection;
	size_t collection_len;
	const char *key;
	size_t key_len;
};

#define PATH_LEN_MAX 4096
#define COLLECTION_LEN_MAX 1024

/* Cut without checking. */
void path_split(const char *path, size_t len, struct path *path_out);
/* Cut and check a document's path: not empty, no empty, "." or ".." parts, no NUL, lengths. DRIFT_ERR_INVALID, DRIFT_ERR_LIMIT. */
int path_parse(const char *path, size_t len, struct path *path_out, struct drift_error *err) MUST_CHECK;
/* The same for a path that is cut already; a key in the unnamed collection has no slash. */
int path_check(const struct path *path, struct drift_error *err) MUST_CHECK;
/* A collection's name other than "": not "." or "..", no slash, no NUL, length. */
int collection_check(const char *name, size_t len, struct drift_error *err) MUST_CHECK;
/* "collection/key", or "key" in the unnamed collection, appended. */
void path_format(const struct path *path, struct buf *out);
/* Order of collection, then key. */
int path_compare(const struct path *a, const struct path *b);

struct tree_root {
	struct oid id;
	uint64_t loc;
};

void tree_empty(struct tree_root *root_out);
bool tree_is_empty(const struct tree_root *root);

/* A collection's descriptor: 1 / 0 / -1. */
int tree_collection(struct node_store *store, const struct tree_root *root, const char *name, size_t name_len,
		    struct descriptor *d_out, struct drift_error *err) MUST_CHECK;
/* The map of a collection's documents, be it here or not. */
void descriptor_map(const struct descriptor *d, struct map_root *root_out);
/* The same for who reads it: DRIFT_ERR_ABSENT where the store does not have the collection's documents. */
int tree_documents(struct node_store *store, const char *name, size_t name_len, const struct descriptor *d,
		   struct map_root *root_out, struct drift_error *err) MUST_CHECK;
/* Are they here? */
bool tree_has_documents(const struct node_store *store, const char *name, size_t name_len);

/* A document: 1 / 0 / -1; *node_out keeps its memory. */
int tree_get(struct node_store *store, const struct tree_root *root, const struct path *path, struct node **node_out,
	     struct document *doc_out, struct drift_error *err) MUST_CHECK;

/* Documents and collections in all, from the root map. */
struct tree_totals {
	uint64_t collection_count, document_count, byte_count;
};
int tree_totals(struct node_store *store, const struct tree_root *root, struct tree_totals *totals_out,
		struct drift_error *err) MUST_CHECK;

/* Documents in order of (collection, key) whose "collection/key" begins with prefix; the collection's
 * name itself, with or without the slash, is a prefix of all its documents. Collections that the store does not have are passed over;
 * with a prefix that names one, up to the slash, it is DRIFT_ERR_ABSENT. */
struct tree_cursor;
int tree_cursor_open(struct node_store *store, const struct tree_root *root, const char *prefix, size_t prefix_len,
		     struct tree_cursor **cursor_out, struct drift_error *err) MUST_CHECK;
/* 1 / 0 / -1; what it yields lives until the next call. */
int tree_cursor_next(struct tree_cursor *c, struct path *path_out, struct document *doc_out,
		     struct drift_error *err) MUST_CHECK;
void tree_cursor_free(struct tree_cursor *c);

/*
 * One change of one document: put (document != NULL) or remove. Or, with collection != NULL and no key, of all documents of
 * path.collection at once, to those of that descriptor (its schema is not looked at); other changes of it must not follow.
 */
struct tree_change {
	struct path path;
	const struct document *document;
	const struct descriptor *collection;
};
/* In strictly ascending order of path_compare: 1 / 0 / -1. */
struct tree_changes {
	int (*next)(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err);
};

/*
 * The tree with the changes applied; memory is bounded by the inner nodes and the number of collections touched. Putting or removing
 * ".drift/schema/NAME" sets or drops the schema of NAME. DRIFT_ERR_INVALID: order, a path that path_check refuses, a
 * document that is inline but longer than VALUE_INLINE_MAX or a blob but not, a schema of ".drift" itself.
 * The terms of what is put or removed, or of a whole collection, are dropped, unless the changes name one of the path's terms.
 */
int tree_edit(struct node_store *store, const struct tree_root *root, struct tree_changes *changes,
	      struct tree_root *root_out, struct drift_error *err) MUST_CHECK;
/* As tree_edit, but nothing is dropped that is not named: for who merges trees, or builds one again from all of its changes. */
int tree_edit_exact(struct node_store *store, const struct tree_root *root, struct tree_changes *changes,
		    struct tree_root *root_out, struct drift_error *err) MUST_CHECK;
int tree_edit_array(struct node_store *store, const struct tree_root *root, const struct tree_change *changes,
		    size_t change_count, struct tree_root *root_out, struct drift_error *err) MUST_CHECK;

/*
 * Replace one whole collection by what it is in another tree (or drop it if it is not there), by its root:
 * rolling back a collection costs one descriptor. Its schema document in ".drift" and its terms go with it.
 */
int tree_take_collection(struct node_store *store, const struct tree_root *root, const struct tree_root *from,
			 const char *name, size_t name_len, struct tree_root *root_out,
			 struct drift_error *err) MUST_CHECK;

/* Differences in order of path; documents only. */
struct tree_diff_options {
	const char *prefix; /* as tree_cursor_open, "" or NULL for all */
	size_t prefix_len;
	/* a NULL: added; b NULL: removed. 0 to go on, >0 to stop (returned), <0 error. */
	int (*each)(void *data, const struct path *path, const struct document *a, const struct document *b,
		    struct drift_error *err);
	void *data;
	/* Two versions, NULL as above, of a collection that the store does not have; NULL: they are passed over, as tree_cursor_open does. */
	int (*each_absent)(void *data, const char *name, size_t name_len, const struct descriptor *a,
			   const struct descriptor *b, struct drift_error *err);
	const struct collection_set *only; /* unless NULL: as if the store had no others */
};
/* As each_absent: DRIFT_ERR_ABSENT. */
int tree_refuse_absent(void *data, const char *name, size_t name_len, const struct descriptor *a,
		       const struct descriptor *b, struct drift_error *err);
/* The same where two trees differ in a collection that the store does not have. */
int tree_check_absent(struct node_store *store, const struct tree_root *a, const struct tree_root *b,
		      struct drift_error *err) MUST_CHECK;
int tree_diff(struct node_store *store, const struct tree_root *a, const struct tree_root *b,
	      const struct tree_diff_options *options, struct drift_error *err) MUST_CHECK;

#endif
