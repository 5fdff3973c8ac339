/*
 * Reading a stream of git-fast-import(1) into a repository. Objects are stored as they come; refs move together at the end, in one
 * transaction, so that an import that fails leaves no trace but unreferenced objects. Documentation/drift-fast-import.adoc says what
 * becomes of what.
 */
#ifndef REPO_GIT_IMPORT_H
#define REPO_GIT_IMPORT_H

#include "repo/git_stream.h"
#include "repo/repo.h"

struct git_import_options {
	bool force;               /* let refs move to what does not descend from what they hold */
	const char *actor;        /* of the log entry: who imports */
	const char *import_marks; /* files of lines ":MARK ID", or NULL */
	const char *export_marks;
	/* All may be NULL. */
	void (*warn)(void *data, const char *sentence);
	void (*say)(void *data, struct text progress);     /* the stream's own command `progress` */
	void (*advance)(void *data, uint64_t bytes_read);
	void *data;
};

struct git_import_result {
	uint64_t commit_count, blob_count, tag_count;
	uint64_t ref_count; /* set or deleted */
};

/*
 * DRIFT_ERR_INVALID: the stream is wrong, DRIFT_ERR_LIMIT; DRIFT_ERR_CLASH: a ref would move to what does not descend from what it holds
 * (without `force`), or moved meanwhile. The sentence names the line, the byte and the commit. No ref has moved then. If the store
 * had no refs HEAD is made to name refs/heads/main or, if there is none, refs/heads/master or the first branch.
 */
int git_import(struct repo *repo, struct git_source *source, const struct git_import_options *options,
	       struct git_import_result *out, struct drift_error *err) MUST_CHECK;

#endif
