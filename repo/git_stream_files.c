/* The commands that change a commit's files. */
#include <string.h>

#include "repo/git_stream_internal.h"

static int simple_escape(char c)
{
	static const char letters[] = "abtnvfr\"\\", bytes[] = "\a\b\t\n\v\f\r\"\\";
	const char *at = strchr(letters, c);

	return c && at ? (unsigned char)bytes[at - letters] : -1;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* A string in C-style quotes at the front of in, which is cut off; false if it is malformed. */
static bool unquote(struct text *in, struct buf *out)
{
	const char *p = in->data + 1, *end = in->data + in->len;

	while (p < end && *p != '"') {
		if (*p != '\\') {
			buf_add_byte(out, (unsigned char)*p++);
			continue;
		}
		if (end - p >= 4 && p[1] <= '3' && is_octal(p[1]) && is_octal(p[2]) && is_octal(p[3])) {
			buf_add_byte(out, (unsigned char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0')));
			p += 4;
		} else if (end - p >= 2 && simple_escape(p[1]) >= 0) {
			buf_add_byte(out, (unsigned char)simple_escape(p[1]));
			p += 2;
		} else {
			return false;
		}
	}
	if (p >= end)
		return false;
	in->data = p + 1;
	in->len = (size_t)(end - in->data);
	return true;
}

/* The path at the front of in: up to the end, or to a blank if another one follows. */
static int take_path(struct text *in, bool more, struct buf *out, struct drift_error *err)
{
	const char *blank;
	size_t len;

	if (in->len && in->data[0] == '"') {
		if (!unquote(in, out))
			return error_set(err, DRIFT_ERR_INVALID, "a path in quotes is malformed");
	} else {
		blank = more && in->len ? memchr(in->data, ' ', in->len) : NULL;
		len = blank ? (size_t)(blank - in->data) : in->len;
		buf_add(out, in->data, len);
		in->data += len;
		in->len -= len;
	}
	if (more) {
		if (!in->len || in->data[0] != ' ')
			return error_set(err, DRIFT_ERR_INVALID, "a second path is missing");
		in->data++;
		in->len--;
	} else if (in->len) {
		return error_set(err, DRIFT_ERR_INVALID, "there is something behind the path");
	}
	if (buf_check(out, err))
		return -1;
	if (out->len && memchr(out->data, '\0', out->len))
		return error_set(err, DRIFT_ERR_INVALID, "a path holds a NUL byte");
	return 0;
}

static bool take_word(struct text *in, struct text *word_out)
{
	const char *blank = in->len ? memchr(in->data, ' ', in->len) : NULL;

	if (!blank || blank == in->data)
		return false;
	word_out->data = in->data;
	word_out->len = (size_t)(blank - in->data);
	in->len -= word_out->len + 1;
	in->data = blank + 1;
	return true;
}

static const struct {
	const char *text;
	uint32_t mode;
} modes[] = {
	{ "100644", 0100644 }, { "644", 0100644 }, { "100755", 0100755 }, { "755", 0100755 },
	{ "120000", 0120000 }, { "160000", 0160000 }, { "040000", 0040000 },
};

static int parse_mode(struct text word, uint32_t *mode_out, struct drift_error *err)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strlen(modes[i].text) != word.len || memcmp(modes[i].text, word.data, word.len) != 0)
			continue;
		if (modes[i].mode == 0040000)
			return error_set(err, DRIFT_ERR_UNSUPPORTED, "a folder cannot be set by its id: drift has no trees of git");
		*mode_out = modes[i].mode;
		return 0;
	}
	return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is not a file mode", (int)(word.len > 40 ? 40 : word.len),
			 word.data);
}

/* A mark or id, or the data that stands behind the line. */
static int set_content(struct git_stream *s, struct git_command *c, struct text dataref, struct drift_error *err)
{
	bool is_inline = dataref.len == 6 && !memcmp(dataref.data, "inline", 6);

	if (!is_inline) {
		buf_add(&s->dataref, dataref.data, dataref.len);
		return buf_check(&s->dataref, err);
	}
	if (c->mode == 0160000)
		return error_set(err, DRIFT_ERR_INVALID, "a submodule link must be given by a commit id");
	if (stream_data(s, &s->data, err))
		return -1;
	c->has_data = true;
	return 0;
}

static int modify(struct git_stream *s, struct git_command *c, struct text rest, struct drift_error *err)
{
	struct text mode, dataref;

	c->kind = GIT_MODIFY;
	if (!take_word(&rest, &mode) || !take_word(&rest, &dataref))
		return error_set(err, DRIFT_ERR_INVALID, "'M' needs a mode, a mark or id, and a path");
	if (parse_mode(mode, &c->mode, err) || take_path(&rest, false, &s->path, err))
		return -1;
	return set_content(s, c, dataref, err);
}

static int note(struct git_stream *s, struct git_command *c, struct text rest, struct drift_error *err)
{
	struct text dataref;

	c->kind = GIT_NOTE;
	if (!take_word(&rest, &dataref) || !rest.len)
		return error_set(err, DRIFT_ERR_INVALID, "'N' needs a mark or id, and a commit");
	buf_add(&s->path, rest.data, rest.len);
	return set_content(s, c, dataref, err);
}

static int two_paths(struct git_stream *s, struct text rest, struct drift_error *err)
{
	return take_path(&rest, true, &s->path, err) || take_path(&rest, false, &s->target, err) ? -1 : 0;
}

int stream_file_command(struct git_stream *s, struct git_command *c, struct drift_error *err)
{
	const struct buf *line = &s->line;
	struct text rest;
	int r = 0;

	if (stream_take(line, "M ", &rest)) {
		r = modify(s, c, rest, err);
	} else if (stream_take(line, "D ", &rest)) {
		c->kind = GIT_DELETE;
		r = take_path(&rest, false, &s->path, err);
	} else if (stream_take(line, "R ", &rest)) {
		c->kind = GIT_RENAME;
		r = two_paths(s, rest, err);
	} else if (stream_take(line, "C ", &rest)) {
		c->kind = GIT_COPY;
		r = two_paths(s, rest, err);
	} else if (stream_take(line, "N ", &rest)) {
		r = note(s, c, rest, err);
	} else if (stream_take(line, "deleteall", &rest) && !rest.len) {
		c->kind = GIT_DELETE_ALL;
	} else {
		return 0;
	}
	if (r)
		return -1;
	c->path = stream_text(&s->path);
	c->target = stream_text(&s->target);
	c->dataref = stream_text(&s->dataref);
	c->data = stream_text(&s->data);
	return 1;
}
