#include "base/patience.h"

#include <sched.h>

#include "base/date.h"

void patience_begin(struct patience *p, int64_t limit_us)
{
	p->end_us = date_monotonic_us() + limit_us;
}

bool patience_left(struct patience *p)
{
	sched_yield();
	return date_monotonic_us() < p->end_us;
}

void patience_give_way(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	if (sched_getscheduler(0) == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &none))
		return;
}
