/* A repository on another machine: served by drift there, which ssh (or what stands in for it) starts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/spawn.h"
#include "sync/connection_internal.h"

struct ssh_server {
	struct spawn_pipe child;
	char *command;
	int64_t timeout_ms;
};

static bool takes(const struct url *url)
{
	return url->kind == URL_SSH;
}

/* For the shell of the other machine, whatever the path holds; but ~ and ~USER at its start are meant as such. */
static void quote_path(const char *path, struct buf *out)
{
	size_t home = 0;

	if (*path == '~') {
		home = strcspn(path, "/");
		for (size_t i = 1; i < home; i++) {
			if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", path[i]))
				home = 0;
		}
		home += home && path[home] == '/';
	}
	buf_add(out, path, home);
	if (home && !path[home])
		return;
	buf_add_byte(out, '\'');
	for (path += home; *path; path++) {
		if (*path == '\'' || *path == '!')
			buf_addf(out, "'\\%c'", *path);
		else
			buf_add_byte(out, (unsigned char)*path);
	}
	buf_add_byte(out, '\'');
}

/* What the other machine is to run. */
static int remote_command(const struct url *url, const struct connection_options *options, struct buf *out,
			  struct drift_error *err)
{
	const char *named = options->push ? options->receive_pack : options->upload_pack;
	const char *usual = options->push ? "drift receive-pack" : "drift upload-pack";

	buf_addf(out, "%s ", named && *named ? named : usual);
	quote_path(url->path, out);
	return buf_check(out, err);
}

static int open_ssh(const struct url *url, const struct connection_options *options, void **data_out, int fds_out[2],
		    struct drift_error *err)
{
	const char *program = getenv("DRIFT_SSH");
	auto_free struct ssh_server *s = mem_calloc(1, sizeof(*s));
	const char *arguments[6] = { NULL };
	struct spawn_options how = { .arguments = arguments, .pipes = SPAWN_SOCKET };
	auto_buf command = BUF_INIT;
	size_t n = 0;

	if (!s)
		return error_no_memory(err);
	if (!program || !*program)
		program = options->ssh_command && *options->ssh_command ? options->ssh_command : "ssh";
	if (remote_command(url, options, &command, err))
		return -1;
	if (url->port) {
		arguments[n++] = "-p";
		arguments[n++] = url->port;
	}
	arguments[n++] = url->host;
	arguments[n++] = command.data;
	s->timeout_ms = options->timeout_ms;
	s->command = mem_dup_str(program, strlen(program));
	if (!s->command)
		return error_no_memory(err);
	if (spawn_start(program, &how, &s->child, err)) {
		free(s->command);
		/* That there is no such program is no answer to what was asked. */
		return error_prefix(err, DRIFT_ERR_IO, "the other machine cannot be reached");
	}
	fds_out[0] = s->child.from_child;
	fds_out[1] = s->child.to_child;
	s->child.from_child = -1;
	s->child.to_child = -1;
	*data_out = take_ptr(s);
	return 0;
}

static int close_ssh(void *data, struct drift_error *err)
{
	struct ssh_server *s = data;
	int status = 0, r = spawn_finish_within(&s->child, s->timeout_ms, &status, err);

	if (!r && status)
		r = error_set(err, DRIFT_ERR_IO, "'%s' ended with status %d", s->command, status);
	free(s->command);
	free(s);
	return r;
}

const struct transport transport_ssh = { takes, open_ssh, close_ssh };
