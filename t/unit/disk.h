/*
 * A disk whose power can go: tests that define the calls that change files by the ones here have what happens below a
 * folder recorded, and can have the folder as it is after a cut of the power before any of the calls. Then what was
 * synced is there, of other writes any sectors, of other changes of a folder any. The system keeps less than that apart,
 * but promises no more.
 */
#ifndef T_UNIT_DISK_H
#define T_UNIT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum disk_loss {
	DISK_LOSS_ALL,   /* nothing is there that was not synced */
	DISK_LOSS_DATA,  /* all changes of folders are there */
	DISK_LOSS_NAMES, /* all writes are there */
	DISK_LOSS_TAIL,  /* folders as they were at some time, any sectors */
	DISK_LOSS_ANY,
	DISK_LOSS_COUNT
};

/* All calls since recording began. */
struct disk_log;

/* Begin to record what happens below the folder, which is empty. One at a time. */
void disk_start(const char *folder);
/* The number of the next call. */
size_t disk_now(void);
/* Was its folder synced between call `from` and the last call that made or removed the file? */
bool disk_was_settled(const char *path, size_t from);
/* End the recording; disk_free it. */
struct disk_log *disk_stop(void);
void disk_free(struct disk_log *log);
size_t disk_count(const struct disk_log *log);

/*
 * Make the folder what it is when the power goes before call number `at`, and begin a new recording there; returns the
 * number of its next call. Nothing may have files open.
 */
size_t disk_cut(const struct disk_log *log, size_t at, enum disk_loss loss, uint64_t seed);
/* The same when the process ends before that call, and its number stays: the system has all, the disk not yet. */
size_t disk_kill(const struct disk_log *log, size_t at);

/* As those of the system. */
int disk_open(const char *path, int flags, mode_t mode);
ssize_t disk_write(int fd, const void *data, size_t len, off_t offset);
int disk_truncate(int fd, off_t len);
int disk_allocate(int fd, off_t offset, off_t len);
int disk_sync(int fd);
int disk_rename(const char *from, const char *to);
int disk_unlink(const char *path);
int disk_make_folder(const char *path, mode_t mode);

#endif
