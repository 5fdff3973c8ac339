/*
 * Every disk call of drift goes through here, so that each is retried when a
 * signal interrupts it, names its path when it fails, can be traced
 * (base/trace.h) and, in builds with DRIFT_FAULT, can be made to fail
 * (base/fault.h).
 *
 * Files are opened close-on-exec, never by following a link in the last
 * component unless asked to, never blocking on a FIFO, and must be regular
 * files. Codes: NOT_FOUND, EXISTS, PERMISSION, NO_SPACE as errno says; IO
 * otherwise, also for what is no regular file. A failed fsync is final: never
 * retry it, the pages may be marked clean (close the file and write it anew).
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

enum file_kind { FILE_ABSENT, FILE_REGULAR, FILE_DIRECTORY, FILE_LINK, FILE_OTHER };

struct file_info {
	enum file_kind kind;
	uint64_t size;       /* bytes */
	int64_t modified_us; /* since 1970 */
	uint64_t device;
	uint64_t inode;
	uint32_t mode; /* permission bits, 07777 */
};

/* ---- opening; the descriptor is the caller's, at offset 0 ---- */

int file_open_read(const char *path, int *fd_out, struct drift_error *err) MUST_CHECK;
/*
 * For files that users name: links are followed, and anything but a directory
 * will do (process substitution, /dev/stdin); read it with file_read_all or
 * file_read_stream. Blocks on a FIFO until somebody writes.
 */
int file_open_read_user(const char *path, int *fd_out, struct drift_error *err) MUST_CHECK;
/* An existing file for reading and writing. */
int file_open_write(const char *path, int *fd_out, struct drift_error *err) MUST_CHECK;
/* The same; creates an empty file (mode 0666 less umask) if there is none. */
int file_open_or_create(const char *path, int *fd_out, struct drift_error *err) MUST_CHECK;
/* A new file for reading and writing; DRIFT_ERR_EXISTS if the name is taken. */
int file_create(const char *path, int *fd_out, struct drift_error *err) MUST_CHECK;
/* A new file "<prefix>XXXXXX" with a random end, its name in path_out. */
int file_create_temp(const char *prefix, struct buf *path_out, int *fd_out,
		     struct drift_error *err) MUST_CHECK;
/* Close a descriptor that was written to. The descriptor is gone in any case. */
int file_close(int fd, struct drift_error *err) MUST_CHECK;

/* ---- reading and writing at an offset ---- */

/* Exactly len bytes; DRIFT_ERR_CORRUPT if the file ends before. */
int file_read_at(int fd, void *data, size_t len, uint64_t offset, struct drift_error *err)
	MUST_CHECK;
/* Up to len bytes, fewer only where the file ends; returns how many, or -1. */
int64_t file_read_some(int fd, void *data, size_t len, uint64_t offset, struct drift_error *err)
	MUST_CHECK;
/* All len bytes. After a failure any part of them may have been written. */
int file_write_at(int fd, const void *data, size_t len, uint64_t offset, struct drift_error *err)
	MUST_CHECK;
/* Write len zero bytes, so that later writes there neither grow the file nor find the disk full. */
int file_write_zeros(int fd, uint64_t offset, uint64_t len, struct drift_error *err) MUST_CHECK;
int file_truncate(int fd, uint64_t size, struct drift_error *err) MUST_CHECK;
/* Make the file at least that long, of zeros that have their room on the disk (where the file system can promise it). */
int file_allocate(int fd, uint64_t size, struct drift_error *err) MUST_CHECK;

/*
 * From and to a stream (pipe, terminal or file) at its own position. A read may be
 * short; 0 is the end. Not counted by fault builds, since pipes come in random pieces.
 */
int64_t file_read_stream(int fd, void *data, size_t len, struct drift_error *err) MUST_CHECK;
int file_write_stream(int fd, const void *data, size_t len, struct drift_error *err) MUST_CHECK;

/* ---- durability ---- */

int file_sync_data(int fd, struct drift_error *err) MUST_CHECK;
/* For who only reads, of what others wrote; where the file system takes no writes there is nothing to wait for. */
int file_sync_seen(int fd, struct drift_error *err) MUST_CHECK;
int file_sync(int fd, struct drift_error *err) MUST_CHECK;
int file_sync_directory(const char *path, struct drift_error *err) MUST_CHECK;
/* The directory that holds path. */
int file_sync_parent(const char *path, struct drift_error *err) MUST_CHECK;

/* ---- names; none of these follows a link in the last component ---- */

int file_size(int fd, uint64_t *size_out, struct drift_error *err) MUST_CHECK;
int file_info(int fd, struct file_info *info_out, struct drift_error *err) MUST_CHECK;
/* What is there; kind is FILE_ABSENT, and the result 0, if nothing is. */
int file_look(const char *path, struct file_info *info_out, struct drift_error *err) MUST_CHECK;
/* Replaces what is at `to`. Durable after file_sync_parent(to). */
int file_rename(const char *from, const char *to, struct drift_error *err) MUST_CHECK;
int file_unlink(const char *path, struct drift_error *err) MUST_CHECK;
int file_make_directory(const char *path, struct drift_error *err) MUST_CHECK;
int file_remove_directory(const char *path, struct drift_error *err) MUST_CHECK;
int file_set_mode(int fd, uint32_t mode, struct drift_error *err) MUST_CHECK;
int file_make_link(const char *target, const char *path, struct drift_error *err) MUST_CHECK;
/* The text of a symbolic link, appended to out. */
int file_read_link(const char *path, struct buf *out, struct drift_error *err) MUST_CHECK;

struct file_names {
	char **items; /* sorted bytewise, without "." and ".." */
	size_t count;
};

/* DRIFT_ERR_LIMIT if there are more than max_count. */
int file_list(const char *path, size_t max_count, struct file_names *names_out,
	      struct drift_error *err) MUST_CHECK;
void file_names_release(struct file_names *names);

/* ---- shared memory, for the disposable index alone: access beyond the file's end kills ---- */

/* len bytes from the start of the file, writable if fd is; len > 0. */
int file_map(int fd, size_t len, bool writable, void **map_out, struct drift_error *err) MUST_CHECK;
void file_unmap(void *map, size_t len);
/* Its pages, as far as they are whole, may leave the memory of this process; they come back when they are looked at. */
void file_map_rest(void *map, size_t len);
/*
 * Give the mapped file fd back while threads of this process may still look at the map: its first `keep` bytes stay as
 * they are, though nobody else's any more, the rest becomes zeros. Both lengths in pages. On failure all is as before.
 */
int file_map_abandon(int fd, void *map, size_t len, size_t keep, struct drift_error *err) MUST_CHECK;

/* ---- locks ---- */

enum file_lock_kind { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE };
enum { FILE_LOCK_TRY = 0, FILE_LOCK_WAIT = -1 };

/*
 * An open-file-description lock of the byte at offset `at`, between processes and
 * between descriptors of one process opened separately; the kernel drops it when
 * the last copy of the descriptor closes. Waits up to timeout_ms, for ever with
 * FILE_LOCK_WAIT. Exclusive needs a descriptor opened for writing. Changing the
 * kind of a held lock is allowed. 0: held; 1: somebody else has it; -1: failed.
 */
int file_lock(int fd, uint64_t at, enum file_lock_kind kind, int timeout_ms,
	      struct drift_error *err) MUST_CHECK;
int file_unlock(int fd, uint64_t at, struct drift_error *err);

/* ---- put together from the above ---- */

/* Append a whole file to out. DRIFT_ERR_LIMIT if it is longer than max_len. */
int file_read_whole(const char *path, uint64_t max_len, struct buf *out, struct drift_error *err)
	MUST_CHECK;
/* The same for an open descriptor of any kind, from where it stands: standard input, a pipe. */
int file_read_all(int fd, uint64_t max_len, struct buf *out, struct drift_error *err) MUST_CHECK;
/*
 * Make path hold exactly these bytes, atomically and durably: a temporary file
 * beside it, fsync, rename, fsync of the directory. On failure the old file is there.
 */
int file_replace(const char *path, const void *data, size_t len, struct drift_error *err)
	MUST_CHECK;
/* file_make_directory and fsync of its parent. */
int file_make_directory_durable(const char *path, struct drift_error *err) MUST_CHECK;
/* Make all missing directories of path; not durable. */
int file_make_directories(const char *path, struct drift_error *err) MUST_CHECK;
/*
 * Look for a directory `name` in `start` and its parents, not crossing into
 * another file system. path_out gets the absolute path of the parent in which
 * it was found. DRIFT_ERR_NOT_FOUND if there is none.
 */
int file_find_up(const char *start, const char *name, struct buf *path_out,
		 struct drift_error *err) MUST_CHECK;
/* Append dir, a slash where needed, and name. */
void file_join(struct buf *out, const char *dir, const char *name);
/* The current directory, absolute, appended to out. */
int file_current_directory(struct buf *out, struct drift_error *err) MUST_CHECK;

#endif
