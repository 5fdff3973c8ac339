/*
 * Writing history as a stream for git-fast-import(1). Commits that came from git get the ids there that git's own export and import of
 * the original gives. Documentation/drift-fast-export.adoc says what becomes of what.
 */
#ifndef REPO_GIT_EXPORT_H
#define REPO_GIT_EXPORT_H

#include "repo/point.h"

struct git_export_options {
	const char *const *revisions; /* refs, A..B, ^A; none: all refs */
	size_t revision_count;
	const char *branch;       /* for points without a ref of their own; NULL: HEAD */
	const char *import_marks; /* files of lines ":MARK ID", or NULL */
	const char *export_marks;
	bool no_data;             /* documents by id instead of their bytes */
	bool use_done;            /* "feature done" at the start, "done" at the end */
	/* Takes the stream piece by piece. */
	int (*write)(void *data, const void *bytes, size_t len, struct drift_error *err);
	/* May be NULL. */
	void (*advance)(void *data, uint64_t commit_count);
	void *data;
};

/* DRIFT_ERR_INVALID: git has no tree for a commit (a document and a collection of one name), DRIFT_ERR_NOT_FOUND, DRIFT_ERR_AMBIGUOUS. */
int git_export(struct repo *repo, const struct git_export_options *options, struct drift_error *err) MUST_CHECK;

#endif
