#include "plumbing/stream_files.h"

#include "base/file.h"

static void update(void *data, const struct sync_counts *counts)
{
	const struct stream_bar *b = data;

	progress_update(b->bar, counts->stream_len);
}

void stream_bar_start(struct stream_bar *b, struct cmd_context *ctx, const char *title)
{
	b->bar = ctx_progress(ctx, title, PROGRESS_BYTES, 0);
	b->progress = (struct sync_progress){ update, b };
}

void stream_bar_finish(struct stream_bar *b)
{
	progress_finish(b->bar);
	b->bar = NULL;
}

static int write_output(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	(void)data;
	return file_write_stream(1, bytes, len, err);
}

struct sync_sink stream_to_output(void)
{
	return (struct sync_sink){ write_output, NULL };
}

static ptrdiff_t read_file(void *data, void *bytes, size_t len, struct drift_error *err)
{
	return (ptrdiff_t)file_read_stream(*(int *)data, bytes, len, err);
}

struct sync_source stream_from_file(int *fd)
{
	return (struct sync_source){ read_file, fd };
}
