/* A repository or a bundle on this machine: served by a thread of this process. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/file.h"
#include "base/mem.h"
#include "sync/bundle_server.h"
#include "sync/connection_internal.h"
#include "sync/server.h"

struct path_server {
	pthread_t thread;
	char *dir;
	int fd;
	struct server_options options;
	bool bundle; /* a file */
	int64_t timeout_ms;
};

static bool takes(const struct url *url)
{
	return url->kind == URL_PATH;
}

/* What goes wrong there is told the client over the wire. */
static void *serve(void *data)
{
	struct path_server *s = data;

	if (s->bundle)
		(void)!bundle_server_run(s->dir, s->fd, s->timeout_ms, NULL);
	else
		(void)!server_run(s->dir, s->fd, s->fd, &s->options, NULL);
	return NULL;
}

static void path_server_free(struct path_server *s)
{
	free(s->dir);
	free(s);
}

/* Also by way of a link. What cannot be read is told by who serves it. */
static bool is_file(const char *path, const struct file_info *info)
{
	auto_close int fd = -1;

	return info->kind == FILE_REGULAR || (info->kind == FILE_LINK && !file_open_read_user(path, &fd, NULL));
}

static int resolve(const struct url *url, const char *base_dir, struct path_server *s, struct drift_error *err)
{
	auto_buf dir = BUF_INIT;
	struct file_info info;

	if (*url->path == '/' || !base_dir)
		buf_add_str(&dir, url->path);
	else
		file_join(&dir, base_dir, url->path);
	if (buf_check(&dir, err) || file_look(dir.data, &info, err))
		return -1;
	if (info.kind == FILE_ABSENT)
		return error_set(err, DRIFT_ERR_IO, "there is nothing at '%s'", dir.data);
	s->bundle = is_file(dir.data, &info);
	s->dir = buf_take(&dir, NULL);
	return s->dir ? 0 : error_no_memory(err);
}

static int start(struct path_server *s, int fds_out[2], struct drift_error *err)
{
	int ends[2];

	if (channel_pair(ends, err))
		return -1;
	s->fd = ends[1];
	errno = pthread_create(&s->thread, NULL, serve, s);
	if (errno) {
		error_from_errno(err, "cannot start a thread");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	fds_out[0] = ends[0];
	fds_out[1] = ends[0];
	return 0;
}

static int open_path(const struct url *url, const struct connection_options *options, void **data_out, int fds_out[2],
		     struct drift_error *err)
{
	struct path_server *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	s->options.may_push = options->push;
	s->timeout_ms = options->timeout_ms;
	if (resolve(url, options->base_dir, s, err) || start(s, fds_out, err)) {
		path_server_free(s);
		return -1;
	}
	*data_out = s;
	return 0;
}

static int close_path(void *data, struct drift_error *err)
{
	struct path_server *s = data;

	(void)err;
	pthread_join(s->thread, NULL);
	path_server_free(s);
	return 0;
}

const struct transport transport_path = { takes, open_path, close_path };
