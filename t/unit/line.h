/*
 * Support of unit tests: connections within this process that count what passes, and can be cut. A program that has
 *
 *   #define channel_pair line_pair
 *   #include "sync/transport_path.c"
 *
 * reaches all paths by them. One at a time.
 */
#ifndef T_UNIT_LINE_H
#define T_UNIT_LINE_H

#include <stdint.h>

#include "base/error.h"

enum line_way { LINE_TO_SERVER, LINE_TO_CLIENT };
#define LINE_WHOLE UINT64_MAX

/* The next line, and the others after it: cut when so many bytes have passed that way, LINE_WHOLE never. */
void line_cut(enum line_way way, uint64_t after);
/* As channel_pair: the client's end first. */
int line_pair(int ends[2], struct drift_error *err);
/* Wait until both ends of the last line are closed: how many bytes passed there. */
uint64_t line_passed(enum line_way way);

#endif
