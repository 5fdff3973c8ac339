#include "cli/input_lines.h"

#include <poll.h>
#include <string.h>

#include "base/file.h"

#define READ_LEN ((size_t)64 << 10)

void input_lines_init(struct input_lines *in, int fd, char end)
{
	*in = (struct input_lines){ .fd = fd, .end = end, .data = BUF_INIT };
}

void input_lines_release(struct input_lines *in)
{
	buf_release(&in->data);
}

static bool can_read(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* What cannot be polled does not block. */
	return poll(&p, 1, 0) != 0;
}

static int read_more(struct input_lines *in, struct drift_error *err)
{
	char *room;
	int64_t len;

	if (in->start) {
		memmove(in->data.data, in->data.data + in->start, in->data.len - in->start);
		buf_truncate(&in->data, in->data.len - in->start);
		in->scanned -= in->start;
		in->start = 0;
	}
	room = buf_reserve(&in->data, READ_LEN);
	if (!room)
		return error_no_memory(err);
	len = file_read_stream(in->fd, room, READ_LEN, err);
	if (len < 0)
		return error_prefix(err, DRIFT_OK, "cannot read standard input");
	in->data.len += (size_t)len;
	in->data.data[in->data.len] = '\0';
	in->ended = !len;
	return 0;
}

/* Hand out the bytes up to `at`, which is their end or the end of all. */
static enum input_result give(struct input_lines *in, size_t at, struct text *line_out)
{
	*line_out = (struct text){ .data = in->data.data + in->start, .len = at - in->start };
	in->data.data[at] = '\0';
	in->start = at < in->data.len ? at + 1 : at;
	in->scanned = in->start;
	in->number++;
	return INPUT_LINE;
}

static enum input_result too_long(struct input_lines *in, struct drift_error *err)
{
	in->skipping = false;
	in->number++;
	error_set(err, DRIFT_ERR_LIMIT, "line %llu is longer than %zu bytes", (unsigned long long)in->number,
		  INPUT_LINE_MAX);
	return INPUT_FAILED;
}

/* What is there of a line that is too long is dropped at once. */
static void drop_long(struct input_lines *in)
{
	if (!in->skipping && in->data.len - in->start <= INPUT_LINE_MAX)
		return;
	in->skipping = true;
	in->start = in->scanned = in->data.len;
}

enum input_result input_lines_next(struct input_lines *in, bool wait, struct text *line_out, struct drift_error *err)
{
	for (;;) {
		const char *end = memchr(in->data.data + in->scanned, in->end, in->data.len - in->scanned);
		enum input_result r;

		if (end) {
			size_t at = (size_t)(end - in->data.data);

			if (!in->skipping && at - in->start <= INPUT_LINE_MAX)
				return give(in, at, line_out);
			r = too_long(in, err);
			in->start = in->scanned = at + 1;
			return r;
		}
		in->scanned = in->data.len;
		drop_long(in);
		if (in->ended) {
			if (in->skipping)
				return too_long(in, err);
			return in->start < in->data.len ? give(in, in->data.len, line_out) : INPUT_END;
		}
		if (!wait && !can_read(in->fd))
			return INPUT_WAIT;
		if (read_more(in, err))
			return INPUT_FAILED;
	}
}
