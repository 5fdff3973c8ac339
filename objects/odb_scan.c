#include "objects/odb_scan.h"

#include "objects/odb_internal.h"

#define SCAN_STOP 2 /* the end is reached */

int odb_scan_end(struct odb *odb, uint64_t *end_out, uint64_t *durable_out, struct drift_error *err)
{
	struct index_head *h;
	uint64_t end, durable;

	if (odb_refresh(odb, false, err) < 0)
		return -1;
	h = index_head(odb_index(odb));
	durable = atomic_load(&h->synced);
	end = atomic_load(&h->end);
	*end_out = loc_make(h->journal, end, 0);
	*durable_out = loc_make(h->journal, durable < end ? durable : end, 0);
	return 0;
}

struct frame_scan {
	uint64_t file, end;
	int (*each)(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
		    struct drift_error *err);
	void *data;
	int stopped;
};

static int scan_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct frame_scan *s = data;
	uint64_t loc = loc_make(s->file, offset, 0);

	if (loc >= s->end)
		return SCAN_STOP;
	s->stopped = s->each(s->data, loc, frame->kind, payload, frame->len, err);
	return s->stopped ? SCAN_STOP : 0;
}

static void skip_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
}

int odb_scan_journal(const struct odb_file *file, uint64_t from, uint64_t end,
		     int (*each)(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
				 struct drift_error *err),
		     void *data, struct drift_error *err)
{
	struct frame_scan s = { .file = file->first, .end = end, .each = each, .data = data };
	struct journal_scan scan = { scan_frame, skip_damage, &s };
	uint64_t at = journal_start(file->journal), closed = loc_make(file->first, file->closed_at, 0);
	uint64_t to, dirty;

	if (file->closed_at && closed < s.end)
		s.end = closed;
	if (from > loc_make(file->first, at, 0))
		at = loc_offset(from);
	if (loc_make(file->first, at, 0) >= s.end || from >= s.end)
		return 0;
	return journal_scan(file->journal, at, &scan, &to, &dirty, err) < 0 ? -1 : s.stopped;
}
