#include <inttypes.h>
#include <string.h>

#include "repo/git_stream.h"

static void add_text(struct buf *out, const char *prefix, struct text text)
{
	buf_add_str(out, prefix);
	buf_add(out, text.data, text.len);
	buf_add_byte(out, '\n');
}

static void add_mark(struct buf *out, uint64_t mark)
{
	if (mark)
		buf_addf(out, "mark :%" PRIu64 "\n", mark);
}

static void add_data(struct buf *out, struct text data)
{
	buf_addf(out, "data %zu\n", data.len);
	buf_add(out, data.data, data.len);
	buf_add_byte(out, '\n');
}

static bool needs_quotes(struct text path)
{
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];

		if (c <= ' ' || c == '"' || c == '\\' || c == 0x7f)
			return true;
	}
	return !path.len;
}

/* Append a path, in C-style quotes if it needs them. */
static void git_path_format(struct text path, struct buf *out)
{
	if (!needs_quotes(path)) {
		buf_add(out, path.data, path.len);
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_addf(out, "\\%03o", c);
		else
			buf_add_byte(out, c);
	}
	buf_add_byte(out, '"');
}

static void add_merges(const struct git_command *c, struct buf *out)
{
	const char *at = c->merges.data, *end = at + c->merges.len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct text line = { at, (size_t)((newline ? newline : end) - at) };

		add_text(out, "merge ", line);
		at += line.len + 1;
	}
}

static void add_commit(const struct git_command *c, struct buf *out)
{
	add_text(out, "commit ", c->name);
	add_mark(out, c->mark);
	if (c->has_author)
		add_text(out, "author ", c->author);
	add_text(out, "committer ", c->committer);
	if (c->encoding.len)
		add_text(out, "encoding ", c->encoding);
	add_data(out, c->message);
	if (c->has_from)
		add_text(out, "from ", c->from);
	if (c->merge_count)
		add_merges(c, out);
}

static void add_tag(const struct git_command *c, struct buf *out)
{
	add_text(out, "tag ", c->name);
	add_mark(out, c->mark);
	add_text(out, "from ", c->from);
	if (c->has_committer)
		add_text(out, "tagger ", c->committer);
	add_data(out, c->message);
}

static void add_content_name(const struct git_command *c, struct buf *out)
{
	if (c->has_data)
		buf_add_str(out, "inline");
	else
		buf_add(out, c->dataref.data, c->dataref.len);
	buf_add_byte(out, ' ');
}

static void add_file_command(const struct git_command *c, struct buf *out)
{
	static const char letters[] = { [GIT_MODIFY] = 'M', [GIT_DELETE] = 'D', [GIT_RENAME] = 'R', [GIT_COPY] = 'C', [GIT_NOTE] = 'N' };

	buf_addf(out, "%c ", letters[c->kind]);
	if (c->kind == GIT_MODIFY)
		buf_addf(out, "%06o ", (unsigned)c->mode);
	if (c->kind == GIT_MODIFY || c->kind == GIT_NOTE)
		add_content_name(c, out);
	if (c->kind == GIT_NOTE)
		buf_add(out, c->path.data, c->path.len);
	else
		git_path_format(c->path, out);
	if (c->kind == GIT_RENAME || c->kind == GIT_COPY) {
		buf_add_byte(out, ' ');
		git_path_format(c->target, out);
	}
	buf_add_byte(out, '\n');
	if (c->has_data)
		add_data(out, c->data);
}

void git_command_format(const struct git_command *c, struct buf *out)
{
	switch (c->kind) {
	case GIT_BLOB:
		buf_add_str(out, "blob\n");
		add_mark(out, c->mark);
		add_data(out, c->data);
		break;
	case GIT_COMMIT:
		add_commit(c, out);
		break;
	case GIT_TAG:
		add_tag(c, out);
		break;
	case GIT_RESET:
		add_text(out, "reset ", c->name);
		if (c->has_from)
			add_text(out, "from ", c->from);
		buf_add_byte(out, '\n');
		break;
	case GIT_ALIAS:
		buf_add_str(out, "alias\n");
		add_mark(out, c->mark);
		add_text(out, "to ", c->from);
		break;
	case GIT_CHECKPOINT:
		buf_add_str(out, "checkpoint\n");
		break;
	case GIT_PROGRESS:
		add_text(out, "progress ", c->name);
		break;
	case GIT_FEATURE:
		add_text(out, "feature ", c->name);
		break;
	case GIT_OPTION:
		add_text(out, "option ", c->name);
		break;
	case GIT_DONE:
		buf_add_str(out, "done\n");
		break;
	case GIT_DELETE_ALL:
		buf_add_str(out, "deleteall\n");
		break;
	case GIT_COMMIT_END:
		break;
	case GIT_MODIFY:
	case GIT_DELETE:
	case GIT_RENAME:
	case GIT_COPY:
	case GIT_NOTE:
	default:
		add_file_command(c, out);
		break;
	}
}
