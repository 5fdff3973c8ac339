/*
 * The stream format of git-fast-import(1), read command by command and written. The texts are as they stand in the stream: marks,
 * commit-ishes and paths (C-style quotes taken off) are not resolved here.
 *
 * Left out, with a sentence: ls, cat-blob and get-mark, which need somebody who reads answers, and trees by id (M 040000).
 */
#ifndef REPO_GIT_STREAM_H
#define REPO_GIT_STREAM_H

#include <stdint.h>

#include "base/buf.h"
#include "base/textdiff.h" /* struct text */

#define GIT_LINE_MAX ((size_t)1 << 20)
#define GIT_MERGE_MAX 4096

enum git_command_kind {
	GIT_BLOB,
	GIT_COMMIT,
	GIT_TAG,
	GIT_RESET,
	GIT_ALIAS,
	GIT_CHECKPOINT,
	GIT_PROGRESS,
	GIT_FEATURE,
	GIT_OPTION,
	GIT_DONE,
	/* of the commit before them */
	GIT_MODIFY,
	GIT_DELETE,
	GIT_RENAME,
	GIT_COPY,
	GIT_DELETE_ALL,
	GIT_NOTE,
	GIT_COMMIT_END /* not in the stream: no more file commands come */
};

struct git_command {
	enum git_command_kind kind;
	uint64_t mark;         /* 0: none */
	struct text name;      /* of the ref, tag, feature; the text of option and progress */
	bool has_author, has_committer, has_from, has_data;
	struct text author;    /* "A U Thor <mail> 1112911993 -0700": what follows the word */
	struct text committer; /* a tag's tagger */
	struct text encoding;  /* len 0: not given */
	struct text message;
	struct text from;      /* of an alias: what it stands for */
	struct text merges;    /* a commit-ish and a newline each */
	size_t merge_count;
	size_t signature_count; /* of gpgsig, which are skipped */
	uint32_t mode;         /* GIT_MODIFY: 0100644, 0100755, 0120000, 0160000 */
	struct text dataref;   /* GIT_MODIFY and GIT_NOTE: a mark or id; len 0: the data stands inline */
	struct text path;      /* of a file command; GIT_NOTE: the commit-ish */
	struct text target;    /* GIT_RENAME and GIT_COPY */
	struct text data;      /* of a blob, or inline, where has_data */
};

/* Where the bytes come from: as file_read_stream, 0 at the end. */
struct git_source {
	int64_t (*read)(struct git_source *self, void *data, size_t len, struct drift_error *err);
};

struct git_stream;

int git_stream_new(struct git_source *source, struct git_stream **out, struct drift_error *err) MUST_CHECK;
void git_stream_free(struct git_stream *s);
/*
 * 1 with the next command, 0 at the end (after `done`, or where the bytes end), -1: DRIFT_ERR_INVALID says what is wrong. The texts
 * live until the next call; those of a commit until the call after GIT_COMMIT_END.
 */
int git_stream_next(struct git_stream *s, struct git_command *out, struct drift_error *err) MUST_CHECK;
/* Where the command last given began: its line, from 1, and the bytes before it. */
void git_stream_position(const struct git_stream *s, uint64_t *line_out, uint64_t *offset_out);
/* How far the bytes have been read. */
uint64_t git_stream_offset(const struct git_stream *s);

/* Append the command as it stands in a stream. */
void git_command_format(const struct git_command *c, struct buf *out);

#endif
