/* The right to append: who has it, who is next. */
#include "base/file.h"
#include "base/patience.h"
#include "objects/odb_internal.h"

/* A light commit holds the lock for less; to be put to sleep and woken costs as much. */
#define AWAKE_US 300

/* What is durable, or was shown to readers: who raises both numbers may have died between; what lies behind the end is none. */
static int known_end(struct odb *odb, uint64_t *end_out, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));
	uint64_t synced = atomic_load(&h->synced), visible = atomic_load(&h->visible), end = atomic_load(&h->end);

	if (!index_numbers_hold(odb_index(odb)) && journal_size(odb_current(odb), &end, err) < 0)
		return -1;
	synced = synced > end ? 0 : synced;
	visible = visible > end ? 0 : visible;
	*end_out = synced > visible ? synced : visible ? visible : end;
	return 0;
}

/* The newest journal failed: close it where readers could see, and begin another. Under the append lock. */
static int roll_journal(struct odb *odb, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));
	uint64_t live, end;
	int r;

	if (odb_sync_lock(odb, err) < 0)
		return -1;
	/* An attempt before may have come far enough, though it failed. */
	r = odb_live_on_disk(odb, &live, err);
	/* Under both locks: nobody is told any more that what stands in the failed journal is durable. */
	if (!r && live == odb_live(odb))
		r = known_end(odb, &end, err) < 0 ? -1 : odb_begin_journal(odb, end, err);
	odb_sync_unlock(odb, h);
	if (r)
		return -1;
	atomic_store(&h->superseded, 1);
	return odb_refresh(odb, true, err);
}

/* 0 it is ours / 1 somebody else has it / -1 */
static int take(struct odb *odb, bool wait, struct drift_error *err)
{
	int r;

	if (wait)
		pthread_mutex_lock(&odb->append_mutex);
	else if (pthread_mutex_trylock(&odb->append_mutex))
		return 1;
	r = file_lock(odb->lock_fd, LOCK_APPEND, FILE_LOCK_EXCLUSIVE, wait ? FILE_LOCK_WAIT : FILE_LOCK_TRY, err);
	if (r)
		pthread_mutex_unlock(&odb->append_mutex);
	return r;
}

/* Look at it as often as it changes hands, for a while; where nothing tells of that, sleep. */
static int take_awake(struct odb *odb, struct drift_error *err)
{
	struct store_index *index = odb_index(odb);
	_Atomic uint32_t *turns = index ? &index_head(index)->append_turn : NULL;
	struct patience patience;
	int r = 1;

	patience_begin(&patience, AWAKE_US);
	while (turns && r > 0 && patience_left(&patience)) {
		uint32_t turn = atomic_load(turns);

		r = take(odb, false, err);
		while (r > 0 && atomic_load(turns) == turn && patience_left(&patience))
			;
	}
	return r > 0 ? take(odb, true, err) : r;
}

/* One at a time is next, awake, so that the lock is never free for long; the others sleep. */
static int stand_in_line(struct odb *odb, void (*meanwhile)(void *data), void *data, struct drift_error *err)
{
	int r;

	/* What is read meanwhile may find that the index is gone, and make a new one. */
	if (atomic_load(&odb->next_owner) == (uintptr_t)pthread_self())
		return take(odb, true, err);
	pthread_mutex_lock(&odb->next_mutex);
	atomic_store(&odb->next_owner, (uintptr_t)pthread_self());
	r = file_lock(odb->lock_fd, LOCK_NEXT, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, err);
	if (!r && meanwhile)
		meanwhile(data);
	if (!r)
		r = take_awake(odb, err);
	(void)file_unlock(odb->lock_fd, LOCK_NEXT, NULL);
	atomic_store(&odb->next_owner, 0);
	pthread_mutex_unlock(&odb->next_mutex);
	return r;
}

int odb_lock_meanwhile(struct odb *odb, void (*meanwhile)(void *data), void *data, struct drift_error *err)
{
	struct index_head *h;
	int r;

	if (odb->lock_fd < 0)
		return error_set(err, DRIFT_ERR_PERMISSION, "the store in '%s' cannot be written", odb->dir);
	r = take(odb, false, err);
	if (r > 0)
		r = stand_in_line(odb, meanwhile, data, err);
	if (r < 0)
		return -1;
	atomic_store(&odb->owner, (uintptr_t)pthread_self());
	r = odb_refresh(odb, true, err);
	if (!r)
		r = odb_seal_if_due(odb, err);
	h = r ? NULL : index_head(odb_index(odb));
	if (h && atomic_load(&h->failed))
		r = roll_journal(odb, err);
	if (r)
		odb_unlock(odb);
	return r;
}

int odb_lock(struct odb *odb, struct drift_error *err)
{
	return odb_lock_meanwhile(odb, NULL, NULL, err);
}

void odb_unlock(struct odb *odb)
{
	struct store_index *index = odb_index(odb);

	atomic_store(&odb->owner, 0);
	/* It cannot fail for a lock that is held; the kernel drops it with the descriptor at the latest. */
	(void)file_unlock(odb->lock_fd, LOCK_APPEND, NULL);
	pthread_mutex_unlock(&odb->append_mutex);
	if (index)
		atomic_fetch_add(&index_head(index)->append_turn, 1);
}

int odb_gc_lock(struct odb *odb, bool wait, struct drift_error *err)
{
	bool held;
	int r;

	if (odb->lock_fd < 0)
		return error_set(err, DRIFT_ERR_PERMISSION, "the store in '%s' cannot be written", odb->dir);
	pthread_mutex_lock(&odb->state_mutex);
	held = odb->gc_held;
	odb->gc_held = true;
	pthread_mutex_unlock(&odb->state_mutex);
	if (held)
		return 1;
	/* Readers go on meanwhile: the mutex is not held. */
	r = file_lock(odb->lock_fd, LOCK_GC, FILE_LOCK_EXCLUSIVE, wait ? FILE_LOCK_WAIT : FILE_LOCK_TRY, err);
	if (r) {
		pthread_mutex_lock(&odb->state_mutex);
		odb->gc_held = false;
		pthread_mutex_unlock(&odb->state_mutex);
	}
	return r;
}

void odb_gc_unlock(struct odb *odb)
{
	pthread_mutex_lock(&odb->state_mutex);
	odb->gc_held = false;
	(void)file_unlock(odb->lock_fd, LOCK_GC, NULL);
	pthread_mutex_unlock(&odb->state_mutex);
}

/* Who excludes batches holds the append lock, as whoever begins one does, so this never waits. */
int odb_spill_begin(struct odb *odb, struct drift_error *err)
{
	int r = 0;

	pthread_mutex_lock(&odb->state_mutex);
	if (!odb->spilled_count)
		r = file_lock(odb->lock_fd, LOCK_BATCHES, FILE_LOCK_SHARED, FILE_LOCK_WAIT, err);
	if (!r)
		odb->spilled_count++;
	pthread_mutex_unlock(&odb->state_mutex);
	return r;
}

void odb_spill_end(struct odb *odb)
{
	pthread_mutex_lock(&odb->state_mutex);
	if (!--odb->spilled_count)
		(void)file_unlock(odb->lock_fd, LOCK_BATCHES, NULL);
	pthread_mutex_unlock(&odb->state_mutex);
}

int odb_batches_exclude(struct odb *odb, struct drift_error *err)
{
	int r = 1;

	pthread_mutex_lock(&odb->state_mutex);
	if (!odb->spilled_count)
		r = file_lock(odb->lock_fd, LOCK_BATCHES, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, err);
	pthread_mutex_unlock(&odb->state_mutex);
	return r < 0 ? -1 : !r;
}

void odb_batches_release(struct odb *odb)
{
	(void)file_unlock(odb->lock_fd, LOCK_BATCHES, NULL);
}
