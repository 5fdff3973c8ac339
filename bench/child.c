#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "bench/measure.h"

extern char **environ;

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void set_cores(bool one)
{
	cpu_set_t set;
	long count = sysconf(_SC_NPROCESSORS_CONF);

	CPU_ZERO(&set);
	for (long i = one && count > 1 ? count - 1 : 0; i < count; i++)
		CPU_SET((size_t)i, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static pid_t start(const char *const *argv, const posix_spawn_file_actions_t *actions)
{
	auto_buf copy = BUF_INIT;
	char *const *args;
	pid_t pid;
	int r;

	/* posix_spawn does not change them but says that it might. */
	for (size_t i = 0; i == 0 || argv[i - 1]; i++)
		buf_add(&copy, &argv[i], sizeof(argv[i]));
	args = (char *const *)(void *)copy.data;
	r = copy.failed ? ENOMEM : posix_spawnp(&pid, argv[0], actions, NULL, args, environ);
	if (r)
		die("cannot run '%s': %s", argv[0], strerror(r));
	return pid;
}

void child_run(const char *const *argv, const struct child_options *options, struct child_cost *cost_out)
{
	static const struct child_options none = { .dir = NULL };
	const struct child_options *o = options ? options : &none;
	posix_spawn_file_actions_t actions;
	struct rusage use;
	int64_t begin;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	if (o->dir)
		posix_spawn_file_actions_addchdir_np(&actions, o->dir);
	posix_spawn_file_actions_addopen(&actions, 0, o->input ? o->input : "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, o->output ? o->output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC,
					 0666);
	if (o->one_core)
		set_cores(true);
	begin = now_ns();
	pid = start(argv, &actions);
	if (wait4(pid, &status, 0, &use) != pid)
		die("cannot wait for '%s'", argv[0]);
	cost_out->wall_ns = now_ns() - begin;
	if (o->one_core)
		set_cores(false);
	posix_spawn_file_actions_destroy(&actions);
	cost_out->cpu_ns = ((int64_t)use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000 +
			   ((int64_t)use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
	cost_out->memory_kib = use.ru_maxrss;
	cost_out->status = exit_status(status);
}

void child_must(const char *const *argv, const struct child_options *options, struct child_cost *cost_out)
{
	struct child_cost cost;

	child_run(argv, options, &cost);
	if (cost.status)
		die("'%s %s' ended with %d", argv[0], argv[1] ? argv[1] : "", cost.status);
	if (cost_out)
		*cost_out = cost;
}

void child_medians(const char *const *a, const char *const *b, size_t rounds, double *a_ns_out, double *b_ns_out)
{
	auto_samples of_a = { .count = 0 }, of_b = { .count = 0 };
	struct child_cost cost;

	for (size_t i = 0; i < rounds; i++) {
		child_must(a, NULL, &cost);
		samples_add(&of_a, (double)cost.wall_ns);
		if (b) {
			child_must(b, NULL, &cost);
			samples_add(&of_b, (double)cost.wall_ns);
		}
	}
	*a_ns_out = samples_median(&of_a);
	if (b)
		*b_ns_out = samples_median(&of_b);
}

void talk_start(struct talk *t, const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die("cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], 0);
	posix_spawn_file_actions_adddup2(&actions, from[1], 1);
	t->pid = start(argv, &actions);
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	t->to = fdopen(to[1], "w");
	t->from = fdopen(from[0], "r");
	if (!t->to || !t->from)
		die("no memory");
}

int talk_finish(struct talk *t)
{
	int status;

	fclose(t->to);
	while (fgetc(t->from) != EOF)
		;
	fclose(t->from);
	if (waitpid(t->pid, &status, 0) != t->pid)
		die("cannot wait for a child");
	return exit_status(status);
}

pid_t child_fork(int (*run)(void *data), void *data)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("cannot fork");
	if (!pid)
		_exit(run(data));
	return pid;
}

void child_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || exit_status(status))
		die("a child failed");
}

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

const char *drift_program(void)
{
	static char path[4096];

	if (!*path)
		snprintf(path, sizeof(path), "%s/drift", setting("DRIFT_BUILD", "build/release"));
	return path;
}

const char *bench_dir(void)
{
	return setting("BENCH_DIR", "build/bench");
}

char *bench_path(const char *name)
{
	auto_buf path = BUF_INIT;
	char *text;

	buf_addf(&path, "%s/%s", bench_dir(), name);
	text = buf_take(&path, NULL);
	if (!text)
		die("no memory");
	return text;
}

void remove_tree(const char *path)
{
	const char *argv[] = { "rm", "-rf", "--", path, NULL };

	child_must(argv, NULL, NULL);
}

void copy_tree(const char *from, const char *to)
{
	const char *argv[] = { "cp", "-a", "--", from, to, NULL };

	remove_tree(to);
	child_must(argv, NULL, NULL);
}

static uint64_t disk_sum;

static int add_blocks(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)path;
	(void)kind;
	(void)where;
	disk_sum += (uint64_t)st->st_blocks * 512;
	return 0;
}

uint64_t disk_use(const char *path)
{
	disk_sum = 0;
	if (nftw(path, add_blocks, 16, FTW_PHYS))
		die("cannot look into '%s'", path);
	return disk_sum;
}

uint64_t file_len(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		die("there is no '%s'", path);
	return (uint64_t)st.st_size;
}
