/*
 * Sealing: the live journal is closed where it ends, the next one begins. Whoever takes the append lock does it when the
 * journal is past its bound, so that opening never reads more than that. The index is copied, not made anew: that
 * would read all that was sealed.
 */
#include "base/file.h"
#include "objects/odb_current.h"
#include "objects/odb_internal.h"

/* Where it failed, on a full disk say, the journal goes on for so long before the next try. */
#define SEAL_AGAIN_LEN ((uint64_t)1 << 20)
#define NUMBERS_PER_DOUBLING 4096

int odb_sync_lock(struct odb *odb, struct drift_error *err)
{
	pthread_mutex_lock(&odb->sync_mutex);
	if (!file_lock(odb->lock_fd, LOCK_SYNC, FILE_LOCK_EXCLUSIVE, FILE_LOCK_WAIT, err))
		return 0;
	pthread_mutex_unlock(&odb->sync_mutex);
	return -1;
}

void odb_sync_unlock(struct odb *odb, struct index_head *h)
{
	(void)file_unlock(odb->lock_fd, LOCK_SYNC, NULL);
	pthread_mutex_unlock(&odb->sync_mutex);
	odb_end_turn(h);
}

int odb_begin_journal(struct odb *odb, uint64_t closed_at, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));
	struct current_file next = { .is_pack = false };
	auto_current current = { .files = NULL };

	if (current_read(odb->dir, &current, err) < 0)
		return -1;
	next.name.first = next.name.last = current_live(&current) + 1;
	if (next.name.last > JOURNAL_NUMBER_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the store has had %u journals", JOURNAL_NUMBER_MAX);
	if (journal_discard(odb->dir, next.name.last, err) < 0 ||
	    journal_create(odb->dir, next.name.last, odb->store_id, err) < 0)
		return -1;
	current.files[current.count - 1].closed_at = closed_at;
	if (current_add(&current, &next, err) < 0)
		return -1;
	/* Whoever dies behind this line leaves an index that nobody writes by; nor does anybody by that of a failed journal. */
	if (!atomic_load(&h->failed))
		atomic_store(&h->write_to, closed_at);
	return current_write(odb->dir, &current, err);
}

/* The next journal is there: make it ours, with all that the index knows. */
static int go_on(struct odb *odb, struct drift_error *err)
{
	struct store_index *old = odb_index(odb), *copy;
	auto_buf path = BUF_INIT;
	int r;

	if (odb_cache_path(odb, &path, err) < 0)
		return -1;
	pthread_mutex_lock(&odb->state_mutex);
	r = odb_load_current(odb, err);
	if (!r)
		r = index_copy(old, path.data, journal_identity(odb_current(odb)), journal_start(odb_current(odb)),
			       &copy, err);
	if (!r)
		odb_replace_index(odb, copy);
	pthread_mutex_unlock(&odb->state_mutex);
	return r;
}

/* Under both locks. */
static int seal(struct odb *odb, struct index_head *h, uint64_t end, struct drift_error *err)
{
	int r;

	if (journal_sync(odb_current(odb), err) < 0) {
		atomic_store(&h->failed, 1);
		return -1;
	}
	index_raise(&h->synced, end);
	index_raise(&h->visible, end);
	r = odb_begin_journal(odb, end, err);
	if (r && !atomic_load(&h->write_to))
		return -1;
	if (!r)
		r = go_on(odb, err);
	/* Whatever came of it stands in `current`. */
	if (r)
		atomic_store(&h->superseded, 1);
	return r;
}

int odb_seal(struct odb *odb, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));
	uint64_t end = atomic_load(&h->end);
	struct drift_error why;
	int r;

	if (end <= journal_start(odb_current(odb)))
		return 0;
	if (odb_sync_lock(odb, err) < 0)
		return -1;
	r = seal(odb, h, end, &why);
	odb_sync_unlock(odb, h);
	if (!r)
		return 1;
	/* The caller goes on in the journal that counts now. */
	return odb_refresh(odb, true, err) < 0 ? -1 : error_set(err, why.code, "%s", why.message);
}

static bool is_due(const struct odb *odb, const struct index_head *h)
{
	uint64_t bound = odb->options.journal_len ? odb->options.journal_len : SEAL_BYTES;
	uint64_t end = atomic_load(&h->end), again = atomic_load(&odb->seal_again_at);

	bound <<= h->journal / NUMBERS_PER_DOUBLING;
	return (end > bound || atomic_load(&h->frame_count) > SEAL_FRAMES) && loc_make(h->journal, end, 0) >= again;
}

int odb_seal_if_due(struct odb *odb, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));

	if (atomic_load(&h->failed) || !is_due(odb, h) || odb_seal(odb, NULL) >= 0)
		return 0;
	atomic_store(&odb->seal_again_at, odb_end(odb) + (SEAL_AGAIN_LEN << 8));
	return odb_refresh(odb, true, err);
}
