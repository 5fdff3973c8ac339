/* Calls on names: directories, links, renames. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_internal.h"
#include "base/mem.h"
#include "base/trace.h"

static void fill_info(struct file_info *info, const struct stat *st)
{
	info->kind = S_ISREG(st->st_mode)   ? FILE_REGULAR
		     : S_ISDIR(st->st_mode) ? FILE_DIRECTORY
		     : S_ISLNK(st->st_mode) ? FILE_LINK
					    : FILE_OTHER;
	info->size = (uint64_t)st->st_size;
	info->modified_us = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
	info->device = (uint64_t)st->st_dev;
	info->inode = (uint64_t)st->st_ino;
	info->mode = (uint32_t)st->st_mode & 07777;
}

int file_info(int fd, struct file_info *info_out, struct drift_error *err)
{
	struct stat st;

	if (file_refused(FAULT_OTHER) || fstat(fd, &st) < 0)
		return file_fd_error(fd, "look at", err);
	fill_info(info_out, &st);
	return 0;
}

int file_look(const char *path, struct file_info *info_out, struct drift_error *err)
{
	int64_t t = trace_start();
	struct stat st;
	int r = file_refused(FAULT_OTHER) ? -1 : lstat(path, &st);

	trace_line("disk", t, "lstat %s", path);
	if (r < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		memset(info_out, 0, sizeof(*info_out));
		info_out->kind = FILE_ABSENT;
		return 0;
	}
	if (r < 0)
		return error_from_errno(err, "cannot look at '%s'", path);
	fill_info(info_out, &st);
	return 0;
}

int file_rename(const char *from, const char *to, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_GROW) || rename(from, to) < 0)
		return error_from_errno(err, "cannot rename '%s' to '%s'", from, to);
	trace_line("disk", t, "rename %s %s", from, to);
	return 0;
}

int file_unlink(const char *path, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_OTHER) || unlink(path) < 0)
		return error_from_errno(err, "cannot remove '%s'", path);
	trace_line("disk", t, "unlink %s", path);
	return 0;
}

int file_make_directory(const char *path, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_GROW) || mkdir(path, 0777) < 0)
		return error_from_errno(err, "cannot create directory '%s'", path);
	trace_line("disk", t, "mkdir %s", path);
	return 0;
}

int file_remove_directory(const char *path, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_OTHER) || rmdir(path) < 0)
		return error_from_errno(err, "cannot remove directory '%s'", path);
	trace_line("disk", t, "rmdir %s", path);
	return 0;
}

int file_make_link(const char *target, const char *path, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_GROW) || symlink(target, path) < 0)
		return error_from_errno(err, "cannot create symbolic link '%s'", path);
	trace_line("disk", t, "symlink %s", path);
	return 0;
}

int file_read_link(const char *path, struct buf *out, struct drift_error *err)
{
	char target[PATH_MAX];
	ssize_t n = file_refused(FAULT_OTHER) ? -1 : readlink(path, target, sizeof(target));

	if (n < 0)
		return error_from_errno(err, "cannot read symbolic link '%s'", path);
	buf_add(out, target, (size_t)n);
	return buf_check(out, err);
}

void file_names_release(struct file_names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	names->items = NULL;
	names->count = 0;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

static int open_directory(const char *path, DIR **dir_out, struct drift_error *err)
{
	DIR *dir;
	int fd = -1;

	if (!file_refused(FAULT_OTHER))
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_from_errno(err, "cannot open directory '%s'", path);
	dir = fdopendir(fd);
	if (!dir) {
		error_from_errno(err, "cannot open directory '%s'", path);
		close(fd);
		return -1;
	}
	*dir_out = dir;
	return 0;
}

static int read_names(DIR *dir, const char *path, size_t max_count, struct file_names *names,
		      struct drift_error *err)
{
	size_t capacity = 0;

	for (;;) {
		struct dirent *entry;
		char *name;

		errno = 0;
		entry = readdir(dir);
		if (!entry && errno)
			return error_from_errno(err, "cannot read directory '%s'", path);
		if (!entry)
			return 0;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (names->count == max_count)
			return error_set(err, DRIFT_ERR_LIMIT,
					 "directory '%s' holds more than %zu names", path,
					 max_count);
		name = mem_dup_str(entry->d_name, strlen(entry->d_name));
		if (!name || mem_grow(&names->items, &capacity, names->count + 1,
				      sizeof(*names->items)) < 0) {
			free(name);
			return error_no_memory(err);
		}
		names->items[names->count++] = name;
	}
}

int file_list(const char *path, size_t max_count, struct file_names *names_out,
	      struct drift_error *err)
{
	struct file_names names = { NULL, 0 };
	int64_t t = trace_start();
	DIR *dir = NULL;
	int r;

	if (open_directory(path, &dir, err) < 0)
		return -1;
	r = read_names(dir, path, max_count, &names, err);
	closedir(dir);
	if (r < 0) {
		file_names_release(&names);
		return -1;
	}
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	trace_line("disk", t, "list %s: %zu", path, names.count);
	*names_out = names;
	return 0;
}
