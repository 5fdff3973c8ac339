/* Open-file-description locks: dropped by the kernel, whatever becomes of the holder. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/date.h"
#include "base/file.h"
#include "base/file_internal.h"
#include "base/trace.h"

enum {
	LOCK_SLEEP_MIN_US = 100,
	LOCK_SLEEP_MAX_US = 10000,
};

static int set_lock(int fd, int command, short type, uint64_t at)
{
	struct flock lock = { 0 };
	int r;

	lock.l_type = type;
	lock.l_whence = SEEK_SET;
	lock.l_start = (off_t)at;
	lock.l_len = 1;
	do {
		r = fcntl(fd, command, &lock);
	} while (r < 0 && errno == EINTR);
	return r;
}

/* There is no lock call with a timeout but by signal, which is not a library's to use. */
static int poll_lock(int fd, short type, uint64_t at, int timeout_ms)
{
	int64_t end_us = date_monotonic_us() + (int64_t)timeout_ms * 1000;
	long sleep_us = LOCK_SLEEP_MIN_US;

	for (;;) {
		struct timespec pause = { .tv_sec = 0, .tv_nsec = sleep_us * 1000 };

		if (!set_lock(fd, F_OFD_SETLK, type, at))
			return 0;
		if ((errno != EAGAIN && errno != EACCES) || date_monotonic_us() >= end_us)
			return -1;
		nanosleep(&pause, NULL);
		if (sleep_us < LOCK_SLEEP_MAX_US)
			sleep_us *= 2;
	}
}

int file_lock(int fd, uint64_t at, enum file_lock_kind kind, int timeout_ms,
	      struct drift_error *err)
{
	short type = kind == FILE_LOCK_SHARED ? F_RDLCK : F_WRLCK;
	int64_t t = trace_start();
	int r = -1;

	if (file_refused(FAULT_OTHER))
		return file_fd_error(fd, "lock", err);
	if (timeout_ms < 0)
		r = set_lock(fd, F_OFD_SETLKW, type, at);
	else if (timeout_ms == 0)
		r = set_lock(fd, F_OFD_SETLK, type, at);
	else
		r = poll_lock(fd, type, at, timeout_ms);
	if (r < 0 && errno != EAGAIN && errno != EACCES)
		return file_fd_error(fd, "lock", err);
	trace_line("lock", t, "%s %d at %llu: %s", kind == FILE_LOCK_SHARED ? "share" : "lock", fd,
		   (unsigned long long)at, r < 0 ? "busy" : "held");
	return r < 0 ? 1 : 0;
}

int file_unlock(int fd, uint64_t at, struct drift_error *err)
{
	/* Never refused by a fault: a lock that stayed would fail the test, not the code. */
	if (set_lock(fd, F_OFD_SETLK, F_UNLCK, at) < 0)
		return file_fd_error(fd, "unlock", err);
	trace_line("lock", 0, "unlock %d at %llu", fd, (unsigned long long)at);
	return 0;
}
