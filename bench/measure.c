#include "bench/measure.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

int must(int r, const struct drift_error *err)
{
	if (r < 0)
		die("%s", err->message);
	return r;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

double per_second(double count, int64_t spent_ns)
{
	return spent_ns > 0 ? count * 1e9 / (double)spent_ns : 0;
}

bool is_quick(void)
{
	const char *quick = getenv("QUICK");

	return quick && *quick && strcmp(quick, "0") != 0;
}

size_t scaled(size_t n)
{
	size_t small = n / 10;

	return !is_quick() ? n : small ? small : 1;
}

void samples_add(struct samples *s, double value)
{
	if (mem_grow(&s->values, &s->capacity, s->count + 1, sizeof(*s->values)))
		die("no memory");
	s->values[s->count++] = value;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_at(struct samples *s, double part)
{
	size_t at = (size_t)(part * (double)s->count);

	if (!s->count)
		return 0;
	qsort(s->values, s->count, sizeof(*s->values), compare_doubles);
	return s->values[at < s->count ? at : s->count - 1];
}

double samples_median(struct samples *s)
{
	return samples_at(s, 0.5);
}

void samples_release(struct samples *s)
{
	free(s->values);
	memset(s, 0, sizeof(*s));
}

void samples_cleanup(struct samples *s)
{
	samples_release(s);
}

uint64_t next_random(uint64_t *state, uint64_t below)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % below;
}

/* With the digits that matter and, from a thousand, groups of three. */
static void format_number(double v, char *out, size_t size)
{
	char digits[32];
	size_t len, i, at = 0;

	if (fabs(v) < 1000) {
		snprintf(out, size, fabs(v) < 1 ? "%.3f" : fabs(v) < 10 ? "%.2f" : fabs(v) < 100 ? "%.1f" : "%.0f", v);
		return;
	}
	snprintf(digits, sizeof(digits), "%.0f", v);
	len = strlen(digits);
	for (i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

void print_figure(const struct figure *f)
{
	char drift[64], peer[64], number[32], ratio[32] = "", reach[64] = "";
	double is = f->peer > 0 ? f->drift / f->peer : 0;
	bool met = true;

	format_number(f->drift, number, sizeof(number));
	snprintf(drift, sizeof(drift), "%s %s", number, f->unit);
	format_number(f->peer, number, sizeof(number));
	snprintf(peer, sizeof(peer), "%s%s%s", f->peer_name ? f->peer_name : "", f->peer_name ? " " : "",
		 f->peer_name ? number : "");
	if (f->peer_name)
		snprintf(ratio, sizeof(ratio), "%.2f x", is);
	format_number(f->reach, number, sizeof(number));
	switch (f->goal) {
	case GOAL_TIMES:
		snprintf(reach, sizeof(reach), ">= %s x", number);
		met = is >= f->reach;
		break;
	case GOAL_TIMES_AT_MOST:
		snprintf(reach, sizeof(reach), "<= %s x", number);
		met = is <= f->reach;
		break;
	case GOAL_AT_LEAST:
		snprintf(reach, sizeof(reach), ">= %s", number);
		met = f->drift >= f->reach;
		break;
	case GOAL_AT_MOST:
		snprintf(reach, sizeof(reach), "<= %s", number);
		met = f->drift <= f->reach;
		break;
	case GOAL_NONE:
	default:
		break;
	}
	printf("  %-36s %20s %25s %8s  %-14s %s\n", f->what, drift, peer, ratio, reach,
	       f->goal == GOAL_NONE ? "" :
	       met                  ? "met" :
				      "NOT MET");
	fflush(stdout);
}

void print_absent(const char *what, const char *why)
{
	printf("  %-36s %s\n", what, why);
	fflush(stdout);
}
