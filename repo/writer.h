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

/*
 * The paths are checked and copied, the bytes too (many large ones are stored ahead). A later edit of a path replaces an
 * earlier put or remove, a patch is applied after it. The collection ".drift" takes only schema/COLLECTION, a JSON
 * object, and merge/NAME.lua. mode: a git file mode, or DOCUMENT_NO_MODE, which leaves a regular file's as it is.
 */
int edits_put(struct edits *e, const char *path, size_t path_len, const void *data, size_t len, uint32_t mode,
	      struct drift_error *err) MUST_CHECK;
/* A document in any form, its blob stored already (gitlinks, taking a document over from another commit). */
int edits_put_document(struct edits *e, const char *path, size_t path_len, const struct document *doc,
		       struct drift_error *err) MUST_CHECK;
/* DRIFT_ERR_NOT_FOUND at commit where the document is absent from the tip, unless `lenient`. */
int edits_remove(struct edits *e, const char *path, size_t path_len, bool lenient, struct drift_error *err) MUST_CHECK;
enum patch_kind { PATCH_MERGE, PATCH_JSON }; /* RFC 7396, RFC 6902 */
/* DRIFT_ERR_INVALID where the patch is not JSON, or at commit the document; DRIFT_ERR_NOT_FOUND at commit where it is absent. The result is
 * canonical JSON (RFC 8785). */
int edits_patch(struct edits *e, const char *path, size_t path_len, enum patch_kind kind, const void *patch, size_t len,
		struct drift_error *err) MUST_CHECK;
/* The path must hold this blob id (NULL: must be absent) when the commit is made, before any of the edits: DRIFT_ERR_CLASH. */
int edits_if_match(struct edits *e, const char *path, size_t path_len, const struct oid *id,
		   struct drift_error *err) MUST_CHECK;
/* What a get of the path yields with the edits applied over `base` (patches computed): 1 / 0 absent / -1. */
int edits_preview(struct edits *e, const struct tree_root *base, const char *path, size_t path_len, struct buf *out,
		  struct drift_error *err) MUST_CHECK;

struct commit_options {
	const char *branch;    /* full ref name, symbolic names are followed; NULL: HEAD */
	const char *author;    /* NULL: DRIFT_AUTHOR is the command's business; here it must be given */
	const char *committer; /* NULL: the author */
	const char *message;
	size_t message_len;
	bool has_time;     /* else the commit is of now */
	int64_t time_usec; /* of author and committer */
	char zone[8];      /* "" is +0000 */
	bool has_expect;   /* the branch must stand at `expect`, zero id: must be absent */
	struct oid expect;
	bool allow_empty;
	bool clear_stage;   /* drop the stage in the same append (used by stage_commit) */
	bool no_wait;       /* do not sync: the caller calls odb_sync with the ticket */
	const char *reason; /* of the reflog; NULL: "commit: " and the first line */
};

struct commit_result {
	char branch[REF_NAME_MAX + 1]; /* at the end of the symbolic chain */
	struct oid id;
	uint64_t seq;
	uint64_t ticket;
	bool rebased;           /* the branch moved while the tree was built, which was built anew */
	uint64_t changed_count; /* documents changed against the first parent */
	bool changed_more;      /* that is only a lower bound: counting further would cost too much */
};

/* The edits stay. DRIFT_ERR_NOTHING if nothing changes (and not allow_empty), DRIFT_ERR_CLASH, DRIFT_ERR_NOT_FOUND ... : nothing is changed then. */
int edits_commit(struct edits *e, const struct commit_options *options, struct commit_result *out,
		 struct drift_error *err) MUST_CHECK;

/*
 * The general form: `build` makes a tree from the tip's tree (called again on the new tip if the branch has moved,
 * `attempt` counts from 0; it may refuse then). tip is NULL for a branch without commits. A light builder runs once, under
 * the append lock; a heavy one up to twice without it, then with it.
 */
struct tree_builder {
	int (*build)(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		     const struct tree_root *base, unsigned attempt, struct tree_root *root_out,
		     struct drift_error *err);
	bool heavy;
	/*
	 * Called under the append lock before what a heavy builder made without it is appended, if the tip is still
	 * the same: 1 it stands, 0 build again, -1. NULL: it stands.
	 */
	int (*confirm)(struct tree_builder *self, struct drift_error *err);
	/* What build will read, if it can be had: nothing depends on it but how long the append lock is held. NULL: nothing. */
	void (*look_ahead)(struct tree_builder *self, const struct tree_root *base);
	bool locked; /* for build to read: the append lock is held, so refs are to be read in locked view */
	/*
	 * NULL: the writer finds the changes by comparing trees, up to CHANGE_LIST_MAX. Else build fills in complete and changes
	 * (in order of path, kinds against the tip; complete false if there are more than CHANGE_LIST_MAX); the paths must
	 * live until the commit is made.
	 */
	struct change_list *changes;
	uint64_t changed_count; /* for build to set, if it knows: documents that differ from the tip's */
	/*
	 * The second parent, stored, or NULL; it is not the tip. With changes NULL they are found against both. The commit is made
	 * even if it changes nothing.
	 */
	struct commit *merged;
};
int writer_commit(struct repo *repo, struct tree_builder *builder, const struct commit_options *options,
		  struct commit_result *out, struct drift_error *err) MUST_CHECK;

/*
 * Store a commit with given tree, parents and signature lines without moving any ref (commit-tree, import git). The tree
 * and the parents must be stored or in the batch. Fields of `from` that are
 * derived (seq, gen, time, jump, locations of parents) need not be set, and `from` is not changed. Records the change list, or a marker where the
 * commit has more than 16 parents. The clock is not looked at.
 */
int writer_add_commit(struct repo *repo, struct odb_batch *batch, const struct commit *from, struct commit **out,
		      struct drift_error *err) MUST_CHECK;
/*
 * The same for whoever knows what the commit changes: all of it, in order of path, against its only parent or the empty tree; a list
 * that is not complete becomes a marker. NULL: compare.
 */
int writer_add_commit_changes(struct odb_batch *batch, const struct commit *from, const struct change_list *changes,
			      struct commit **out, struct drift_error *err) MUST_CHECK;

#endif
