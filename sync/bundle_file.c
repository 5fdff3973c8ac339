#include "sync/bundle_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

struct bundle_file {
	int fd;
	bool ours;
	struct sync_source source;
	struct bundle *bundle;
};

static ptrdiff_t read_file(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct bundle_file *f = data;

	return (ptrdiff_t)file_read_stream(f->fd, bytes, len, err);
}

void bundle_file_close(struct bundle_file *f)
{
	if (!f)
		return;
	bundle_close(f->bundle);
	if (f->ours && f->fd >= 0)
		close(f->fd);
	free(f);
}

void bundle_file_cleanup(struct bundle_file **f)
{
	bundle_file_close(*f);
}

struct bundle *bundle_file_bundle(struct bundle_file *f)
{
	return f->bundle;
}

int bundle_file_open(const char *path, struct bundle_file **out, struct drift_error *err)
{
	auto_bundle_file *f = mem_calloc(1, sizeof(*f));
	struct drift_error why = { DRIFT_OK, "" };

	if (!f)
		return error_no_memory(err);
	f->fd = STDIN_FILENO;
	f->source = (struct sync_source){ read_file, f };
	if (strcmp(path, "-") != 0) {
		f->fd = -1;
		f->ours = true;
		/* A file that is not there is a failure, not an answer. */
		if (file_open_read_user(path, &f->fd, &why))
			return error_set(err, why.code == DRIFT_ERR_NOT_FOUND ? DRIFT_ERR_IO : why.code, "%s", why.message);
	}
	if (bundle_open(&f->source, &f->bundle, err))
		return error_prefix(err, DRIFT_OK, "'%s' cannot be read as a bundle", path);
	*out = take_ptr(f);
	return 0;
}

static int write_output(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	(void)data;
	return file_write_stream(STDOUT_FILENO, bytes, len, err);
}

struct new_file {
	int fd;
	uint64_t len;
};

static int write_file(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	struct new_file *f = data;

	if (file_write_at(f->fd, bytes, len, f->len, err))
		return -1;
	f->len += len;
	return 0;
}

/* The file is written, synced and closed, whatever comes of it. */
static int write_all(struct repo *repo, const struct bundle_head *head, int fd, const struct sync_progress *progress,
		     struct sync_counts *counts_out, struct drift_error *err)
{
	struct new_file f = { .fd = fd };
	const struct sync_sink sink = { write_file, &f };
	int r = bundle_write(repo, head, &sink, progress, counts_out, err) || file_sync(fd, err) ? -1 : 0;

	if (file_close(fd, r ? NULL : err))
		r = -1;
	return r;
}

int bundle_file_save(struct repo *repo, const struct bundle_head *head, const char *path, const struct sync_progress *progress,
		     struct sync_counts *counts_out, struct drift_error *err)
{
	const struct sync_sink sink = { write_output, NULL };
	int fd;
	auto_buf prefix = BUF_INIT, temp = BUF_INIT;
	struct file_info before;

	if (!strcmp(path, "-"))
		return bundle_write(repo, head, &sink, progress, counts_out, err);
	buf_addf(&prefix, "%s.", path);
	if (buf_check(&prefix, err) || file_look(path, &before, err) || file_create_temp(prefix.data, &temp, &fd, err))
		return -1;
	if (write_all(repo, head, fd, progress, counts_out, err) || file_rename(temp.data, path, err)) {
		(void)!file_unlink(temp.data, NULL);
		return -1;
	}
	if (!file_sync_parent(path, err))
		return 0;
	if (before.kind == FILE_ABSENT)
		(void)!file_unlink(path, NULL);
	return -1;
}

int bundle_file_checksum(const char *path, unsigned char out[SHA256_LEN], struct drift_error *err)
{
	auto_close int fd = -1;
	uint64_t size;

	if (file_open_read(path, &fd, err) || file_size(fd, &size, err))
		return -1;
	if (size < SHA256_LEN)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' is no bundle", path);
	return file_read_at(fd, out, SHA256_LEN, size - SHA256_LEN, err);
}
