#include "base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRACE_OFF = -1, TRACE_UNKNOWN = -2 };

/* The descriptor to write to. Two threads that both find it unknown at first may
 * both open the file; both descriptors append. */
static atomic_int trace_fd = TRACE_UNKNOWN;

static int trace_open(void)
{
	const char *to = getenv("DRIFT_TRACE");
	int saved_errno = errno;
	int fd = TRACE_OFF;

	if (to && (!strcmp(to, "1") || !strcmp(to, "2") || !strcmp(to, "true")))
		fd = STDERR_FILENO;
	else if (to && to[0] == '/')
		fd = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0)
		fd = TRACE_OFF;
	atomic_store(&trace_fd, fd);
	errno = saved_errno;
	return fd;
}

static int trace_target(void)
{
	int fd = atomic_load_explicit(&trace_fd, memory_order_relaxed);

	return fd == TRACE_UNKNOWN ? trace_open() : fd;
}

static bool trace_on(void)
{
	return trace_target() != TRACE_OFF;
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t trace_start(void)
{
	return trace_on() ? clock_us(CLOCK_MONOTONIC) : 0;
}

void trace_line(const char *category, int64_t start_us, const char *fmt, ...)
{
	int saved_errno = errno;
	int fd = trace_target();
	int64_t now_us, taken_us;
	char line[1024];
	va_list ap;
	size_t n;

	if (fd == TRACE_OFF)
		return;
	now_us = clock_us(CLOCK_REALTIME);
	taken_us = start_us ? clock_us(CLOCK_MONOTONIC) - start_us : 0;
	n = (size_t)snprintf(line, sizeof(line), "%lld.%06lld %ld %s %lld ",
			     (long long)(now_us / 1000000), (long long)(now_us % 1000000),
			     (long)getpid(), category, (long long)taken_us);
	if (n < sizeof(line)) {
		va_start(ap, fmt);
		vsnprintf(line + n, sizeof(line) - n, fmt, ap);
		va_end(ap);
	}
	n = strlen(line);
	if (n == sizeof(line) - 1)
		n--;
	line[n++] = '\n';
	/* One write a line keeps lines of several processes apart; a lost one is no harm. */
	if (write(fd, line, n) < 0)
		errno = saved_errno;
	errno = saved_errno;
}
