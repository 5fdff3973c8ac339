/*
 * What every benchmark needs: clocks, medians, sizes of this run, and a table whose lines say what to reach, what was
 * measured and whether that met it. Benchmarks end with a sentence and status 1 when something fails.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

/* Print the sentence on stderr and exit with 1. */
void die(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));
/* die with the error's message, unless r >= 0; returns r. */
int must(int r, const struct drift_error *err);

/* Wall clock, and processor time of this process, all threads. */
int64_t now_ns(void);
int64_t cpu_ns(void);
double per_second(double count, int64_t spent_ns);

/* n, or a tenth of it when the environment has QUICK=1; never 0. */
size_t scaled(size_t n);
bool is_quick(void);

struct samples {
	double *values;
	size_t count, capacity;
};
void samples_add(struct samples *s, double value);
/* The value below which that part (0 to 1) of the samples lies; 0 without samples. */
double samples_at(struct samples *s, double part);
double samples_median(struct samples *s);
void samples_release(struct samples *s);
void samples_cleanup(struct samples *s);
#define auto_samples __attribute__((cleanup(samples_cleanup))) struct samples

/* Random numbers below `below`, the same in each run. */
uint64_t next_random(uint64_t *state, uint64_t below);

enum goal {
	GOAL_NONE,          /* for information */
	GOAL_TIMES,         /* drift is at least `reach` times the peer */
	GOAL_TIMES_AT_MOST, /* drift is at most `reach` times the peer */
	GOAL_AT_LEAST,
	GOAL_AT_MOST
};

/* One line of the table. */
struct figure {
	const char *what;
	double drift;
	const char *unit;
	const char *peer_name; /* NULL: no peer */
	double peer;
	enum goal goal;
	double reach;
};
void print_figure(const struct figure *f);
/* A line that says why there is no figure. */
void print_absent(const char *what, const char *why);

#endif
