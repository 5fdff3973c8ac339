#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/channel.h"
#include "base/date.h"
#include "base/mem.h"

extern char **environ;

enum { STATUS_SIGNAL = 128 };

/* What a program is started with beside its arguments. */
struct setting {
	const posix_spawn_file_actions_t *actions;
	char *const *environment;
};

struct words {
	const char **items;
	size_t count, capacity;
};

static int wait_for(pid_t pid, const char *name, int *status_out, struct drift_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_from_errno(err, "cannot wait for '%s'", name);
	*status_out = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

/* posix_spawn's argument is not const for historical reasons; it changes nothing. */
static int start(const char *const *argv, const struct setting *setting, pid_t *pid_out,
		 struct drift_error *err)
{
	char *const *args;

	memcpy(&args, &argv, sizeof(args));
	errno = posix_spawnp(pid_out, argv[0], setting->actions, NULL, args, setting->environment);
	return errno ? error_from_errno(err, "cannot run '%s'", argv[0]) : 0;
}

int spawn_wait(const char *const *argv, int *status_out, struct drift_error *err)
{
	const struct setting setting = { NULL, environ };
	pid_t pid = 0;

	if (start(argv, &setting, &pid, err) < 0)
		return -1;
	return wait_for(pid, argv[0], status_out, err);
}

/* Its parent, which is us, ends before long; init then waits for it. */
static int start_detached(const char *const *argv, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
			  struct drift_error *err)
{
	char *const *args;
	pid_t pid;

	memcpy(&args, &argv, sizeof(args));
	errno = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!errno)
		errno = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!errno)
		errno = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!errno)
		errno = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID);
	if (!errno)
		errno = posix_spawnp(&pid, argv[0], actions, attributes, args, environ);
	return errno ? error_from_errno(err, "cannot run '%s'", argv[0]) : 0;
}

int spawn_detached(const char *const *argv, struct drift_error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	errno = posix_spawn_file_actions_init(&actions);
	if (errno)
		return error_from_errno(err, "cannot run '%s'", argv[0]);
	errno = posix_spawnattr_init(&attributes);
	if (errno) {
		r = error_from_errno(err, "cannot run '%s'", argv[0]);
	} else {
		r = start_detached(argv, &actions, &attributes, err);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int add_word(struct words *words, const char *word, struct drift_error *err)
{
	if (mem_grow(&words->items, &words->capacity, words->count + 1, sizeof(*words->items)) < 0)
		return error_no_memory(err);
	words->items[words->count++] = word;
	return 0;
}

/* `sh -c 'COMMAND "$@"' COMMAND ARGUMENTS`: the arguments reach it whatever they hold. */
static int add_shell(struct words *words, const char *command, struct buf *script,
		     struct drift_error *err)
{
	buf_addf(script, "%s \"$@\"", command);
	if (buf_check(script, err) < 0 || add_word(words, "sh", err) < 0 ||
	    add_word(words, "-c", err) < 0 || add_word(words, script->data, err) < 0)
		return -1;
	return add_word(words, command, err);
}

/* Cut the copy of a command at blanks. */
static int add_split(struct words *words, char *copy, struct drift_error *err)
{
	char *rest = NULL, *word;

	for (word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
		if (add_word(words, word, err) < 0)
			return -1;
	return words->count ? 0 : error_set(err, DRIFT_ERR_INVALID, "the command to run is empty");
}

static bool needs_shell(const char *command)
{
	size_t first = strcspn(command, " \t");

	return strpbrk(command, "|&;<>()$`\\\"'*?[]#~\n") || memchr(command, '=', first);
}

static int start_command(const char *command, const char *const *arguments,
			 const struct setting *setting, pid_t *pid_out, struct drift_error *err)
{
	auto_free char *copy = mem_dup_str(command, strlen(command));
	auto_buf script = BUF_INIT;
	struct words words = { NULL, 0, 0 };
	int r;

	if (!copy)
		return error_no_memory(err);
	if (needs_shell(command))
		r = add_shell(&words, command, &script, err);
	else
		r = add_split(&words, copy, err);
	for (; r == 0 && arguments && *arguments; arguments++)
		r = add_word(&words, *arguments, err);
	if (r == 0)
		r = add_word(&words, NULL, err);
	if (r == 0)
		r = start(words.items, setting, pid_out, err);
	free(words.items);
	return r;
}

int spawn_command(const char *command, const char *const *arguments, int *status_out,
		  struct drift_error *err)
{
	const struct setting setting = { NULL, environ };
	pid_t pid = 0;

	if (start_command(command, arguments, &setting, &pid, err) < 0)
		return -1;
	return wait_for(pid, command, status_out, err);
}

/* Pipes to and from a child; -1 where there is none. */
struct ends {
	int to[2], from[2];
};

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int make_sockets(struct ends *ends, struct drift_error *err)
{
	return channel_pair(ends->to, err) || channel_pair(ends->from, err) ? -1 : 0;
}

/* Our ends are close-on-exec, so that no other child keeps them open. */
static int make_pipes(int wanted, struct ends *ends, struct drift_error *err)
{
	/* Two of them: if the program closes its output while something else holds its input, we see the end. */
	if (wanted & SPAWN_SOCKET)
		return make_sockets(ends, err);
	if ((wanted & SPAWN_WRITE && pipe2(ends->to, O_CLOEXEC) < 0) ||
	    (wanted & SPAWN_READ && pipe2(ends->from, O_CLOEXEC) < 0))
		return error_from_errno(err, "cannot make a pipe");
	return 0;
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct ends *ends,
		       struct drift_error *err)
{
	int in = ends->to[0], out = ends->from[1];

	if ((in >= 0 && posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO)) ||
	    (out >= 0 && posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO)))
		return error_no_memory(err);
	return 0;
}

/* Our environment with the missing ones of `more` added; the caller frees the array alone. */
static int make_environment(const char *const *more, struct words *out, struct drift_error *err)
{
	char *const *own;

	for (own = environ; own && *own; own++)
		if (add_word(out, *own, err) < 0)
			return -1;
	for (; more && *more; more++) {
		size_t len = strcspn(*more, "=");

		for (own = environ; own && *own; own++)
			if (!strncmp(*own, *more, len) && (*own)[len] == '=')
				break;
		if ((!own || !*own) && add_word(out, *more, err) < 0)
			return -1;
	}
	return add_word(out, NULL, err);
}

static int start_piped(const char *command, const struct spawn_options *options,
		       const struct ends *ends, pid_t *pid_out, struct drift_error *err)
{
	struct words environment = { NULL, 0, 0 };
	posix_spawn_file_actions_t actions;
	struct setting setting = { &actions, NULL };
	int r;

	if (posix_spawn_file_actions_init(&actions))
		return error_no_memory(err);
	r = add_actions(&actions, ends, err);
	if (r == 0)
		r = make_environment(options->environment, &environment, err);
	if (r == 0) {
		memcpy(&setting.environment, &environment.items, sizeof(setting.environment));
		r = start_command(command, options->arguments, &setting, pid_out, err);
	}
	posix_spawn_file_actions_destroy(&actions);
	free(environment.items);
	return r;
}

int spawn_start(const char *command, const struct spawn_options *options, struct spawn_pipe *out,
		struct drift_error *err)
{
	struct ends ends = { { -1, -1 }, { -1, -1 } };
	pid_t pid = 0;
	int r = make_pipes(options->pipes, &ends, err);

	if (r == 0)
		r = start_piped(command, options, &ends, &pid, err);
	close_one(ends.to[0]);
	close_one(ends.from[1]);
	if (r < 0) {
		close_one(ends.to[1]);
		close_one(ends.from[0]);
		return -1;
	}
	out->pid = pid;
	out->to_child = ends.to[1];
	out->from_child = ends.from[0];
	return 0;
}

static void close_pipes(struct spawn_pipe *child)
{
	close_one(child->to_child);
	close_one(child->from_child);
	child->to_child = -1;
	child->from_child = -1;
}

int spawn_finish(struct spawn_pipe *child, int *status_out, struct drift_error *err)
{
	close_pipes(child);
	return wait_for(child->pid, "a command", status_out, err);
}

/* 1 it has ended / 0 it goes on / -1 */
static int poll_child(pid_t pid, int64_t timeout_ms, int *status_out, struct drift_error *err)
{
	int64_t until_us = date_monotonic_us() + timeout_ms * 1000;
	struct timespec pause = { .tv_nsec = 200000 };
	int status;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (date_monotonic_us() >= until_us)
			return 0;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 50000000)
			pause.tv_nsec *= 2;
	}
	if (ended < 0)
		return error_from_errno(err, "cannot wait for a command");
	*status_out = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	return 1;
}

int spawn_finish_within(struct spawn_pipe *child, int64_t timeout_ms, int *status_out, struct drift_error *err)
{
	int r;

	close_pipes(child);
	r = poll_child(child->pid, timeout_ms, status_out, err);
	if (!r) {
		kill(child->pid, SIGTERM);
		r = poll_child(child->pid, 1000, status_out, err);
	}
	if (r)
		return r < 0 ? -1 : 0;
	kill(child->pid, SIGKILL);
	return wait_for(child->pid, "a command", status_out, err);
}

int spawn_editor(const char *path, struct drift_error *err)
{
	static const char *const names[] = { "DRIFT_EDITOR", "VISUAL", "EDITOR" };
	const char *const arguments[] = { path, NULL };
	const char *editor = NULL;
	int status = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && (!editor || !*editor); i++)
		editor = getenv(names[i]);
	if (!editor || !*editor)
		editor = "vi";
	if (spawn_command(editor, arguments, &status, err) < 0)
		return -1;
	if (status)
		return error_set(err, DRIFT_ERR_INVALID, "the editor '%s' ended with status %d", editor,
				 status);
	return 0;
}
