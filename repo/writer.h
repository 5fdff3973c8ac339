/*
 * Changing documents: a set of edits becomes one commit, by one append and one sync. If the branch has moved meanwhile the
 * edits are applied to its tip: a blind put or remove takes it as it is, a patch is computed again; where the edit had
 * read the document (if_match) and it is another by now, the commit clashes and nothing is changed.
 */
#ifndef REPO_WRITER_H
#define REPO_WRITER_H

#include "base/buf.h"
#include "repo/point.h"

struct edits;

int edits_new(struct repo *repo, struct edits **out, struct drift_error *err) MUST_CHECK;
void edits_free(struct edits *e);
void edits_clear(struct edits *e);
void edits_cleanup(struct edits **e);
#define auto_edits __attribute__((cleanup(edits_cleanup))) struct edits
size_t edits_count(const struct edits *e);

/* The paths are checked and copied, the bytes too (large ones are stored ahead). A later edit of a path replaces an earlier
 * put or remove, a patch is applied after it. mode: DOCUMENT_NO_MODE or a git file mode. */
int edits_put(struct edits *e, const char *path, size_t path_len, const void *data, size_t len, uint32_t mode,
	      struct drift_error *err) MUST_CHECK;
/* A document in any form, its blob stored already (gitlinks, taking a document over from another commit). */
int edits_put_document(struct edits *e, const char *path, size_t path_len, const struct document *doc,
		       struct drift_error *err) MUST_CHECK;
/* DRIFT_ERR_NOT_FOUND at commit where the document is absent from the tip, unless `lenient`. */
int edits_remove(struct edits *e, const char *path, size_t path_len, bool lenient, struct drift_error *err) MUST_CHECK;
enum patch_kind { PATCH_MERGE, PATCH_JSON }; /* RFC 7396, RFC 6902 */
int edits_patch(struct edits *e, const char *path, size_t path_len, enum patch_kind kind, const void *patch, size_t len,
		struct drift_error *err) MUST_CHECK;
/* The path must hold this blob id (NULL: must be absent) when the commit is made. */
int edits_if_match(struct edits *e, const char *path, size_t path_len, const struct oid *id, struct drift_error *err) MUST_CHECK;
/* What a get of the path yields with the edits applied over `base` (patches computed): 1 / 0 absent / -1. */
int edits_preview(struct edits *e, const struct tree_root *base, const char *path, size_t path_len, struct buf *out,
		  struct drift_error *err) MUST_CHECK;

struct commit_options {
	const char *branch;     /* full ref name, symbolic names are followed; NULL: HEAD */
	const char *author;     /* NULL: DRIFT_AUTHOR is the command's business; here it must be given */
	const char *committer;  /* NULL: the author */
	const char *message;
	size_t message_len;
	int64_t time_usec;      /* of author and committer; 0: now */
	char zone[8];           /* "" is +0000 */
	bool has_expect;        /* the branch must stand at `expect`, zero id: must be absent */
	struct oid expect;
	bool allow_empty;
	bool clear_stage;       /* drop the stage in the same append (used by stage_commit) */
	bool no_wait;           /* do not sync: the caller calls odb_sync with the ticket */
	const char *reason;     /* of the reflog; NULL: "commit: " and the first line */
};

struct commit_result {
	struct oid id;
	uint64_t seq;
	uint64_t ticket;
	bool rebased;              /* the branch had moved from what the caller saw when it began (`expect` not given) */
	uint64_t changed_count;    /* documents changed against the parent */
};

/* DRIFT_ERR_NOTHING if nothing changes (and not allow_empty), DRIFT_ERR_CLASH, DRIFT_ERR_NOT_FOUND ... : nothing is changed then. */
int edits_commit(struct edits *e, const struct commit_options *options, struct commit_result *out,
		 struct drift_error *err) MUST_CHECK;

/*
 * The general form: `build` makes a tree from the tip's tree (called again on the new tip if the branch has moved,
 * `attempt` counts from 0; it may refuse then). The last try runs under the append lock.
 */
struct tree_builder {
	int (*build)(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		     const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err);
};
int writer_commit(struct repo *repo, struct tree_builder *builder, const struct commit_options *options,
		  struct commit_result *out, struct drift_error *err) MUST_CHECK;

/*
 * Store a commit with given tree, parents and signature lines without moving any ref (commit-tree, import git). The tree and
 * parents must be stored or in the batch. Fields of `from` that are derived (seq, gen, time, jump) are filled in;
 * records the change list unless the commit has more than 16 parents.
 */
int writer_add_commit(struct repo *repo, struct odb_batch *batch, struct commit *from, struct commit **out,
		      struct drift_error *err) MUST_CHECK;

#endif
