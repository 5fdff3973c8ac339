#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/git_stream_internal.h"

int git_stream_new(struct git_source *source, struct git_stream **out, struct drift_error *err)
{
	struct git_stream *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	s->source = source;
	buf_init(&s->line);
	buf_init(&s->name);
	buf_init(&s->author);
	buf_init(&s->committer);
	buf_init(&s->encoding);
	buf_init(&s->message);
	buf_init(&s->from);
	buf_init(&s->merges);
	buf_init(&s->data);
	buf_init(&s->path);
	buf_init(&s->target);
	buf_init(&s->dataref);
	*out = s;
	return 0;
}

void git_stream_free(struct git_stream *s)
{
	if (!s)
		return;
	buf_release(&s->line);
	buf_release(&s->name);
	buf_release(&s->author);
	buf_release(&s->committer);
	buf_release(&s->encoding);
	buf_release(&s->message);
	buf_release(&s->from);
	buf_release(&s->merges);
	buf_release(&s->data);
	buf_release(&s->path);
	buf_release(&s->target);
	buf_release(&s->dataref);
	free(s);
}

void git_stream_position(const struct git_stream *s, uint64_t *line_out, uint64_t *offset_out)
{
	*line_out = s->command_line;
	*offset_out = s->command_offset;
}

uint64_t git_stream_offset(const struct git_stream *s)
{
	return s->chunk_offset + s->pos;
}

static int parse_mark(struct git_stream *s, uint64_t *mark_out, struct drift_error *err)
{
	struct text rest;
	uint64_t mark = 0;
	int r = stream_line(s, true, err);

	if (r <= 0 || !stream_take(&s->line, "mark ", &rest))
		return r < 0 ? -1 : 0;
	s->kept = false;
	for (size_t i = 1; i < rest.len; i++) {
		if (rest.data[i] < '0' || rest.data[i] > '9' || mark > UINT64_MAX / 16)
			return error_set(err, DRIFT_ERR_INVALID, "'%.60s' is not a mark", s->line.data);
		mark = mark * 10 + (uint64_t)(rest.data[i] - '0');
	}
	if (!mark || rest.data[0] != ':')
		return error_set(err, DRIFT_ERR_INVALID, "'%.60s' is not a mark", s->line.data);
	*mark_out = mark;
	return 0;
}

/* The mark, and git's id of the object, which is of no use here. */
static int parse_names(struct git_stream *s, uint64_t *mark_out, struct drift_error *err)
{
	auto_buf original = BUF_INIT;

	return parse_mark(s, mark_out, err) || stream_field(s, "original-oid ", &original, err) < 0 ? -1 : 0;
}

static int blob(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	c->kind = GIT_BLOB;
	if (parse_names(s, &c->mark, err) || stream_data(s, &s->data, err))
		return -1;
	c->has_data = true;
	c->data = stream_text(&s->data);
	return 0;
}

/* They sign what git would make of the commit. */
static int skip_signatures(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	auto_buf kind = BUF_INIT, data = BUF_INIT;
	int r;

	while ((r = stream_field(s, "gpgsig ", &kind, err)) > 0) {
		buf_clear(&data);
		if (stream_data(s, &data, err))
			return -1;
		c->signature_count++;
	}
	return r;
}

static int merges(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	int r;

	while ((r = stream_field(s, "merge ", &s->merges, err)) > 0) {
		if (c->merge_count++ == GIT_MERGE_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "more than %d commits are merged", GIT_MERGE_MAX);
		buf_add_byte(&s->merges, '\n');
	}
	return r;
}

/* author or committer (tagger): 1 / 0 / -1 */
static int signature(struct git_stream *s, const char *prefix, bool *has_out, struct buf *out, struct drift_error *err)
{
	int r = stream_field(s, prefix, out, err);

	*has_out = r > 0;
	return r;
}

static int commit(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	int r;

	c->kind = GIT_COMMIT;
	if (parse_names(s, &c->mark, err) || signature(s, "author ", &c->has_author, &s->author, err) < 0)
		return -1;
	r = signature(s, "committer ", &c->has_committer, &s->committer, err);
	if (r < 0)
		return -1;
	if (!r)
		return error_set(err, DRIFT_ERR_INVALID, "a commit has no committer");
	if (skip_signatures(s, c, err) || stream_field(s, "encoding ", &s->encoding, err) < 0 ||
	    skip_signatures(s, c, err) || stream_data(s, &s->message, err))
		return -1;
	r = stream_field(s, "from ", &s->from, err);
	if (r < 0 || merges(s, c, err))
		return -1;
	c->has_from = r;
	c->author = stream_text(&s->author);
	c->committer = stream_text(&s->committer);
	c->encoding = stream_text(&s->encoding);
	c->message = stream_text(&s->message);
	c->from = stream_text(&s->from);
	c->merges = stream_text(&s->merges);
	s->in_commit = true;
	return 0;
}

static int tag(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	auto_buf original = BUF_INIT;
	int r;

	c->kind = GIT_TAG;
	if (parse_mark(s, &c->mark, err))
		return -1;
	r = stream_field(s, "from ", &s->from, err);
	if (r < 0)
		return -1;
	if (!r)
		return error_set(err, DRIFT_ERR_INVALID, "a tag does not say what it is of");
	c->has_from = true;
	if (stream_field(s, "original-oid ", &original, err) < 0 ||
	    signature(s, "tagger ", &c->has_committer, &s->committer, err) < 0 || stream_data(s, &s->message, err))
		return -1;
	c->from = stream_text(&s->from);
	c->committer = stream_text(&s->committer);
	c->message = stream_text(&s->message);
	return 0;
}

static int reset(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	int r = stream_field(s, "from ", &s->from, err);

	c->kind = GIT_RESET;
	c->has_from = r > 0;
	c->from = stream_text(&s->from);
	return r < 0 ? -1 : 0;
}

static int alias(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	int r = parse_mark(s, &c->mark, err) ? -1 : stream_field(s, "to ", &s->from, err);

	if (r < 0)
		return -1;
	if (!r || !c->mark)
		return error_set(err, DRIFT_ERR_INVALID, "an alias needs 'mark' and 'to'");
	c->kind = GIT_ALIAS;
	c->from = stream_text(&s->from);
	return 0;
}

/* Commands of a single line: false if it is none. */
static bool plain(struct git_stream *s, struct git_command *c)
{
	static const struct {
		const char *word;
		enum git_command_kind kind;
	} words[] = {
		{ "progress ", GIT_PROGRESS }, { "feature ", GIT_FEATURE }, { "option ", GIT_OPTION },
		{ "checkpoint", GIT_CHECKPOINT }, { "done", GIT_DONE },
	};
	struct text rest;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!stream_take(&s->line, words[i].word, &rest) || (words[i].kind >= GIT_DONE && rest.len))
			continue;
		if (words[i].kind == GIT_CHECKPOINT && rest.len)
			continue;
		c->kind = words[i].kind;
		buf_add(&s->name, rest.data, rest.len);
		return true;
	}
	return false;
}

static int unknown(struct git_stream *s, struct drift_error *err)
{
	static const char *const asking[] = { "ls ", "cat-blob ", "get-mark " };
	struct text rest;

	for (size_t i = 0; i < ARRAY_SIZE(asking); i++) {
		if (stream_take(&s->line, asking[i], &rest))
			return error_set(err, DRIFT_ERR_UNSUPPORTED, "'%.*s' is not supported: nobody reads the answer",
					 (int)strlen(asking[i]) - 1, asking[i]);
	}
	return error_set(err, DRIFT_ERR_INVALID, "'%.60s' is not a command that can stand here", s->line.data);
}

static void clear_texts(struct git_stream *s)
{
	buf_clear(&s->name);
	buf_clear(&s->author);
	buf_clear(&s->committer);
	buf_clear(&s->encoding);
	buf_clear(&s->message);
	buf_clear(&s->from);
	buf_clear(&s->merges);
}

/* A command that does not belong to a commit. */
static int top_command(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	int (*parse)(struct git_stream *, struct git_command *, struct drift_error *) = NULL;
	struct text rest;
	int r = 0;

	clear_texts(s);
	if (stream_take(&s->line, "commit ", &rest))
		parse = commit;
	else if (stream_take(&s->line, "tag ", &rest))
		parse = tag;
	else if (stream_take(&s->line, "reset ", &rest))
		parse = reset;
	if (parse)
		buf_add(&s->name, rest.data, rest.len);
	else if (!strcmp(s->line.data, "blob"))
		parse = blob;
	else if (!strcmp(s->line.data, "alias"))
		parse = alias;
	if (parse)
		r = parse(s, c, err);
	else if (!plain(s, c))
		r = unknown(s, err);
	c->name = stream_text(&s->name);
	s->done = c->kind == GIT_DONE;
	return r || buf_check(&s->name, err) ? -1 : 1;
}

/* A file command of the commit, or its end, which another command or the end of the stream is. */
static int in_commit(struct git_stream *s, bool any, struct git_command *c, struct drift_error *err)
{
	int r = any ? stream_file_command(s, c, err) : 0;

	if (r)
		return r;
	s->in_commit = false;
	s->kept = any;
	c->kind = GIT_COMMIT_END;
	return 1;
}

int git_stream_next(struct git_stream *s, struct git_command *out, struct drift_error *err)
{
	struct git_command c = { .kind = GIT_DONE };
	int r;

	if (s->done)
		return 0;
	do {
		r = stream_line(s, false, err);
		s->command_line = s->line_number;
		s->command_offset = s->line_offset;
	} while (r > 0 && !s->line.len);
	if (r < 0)
		return -1;
	buf_clear(&s->data);
	buf_clear(&s->path);
	buf_clear(&s->target);
	buf_clear(&s->dataref);
	if (s->in_commit)
		r = in_commit(s, r > 0, &c, err);
	else if (r)
		r = top_command(s, &c, err);
	if (r > 0)
		*out = c;
	return r;
}
