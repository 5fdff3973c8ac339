/*
 * Where a merge reads and writes: a store, and what is made meanwhile. New nodes and blobs go into a batch, or stay in memory, for
 * what is needed no longer than the merge itself (a base made of several, a trial).
 */
#ifndef MERGE_MERGE_STORE_H
#define MERGE_MERGE_STORE_H

#include "objects/odb.h"

struct merge_store;
int merge_store_new(struct odb *odb, struct merge_store **out, struct drift_error *err) MUST_CHECK;
void merge_store_free(struct merge_store *s);
void merge_store_cleanup(struct merge_store **s);
#define auto_merge_store __attribute__((cleanup(merge_store_cleanup))) struct merge_store

/* What is made from now on goes into the batch (NULL: stays in memory, as it does at first); what it refers to must not be in memory then. */
void merge_store_into(struct merge_store *s, struct odb_batch *batch);
/* Lives as long as s. */
struct node_store *merge_store_nodes(struct merge_store *s);

/* The bytes of a document, appended; not for gitlinks. */
int merge_store_read(struct merge_store *s, const struct document *doc, struct buf *out,
		     struct drift_error *err) MUST_CHECK;
/* Keep bytes as a document: inline, pointing to data, or as a blob, which base_loc is the most alike of. */
int merge_store_write(struct merge_store *s, const struct text *data, uint32_t mode, uint64_t base_loc,
		      struct document *out, struct drift_error *err) MUST_CHECK;
/* If the document's blob is in memory, and new things are not, put it where they go. */
int merge_store_adopt(struct merge_store *s, struct document *doc, struct drift_error *err) MUST_CHECK;

#endif
