#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/blob_index_internal.h"
#include "repo/fsck_internal.h"

#define UNIT_LEN ((uint64_t)256 << 10)
#define FILES_MAX 100000

struct file_scan {
	struct fsck *f;
	size_t file;
	uint64_t end; /* frames from there on do not count; 0: open */
	struct fsck_unit open;
};

int fsck_add_unit(struct fsck *f, const struct fsck_unit *unit, struct drift_error *err)
{
	if (unit->to == unit->from)
		return 0;
	if (mem_grow(&f->units, &f->unit_capacity, f->unit_count + 1, sizeof(*f->units)) < 0)
		return error_no_memory(err);
	f->units[f->unit_count] = *unit;
	if (f->files.items[unit->file].journal)
		f->units[f->unit_count].len = unit->to - unit->from;
	f->unit_count++;
	return 0;
}

static int scan_record(struct fsck *f, uint64_t loc, const unsigned char *data, size_t len, struct drift_error *err)
{
	f->record_count++;
	if (!len || (data[0] & 7) != OBJECT_COMMIT)
		return 0;
	if (mem_grow(&f->commits, &f->commit_capacity, f->commit_count + 1, sizeof(*f->commits)) < 0)
		return error_no_memory(err);
	f->commits[f->commit_count++] = loc;
	return 0;
}

int fsck_scan_txn(struct fsck *f, uint64_t loc, const unsigned char *payload, size_t len, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct txn t;
	size_t i;

	if (txn_parse(payload, len, loc, &t, &why) < 0) {
		f->chains.broken = true;
		return fsck_note_at(f, FSCK_LOST, loc, err, "%s", why.message);
	}
	for (i = 0; i < t.record_count; i++) {
		f->result.marks += t.lost_len[i] > 0;
		f->chains.broken |= t.lost_len[i] > 0;
		if (scan_record(f, loc | i, t.record[i], t.record_len[i], err) < 0)
			return -1;
	}
	return fsck_chain_txn(f, &t, err);
}

static int scan_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct file_scan *s = data;
	uint64_t loc = loc_make(s->f->files.items[s->file].first, offset, 0);
	uint64_t next = offset + FRAME_HEAD_LEN + frame->len;

	if (s->end && offset >= s->end)
		return 1;
	if (s->open.to != offset || s->open.to - s->open.from >= UNIT_LEN) {
		if (fsck_add_unit(s->f, &s->open, err) < 0)
			return -1;
		s->open.from = offset;
	}
	s->open.to = next;
	if (frame->kind == FRAME_OBJECT && scan_record(s->f, loc, payload, frame->len, err) < 0)
		return -1;
	if (frame->kind == FRAME_TXN && fsck_scan_txn(s->f, loc, payload, frame->len, err) < 0)
		return -1;
	if (s->f->options->progress && !(s->f->unit_count & 63))
		s->f->options->progress(s->f->options->data, "reading the files", s->f->work_done + next,
					s->f->work_total);
	return 0;
}

/* What a damaged transaction may have moved. */
static int scan_damaged(struct fsck *f, const struct odb_file *file, uint64_t offset, const struct frame *frame,
			struct drift_error *err)
{
	auto_buf payload = BUF_INIT;
	struct txn t;

	f->record_count += TXN_RECORD_MAX;
	if (frame->kind != FRAME_TXN)
		return 0;
	if (!buf_reserve(&payload, frame->len))
		return error_no_memory(err);
	if (journal_peek(file->journal, offset + FRAME_HEAD_LEN, payload.data, frame->len, NULL) != frame->len)
		return 0;
	if (!txn_parse(payload.data, frame->len, loc_make(file->first, offset, 0), &t, NULL))
		return fsck_chain_damaged(f, &t, err);
	return 0;
}

/* The damaged stretch is kept; what its frames hold may be sound. */
static int note_damage(struct file_scan *s, uint64_t from, uint64_t to, struct drift_error *err)
{
	struct fsck *f = s->f;
	const struct odb_file *file = &f->files.items[s->file];
	struct fsck_fault fault = { .severity = FSCK_DAMAGE,
				    .file = fsck_file_name(file),
				    .offset = from,
				    .loc = loc_make(file->first, from, 0) };
	struct fsck_unit unit = { .file = s->file, .from = from, .to = to, .damaged = true };
	unsigned char head[FRAME_HEAD_LEN];
	auto_buf sentence = BUF_INIT;
	struct frame frame;
	uint64_t at = from;

	f->chains.broken = true;
	while (at < to && journal_peek(file->journal, at, head, sizeof(head), NULL) == FRAME_HEAD_LEN &&
	       frame_head_decode(head, &frame) && frame.len <= to - at) {
		if (scan_damaged(f, file, at, &frame, err) < 0)
			return -1;
		at += FRAME_HEAD_LEN + (uint64_t)frame.len;
	}
	if (at > from) {
		buf_addf(&sentence, "the checksum of the frame differs (%llu bytes)", (unsigned long long)(to - from));
		if (fsck_add_unit(f, &unit, err) < 0)
			return -1;
	} else {
		buf_addf(&sentence, "there is no frame in %llu bytes", (unsigned long long)(to - from));
	}
	if (buf_check(&sentence, err) < 0)
		return -1;
	fault.sentence = sentence.data;
	return fsck_note(f, &fault, err);
}

/* journal_scan's callback has no way to fail; without memory the fault is lost, but not that there is one. */
static void scan_damage(void *data, uint64_t from, uint64_t to)
{
	struct file_scan *s = data;

	if (s->end && from >= s->end)
		return;
	if (note_damage(s, from, to, NULL) < 0)
		s->f->result.faults[FSCK_DAMAGE]++;
}

static int scan_journal(struct fsck *f, size_t number, struct drift_error *err)
{
	const struct odb_file *file = &f->files.items[number];
	struct file_scan s = { .f = f, .file = number, .end = file->closed_at, .open = { .file = number } };
	struct journal_scan scan = { scan_frame, scan_damage, &s };
	struct drift_error why = { .code = DRIFT_OK };
	uint64_t end = 0, dirty = 0;
	int r;

	if (!s.end && loc_file(f->end) == file->first)
		s.end = loc_offset(f->end);
	r = journal_scan(file->journal, 0, &scan, &end, &dirty, &why);
	if (r < 0 && !fsck_is_fault(&why))
		return error_set(err, why.code, "%s", why.message);
	if (r < 0)
		r = fsck_note_at(f, FSCK_LOST, loc_make(file->first, 0, 0), err, "%s", why.message);
	else if (!r && s.end && end < s.end)
		r = fsck_note_at(f, FSCK_LOST, loc_make(file->first, end, 0), err,
				 "the journal ends here, %llu bytes before its end", (unsigned long long)(s.end - end));
	if (r < 0 || fsck_add_unit(f, &s.open, err) < 0)
		return -1;
	f->result.files++;
	f->work_done += s.end ? s.end : end;
	return 0;
}

int fsck_scan_files(struct fsck *f, struct drift_error *err)
{
	uint64_t size;
	size_t i;

	f->locs = mem_calloc(f->files.count, sizeof(*f->locs));
	if (!f->locs)
		return error_no_memory(err);
	for (i = 0; i < f->files.count; i++) {
		if (f->files.items[i].pack)
			f->work_total += pack_len(f->files.items[i].pack);
		else if (!journal_size(f->files.items[i].journal, &size, NULL))
			f->work_total += size;
	}
	for (i = 0; i < f->files.count; i++)
		if ((f->files.items[i].pack ? fsck_scan_pack(f, i, err) : scan_journal(f, i, err)) < 0)
			return -1;
	f->work_total = f->work_done;
	f->work_done = 0;
	return 0;
}

static int note_file(struct fsck *f, const char *name, const char *sentence, struct drift_error *err)
{
	const struct fsck_fault fault = { .severity = FSCK_NOTE, .sentence = sentence, .file = name };

	return fsck_note(f, &fault, err);
}

/* Whoever reads it makes it anew where it is damaged. */
static int check_derived(struct fsck *f, const char *name, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct derived_table *table;
	auto_buf path = BUF_INIT;
	int r;

	file_join(&path, repo_dir(f->repo), name);
	if (buf_check(&path, err) < 0)
		return -1;
	r = derived_table_open(path.data, &table, &why);
	if (!r) {
		r = derived_table_check(table, &why);
		derived_table_free(table);
	}
	if (!r || why.code == DRIFT_ERR_NOT_FOUND)
		return 0;
	if (why.code != DRIFT_ERR_CORRUPT)
		return note_file(f, name, why.message, err);
	return note_file(f, name, "this index is damaged; it is made anew when it is needed", err);
}

static int check_derived_tables(struct fsck *f, struct drift_error *err)
{
	if (check_derived(f, "cache/blobs", err) < 0 || check_derived(f, "cache/blobs-new", err) < 0)
		return -1;
	return check_derived(f, "cache/graph", err);
}

static bool is_named(const struct fsck *f, uint64_t number)
{
	size_t i;

	for (i = 0; i < f->files.count; i++)
		if (number >= f->files.items[i].first && number <= f->files.items[i].last)
			return true;
	return f->files.count && number > f->files.items[f->files.count - 1].last; /* begun since */
}

/* Journals that nothing names: half made, or replaced by a pack whose maker was killed. */
static int check_leftovers(struct fsck *f, struct drift_error *err)
{
	struct file_names names;
	unsigned long long number;
	char *end;
	size_t i;
	int r = 0;

	if (file_list(repo_dir(f->repo), FILES_MAX, &names, NULL) < 0)
		return 0;
	for (i = 0; i < names.count && !r; i++) {
		if (strncmp(names.items[i], "journal-", 8) != 0)
			continue;
		number = strtoull(names.items[i] + 8, &end, 10);
		if (!*end && !is_named(f, number))
			r = note_file(f, names.items[i], "nothing names this journal any more; the next gc removes it",
				      err);
	}
	file_names_release(&names);
	return r;
}

int fsck_check_derived(struct fsck *f, struct drift_error *err)
{
	return check_derived_tables(f, err) < 0 ? -1 : check_leftovers(f, err);
}
