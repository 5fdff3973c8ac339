/* What the files of the export share. */
#ifndef REPO_GIT_EXPORT_INTERNAL_H
#define REPO_GIT_EXPORT_INTERNAL_H

#include "repo/git_export.h"
#include "repo/git_stream.h"
#include "objects/oid_table.h"

/* A commit or blob that the stream names or will name. */
struct export_mark {
	struct oid id;
	uint64_t number; /* 0: not in the stream (yet) */
	uint64_t loc;    /* of a commit */
	size_t label;    /* of a commit: 1 + the ref under which it is written, 0: not known */
	bool is_inner;   /* a tag that another tag names */
};

struct export_ref {
	char *name;
	struct object_ref object;
	bool is_tag;
	struct object_ref commit; /* through tags; LOC_UNKNOWN and a zero id where they lead to something else */
};

#define MARK_POOL_COUNT 1024

struct mark_pool {
	struct mark_pool *before;
	size_t used;
	struct export_mark items[MARK_POOL_COUNT];
};

struct git_exporter {
	struct repo *repo;
	struct odb *odb;
	struct node_store *nodes;
	const struct git_export_options *options;
	struct export_ref *refs; /* to be set in the end */
	size_t ref_count, ref_capacity;
	struct oid_table marks;
	struct mark_pool *pool;
	uint64_t last_number;
	struct export_mark **commits; /* newest first */
	size_t commit_count, commit_capacity;
	struct buf out;
	/* Of the commit at hand. */
	const struct commit *commit;
	struct buf removals, changes, path, data, dataref;
};

/* The mark of an object, made without a number on first mention. */
int export_mark(struct git_exporter *x, const struct oid *id, struct export_mark **out, struct drift_error *err) MUST_CHECK;
/* ":12", or the id where the object has no number: appended. */
void export_mark_name(const struct export_mark *mark, struct buf *out);
int export_command(struct git_exporter *x, const struct git_command *c, struct drift_error *err) MUST_CHECK;

/* What the revisions ask for: the refs, and all their commits that are not left out. */
int export_collect(struct git_exporter *x, struct drift_error *err) MUST_CHECK;
int export_commit(struct git_exporter *x, struct export_mark *mark, struct drift_error *err) MUST_CHECK;
/* Write a blob unless it was; its mark has a number then. */
int export_blob(struct git_exporter *x, const struct oid *id, const struct document *doc, struct export_mark **out,
		struct drift_error *err) MUST_CHECK;
int export_ref_end(struct git_exporter *x, const struct export_ref *ref, struct drift_error *err) MUST_CHECK;

#endif
