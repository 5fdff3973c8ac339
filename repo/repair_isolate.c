/* Frames of journals that stay damaged, written anew: what of them is sound stays in its place, the rest is marked as lost. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "objects/commit_record.h"
#include "objects/odb_exact.h"
#include "objects/pack_heads.h"
#include "refs/refname.h"
#include "repo/repair_internal.h"

#define UNKNOWN_REST 64 /* bytes of a payload that are left for a log entry */

struct isolation {
	struct odb *odb;
	const struct repair_faults *faults;
	uint64_t number, closed_at; /* of the journal */
	uint64_t now_sec;
	uint64_t last_log;       /* the log entry before the place at hand */
	struct txn_update moved; /* the one ref that it moved; value TXN_ABSENT: not known */
	struct repair_frames *frames;
	struct journal *journal;
	struct drift_error *err;
	int failed;
};

void repair_frames_release(struct repair_frames *frames)
{
	size_t i;

	for (i = 0; i < frames->count; i++) {
		buf_release(&frames->items[i].bytes);
		buf_release(&frames->items[i].before);
	}
	free(frames->items);
	*frames = (struct repair_frames){ .items = NULL };
}

/* Of nodes; a ref that a damaged entry moved is a fault of the frame. */
static bool is_missed(const struct isolation *s, uint64_t loc)
{
	size_t i;

	for (i = 0; i < s->faults->count; i++)
		if (s->faults->items[i].fault.has_object && s->faults->items[i].fault.kind == OBJECT_TREE &&
		    s->faults->items[i].fault.loc == loc)
			return true;
	return false;
}

/* Is what stands there what it was? A node proves nothing by itself: then somebody would miss it. */
static bool is_sound(const struct isolation *s, const unsigned char *data, size_t len, uint64_t loc,
		     struct txn_lost *lost)
{
	auto_commit *commit = NULL;
	auto_node *node = NULL;
	auto_tag *tag = NULL;
	auto_buf bytes = BUF_INIT;
	struct object_ref tree;
	struct record r;
	struct oid id;

	*lost = (struct txn_lost){ .since_sec = s->now_sec };
	if (record_parse(data, len, loc, &r, NULL) < 0)
		return false;
	lost->kind = r.kind;
	lost->id = r.id;
	switch (r.kind) {
	case OBJECT_COMMIT:
		return !commit_record_ids(&r, &lost->id, &tree, NULL) && !odb_commit(s->odb, NULL, loc, &commit, NULL);
	case OBJECT_BLOB:
		return !odb_blob_at(s->odb, loc, &bytes, &id, NULL, NULL);
	case OBJECT_TAG:
		return !odb_tag(s->odb, &r.id, &tag, NULL);
	case OBJECT_TREE:
		return !is_missed(s, loc) && !odb_node_at(s->odb, loc, &node, NULL);
	}
	return false;
}

/* What is written in place of a payload. */
struct rest {
	struct buf lens, records, log;
	size_t count;
	bool lost[TXN_RECORD_MAX], is_commit[TXN_RECORD_MAX]; /* commits that are sound */
	struct txn_lost marks[TXN_RECORD_MAX];
};

static void add_record(struct rest *rest, const struct buf *bytes)
{
	buf_add_varint(&rest->lens, bytes->len);
	buf_add(&rest->records, bytes->data, bytes->len);
	rest->count++;
}

static void add_mark(struct rest *rest, const struct txn_lost *lost, size_t len)
{
	auto_buf mark = BUF_INIT;

	(void)txn_lost_encode(lost, len, &mark);
	add_record(rest, &mark);
}

/* A mark that fills what is left: true if it comes out even. */
static bool fill(struct isolation *s, struct rest *rest, size_t len)
{
	const struct txn_lost nothing = { .since_sec = s->now_sec };
	size_t used = 2 + rest->lens.len + rest->records.len + 1 + rest->log.len, n;

	/* A count of 128 or more takes two bytes. */
	used -= rest->count + 1 < 128;
	if (rest->count == TXN_RECORD_MAX || used + 1 + TXN_LOST_MIN > len)
		return false;
	for (n = len - used - 1; n >= TXN_LOST_MIN && n + 5 > len - used; n--) {
		auto_buf number = BUF_INIT;

		buf_add_varint(&number, n);
		if (number.len + n != len - used)
			continue;
		add_mark(rest, &nothing, n);
		return true;
	}
	return false;
}

/* The name that an update spells out, and where it leads, make sense. */
static bool is_sensible(const struct isolation *s, const struct txn_update *u)
{
	enum object_kind kind;
	uint64_t loc;

	if (u->name_loc == LOC_UNKNOWN && refname_check(u->name.data, u->name.len, NULL) < 0)
		return false;
	if (u->value == TXN_SYMBOLIC)
		return !refname_check(u->target.data, u->target.len, NULL);
	return u->value != TXN_OBJECT || odb_find(s->odb, &u->object.id, &kind, &loc, NULL) > 0;
}

/* A ref that was set to what is lost has the value before it again; one that had none has what is lost, by its id. */
static void settle_updates(const struct rest *rest, struct txn_log *log, uint64_t self)
{
	size_t i;

	for (i = 0; i < log->update_count; i++) {
		struct txn_update *u = &log->updates[i];

		if (u->value != TXN_COMMIT || !rest->lost[u->record])
			continue;
		u->value = TXN_OBJECT;
		u->object = (struct object_ref){ rest->marks[u->record].id, self | u->record };
		if (log->update_count == 1 && u->name_loc != LOC_UNKNOWN)
			log->update_count = 0;
	}
}

/* For who moves the same ref next: its name is spelled out where it was, or here. */
static void remember_log(struct isolation *s, const struct txn_log *log, uint64_t self)
{
	const struct txn_update *u = log->updates;

	s->last_log = self;
	s->moved = (struct txn_update){ .value = TXN_ABSENT };
	if (log->update_count != 1 || (u->value != TXN_COMMIT && u->value != TXN_OBJECT))
		return;
	s->moved.name_loc = u->name_loc == LOC_UNKNOWN ? self : u->name_loc;
	s->moved.name_index = u->name_loc == LOC_UNKNOWN ? 0 : u->name_index;
	s->moved.value = TXN_OBJECT;
	s->moved.object.loc = u->value == TXN_COMMIT ? self | u->record : u->object.loc;
}

/* A commit on top of what a ref was just set to has moved that ref. */
static bool find_update(struct isolation *s, const struct txn *t, const struct rest *rest, struct txn_update *out)
{
	size_t i;

	for (i = 0; t && s->moved.value == TXN_OBJECT && i < t->record_count; i++) {
		auto_commit *commit = NULL;

		if (!rest->is_commit[i] || odb_commit(s->odb, NULL, t->self | i, &commit, NULL) < 0 ||
		    !commit->parent_count || commit->parents[0].loc != s->moved.object.loc)
			continue;
		*out = s->moved;
		out->previous_loc = s->last_log;
		out->value = TXN_COMMIT;
		out->record = (unsigned)i;
		return true;
	}
	return false;
}

/* The log entry, if what it says fits to all else; else one that leads on to the one before. */
static int put_log(struct isolation *s, const struct txn *t, struct rest *rest, uint64_t self)
{
	struct txn_log log, none = { .previous_loc = s->last_log, .time_usec = (int64_t)s->now_sec * 1000000 };
	struct txn_update moved;
	size_t i;
	int r = t ? txn_log_parse(t, &log, NULL) : 0;
	bool fits = r > 0 && log.previous_loc == s->last_log;

	for (i = 0; fits && i < log.update_count; i++)
		fits = is_sensible(s, &log.updates[i]);
	none.actor = none.reason = (struct text){ "", 0 };
	for (i = 0; t && i < t->record_count && !none.of_commit; i++) {
		none.of_commit = rest->is_commit[i];
		none.record = (unsigned)i;
	}
	none.updates = &moved;
	none.update_count = find_update(s, t, rest, &moved);
	if (none.update_count)
		none.record = moved.record;
	if (fits) {
		settle_updates(rest, &log, self);
		if (log.of_commit && rest->lost[log.record]) {
			log.of_commit = false;
			log.time_usec = none.time_usec;
			log.actor = none.actor;
			log.reason = none.reason;
		}
	}
	txn_log_encode(fits ? &log : &none, self, &rest->log);
	remember_log(s, fits ? &log : &none, self);
	if (r > 0)
		txn_log_release(&log);
	return buf_check(&rest->log, s->err);
}

static int put_records(struct isolation *s, const struct txn *t, struct rest *rest)
{
	size_t i;

	for (i = 0; i < t->record_count; i++) {
		const struct buf bytes = { .data = (char *)(uintptr_t)t->record[i], .len = t->record_len[i] };

		rest->lost[i] = !is_sound(s, t->record[i], t->record_len[i], t->self | i, &rest->marks[i]);
		rest->is_commit[i] = !rest->lost[i] && rest->marks[i].kind == OBJECT_COMMIT;
		if (rest->lost[i])
			add_mark(rest, &rest->marks[i], 0);
		else
			add_record(rest, &bytes);
	}
	return buf_check(&rest->records, s->err);
}

/* A transaction, or at least its records: what follows them may be damaged. */
static bool parse_records(const struct buf *payload, uint64_t self, struct txn *t)
{
	size_t i;

	if (!txn_parse(payload->data, payload->len, self, t, NULL))
		return true;
	for (i = 0; i < TXN_RECORD_MAX; i++)
		if (txn_record(payload->data, payload->len, (unsigned)i, &t->record[i], &t->record_len[i], NULL) < 0)
			break;
	t->self = self;
	t->record_count = i;
	t->has_log = t->has_changes = false;
	return i > 0;
}

/* Nobody knows how many records there were. */
static void put_unknown(struct isolation *s, size_t len, struct rest *rest)
{
	const struct txn_lost nothing = { .since_sec = s->now_sec };
	size_t count = len > UNKNOWN_REST ? (len - UNKNOWN_REST) / (TXN_LOST_MIN + 1) : 0;

	while (rest->count < count && rest->count + 1 < TXN_RECORD_MAX)
		add_mark(rest, &nothing, 0);
}

static int keep_frame(struct isolation *s, uint64_t offset, const struct frame *head, const struct buf *payload)
{
	unsigned char bytes[FRAME_HEAD_LEN];
	struct repair_frames *f = s->frames;
	struct repair_frame made = { .offset = offset, .bytes = BUF_INIT, .before = BUF_INIT };
	struct frame frame = *head;
	int64_t n = -1;

	frame.len = (uint32_t)payload->len;
	frame.crc = frame_checksum(journal_seed(s->journal), offset, payload->data, payload->len);
	frame_head_encode(&frame, bytes);
	buf_add(&made.bytes, bytes, sizeof(bytes));
	buf_add(&made.bytes, payload->data, payload->len);
	if (buf_reserve(&made.before, made.bytes.len))
		n = journal_peek(s->journal, offset, made.before.data, made.bytes.len, NULL);
	made.before.len = n > 0 ? (size_t)n : 0;
	if (buf_check(&made.bytes, s->err) < 0 || made.before.len != made.bytes.len ||
	    mem_grow(&f->items, &f->capacity, f->count + 1, sizeof(*f->items)) < 0) {
		buf_release(&made.bytes);
		buf_release(&made.before);
		return error_set(s->err, DRIFT_ERR_IO, "'%s' cannot be read", journal_path(s->journal));
	}
	f->items[f->count++] = made;
	return 0;
}

static int assemble(const struct rest *rest, struct buf *out, struct drift_error *err)
{
	buf_add_varint(out, rest->count);
	buf_add(out, rest->lens.data, rest->lens.len);
	buf_add(out, rest->records.data, rest->records.len);
	buf_add_byte(out, 1); /* a log entry, no change lists */
	buf_add(out, rest->log.data, rest->log.len);
	return buf_check(out, err);
}

/* One frame, as it is read; known: its head is whole. 1 written anew, 0 that cannot be, -1. */
static int isolate_frame(struct isolation *s, uint64_t offset, const struct frame *head, bool known,
			 const struct buf *payload)
{
	uint64_t self = loc_make(s->number, offset, 0);
	struct frame frame = { .kind = FRAME_TXN, .durable_lag = known ? head->durable_lag : UINT32_MAX };
	struct rest *rest = mem_calloc(1, sizeof(*rest));
	struct txn *t = mem_calloc(1, sizeof(*t));
	auto_buf out = BUF_INIT;
	struct txn_lost lost;
	bool parsed;
	int r = 0;

	if (!rest || !t) {
		free(rest);
		free(t);
		return error_no_memory(s->err);
	}
	parsed = known && head->kind == FRAME_TXN && parse_records(payload, self, t);
	if (known && head->kind == FRAME_OBJECT &&
	    is_sound(s, (const unsigned char *)payload->data, payload->len, self, &lost)) {
		r = keep_frame(s, offset, head, payload) < 0 ? -1 : 1;
	} else {
		if (parsed)
			r = put_records(s, t, rest);
		else
			put_unknown(s, payload->len, rest);
		if (!r)
			r = put_log(s, parsed ? t : NULL, rest, self);
		if (!r && fill(s, rest, payload->len)) {
			r = assemble(rest, &out, s->err);
			if (!r && out.len == payload->len)
				r = keep_frame(s, offset, &frame, &out) < 0 ? -1 : 1;
		}
	}
	buf_release(&rest->lens);
	buf_release(&rest->records);
	buf_release(&rest->log);
	free(rest);
	free(t);
	return r;
}

static int isolate_stretch(struct isolation *s, uint64_t from, uint64_t to)
{
	auto_buf payload = BUF_INIT;
	int r = 1;

	while (r > 0 && from + FRAME_HEAD_LEN < to) {
		unsigned char head[FRAME_HEAD_LEN];
		struct frame frame = { .len = 0 };
		uint64_t len = to - from - FRAME_HEAD_LEN;
		bool known;

		if (journal_peek(s->journal, from, head, sizeof(head), s->err) != FRAME_HEAD_LEN)
			return -1;
		known = frame_head_decode(head, &frame) && frame.len <= len;
		len = known ? frame.len : len;
		buf_clear(&payload);
		if (len > FRAME_PAYLOAD_MAX)
			return 0;
		if (!buf_reserve(&payload, (size_t)len + 1))
			return error_no_memory(s->err);
		if (journal_peek(s->journal, from + FRAME_HEAD_LEN, payload.data, (size_t)len, s->err) != (int64_t)len)
			return -1;
		payload.len = (size_t)len;
		r = isolate_frame(s, from, &frame, known, &payload);
		from += FRAME_HEAD_LEN + len;
	}
	return r;
}

static int each_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct isolation *s = data;
	struct txn_log log;
	struct txn t;

	(void)err;
	if (s->failed || (s->closed_at && offset >= s->closed_at))
		return 1;
	if (frame->kind != FRAME_TXN || txn_parse(payload, frame->len, loc_make(s->number, offset, 0), &t, NULL) < 0 ||
	    txn_log_parse(&t, &log, NULL) <= 0)
		return 0;
	remember_log(s, &log, t.self);
	txn_log_release(&log);
	return 0;
}

static void each_damage(void *data, uint64_t from, uint64_t to)
{
	struct isolation *s = data;

	/* The first frame says what file it is. */
	if (s->failed || !from || (s->closed_at && from >= s->closed_at))
		return;
	if (s->closed_at && to > s->closed_at)
		to = s->closed_at;
	if (isolate_stretch(s, from, to) < 0)
		s->failed = -1;
}

int repair_isolate(struct odb *odb, const struct odb_file *file, const struct repair_faults *faults,
		   struct repair_frames *frames, struct drift_error *err)
{
	struct isolation s = { .odb = odb,
			       .faults = faults,
			       .number = file->first,
			       .closed_at = file->closed_at,
			       .frames = frames,
			       .journal = file->journal,
			       .err = err };
	struct journal_scan scan = { each_frame, each_damage, &s };
	struct pack_heads heads = { .refs = NULL };
	uint64_t end, dirty;

	s.now_sec = (uint64_t)(date_now_us() / 1000000);
	if (file->first > 1 && odb_heads_at(odb, file->first - 1, &heads, err) < 0)
		return -1;
	s.last_log = heads.log_head;
	pack_heads_release(&heads);
	if (journal_scan(file->journal, journal_start(file->journal), &scan, &end, &dirty, err) < 0)
		return -1;
	return s.failed;
}

int repair_write_frames(const char *path, const struct repair_frames *frames, bool undo, struct drift_error *err)
{
	int fd, r = file_open_write(path, &fd, err);
	size_t i;

	if (r < 0)
		return -1;
	for (i = 0; i < frames->count && !r; i++) {
		const struct repair_frame *f = &frames->items[i];
		const struct buf *bytes = undo ? &f->before : &f->bytes;

		r = file_write_at(fd, bytes->data, bytes->len, f->offset, err);
	}
	if (!r)
		r = file_sync(fd, err);
	if (file_close(fd, r ? NULL : err) < 0)
		r = -1;
	return r;
}
