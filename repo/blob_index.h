/*
 * Finding by id what the store's own index leaves out, so that commits pay nothing for it: documents that stand inline in
 * leaves, committed or staged, and tree nodes (the roots of collections by prefix too, others only by their whole
 * id). What was found by reading the store is kept in cache/blobs and cache/blobs-new (see
 * Documentation/drift-format-cache.adoc), which may be deleted at any time; of a store that has grown, only what is new
 * is read. With no_cache, or where the folder cannot be written, the same is done in memory.
 */
#ifndef REPO_BLOB_INDEX_H
#define REPO_BLOB_INDEX_H

#include "repo/repo.h"

struct blob_index;

/* Told now and then, by the thread that asked, while the store is read. */
struct blob_progress {
	void (*update)(void *data, uint64_t bytes_done, uint64_t bytes_total);
	void *data;
};

/* Reads nothing yet. progress may be NULL, else it outlives the index. */
int blob_index_new(struct repo *repo, bool no_cache, const struct blob_progress *progress, struct blob_index **out,
		   struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void blob_index_free(struct blob_index *index);

struct blob_found {
	struct oid id;
	enum object_kind kind;
	/* OBJECT_BLOB: a document (inline, or a gitlink's id as a blob) and the node that keeps its memory. */
	struct node *node;
	struct document document;
	uint64_t loc; /* OBJECT_TREE: of the collection's root */
};
#define BLOB_FOUND_INIT      \
	{                    \
		.node = NULL \
	}
void blob_found_release(struct blob_found *found);
#define auto_blob_found __attribute__((cleanup(blob_found_release))) struct blob_found

/* 1 / 0 / -1. What was added to the store since the last call is found too. */
int blob_index_find(struct blob_index *index, const struct oid *id, struct blob_found *out,
		    struct drift_error *err) MUST_CHECK;
/* The one whose hexadecimal id begins with prefix: 1 / 0 / -1, DRIFT_ERR_AMBIGUOUS if there are several. */
int blob_index_find_prefix(struct blob_index *index, const char *prefix, size_t prefix_len, struct blob_found *out,
			   struct drift_error *err) MUST_CHECK;

#endif
