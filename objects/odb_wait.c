#include <poll.h>

#include "base/futex.h"
#include "objects/odb_internal.h"

/* An index in memory is nobody else's, and one that cannot be written cannot say that we wait. */
static struct index_head *shared_head(struct odb *odb)
{
	return odb->lock_fd >= 0 && odb_index_is_good(odb, true) ? index_head(odb_index(odb)) : NULL;
}

uint32_t odb_turn(struct odb *odb)
{
	struct index_head *h = shared_head(odb);

	return h ? atomic_load(&h->sync_turn) : 0;
}

void odb_wait(struct odb *odb, uint32_t turn, int timeout_ms)
{
	struct index_head *h = shared_head(odb);

	if (!h) {
		(void)poll(NULL, 0, timeout_ms);
		return;
	}
	atomic_fetch_add(&h->sync_waiters, 1);
	futex_wait(&h->sync_turn, turn, timeout_ms);
	atomic_fetch_sub(&h->sync_waiters, 1);
}
