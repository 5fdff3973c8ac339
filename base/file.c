#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_internal.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/trace.h"

enum {
	FILE_IO_STEP = 1 << 30, /* the kernel takes a little less than 2 GiB at once */
	FILE_ZERO_STEP = 1 << 16,
	FILE_TEMP_TRIES = 100,
	FILE_TEMP_RANDOM_LEN = 6,
};

_Static_assert(sizeof(off_t) == 8, "large files");

const char *file_fd_name(int fd, char name[FILE_FD_NAME_MAX])
{
	int saved_errno = errno;
	char link[64];
	ssize_t n;

	/* Only for messages: a descriptor has no other way to say what it is. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, FILE_FD_NAME_MAX - 1);
	if (n > 0)
		name[n] = '\0';
	else
		snprintf(name, FILE_FD_NAME_MAX, "file descriptor %d", fd);
	errno = saved_errno;
	return name;
}

int file_fd_error(int fd, const char *what, struct drift_error *err)
{
	char name[FILE_FD_NAME_MAX];

	if (!err)
		return -1;
	return error_from_errno(err, "cannot %s '%s'", what, file_fd_name(fd, name));
}

static int open_retry(const char *path, int flags, enum fault_kind kind)
{
	int64_t t = trace_start();
	int fd;

	if (file_refused(kind))
		return -1;
	do {
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
	} while (fd < 0 && errno == EINTR);
	trace_line("disk", t, "open %s -> %d", path, fd);
	return fd;
}

static int stat_fd(int fd, struct stat *st)
{
	if (file_refused(FAULT_OTHER))
		return -1;
	return fstat(fd, st);
}

/* O_NONBLOCK keeps a FIFO from blocking us before we have seen that it is one. */
static int open_regular(const char *path, int flags, int *fd_out, struct drift_error *err)
{
	enum fault_kind kind = flags & O_CREAT ? FAULT_GROW : FAULT_OTHER;
	auto_close int fd = open_retry(path, flags | O_NOFOLLOW | O_NONBLOCK, kind);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, DRIFT_ERR_IO, "cannot open '%s': it is a symbolic link", path);
	if (fd < 0 && (errno == ENXIO || errno == EISDIR))
		return error_set(err, DRIFT_ERR_IO, "cannot open '%s': not a regular file", path);
	if (fd < 0)
		return error_from_errno(err, "cannot %s '%s'", flags & O_EXCL ? "create" : "open",
					path);
	if (stat_fd(fd, &st) < 0)
		return error_from_errno(err, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, DRIFT_ERR_IO, "cannot open '%s': not a regular file", path);
	*fd_out = take_fd(&fd);
	return 0;
}

int file_open_read(const char *path, int *fd_out, struct drift_error *err)
{
	return open_regular(path, O_RDONLY, fd_out, err);
}

int file_open_write(const char *path, int *fd_out, struct drift_error *err)
{
	return open_regular(path, O_RDWR, fd_out, err);
}

int file_open_or_create(const char *path, int *fd_out, struct drift_error *err)
{
	return open_regular(path, O_RDWR | O_CREAT, fd_out, err);
}

int file_create(const char *path, int *fd_out, struct drift_error *err)
{
	return open_regular(path, O_RDWR | O_CREAT | O_EXCL, fd_out, err);
}

int file_open_read_user(const char *path, int *fd_out, struct drift_error *err)
{
	auto_close int fd = open_retry(path, O_RDONLY, FAULT_OTHER);
	struct stat st;

	if (fd < 0)
		return error_from_errno(err, "cannot open '%s'", path);
	if (stat_fd(fd, &st) < 0)
		return error_from_errno(err, "cannot look at '%s'", path);
	if (S_ISDIR(st.st_mode))
		return error_set(err, DRIFT_ERR_INVALID, "cannot read '%s': it is a directory", path);
	*fd_out = take_fd(&fd);
	return 0;
}

int file_create_temp(const char *prefix, struct buf *path_out, int *fd_out, struct drift_error *err)
{
	size_t tries;

	for (tries = 0; tries < FILE_TEMP_TRIES; tries++) {
		unsigned char end[FILE_TEMP_RANDOM_LEN];
		struct drift_error why;
		auto_buf path = BUF_INIT;

		if (random_bytes(end, sizeof(end), err) < 0)
			return -1;
		buf_add_str(&path, prefix);
		hex_append(&path, end, sizeof(end));
		if (buf_check(&path, err) < 0)
			return -1;
		if (!file_create(path.data, fd_out, &why)) {
			buf_clear(path_out);
			buf_add(path_out, path.data, path.len);
			return buf_check(path_out, err);
		}
		if (why.code != DRIFT_ERR_EXISTS) {
			/* It may have been made, but not opened for good. */
			(void)!file_unlink(path.data, NULL);
			return error_set(err, why.code, "%s", why.message);
		}
	}
	return error_set(err, DRIFT_ERR_EXISTS, "cannot find a free name for '%sXXXXXX'", prefix);
}

int file_close(int fd, struct drift_error *err)
{
	char name[FILE_FD_NAME_MAX] = "";
	bool refused = file_refused(FAULT_OTHER);
	int saved_errno = errno;

	if (refused && err)
		file_fd_name(fd, name);
	/* After EINTR the descriptor is closed all the same on Linux. */
	if (close(fd) < 0 && errno != EINTR)
		return error_from_errno(err, "cannot close file descriptor %d", fd);
	errno = saved_errno;
	return refused ? error_from_errno(err, "cannot close '%s'", name) : 0;
}

int64_t file_read_some(int fd, void *data, size_t len, uint64_t offset, struct drift_error *err)
{
	int64_t t = trace_start();
	unsigned char *p = data;
	size_t done = 0;

	while (done < len) {
		size_t step = len - done < FILE_IO_STEP ? len - done : FILE_IO_STEP;
		ssize_t n = -1;

		if (!file_refused(FAULT_OTHER))
			n = pread(fd, p + done, step, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_fd_error(fd, "read", err);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	trace_line("disk", t, "read %d: %zu of %zu at %llu", fd, done, len,
		   (unsigned long long)offset);
	return (int64_t)done;
}

int file_read_at(int fd, void *data, size_t len, uint64_t offset, struct drift_error *err)
{
	int64_t n = file_read_some(fd, data, len, offset, err);
	char name[FILE_FD_NAME_MAX];

	if (n < 0)
		return -1;
	if ((uint64_t)n == len)
		return 0;
	return error_set(err, DRIFT_ERR_CORRUPT, "'%s' ends at %llu, %llu bytes too early",
			 file_fd_name(fd, name), (unsigned long long)(offset + (uint64_t)n),
			 (unsigned long long)(len - (uint64_t)n));
}

/* All or nothing said; a fault build may stop it half-way. */
static int write_all(int fd, const unsigned char *p, size_t len, uint64_t offset)
{
	enum fault_action action = fault_check(FAULT_WRITE);

	if (action == FAULT_FAIL)
		return -1;
	if (action == FAULT_HALF)
		len /= 2;
	while (len) {
		ssize_t n = pwrite(fd, p, len < FILE_IO_STEP ? len : FILE_IO_STEP, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	if (action == FAULT_NONE)
		return 0;
	fault_after_half();
	return -1;
}

int file_write_at(int fd, const void *data, size_t len, uint64_t offset, struct drift_error *err)
{
	int64_t t = trace_start();

	if (write_all(fd, data, len, offset) < 0)
		return file_fd_error(fd, "write", err);
	trace_line("disk", t, "write %d: %zu at %llu", fd, len, (unsigned long long)offset);
	return 0;
}

int file_write_zeros(int fd, uint64_t offset, uint64_t len, struct drift_error *err)
{
	static const unsigned char zeros[FILE_ZERO_STEP];

	while (len) {
		size_t step = len < FILE_ZERO_STEP ? (size_t)len : FILE_ZERO_STEP;

		if (file_write_at(fd, zeros, step, offset, err) < 0)
			return -1;
		offset += step;
		len -= step;
	}
	return 0;
}

int file_truncate(int fd, uint64_t size, struct drift_error *err)
{
	int64_t t = trace_start();
	int r = -1;

	if (!file_refused(FAULT_GROW))
		do {
			r = ftruncate(fd, (off_t)size);
		} while (r < 0 && errno == EINTR);
	if (r < 0)
		return file_fd_error(fd, "cut or extend", err);
	trace_line("disk", t, "truncate %d: %llu", fd, (unsigned long long)size);
	return 0;
}

int file_allocate(int fd, uint64_t size, struct drift_error *err)
{
	int64_t t = trace_start();
	int r = -1;

	if (!file_refused(FAULT_GROW))
		do {
			r = fallocate(fd, 0, 0, (off_t)size);
		} while (r < 0 && errno == EINTR);
	if (r < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		return file_truncate(fd, size, err);
	if (r < 0)
		return file_fd_error(fd, "extend", err);
	trace_line("disk", t, "allocate %d: %llu", fd, (unsigned long long)size);
	return 0;
}

static void wait_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	poll(&p, 1, -1);
}

int64_t file_read_stream(int fd, void *data, size_t len, struct drift_error *err)
{
	for (;;) {
		ssize_t n = read(fd, data, len < FILE_IO_STEP ? len : FILE_IO_STEP);

		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			wait_ready(fd, POLLIN);
		else if (errno != EINTR)
			return file_fd_error(fd, "read", err);
	}
}

int file_write_stream(int fd, const void *data, size_t len, struct drift_error *err)
{
	const unsigned char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len < FILE_IO_STEP ? len : FILE_IO_STEP);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			wait_ready(fd, POLLOUT);
		} else if (errno != EINTR) {
			return file_fd_error(fd, "write", err);
		}
	}
	return 0;
}

int file_sync_data(int fd, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_SYNC) || fdatasync(fd) < 0)
		return file_fd_error(fd, "sync", err);
	trace_line("disk", t, "fdatasync %d", fd);
	return 0;
}

int file_sync_seen(int fd, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_SYNC) || (fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS))
		return file_fd_error(fd, "sync", err);
	trace_line("disk", t, "fdatasync %d", fd);
	return 0;
}

int file_sync(int fd, struct drift_error *err)
{
	int64_t t = trace_start();

	if (file_refused(FAULT_SYNC) || fsync(fd) < 0)
		return file_fd_error(fd, "sync", err);
	trace_line("disk", t, "fsync %d", fd);
	return 0;
}

int file_sync_directory(const char *path, struct drift_error *err)
{
	auto_close int fd = open_retry(path, O_RDONLY | O_DIRECTORY, FAULT_OTHER);

	if (fd < 0)
		return error_from_errno(err, "cannot open directory '%s'", path);
	return file_sync(fd, err);
}

int file_sync_parent(const char *path, struct drift_error *err)
{
	size_t len = strlen(path);
	auto_free char *parent = NULL;

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	parent = len ? mem_dup_str(path, len) : mem_dup_str(".", 1);
	if (!parent)
		return error_no_memory(err);
	return file_sync_directory(parent, err);
}

int file_size(int fd, uint64_t *size_out, struct drift_error *err)
{
	struct stat st;

	if (stat_fd(fd, &st) < 0)
		return file_fd_error(fd, "look at", err);
	*size_out = (uint64_t)st.st_size;
	return 0;
}

int file_set_mode(int fd, uint32_t mode, struct drift_error *err)
{
	if (file_refused(FAULT_OTHER) || fchmod(fd, (mode_t)mode) < 0)
		return file_fd_error(fd, "set the permissions of", err);
	return 0;
}

int file_map(int fd, size_t len, bool writable, void **map_out, struct drift_error *err)
{
	int64_t t = trace_start();
	void *map = MAP_FAILED;

	if (!file_refused(FAULT_OTHER))
		map = mmap(NULL, len, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return file_fd_error(fd, "map", err);
	trace_line("disk", t, "mmap %d: %zu", fd, len);
	*map_out = map;
	return 0;
}

void file_unmap(void *map, size_t len)
{
	if (map)
		munmap(map, len);
}

void file_map_rest(void *map, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)map;
	uintptr_t skip = (page - at % page) % page;

	/* What was written to them is the file's already: the map is shared. */
	if (len >= skip + page)
		(void)madvise((char *)map + skip, (len - skip) / page * page, MADV_DONTNEED);
}

int file_map_abandon(int fd, void *map, size_t len, size_t keep, struct drift_error *err)
{
	void *own = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (own == MAP_FAILED)
		return file_fd_error(fd, "unmap", err);
	/* Read, not copied: who touches a map of a file that was cut is killed. */
	if (file_read_at(fd, own, keep, 0, err) < 0) {
		munmap(own, len);
		return -1;
	}
	/* It takes the other's place in one step. */
	if (mremap(own, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, map) == MAP_FAILED) {
		file_fd_error(fd, "unmap", err);
		munmap(own, len);
		return -1;
	}
	return 0;
}
