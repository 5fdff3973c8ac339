#include <string.h>

#include "base/file.h"
#include "base/futex.h"
#include "objects/odb_batch_internal.h"
#include "objects/odb_internal.h"

enum { SYNC_AGAIN = 1, SYNC_BUSY = 2 };
#define SYNC_PATIENCE_MS 20

void frame_out_init(struct frame_out *out, struct odb *odb)
{
	out->odb = odb;
	buf_init(&out->bytes);
	out->start = atomic_load(&index_head(odb_index(odb))->end);
	out->open_at = 0;
}

void frame_out_release(struct frame_out *out)
{
	buf_release(&out->bytes);
}

uint64_t frame_out_begin(struct frame_out *out)
{
	static const unsigned char blank[FRAME_HEAD_LEN];

	out->open_at = out->bytes.len;
	buf_add(&out->bytes, blank, sizeof(blank));
	return loc_make(odb_live(out->odb), out->start + out->open_at, 0);
}

int frame_out_end(struct frame_out *out, enum frame_kind kind, struct drift_error *err)
{
	uint64_t offset = out->start + out->open_at, lag;
	struct journal *j = odb_current(out->odb);
	unsigned char *p;
	struct frame f;
	size_t len;

	if (buf_check(&out->bytes, err) < 0)
		return -1;
	p = (unsigned char *)out->bytes.data + out->open_at;
	len = out->bytes.len - out->open_at - FRAME_HEAD_LEN;
	if (!len || len > FRAME_PAYLOAD_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a frame of %zu bytes is more than a journal takes", len);
	lag = offset - atomic_load(&index_head(odb_index(out->odb))->synced);
	f.kind = kind;
	f.len = (uint32_t)len;
	f.durable_lag = lag > UINT32_MAX ? UINT32_MAX : (uint32_t)lag;
	f.crc = frame_checksum(journal_seed(j), offset, p + FRAME_HEAD_LEN, len);
	frame_head_encode(&f, p);
	return 0;
}

static int index_frames(struct frame_out *out, struct drift_error *err)
{
	const unsigned char *p = (const unsigned char *)out->bytes.data;
	uint64_t count = 0;
	size_t at = 0;

	while (at < out->bytes.len) {
		uint64_t loc = loc_make(odb_live(out->odb), out->start + at, 0);
		struct frame f;

		if (!frame_head_decode(p + at, &f))
			return error_set(err, DRIFT_ERR_CORRUPT, "a frame just built is malformed");
		if (odb_index_frame(out->odb, odb_index(out->odb), loc, f.kind, p + at + FRAME_HEAD_LEN, f.len, err) < 0)
			return -1;
		at += FRAME_HEAD_LEN + (size_t)f.len;
		count++;
	}
	atomic_fetch_add(&index_head(odb_index(out->odb))->frame_count, count);
	return 0;
}

/*
 * What was written of a failed append must not be taken for one by the next recovery. If the index knows of it already,
 * write_to stays, so that whoever writes next makes a new one.
 */
static void take_back(struct odb *odb, uint64_t start, uint64_t end, bool indexed)
{
	struct index_head *h = index_head(odb_index(odb));

	if (journal_blank(odb_current(odb), start, end, NULL) < 0)
		atomic_store(&h->failed, 1);
	else if (!indexed)
		atomic_store(&h->write_to, 0);
}

int frame_out_write(struct frame_out *out, uint64_t *ticket_out, struct drift_error *err)
{
	struct odb *odb = out->odb;
	struct journal *j = odb_current(odb);
	uint64_t end = out->start + out->bytes.len;

	if (buf_check(&out->bytes, err) < 0)
		return -1;
	atomic_store(&index_head(odb_index(odb))->write_to, end);
	if (journal_write(j, out->start, out->bytes.data, out->bytes.len, err) < 0) {
		take_back(odb, out->start, end, false);
		return -1;
	}
	if (index_frames(out, err) < 0) {
		take_back(odb, out->start, end, true);
		return -1;
	}
	atomic_store(&index_head(odb_index(odb))->last, out->start + out->open_at);
	index_set_end(odb_index(odb), end);
	atomic_store(&index_head(odb_index(odb))->write_to, 0);
	if (ticket_out)
		*ticket_out = loc_make(odb_live(odb), end, 0);
	out->start = end;
	buf_clear(&out->bytes);
	return 0;
}

/* The writer is likely to be the next to read them. */
static void note_refs(struct odb *odb, const struct odb_append *append)
{
	struct store_index *index = odb_index(odb);
	size_t i;

	for (i = 0; i < append->update_count && i < MEMO_COUNT; i++) {
		const char *name = append->updates[i].name;
		struct ref_value value = *append->updates[i].value;

		if (append->batch)
			value.object.loc = odb_batch_loc(append->batch, value.object.loc);
		ref_memo_put(odb, name, index_get_ref(index, index_hash(index, name, strlen(name), "", 0)), &value);
	}
}

int odb_append(struct odb *odb, const struct odb_append *append, uint64_t *ticket_out, struct drift_error *err)
{
	auto_frame_out out;

	if (append->batch && odb_batch_check_reused(append->batch, err) < 0)
		return -1;
	frame_out_init(&out, odb);
	if (odb_batch_encode(append->batch, append, &out, err) < 0 || frame_out_write(&out, ticket_out, err) < 0) {
		odb_forget_memos(odb);
		return -1;
	}
	note_refs(odb, append);
	if (append->batch)
		odb_batch_stored(append->batch);
	return 0;
}

/* Tell everybody; the index may have been replaced by a larger one meanwhile, whose maker has not seen it. */
static void note_synced(struct odb *odb, struct index_head *h, uint64_t file, uint64_t end, bool synced)
{
	int i;

	for (i = 0; i < 2 && h->journal == file; i++) {
		if (synced)
			index_raise(&h->synced, end);
		index_raise(&h->visible, end);
		if (!atomic_load(&h->superseded))
			return;
		/* What is durable is durable: if the new one cannot be told, the next sync will tell it. */
		if (odb_remap_index(odb, NULL) < 0)
			return;
		h = index_head(odb_index(odb));
	}
}

static void note_failed(struct odb *odb, struct index_head *h)
{
	uint64_t file = h->journal;

	atomic_store(&h->failed, 1);
	if (!atomic_load(&h->superseded) || odb_remap_index(odb, NULL) < 0)
		return;
	h = index_head(odb_index(odb));
	if (h->journal == file)
		atomic_store(&h->failed, 1);
}

/* 1: durable; 0: not yet; -1: void. */
static int ticket_state(struct odb *odb, uint64_t ticket, struct drift_error *err)
{
	struct index_head *h = index_head(odb_index(odb));
	int r;

	if (loc_file(ticket) < odb_live(odb)) {
		r = odb_was_kept(odb, ticket, err);
		if (r)
			return r;
	} else if (!atomic_load(&h->failed)) {
		return loc_offset(ticket) <= atomic_load(&h->synced);
	} else if (loc_offset(ticket) <= atomic_load(&h->synced)) {
		return 1;
	}
	return error_set(err, DRIFT_ERR_IO, "the disk failed to store the journal: nothing of this was kept");
}

/* Under the sync lock: 0, SYNC_AGAIN if the index must be looked for again first, -1. */
static int sync_now(struct odb *odb, uint64_t ticket, struct drift_error *err)
{
	auto_file_list *list = NULL;
	struct odb_file file;
	struct index_head *h;
	uint64_t end;
	int r;

	if (!odb_index_is_good(odb, true))
		return SYNC_AGAIN;
	r = ticket_state(odb, ticket, err);
	if (r)
		return r < 0 ? -1 : 0;
	h = index_head(odb_index(odb));
	end = atomic_load(&h->end);
	list = odb_list(odb);
	if (odb_list_open(odb, &list, loc_file(ticket), &file, err) < 0)
		return -1;
	if (journal_sync(file.journal, err) < 0) {
		note_failed(odb, h);
		return -1;
	}
	note_synced(odb, h, loc_file(ticket), end, true);
	return 0;
}

void odb_end_turn(struct index_head *h)
{
	atomic_fetch_add(&h->sync_turn, 1);
	if (atomic_load(&h->sync_waiters))
		futex_wake_all(&h->sync_turn);
}

static void wait_for_turn(struct index_head *h, uint32_t turn)
{
	atomic_fetch_add(&h->sync_waiters, 1);
	futex_wait(&h->sync_turn, turn, SYNC_PATIENCE_MS);
	atomic_fetch_sub(&h->sync_waiters, 1);
}

/* 0 durable, -1 failed, SYNC_AGAIN, or SYNC_BUSY if somebody else is syncing. */
static int try_sync(struct odb *odb, struct index_head *h, uint64_t ticket, struct drift_error *err)
{
	int r;

	if (pthread_mutex_trylock(&odb->sync_mutex))
		return SYNC_BUSY;
	/* If the lock fails the sync is only not shared; to give up here would leave an append that others make durable. */
	r = file_lock(odb->lock_fd, LOCK_SYNC, FILE_LOCK_EXCLUSIVE, FILE_LOCK_TRY, NULL);
	if (r == 1) {
		pthread_mutex_unlock(&odb->sync_mutex);
		return SYNC_BUSY;
	}
	r = sync_now(odb, ticket, err);
	(void)file_unlock(odb->lock_fd, LOCK_SYNC, NULL);
	pthread_mutex_unlock(&odb->sync_mutex);
	odb_end_turn(h);
	if (index_head(odb_index(odb)) != h)
		odb_end_turn(index_head(odb_index(odb)));
	return r;
}

int odb_sync(struct odb *odb, uint64_t ticket, struct drift_error *err)
{
	int r = ticket_state(odb, ticket, err);

	if (r)
		return r < 0 ? -1 : 0;
	if (odb->options.no_sync) {
		note_synced(odb, index_head(odb_index(odb)), loc_file(ticket), loc_offset(ticket), false);
		return 0;
	}
	do {
		struct index_head *h = index_head(odb_index(odb));
		uint32_t turn = atomic_load(&h->sync_turn);

		r = ticket_state(odb, ticket, err);
		if (r)
			break;
		r = try_sync(odb, h, ticket, err);
		/* Who syncs may die: then nobody wakes us, but the lock is free. */
		if (r == SYNC_BUSY)
			wait_for_turn(h, turn);
		/* Not under the sync lock: the append lock comes before it. */
		if (r > 0 && odb_share_index(odb, err))
			r = -1;
	} while (r > 0);
	/* Close a failed journal at once, while what failed is known; whoever writes next does it otherwise. */
	if (r < 0 && atomic_load(&index_head(odb_index(odb))->failed) && !odb_lock(odb, NULL))
		odb_unlock(odb);
	return r < 0 ? -1 : 0;
}
