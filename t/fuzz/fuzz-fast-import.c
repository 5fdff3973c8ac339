/* A stream is an error, or what is written from its commands reads and writes as the same bytes again. Paths and authors that go in come out. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "repo/git_names.h"
#include "repo/git_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct memory_source {
	struct git_source source;
	const char *data;
	size_t len;
};

/* In small pieces, so that texts cross their borders. */
static int64_t read_memory(struct git_source *self, void *data, size_t len, struct drift_error *err)
{
	struct memory_source *m = (struct memory_source *)self;
	size_t n = m->len < 100 ? m->len : 100;

	(void)err;
	if (n > len)
		n = len;
	memcpy(data, m->data, n);
	m->data += n;
	m->len -= n;
	return (int64_t)n;
}

static void check_path(struct text path)
{
	auto_buf in = BUF_INIT, out = BUF_INIT;
	struct path cut;

	if (git_path_in(path, &in, NULL))
		return;
	assert(!path_parse(in.data, in.len, &cut, NULL));
	git_path_out(&cut, &out);
	assert(out.len == path.len && !memcmp(out.data, path.data, path.len));
}

static void check_ident(struct text raw)
{
	static const char mail[] = " <a@b>";
	struct signature_line line;
	struct text none = { "", 0 };
	auto_buf out = BUF_INIT;
	bool exact = git_ident_in(raw, &line);

	assert(line.who.len && line.zone[0]);
	git_ident_out(&line, none, &out);
	if (exact && line.who.len > strlen(mail) && !memcmp(line.who.data + line.who.len - strlen(mail), mail, strlen(mail)) &&
	    !memchr(line.who.data, '<', line.who.len - strlen(mail)) && !memchr(line.who.data, '>', line.who.len - 1))
		assert(out.len == raw.len && !memcmp(out.data, raw.data, raw.len));
}

/* The commands of a stream, written; false if it is an error. */
static bool rewrite(const char *data, size_t len, struct buf *out)
{
	struct memory_source source = { .source = { .read = read_memory }, .data = data, .len = len };
	struct git_stream *stream;
	struct git_command c;
	int r;

	assert(!git_stream_new(&source.source, &stream, NULL));
	while ((r = git_stream_next(stream, &c, NULL)) > 0) {
		if (c.path.len)
			check_path(c.path);
		if (c.has_author)
			check_ident(c.author);
		if (c.has_committer)
			check_ident(c.committer);
		git_command_format(&c, out);
	}
	git_stream_free(stream);
	return !r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf first = BUF_INIT, second = BUF_INIT;

	if (!rewrite((const char *)data, len, &first))
		return 0;
	assert(rewrite(first.data, first.len, &second));
	assert(first.len == second.len && !memcmp(first.data, second.data, first.len));
	return 0;
}
