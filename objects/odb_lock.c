/* The right to append: who has it, who is next. */
#include "base/file.h"
#include "base/patience.h"
#include "objects/odb_internal.h"

/* A light commit holds the lock for less; to be put to sleep and woken costs as much. */
#define AWAKE_US 300

/* Under both locks: nobody is told any more that what stands in the failed journal is durable. */
static int close_journal(struct odb *odb, struct drift_error *err)
{
	size_t count = atomic_load(&odb->journal_count);
	struct index_head *h = index_head(odb_index(odb));

	if (count >= JOURNAL_COUNT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the store has %d journals", JOURNAL_COUNT_MAX);
	if (journal_discard(odb->dir, count + 1, err) < 0 || journal_create(odb->dir, count + 1, odb->store_id, err) < 0)
		return -1;
	odb->journals[count - 1].closed_at = atomic_load(&h->visible);
	odb->journals[count].closed_at = 0;
	if (odb_write_current(odb->dir, odb->journals, count + 1, odb->store_id, err) < 0) {
		odb->journals[count - 1].closed_at = 0;
		return -1;
	}
	return 0;
}

/* The newest journal failed: close it where readers could see, and begin another. Under the append lock. */
static int roll_journal(struct odb *odb, struct drift_error *err)
{
	size_t count;
	int r;

	pthread_mutex_lock(&odb->sync_mutex);
	r = file_lock(odb->lock_fd, LOCK_SYNC, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, err) ? -1 : 0;
	/* An attempt before may have come far enough, though it failed. */
	if (!r)
		r = odb_count_journals(odb, &count, err);
	if (!r && count == atomic_load(&odb->journal_count))
		r = close_journal(odb, err);
	(void)file_unlock(odb->lock_fd, LOCK_SYNC, NULL);
	pthread_mutex_unlock(&odb->sync_mutex);
	if (r)
		return -1;
	atomic_store(&index_head(odb_index(odb))->superseded, 1);
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
