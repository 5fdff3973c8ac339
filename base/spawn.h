/* Run another program and wait for it. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/error.h"

/* argv[0] is looked up in PATH; it has our standard files. The exit status: 0 to 255, 128 +
 * the signal that killed it; DRIFT_ERR_NOT_FOUND if there is no such program. */
int spawn_wait(const char *const *argv, int *status_out, struct drift_error *err) MUST_CHECK;

/* A command line with arguments behind it, quoted: through sh only if it holds characters that
 * a shell would act on. */
int spawn_command(const char *command, const char *const *arguments, int *status_out,
		  struct drift_error *err) MUST_CHECK;

struct spawn_pipe {
	pid_t pid;
	int to_child;   /* write here; -1 unless asked for */
	int from_child; /* read here; -1 unless asked for */
};

/* SPAWN_SOCKET: sockets instead of both pipes, which can be written to without the risk of SIGPIPE. */
enum { SPAWN_WRITE = 1, SPAWN_READ = 2, SPAWN_SOCKET = 4 };

struct spawn_options {
	const char *const *arguments;   /* NULL-ended; or NULL */
	const char *const *environment; /* "NAME=value" to add where NAME is not set; or NULL */
	int pipes;                      /* SPAWN_WRITE, SPAWN_READ or both; or SPAWN_SOCKET */
};

/* Start a command (as spawn_command) with pipes to its standard input or from its output. */
int spawn_start(const char *command, const struct spawn_options *options, struct spawn_pipe *out,
		struct drift_error *err) MUST_CHECK;
/* Close the pipes that are still open and wait. */
int spawn_finish(struct spawn_pipe *child, int *status_out, struct drift_error *err) MUST_CHECK;

/*
 * The same for one that should end by itself when its pipes are closed: after timeout_ms it is told to, a second later it is
 * made to.
 */
int spawn_finish_within(struct spawn_pipe *child, int64_t timeout_ms, int *status_out, struct drift_error *err) MUST_CHECK;

/*
 * Start a program that goes on by itself: in a session of its own, its standard files are /dev/null, nobody waits for
 * it. argv[0] is looked up in PATH.
 */
int spawn_detached(const char *const *argv, struct drift_error *err) MUST_CHECK;

/* Open the file in DRIFT_EDITOR, VISUAL, EDITOR or vi, and wait; fails unless it exits with 0. */
int spawn_editor(const char *path, struct drift_error *err) MUST_CHECK;

#endif
