#include "base/fault.h"

#ifdef DRIFT_FAULT

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault_mode { MODE_FAIL, MODE_FULL, MODE_SHORT, MODE_DIE, MODE_TORN, MODE_SYNCFAIL };

enum { EXIT_KILLED = 137 };

/* Builds with faults are for tests alone; these are their settings and count. */
static pthread_once_t fault_once = PTHREAD_ONCE_INIT;
static atomic_ulong fault_calls;
static unsigned long fault_at;
static enum fault_mode fault_mode;

static void write_count(void)
{
	const char *path = getenv("DRIFT_FAULT_COUNT");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f)
		return;
	fprintf(f, "%lu\n", atomic_load(&fault_calls));
	fclose(f);
}

static void read_settings(void)
{
	static const char *const names[] = { "fail", "full", "short", "die", "torn", "syncfail" };
	const char *at = getenv("DRIFT_FAULT_AT");
	const char *mode = getenv("DRIFT_FAULT_MODE");
	size_t i;

	fault_at = at ? strtoul(at, NULL, 10) : 0;
	for (i = 0; mode && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(mode, names[i]))
			fault_mode = (enum fault_mode)i;
	if (getenv("DRIFT_FAULT_COUNT"))
		atexit(write_count);
}

enum fault_action fault_check(enum fault_kind kind)
{
	unsigned long n;

	pthread_once(&fault_once, read_settings);
	n = atomic_fetch_add(&fault_calls, 1) + 1;
	if (!fault_at || n < fault_at || (n > fault_at && fault_mode != MODE_FULL))
		return FAULT_NONE;
	errno = EIO;
	switch (fault_mode) {
	case MODE_FAIL:
		return FAULT_FAIL;
	case MODE_FULL:
		errno = ENOSPC;
		return kind == FAULT_WRITE || kind == FAULT_GROW ? FAULT_FAIL : FAULT_NONE;
	case MODE_SHORT:
		return kind == FAULT_WRITE ? FAULT_HALF : FAULT_FAIL;
	case MODE_DIE:
		_exit(EXIT_KILLED);
	case MODE_TORN:
		if (kind != FAULT_WRITE)
			_exit(EXIT_KILLED);
		return FAULT_HALF;
	case MODE_SYNCFAIL:
		return kind == FAULT_SYNC ? FAULT_FAIL : FAULT_NONE;
	}
	return FAULT_NONE;
}

void fault_after_half(void)
{
	if (fault_mode == MODE_TORN)
		_exit(EXIT_KILLED);
	errno = EIO;
}

#else

/* An empty translation unit is not C. */
extern char fault_off[];

#endif
