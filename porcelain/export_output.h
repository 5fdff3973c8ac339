/* Writing documents out, one format a file. */
#ifndef PORCELAIN_EXPORT_OUTPUT_H
#define PORCELAIN_EXPORT_OUTPUT_H

#include "cli/view.h"

#define EXPORT_MODE_TYPE 0170000U
#define EXPORT_MODE_LINK 0120000U

struct export_command_options {
	const char *files, *columns, *delimiter;
	bool skip, wrap, force;
};

/* What is exported: the documents under a prefix, drift's own only if they are asked for; or one document. */
struct export_run {
	struct cmd_context *ctx;
	const struct export_command_options *options;
	struct view view;
	struct buf prefix; /* as for tree_cursor_open */
	bool one;          /* only the document of that path */
	bool own;
	bool unread; /* only names are asked for: no bytes but of links */
	uint64_t written, skipped;
	struct progress *progress;
};

/* Each document in order; data is the exact bytes. `each` returns 0 to go on, else -1 with ctx->err set. */
int export_each(struct export_run *run,
		int (*each)(void *data, const struct buf *path, const struct document *doc, const struct buf *bytes),
		void *data) MUST_CHECK;
/* Is there a document of that path among those that are exported? 1 / 0 / -1 */
int export_has(struct export_run *run, const char *path, size_t len) MUST_CHECK;
/* The document is not what the format can say: 0 and counted with --skip, else -1 with an error that names it. */
int export_refuse(struct export_run *run, const struct buf *path, const char *why) MUST_CHECK;

int export_csv(struct export_run *run) MUST_CHECK;
int export_files(struct export_run *run) MUST_CHECK;

#endif
