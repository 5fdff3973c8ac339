/*
 * Waiting awake for what is likely to come within microseconds, such as a lock that is held for less time than it
 * takes to put a thread to sleep and to wake it again. Whoever else wants the processor gets it meanwhile.
 */
#ifndef BASE_PATIENCE_H
#define BASE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
	int64_t end_us; /* monotonic */
};

void patience_begin(struct patience *p, int64_t limit_us);
/* Let others run; false when the time is over. To be called between one look and the next. */
bool patience_left(struct patience *p);

/*
 * This process gives way: when it is woken, whoever runs goes on, such as a process that holds a lock it waits for
 * (SCHED_BATCH, sched(7)). Unless somebody chose another policy for it; a wish that may be denied.
 */
void patience_give_way(void);

#endif
