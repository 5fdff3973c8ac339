/* Lines and data of the stream. */
#include <string.h>

#include "objects/value.h"
#include "repo/git_stream_internal.h"

/* More bytes: 1 / 0 at the end / -1. */
static int fill(struct git_stream *s, struct drift_error *err)
{
	int64_t n;

	if (s->pos < s->len)
		return 1;
	if (s->ended)
		return 0;
	s->chunk_offset += s->len;
	s->pos = s->len = 0;
	n = s->source->read(s->source, s->chunk, sizeof(s->chunk), err);
	if (n < 0)
		return -1;
	s->ended = !n;
	s->len = (size_t)n;
	return n > 0;
}

/* One line, whatever it holds, into out (appended, without its newline): 1 / 0 at the end / -1. */
static int raw_line(struct git_stream *s, struct buf *out, struct drift_error *err)
{
	size_t start_len = out->len;
	bool any = false;

	for (;;) {
		const unsigned char *at, *newline;
		int r = fill(s, err);
		size_t n;

		if (r < 0)
			return -1;
		if (!r)
			break;
		at = s->chunk + s->pos;
		newline = memchr(at, '\n', s->len - s->pos);
		n = newline ? (size_t)(newline - at) : s->len - s->pos;
		if (n > GIT_LINE_MAX - (out->len - start_len))
			return error_set(err, DRIFT_ERR_LIMIT, "the line is longer than %zu bytes", GIT_LINE_MAX);
		buf_add(out, at, n);
		s->pos += n + (newline != NULL);
		any = true;
		if (newline)
			break;
	}
	s->line_number += any;
	return buf_check(out, err) ? -1 : any;
}

int stream_line(struct git_stream *s, bool peek, struct drift_error *err)
{
	int r = 1;

	if (!s->kept) {
		do {
			buf_clear(&s->line);
			s->line_offset = s->chunk_offset + s->pos;
			r = raw_line(s, &s->line, err);
		} while (r > 0 && s->line.data[0] == '#');
		if (r > 0 && s->line.len && memchr(s->line.data, '\0', s->line.len))
			return error_set(err, DRIFT_ERR_INVALID, "a line holds a NUL byte");
	}
	s->kept = r > 0 && peek;
	return r;
}

bool stream_take(const struct buf *line, const char *prefix, struct text *rest_out)
{
	size_t len = strlen(prefix);

	if (line->len < len || memcmp(line->data, prefix, len) != 0)
		return false;
	rest_out->data = line->data + len;
	rest_out->len = line->len - len;
	return true;
}

int stream_field(struct git_stream *s, const char *prefix, struct buf *out, struct drift_error *err)
{
	struct text rest;
	int r = stream_line(s, true, err);

	if (r <= 0)
		return r;
	if (!stream_take(&s->line, prefix, &rest))
		return 0;
	s->kept = false;
	buf_add(out, rest.data, rest.len);
	return buf_check(out, err) ? -1 : 1;
}

static int parse_len(struct text number, uint64_t *len_out, struct drift_error *err)
{
	uint64_t n = 0;

	for (size_t i = 0; i < number.len; i++) {
		if (number.data[i] < '0' || number.data[i] > '9' || n > UINT64_MAX / 16)
			n = UINT64_MAX;
		else
			n = n * 10 + (uint64_t)(number.data[i] - '0');
		if (n == UINT64_MAX)
			break;
	}
	if (!number.len || n == UINT64_MAX)
		return error_set(err, DRIFT_ERR_INVALID, "'data %.*s' is not a number of bytes",
				 (int)(number.len > 40 ? 40 : number.len), number.data);
	if (n > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "%llu bytes of data are more than the limit of %llu",
				 (unsigned long long)n, (unsigned long long)DOCUMENT_LEN_MAX);
	*len_out = n;
	return 0;
}

/* What is promised may never come: memory grows with what does. */
static int counted_data(struct git_stream *s, uint64_t left, struct buf *out, struct drift_error *err)
{
	while (left) {
		int r = fill(s, err);
		size_t n = s->len - s->pos;

		if (r < 0)
			return -1;
		if (!r)
			return error_set(err, DRIFT_ERR_INVALID, "the stream ends %llu bytes before its data does",
					 (unsigned long long)left);
		if (n > left)
			n = (size_t)left;
		for (const unsigned char *p = s->chunk + s->pos, *end = p + n;
		     (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
			s->line_number++;
		buf_add(out, s->chunk + s->pos, n);
		if (buf_check(out, err))
			return -1;
		s->pos += n;
		left -= n;
	}
	return 0;
}

static int delimited_data(struct git_stream *s, struct buf *out, struct drift_error *err)
{
	auto_buf delimiter = BUF_INIT;
	struct text end;

	if (!stream_take(&s->line, "data <<", &end) || !end.len)
		return error_set(err, DRIFT_ERR_INVALID, "'data <<' without a delimiter");
	buf_add(&delimiter, end.data, end.len);
	for (;;) {
		size_t start = out->len;
		int r = raw_line(s, out, err);

		if (r < 0)
			return -1;
		if (!r)
			return error_set(err, DRIFT_ERR_INVALID, "the stream ends before the data's delimiter '%.40s'",
					 delimiter.data);
		if (out->len - start == delimiter.len && !memcmp(out->data + start, delimiter.data, delimiter.len)) {
			buf_truncate(out, start);
			return 0;
		}
		buf_add_byte(out, '\n');
		if (out->len > DOCUMENT_LEN_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "the data is longer than the limit of %llu bytes",
					 (unsigned long long)DOCUMENT_LEN_MAX);
	}
}

int stream_data(struct git_stream *s, struct buf *out, struct drift_error *err)
{
	struct text rest;
	uint64_t len = 0;
	int r = stream_line(s, false, err);

	if (r < 0)
		return -1;
	if (!r || !stream_take(&s->line, "data ", &rest))
		return error_set(err, DRIFT_ERR_INVALID, "expected 'data', found '%.60s'", r ? s->line.data : "the end");
	if (rest.len >= 2 && !memcmp(rest.data, "<<", 2))
		r = delimited_data(s, out, err);
	else
		r = parse_len(rest, &len, err) ? -1 : counted_data(s, len, out, err);
	if (r)
		return -1;
	r = fill(s, err);
	if (r > 0 && s->chunk[s->pos] == '\n') {
		s->pos++;
		s->line_number++;
	}
	return r < 0 ? -1 : 0;
}
