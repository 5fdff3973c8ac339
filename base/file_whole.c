/* Whole files and paths, put together from the single calls. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_internal.h"
#include "base/mem.h"

enum { READ_STEP_LEN = 1 << 16 };

static int too_long(const char *name, uint64_t max_len, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_LIMIT, "'%s' is longer than %llu bytes", name,
			 (unsigned long long)max_len);
}

int file_read_whole(const char *path, uint64_t max_len, struct buf *out, struct drift_error *err)
{
	auto_close int fd = -1;
	size_t start = out->len;
	uint64_t size, done = 0;

	if (file_open_read(path, &fd, err) < 0 || file_size(fd, &size, err) < 0)
		return -1;
	/* One byte more than it should hold shows the end, or that somebody appends. */
	for (;;) {
		size_t step = done <= size ? (size_t)(size - done) + 1 : READ_STEP_LEN;
		int64_t n;

		if (done > max_len || size > max_len) {
			buf_truncate(out, start);
			return too_long(path, max_len, err);
		}
		if (!buf_reserve(out, step))
			return error_no_memory(err);
		n = file_read_some(fd, out->data + out->len, step, done, err);
		if (n < 0) {
			buf_truncate(out, start);
			return -1;
		}
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		done += (uint64_t)n;
		if ((size_t)n < step && done <= max_len)
			return 0;
	}
}

int file_read_all(int fd, uint64_t max_len, struct buf *out, struct drift_error *err)
{
	size_t start = out->len;

	for (;;) {
		int64_t n;

		if (!buf_reserve(out, READ_STEP_LEN))
			return error_no_memory(err);
		n = file_read_stream(fd, out->data + out->len, READ_STEP_LEN, err);
		if (n < 0) {
			buf_truncate(out, start);
			return -1;
		}
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (n == 0)
			return 0;
		if (out->len - start > max_len) {
			char name[FILE_FD_NAME_MAX];

			buf_truncate(out, start);
			return too_long(file_fd_name(fd, name), max_len, err);
		}
	}
}

/* Keep who may read a file that we replace: it may hold secrets. */
static int keep_mode(int fd, const char *path, struct drift_error *err)
{
	struct file_info old;

	if (file_look(path, &old, err) < 0)
		return -1;
	return old.kind == FILE_REGULAR ? file_set_mode(fd, old.mode, err) : 0;
}

static int write_and_close(int fd, const void *data, size_t len, struct drift_error *err)
{
	if (file_write_at(fd, data, len, 0, err) < 0 || file_sync(fd, err) < 0) {
		close(fd);
		return -1;
	}
	return file_close(fd, err);
}

int file_replace(const char *path, const void *data, size_t len, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;
	auto_buf temp = BUF_INIT;
	int fd = -1;

	buf_addf(&prefix, "%s.tmp-", path);
	if (buf_check(&prefix, err) < 0 || file_create_temp(prefix.data, &temp, &fd, err) < 0)
		return -1;
	if (keep_mode(fd, path, err) < 0) {
		close(fd);
		goto fail;
	}
	if (write_and_close(fd, data, len, err) < 0 || file_rename(temp.data, path, err) < 0)
		goto fail;
	return file_sync_parent(path, err);
fail:
	(void)!file_unlink(temp.data, NULL);
	return -1;
}

int file_make_directory_durable(const char *path, struct drift_error *err)
{
	if (file_make_directory(path, err) < 0)
		return -1;
	return file_sync_parent(path, err);
}

int file_make_directories(const char *path, struct drift_error *err)
{
	auto_free char *part = mem_dup_str(path, strlen(path));
	char *slash;

	if (!part)
		return error_no_memory(err);
	for (slash = part;; slash++) {
		struct drift_error why;
		char kept;

		slash += strspn(slash, "/");
		slash += strcspn(slash, "/");
		kept = *slash;
		*slash = '\0';
		if (*part && file_make_directory(part, &why) < 0 && why.code != DRIFT_ERR_EXISTS)
			return error_set(err, why.code, "%s", why.message);
		if (!kept)
			return 0;
		*slash = kept;
	}
}

void file_join(struct buf *out, const char *dir, const char *name)
{
	size_t len = strlen(dir);

	buf_add(out, dir, len);
	if (len && dir[len - 1] != '/')
		buf_add_byte(out, '/');
	buf_add_str(out, name);
}

int file_current_directory(struct buf *out, struct drift_error *err)
{
	char path[PATH_MAX];

	if (file_refused(FAULT_OTHER) || !getcwd(path, sizeof(path)))
		return error_from_errno(err, "cannot find the current directory");
	buf_add_str(out, path);
	return buf_check(out, err);
}

int file_find_up(const char *start, const char *name, struct buf *path_out, struct drift_error *err)
{
	auto_free char *dir = file_refused(FAULT_OTHER) ? NULL : realpath(start, NULL);
	struct file_info info, start_info;
	auto_buf path = BUF_INIT;
	char *slash;

	if (!dir)
		return error_from_errno(err, "cannot find directory '%s'", start);
	if (file_look(dir, &start_info, err) < 0)
		return -1;
	for (;;) {
		buf_clear(&path);
		file_join(&path, dir, name);
		if (buf_check(&path, err) < 0 || file_look(path.data, &info, err) < 0)
			return -1;
		if (info.kind == FILE_DIRECTORY) {
			buf_add_str(path_out, dir);
			return buf_check(path_out, err);
		}
		slash = strrchr(dir, '/');
		if (!slash || !dir[1])
			break;
		slash[slash == dir] = '\0';
		if (file_look(dir, &info, err) < 0)
			return -1;
		if (info.device != start_info.device)
			break;
	}
	return error_set(err, DRIFT_ERR_NOT_FOUND, "no '%s' in '%s' or any parent directory", name,
			 start);
}
