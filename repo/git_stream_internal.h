/* What the files of the stream's reader share. */
#ifndef REPO_GIT_STREAM_INTERNAL_H
#define REPO_GIT_STREAM_INTERNAL_H

#include "repo/git_stream.h"

#define STREAM_CHUNK_LEN ((size_t)64 << 10)

struct git_stream {
	struct git_source *source;
	size_t pos, len;       /* of what is in chunk */
	uint64_t chunk_offset; /* of the chunk's first byte */
	uint64_t line_number;  /* lines read */
	bool ended;
	bool kept;             /* `line` has not been taken yet */
	bool in_commit, done;
	uint64_t line_offset;  /* of `line` */
	uint64_t command_line, command_offset;
	struct buf line;       /* without its newline */
	/* The texts of a command; those of a commit are not touched by file commands. */
	struct buf name, author, committer, encoding, message, from, merges;
	struct buf data, path, target, dataref;
	unsigned char chunk[STREAM_CHUNK_LEN];
};

/* The next line into s->line, comments passed over: 1 / 0 at the end / -1. With `peek` it is given again. */
int stream_line(struct git_stream *s, bool peek, struct drift_error *err) MUST_CHECK;
/* If the line begins with prefix: what stands behind it. */
bool stream_take(const struct buf *line, const char *prefix, struct text *rest_out);
/* If the next line begins with prefix, take it and put what follows into out: 1 / 0 / -1. */
int stream_field(struct git_stream *s, const char *prefix, struct buf *out, struct drift_error *err) MUST_CHECK;
/* A data command, which must come next. */
int stream_data(struct git_stream *s, struct buf *out, struct drift_error *err) MUST_CHECK;

/* The file command in s->line: 1, 0 if it is none, -1. */
int stream_file_command(struct git_stream *s, struct git_command *c, struct drift_error *err) MUST_CHECK;

static inline struct text stream_text(const struct buf *b)
{
	struct text t = { b->data, b->len };

	return t;
}

#endif
