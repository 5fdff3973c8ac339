/*
 * How the index of documents is made. Ids are not computed where somebody wrote them down: those of nodes stand in the
 * nodes above them, in root maps and commits; what nobody names is hashed in the end. Of a version
 * that is stored as a delta only what it does not share with its base is looked at.
 */
#ifndef REPO_BLOB_SCAN_INTERNAL_H
#define REPO_BLOB_SCAN_INTERNAL_H

#include <stdatomic.h>

#include "base/extsort.h"
#include "objects/node_cache.h"
#include "objects/odb_exact.h"
#include "objects/odb_scan.h"
#include "repo/blob_index_internal.h"

struct loc_list {
	uint64_t *items;
	size_t count, capacity;
};
int loc_list_add(struct loc_list *list, uint64_t loc, struct drift_error *err) MUST_CHECK;
void loc_list_release(struct loc_list *list);
void loc_list_sort(struct loc_list *list);
bool loc_list_has(const struct loc_list *sorted, uint64_t loc, size_t *i_out);

/* What kind of node stands at a location, remembered for those that were met last. */
struct node_shape {
	uint64_t loc;
	enum map_kind kind;
	uint8_t level;
};
#define SHAPE_COUNT ((size_t)1 << 15)

/* What one thread has of a scan. */
struct blob_worker {
	struct odb *odb;
	struct node_cache *nodes; /* leaves, not hashed; shared */
	uint64_t from;
	struct extsort *sort; /* of BLOB_ITEM_LEN bytes: print, the 8 bytes of the id behind it, location; big endian */
	struct node_shape *shapes;
	struct object_ref newest;
	struct loc_list roots; /* of collections, whose ids a pack leaves out */
	struct loc_list trees; /* nodes of the file at hand, in order; and which of them have been named */
	unsigned char *named;
	size_t named_capacity;
	struct loc_list foreign; /* named, in other files */
	struct loc_list unnamed; /* nodes of files that are done */
};
#define BLOB_ITEM_LEN 24

int blob_worker_init(struct blob_worker *w, struct odb *odb, struct node_cache *nodes, const char *dir, uint64_t from,
		     struct drift_error *err) MUST_CHECK;
void blob_worker_release(struct blob_worker *w);
/* A frame of a journal; frames of a file come in order. */
int blob_worker_frame(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
		      struct drift_error *err) MUST_CHECK;
/* After the last of a file. */
int blob_worker_end_file(struct blob_worker *w, struct drift_error *err) MUST_CHECK;
/* What node, stored at loc, has and base (or NULL) has not. */
int blob_worker_node(struct blob_worker *w, const struct node *node, const struct node *base, uint64_t loc,
		     struct drift_error *err) MUST_CHECK;
/* The same of a record that is an edit list against an inner node, its locations relative to relative_to. */
int blob_worker_inner_edit(struct blob_worker *w, const struct record *r, uint64_t relative_to,
			   struct drift_error *err) MUST_CHECK;
int blob_worker_enter(struct blob_worker *w, const struct oid *id, enum blob_kind kind, uint64_t loc,
		      struct drift_error *err) MUST_CHECK;
/* Enter the node that stands at loc by its hash. */
int blob_worker_hash(struct blob_worker *w, uint64_t loc, enum blob_kind kind, struct drift_error *err) MUST_CHECK;

/* The commits and root maps of groups [from, to) of a pack's stubs; fills w->roots. */
int blob_worker_stubs(struct blob_worker *w, struct pack *pack, uint64_t from, uint64_t to,
		      struct drift_error *err) MUST_CHECK;
/* The nodes of groups [from, to) of a pack's objects; roots: sorted, what w->roots of all workers have. */
int blob_worker_objects(struct blob_worker *w, struct pack *pack, uint64_t from, uint64_t to,
			const struct loc_list *roots, struct drift_error *err) MUST_CHECK;

#endif
