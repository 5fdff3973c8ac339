/*
 * Failing on purpose, in builds with -DDRIFT_FAULT only: base/file.c asks
 * before each disk call. All calls of the process are counted from 1, in all
 * threads. Set from outside:
 *   DRIFT_FAULT_AT=N       the call that goes wrong
 *   DRIFT_FAULT_MODE=      how:
 *     fail      it fails with EIO (the default)
 *     full      it and all writing calls after it fail with ENOSPC
 *     short     a write writes half and then fails with EIO; another call fails
 *     die       the process dies before it (exit status 137)
 *     torn      a write writes half, then the process dies; another call just dies
 *     syncfail  it fails with EIO if it is a sync, else nothing
 *   DRIFT_FAULT_COUNT=FILE the number of calls is written there at exit
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>

enum fault_kind {
	FAULT_OTHER, /* reading, opening, closing, locking */
	FAULT_WRITE, /* a write of bytes at an offset, the one kind that can stop half-way */
	FAULT_GROW,  /* whatever else needs room on the disk: new names, longer files */
	FAULT_SYNC,
};

enum fault_action {
	FAULT_NONE,
	FAULT_FAIL, /* errno is set; do not make the call */
	FAULT_HALF, /* a write: write half the bytes, then fault_after_half() */
};

#ifdef DRIFT_FAULT
/* Count one call and say what to do; does not return where the process is to die. */
enum fault_action fault_check(enum fault_kind kind);
/* Dies, or sets errno and returns. */
void fault_after_half(void);
#else
static inline enum fault_action fault_check(enum fault_kind kind)
{
	(void)kind;
	return FAULT_NONE;
}
static inline void fault_after_half(void)
{
}
#endif

#endif
