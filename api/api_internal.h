/* What stands behind the names of include/drift.h, and the conversions between its structs and ours. */
#ifndef API_API_INTERNAL_H
#define API_API_INTERNAL_H

#include <stdatomic.h>

#include "api/warm_internal.h"
#include "include/drift.h"
#include "repo/maintain.h"
#include "repo/point.h"

struct drift_repo {
	atomic_uint refs; /* the handle, and all that was made from it */
	struct repo *repo;
	struct maintainer *maintainer; /* NULL: opened to read */
	struct warm_budget budget;
};

struct drift_repo *api_repo_ref(struct drift_repo *repo);

struct drift_snapshot {
	atomic_uint refs;
	struct drift_repo *repo;
	struct point point;
	struct warm_tree warm;
};

struct drift_snapshot *api_snapshot_ref(struct drift_snapshot *snapshot);

/* A document in the memory of node, of which the value gets a reference of its own. */
int api_value_of(struct drift_repo *repo, struct node *node, const struct document *doc, struct drift_value *out,
		 struct drift_error *err) MUST_CHECK;
/* The bytes of a buffer, which is empty then. */
int api_value_take(struct buf *bytes, const struct document *doc, struct drift_value *out,
		   struct drift_error *err) MUST_CHECK;
enum drift_kind api_kind(const struct document *doc);
uint64_t api_document_len(const struct document *doc);

void api_commit_of(const struct commit *c, struct drift_commit *out);
struct drift_id api_id(const struct oid *id);
struct oid api_oid(const struct drift_id *id);

/* The full name of a branch given by a user in short or in full: NULL stays NULL, "HEAD" too. *storage holds it. */
int api_branch(const char *branch, struct buf *storage, const char **name_out, struct drift_error *err) MUST_CHECK;

#endif
