/* Other processes: run them, and what they cost. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct child_options {
	const char *dir;    /* to run in; NULL: here */
	const char *input;  /* file; NULL: /dev/null */
	const char *output; /* file; NULL: /dev/null */
	bool one_core;      /* else all of them */
};

struct child_cost {
	int64_t wall_ns, cpu_ns;
	int64_t memory_kib; /* at its peak */
	int status;         /* 0 to 255, or 128 + the signal */
};

/* argv[0] is looked up in PATH. Ends the benchmark only if it cannot be started. */
void child_run(const char *const *argv, const struct child_options *options, struct child_cost *cost_out);
/* child_run that must end with 0. */
void child_must(const char *const *argv, const struct child_options *options, struct child_cost *cost_out);
/* Median wall time of `rounds` runs, ns; of two commands in turns, where b is not NULL. */
void child_medians(const char *const *a, const char *const *b, size_t rounds, double *a_ns_out, double *b_ns_out);

/* A child that answers lines. */
struct talk {
	pid_t pid;
	FILE *to, *from;
};
void talk_start(struct talk *t, const char *const *argv);
/* Close its input, read what is left, wait; its exit status. */
int talk_finish(struct talk *t);

/* Start a function in a process of its own; child_wait dies unless it returned 0. */
pid_t child_fork(int (*run)(void *data), void *data);
void child_wait(pid_t pid);

/* The program under test, and folders: DRIFT_BUILD and BENCH_DIR of the environment. */
const char *drift_program(void);
const char *bench_dir(void);
/* BENCH_DIR/name, to be freed. */
char *bench_path(const char *name);
void remove_tree(const char *path);
void copy_tree(const char *from, const char *to);
/* Bytes of all files below path, as blocks on disk. */
uint64_t disk_use(const char *path);
uint64_t file_len(const char *path);

#endif
