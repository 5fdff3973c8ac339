#include "base/channel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/date.h"

#ifndef PIPE_BUF
#define PIPE_BUF 512
#endif

static int poll_some(struct pollfd *fds, nfds_t count, int64_t until_us)
{
	int64_t left_ms = (until_us - date_monotonic_us() + 999) / 1000;

	return poll(fds, count, left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms);
}

int channel_wait(int in, int out, int64_t timeout_ms, struct channel_ready *ready, struct drift_error *err)
{
	/* poll leaves out what is negative. */
	struct pollfd fds[2] = { { .fd = in, .events = POLLIN }, { .fd = out, .events = POLLOUT } };
	int64_t until_us = date_monotonic_us() + timeout_ms * 1000;
	int n;

	do
		n = poll_some(fds, 2, until_us);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_from_errno(err, "cannot wait for the other end");
	ready->in = fds[0].revents != 0;
	ready->out = fds[1].revents != 0;
	return n > 0;
}

int64_t channel_read(int fd, void *data, size_t len, struct drift_error *err)
{
	ssize_t n;

	do
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return CHANNEL_NONE;
	/* Who left without reading all that we said has left. */
	if (errno == ECONNRESET)
		return 0;
	return error_from_errno(err, "cannot read from the other end");
}

/* A blocking pipe that poll calls writable takes PIPE_BUF bytes without waiting. */
static ssize_t write_some(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = write(fd, data, len < PIPE_BUF ? len : PIPE_BUF);
	return n;
}

int64_t channel_write(int fd, const void *data, size_t len, struct drift_error *err)
{
	ssize_t n;

	do
		n = write_some(fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the other end has closed the connection");
	return error_from_errno(err, "cannot write to the other end");
}

int channel_pair(int ends[2], struct drift_error *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_from_errno(err, "cannot make a connection");
	return 0;
}

void channel_shut(int fd)
{
	shutdown(fd, SHUT_WR);
}
