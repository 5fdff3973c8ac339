/*
 * Lines about what happens and how long it takes, for the curious:
 * DRIFT_TRACE=1 (or 2) writes them to standard error, DRIFT_TRACE=/FILE appends
 * them to a file. Costs one load and a branch when off. Each line:
 *   <seconds.micros> <pid> <category> <microseconds taken> <text>
 * This module holds drift's only global state.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* The time to give to trace_line() later; 0 when off. */
int64_t trace_start(void);
/* start_us 0: without duration; always nothing when off. errno is kept. */
void trace_line(const char *category, int64_t start_us, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
