#include "objects/journal.h"

#include <string.h>

#include "base/file.h"

#define WINDOW_LEN ((size_t)1 << 20)
#define SECTOR_LEN 512
#define TORN_ZEROS 4
#define HEAD_ZEROS 4
#define WASTE_MAX ((uint64_t)256 << 20)

/* A sliding view of the file. */
struct window {
	struct journal *j;
	uint64_t size; /* of the file */
	uint64_t offset;
	struct buf bytes;
	uint64_t wasted; /* bytes of payloads read behind what only looked like a head */
};

/* len bytes at offset, or NULL: the file ends before, or it cannot be read (then err is set and *failed). */
static const unsigned char *window_get(struct window *w, uint64_t offset, size_t len, bool *failed,
				       struct drift_error *err)
{
	size_t want = len > WINDOW_LEN ? len : WINDOW_LEN;
	int64_t n;

	if (offset > w->size || len > w->size - offset)
		return NULL;
	if (offset >= w->offset && offset + len <= w->offset + w->bytes.len)
		return (const unsigned char *)w->bytes.data + (offset - w->offset);
	buf_clear(&w->bytes);
	w->offset = offset;
	if (!buf_reserve(&w->bytes, want)) {
		error_no_memory(err);
		*failed = true;
		return NULL;
	}
	n = file_read_some(journal_fd(w->j), w->bytes.data, want, offset, err);
	if (n < 0) {
		*failed = true;
		return NULL;
	}
	w->bytes.len = (size_t)n;
	return len <= (size_t)n ? (const unsigned char *)w->bytes.data : NULL;
}

enum look { LOOK_VALID, LOOK_BAD_PAYLOAD, LOOK_NONE, LOOK_FAILED };

/* What is at offset: a valid frame, a head whose payload is not what it says, or no frame. */
static enum look look_at(struct window *w, uint64_t offset, struct frame *frame, const unsigned char **payload,
			 struct drift_error *err)
{
	bool failed = false;
	const unsigned char *p = window_get(w, offset, FRAME_HEAD_LEN, &failed, err);

	if (!p)
		return failed ? LOOK_FAILED : LOOK_NONE;
	if (!frame_head_decode(p, frame) || frame->len > w->size - offset - FRAME_HEAD_LEN)
		return LOOK_NONE;
	p = window_get(w, offset, FRAME_HEAD_LEN + (size_t)frame->len, &failed, err);
	if (!p)
		return failed ? LOOK_FAILED : LOOK_NONE;
	*payload = p + FRAME_HEAD_LEN;
	return frame_checksum(offset ? journal_seed(w->j) : 0, offset, *payload, frame->len) == frame->crc ?
		       LOOK_VALID :
		       LOOK_BAD_PAYLOAD;
}

/*
 * How far to go on behind what looks like a head and is none. Somebody's document may hold such heads, with lengths that
 * would lead past good frames; so byte by byte, as long as that is not made to take for ever.
 */
static uint64_t false_head_len(struct window *w, enum look look, const struct frame *frame)
{
	if (look != LOOK_BAD_PAYLOAD)
		return 1;
	w->wasted += frame->len;
	return w->wasted <= WASTE_MAX + 4 * w->size ? 1 : FRAME_HEAD_LEN + (uint64_t)frame->len;
}

/*
 * How far to go on from `from`, which is no head and lies in the window: no head begins with four zeros (an empty payload is not
 * written), and behind the end there may be very many.
 */
static uint64_t no_head_len(const struct window *w, uint64_t from)
{
	const char *start = w->bytes.data + (from - w->offset), *end = w->bytes.data + w->bytes.len, *p = start;

	while (p < end && !*p)
		p++;
	return p - start > HEAD_ZEROS ? (uint64_t)(p - start) - (HEAD_ZEROS - 1) : 1;
}

/* The next offset from `from` on at which a valid frame stands: 1, 0 none, -1. */
static int find_valid(struct window *w, uint64_t from, uint64_t *offset_out, struct drift_error *err)
{
	struct frame frame;
	const unsigned char *payload;
	bool failed = false;

	while (from + FRAME_HEAD_LEN <= w->size) {
		const unsigned char *p = window_get(w, from, FRAME_HEAD_LEN, &failed, err);
		enum look look;

		if (!p)
			return failed ? -1 : 0;
		if ((!p[0] && !p[1] && !p[2] && !p[3]) || !frame_head_decode(p, &frame)) {
			from += no_head_len(w, from);
			continue;
		}
		look = look_at(w, from, &frame, &payload, err);
		if (look == LOOK_FAILED)
			return -1;
		if (look == LOOK_VALID) {
			*offset_out = from;
			return 1;
		}
		from += false_head_len(w, look, &frame);
	}
	return 0;
}

static uint64_t stated_durable(uint64_t offset, const struct frame *frame)
{
	return frame->durable_lag == UINT32_MAX || frame->durable_lag > offset ? 0 : offset - frame->durable_lag;
}

/* The greatest durable end stated by any valid frame from `from` on. */
static int find_durable(struct window *w, uint64_t from, uint64_t *durable, struct drift_error *err)
{
	struct frame frame;
	const unsigned char *payload;
	int r;

	while ((r = find_valid(w, from, &from, err)) > 0) {
		uint64_t d;

		if (look_at(w, from, &frame, &payload, err) != LOOK_VALID)
			return -1;
		d = stated_durable(from, &frame);
		if (d > *durable)
			*durable = d;
		from += FRAME_HEAD_LEN + (uint64_t)frame.len;
	}
	return r;
}

/* Is what [from, to) has of some sector zero? Of the last sector only if it ends there: what follows was kept. */
static int has_blank_sector(struct window *w, uint64_t from, uint64_t to, struct drift_error *err)
{
	static const unsigned char blank[SECTOR_LEN];
	uint64_t at = from, end;
	bool failed = false;

	for (; (end = (at / SECTOR_LEN + 1) * SECTOR_LEN) <= to; at = end) {
		const unsigned char *p = window_get(w, at, (size_t)(end - at), &failed, err);

		if (!p)
			return failed ? -1 : 0;
		if (!memcmp(p, blank, (size_t)(end - at)))
			return 1;
	}
	return 0;
}

/* Where the bad frame at `at` ends, if its head is whole; else where it may begin at the earliest: at the next byte. */
static int skip_bad(struct window *w, uint64_t at, uint64_t *next, struct drift_error *err)
{
	const unsigned char *payload;
	struct frame frame;
	enum look look = look_at(w, at, &frame, &payload, err);

	if (look == LOOK_FAILED)
		return -1;
	*next = at + (look == LOOK_BAD_PAYLOAD ? FRAME_HEAD_LEN + (uint64_t)frame.len : 1);
	return look == LOOK_BAD_PAYLOAD;
}

/* What was read so far, and what all frames of the file state together, once that had to be known. */
struct progress {
	uint64_t durable;
	bool all_known;
};

/* How far there is anything but zeros. */
static int find_dirty(struct window *w, uint64_t end, uint64_t *dirty_out, struct drift_error *err)
{
	uint64_t at = end, dirty = end;
	bool failed = false;

	while (at < w->size) {
		size_t n = w->size - at < WINDOW_LEN ? (size_t)(w->size - at) : WINDOW_LEN;
		const unsigned char *p = window_get(w, at, n, &failed, err);
		size_t last = n;

		if (!p)
			return failed ? -1 : 0;
		while (last && !p[last - 1])
			last--;
		if (last)
			dirty = at + last;
		at += n;
	}
	*dirty_out = dirty;
	return 0;
}

/*
 * Nothing valid follows the bad place: torn where a sector of it was not written, or its last bytes were not. What is
 * there as a whole, but for a wrong byte, is damage, and kept. 1 damage up to *next, 0 torn, -1.
 */
static int judge_last(struct window *w, uint64_t at, uint64_t *next, struct drift_error *err)
{
	static const unsigned char blank[TORN_ZEROS];
	const unsigned char *p;
	bool failed = false;
	int r = skip_bad(w, at, next, err);
	size_t n;

	if (!r)
		r = find_dirty(w, at, next, err);
	if (r < 0 || *next < at + FRAME_HEAD_LEN)
		return r < 0 ? -1 : 0;
	n = *next % SECTOR_LEN;
	n = n && n < TORN_ZEROS ? n : TORN_ZEROS;
	p = window_get(w, *next - n, n, &failed, err);
	if (!p)
		return failed ? -1 : 0;
	if (!memcmp(p, blank, n))
		return 0;
	r = has_blank_sector(w, at, *next, err);
	return r < 0 ? -1 : !r;
}

/* A bad place at `at`: 1 and *next where reading goes on after damage, 0 if the end is here. */
static int judge(struct window *w, uint64_t at, struct progress *progress, uint64_t *next, struct drift_error *err)
{
	uint64_t from, to;
	int r = skip_bad(w, at, &from, err);

	if (r >= 0)
		r = find_valid(w, from, &to, err);
	if (r <= 0)
		return r < 0 ? -1 : judge_last(w, at, next, err);
	*next = to;
	if (!progress->all_known && find_durable(w, to, &progress->durable, err) < 0)
		return -1;
	progress->all_known = true;
	if (at < progress->durable)
		return 1;
	r = has_blank_sector(w, at, to, err);
	return r < 0 ? -1 : !r;
}

/*
 * Without the lock a writer may have been at work while it was looked: what seemed bad because it, or the file, was just being
 * written is valid when all that judged it is read.
 */
static enum look look_afresh(struct window *w, uint64_t at, struct drift_error *err)
{
	const unsigned char *payload;
	struct frame frame;

	buf_clear(&w->bytes);
	if (journal_size(w->j, &w->size, err) < 0)
		return LOOK_FAILED;
	return look_at(w, at, &frame, &payload, err);
}

static int scan_all(struct window *w, uint64_t at, const struct journal_scan *scan, uint64_t *end_out,
		    uint64_t *dirty_out, struct drift_error *err)
{
	struct progress progress = { .durable = 0 };
	struct frame frame;
	const unsigned char *payload;
	uint64_t next = at;
	int r;

	for (;;) {
		enum look look = look_at(w, at, &frame, &payload, err);

		if (look == LOOK_FAILED)
			return -1;
		if (look == LOOK_VALID) {
			if (stated_durable(at, &frame) > progress.durable)
				progress.durable = stated_durable(at, &frame);
			r = scan->frame(scan->data, at, &frame, payload, err);
			if (r)
				return r;
			at += FRAME_HEAD_LEN + (uint64_t)frame.len;
			continue;
		}
		r = judge(w, at, &progress, &next, err);
		look = r > 0 ? look_afresh(w, at, err) : look;
		if (r < 0 || look == LOOK_FAILED)
			return -1;
		if (!r)
			break;
		if (look == LOOK_VALID)
			continue;
		scan->damage(scan->data, at, next);
		at = next;
	}
	*end_out = at;
	return find_dirty(w, at, dirty_out, err);
}

int journal_scan(struct journal *j, uint64_t from, const struct journal_scan *scan, uint64_t *end_out,
		 uint64_t *dirty_out, struct drift_error *err)
{
	struct window w = { .j = j, .bytes = BUF_INIT };
	uint64_t end = from, dirty = from;
	int r;

	if (journal_size(j, &w.size, err) < 0)
		return -1;
	r = scan_all(&w, from, scan, &end, &dirty, err);
	buf_release(&w.bytes);
	if (!r) {
		*end_out = end;
		*dirty_out = dirty;
	}
	return r;
}
