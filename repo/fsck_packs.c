#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/pack_record.h"
#include "repo/fsck_internal.h"

#define UNIT_STUB_GROUPS 8
#define UNIT_OBJECT_GROUPS 8

struct pack_scan {
	struct fsck *f;
	const struct odb_file *file;
	struct drift_error *err;
	int failed;
};

static void pack_fault(void *data, uint64_t offset, const char *sentence)
{
	struct pack_scan *s = data;
	const struct fsck_fault fault = {
		.severity = FSCK_DAMAGE, .sentence = sentence, .file = fsck_file_name(s->file), .offset = offset
	};

	if (!s->failed)
		s->failed = fsck_note(s->f, &fault, s->err);
}

/* An index that is not what would be made is made anew: a note. */
static void index_fault(void *data, uint64_t offset, const char *sentence)
{
	struct pack_scan *s = data;
	auto_buf name = BUF_INIT;
	struct fsck_fault fault = { .severity = FSCK_NOTE, .sentence = sentence, .offset = offset };
	const char *pack = fsck_file_name(s->file), *dot = strrchr(pack, '.');

	buf_add(&name, pack, dot ? (size_t)(dot - pack) : strlen(pack));
	buf_add_str(&name, ".idx");
	fault.file = name.data;
	if (!s->failed)
		s->failed = buf_check(&name, s->err) < 0 ? -1 : fsck_note(s->f, &fault, s->err);
}

static void pack_progress(void *data, uint64_t done, uint64_t total)
{
	struct pack_scan *s = data;
	struct fsck *f = s->f;

	(void)total;
	if (f->options->progress)
		f->options->progress(f->options->data, "reading the files", f->work_done + done, f->work_total);
}

static int add_units(struct fsck *f, size_t number, enum pack_block_kind kind, uint64_t step, struct drift_error *err)
{
	struct pack *pack = f->files.items[number].pack;
	uint64_t count = pack_group_count(pack, kind), i, from, to, ordinal;

	for (i = 0; i < count; i += step) {
		struct fsck_unit unit = {
			.file = number, .kind = kind, .from = i, .to = i + step < count ? i + step : count
		};

		pack_group_at(pack, kind, unit.from, &from, &ordinal);
		pack_group_at(pack, kind, unit.to, &to, &ordinal);
		unit.len = to - from;
		if (fsck_add_unit(f, &unit, err) < 0)
			return -1;
	}
	return 0;
}

/* The chains, as far as the groups of stubs can be read. */
static int scan_stubs(struct fsck *f, struct pack *pack, const struct fsck_locs *locs, struct drift_error *err)
{
	uint64_t number, count = pack_group_count(pack, PACK_STUBS), offset, ordinal;
	uint32_t i;

	for (number = 0; number < count; number++) {
		auto_group *group = NULL;
		struct drift_error why = { .code = DRIFT_OK };

		pack_group_at(pack, PACK_STUBS, number, &offset, &ordinal);
		if (pack_group(pack, PACK_STUBS, number, &group, &why) < 0) {
			if (!fsck_is_fault(&why))
				return error_set(err, why.code, "%s", why.message);
			f->chains.broken = true;
			continue;
		}
		for (i = 0; i < group->count && ordinal + i < locs->count; i++)
			if (fsck_scan_txn(f, locs->items[ordinal + i], group->bytes + group->offset[i],
					  group->offset[i + 1] - group->offset[i], err) < 0)
				return -1;
	}
	return 0;
}

static int read_locs(struct pack *pack, enum pack_block_kind kind, struct fsck_locs *out, struct drift_error *err)
{
	return pack_group_locs(pack, kind, 0, pack_group_count(pack, kind), &out->items, &out->count, err);
}

int fsck_scan_pack(struct fsck *f, size_t number, struct drift_error *err)
{
	const struct odb_file *file = &f->files.items[number];
	struct pack_scan s = { .f = f, .file = file, .err = err };
	const struct pack_check check = { pack_fault, pack_progress, &s };
	const struct pack_check index_check = { index_fault, NULL, &s };
	struct fsck_locs *locs = f->locs[number];
	struct drift_error why = { .code = DRIFT_OK };

	if (pack_check(file->pack, &check, &why) < 0 || pack_check_index(file->pack, &index_check, &why) < 0) {
		if (!fsck_is_fault(&why))
			return error_set(err, why.code, "%s", why.message);
		pack_fault(&s, 0, why.message);
	}
	if (s.failed)
		return -1;
	f->result.files++;
	f->work_done += pack_len(file->pack);
	f->record_count += pack_record_count(file->pack);
	/* Without a map that can be read nothing in the pack has a name; that was told. */
	if (read_locs(file->pack, PACK_STUBS, &locs[0], &why) < 0 ||
	    read_locs(file->pack, PACK_OBJECTS, &locs[1], &why) < 0) {
		f->chains.broken = true;
		return fsck_is_fault(&why) ? 0 : error_set(err, why.code, "%s", why.message);
	}
	if (scan_stubs(f, file->pack, &locs[0], err) < 0 || add_units(f, number, PACK_STUBS, UNIT_STUB_GROUPS, err) < 0)
		return -1;
	return add_units(f, number, PACK_OBJECTS, UNIT_OBJECT_GROUPS, err);
}

/* --- the objects --- */

static int check_stub(struct fsck_worker *w, const unsigned char *data, size_t len, uint64_t loc,
		      struct drift_error *err)
{
	struct txn t;
	size_t i;

	if (txn_parse(data, len, loc, &t, NULL) < 0)
		return 0; /* told by the first pass */
	for (i = 0; i < t.record_count; i++)
		if (t.record_len[i] && fsck_check_stored(w, t.record[i], t.record_len[i], loc | i, err) < 0)
			return -1;
	return fsck_check_entry(w, &t, true, err);
}

/* The node of the item before, which a changed one is built on, and the location that its run's are relative to. */
struct run {
	struct node *before;
	uint64_t self;
};

static int decode_item(struct fsck_worker *w, struct record *r, const struct run *run, struct node **out,
		       struct drift_error *why)
{
	bool changed = r->storage == RECORD_EDIT;

	if (changed && !run->before)
		return error_set(why, DRIFT_ERR_CORRUPT,
				 "the version of a tree node that this is a change of cannot be read");
	if (changed) {
		r->self = run->self;
		r->depth = (uint8_t)(run->before->depth + 1);
	}
	return odb_decode_node(w->f->odb, r, changed ? run->before : NULL, NULL, out, why);
}

static int check_item(struct fsck_worker *w, const unsigned char *data, size_t len, uint64_t loc, struct run *run,
		      struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct node *node = NULL;
	struct record r;
	int result;

	if (pack_record_parse(data, len, loc, &r, &why) < 0)
		return fsck_record_fault(w, loc, &why, err);
	if (r.kind == OBJECT_BLOB)
		return fsck_check_blob(w, &r, loc, err);
	if (r.storage != RECORD_EDIT)
		run->self = r.self;
	result = decode_item(w, &r, run, &node, &why);
	if (result < 0 || !node) {
		result = fsck_record_fault(w, loc, &why, err);
		node = NULL;
	} else {
		node->loc = loc;
		result = fsck_check_packed_node(w, node, run->before, loc, err);
	}
	node_unref(run->before);
	run->before = node;
	return result;
}

static int check_group(struct fsck_worker *w, const struct fsck_unit *unit, struct group *group, uint64_t ordinal,
		       struct drift_error *err)
{
	const struct fsck_locs *locs = &w->f->locs[unit->file][unit->kind == PACK_OBJECTS];
	struct run run = { .before = NULL };
	uint32_t i;
	int r = 0;

	for (i = 0; i < group->count && ordinal + i < locs->count && !r; i++) {
		const unsigned char *data = group->bytes + group->offset[i];
		size_t len = group->offset[i + 1] - group->offset[i];

		r = unit->kind == PACK_STUBS ? check_stub(w, data, len, locs->items[ordinal + i], err) :
					       check_item(w, data, len, locs->items[ordinal + i], &run, err);
	}
	node_unref(run.before);
	return r;
}

int fsck_check_groups(struct fsck_worker *w, const struct fsck_unit *unit, struct drift_error *err)
{
	struct pack *pack = w->f->files.items[unit->file].pack;
	uint64_t number, offset, ordinal;

	for (number = unit->from; number < unit->to; number++) {
		struct drift_error why = { .code = DRIFT_OK };
		auto_group *group = NULL;

		pack_group_at(pack, unit->kind, number, &offset, &ordinal);
		if (pack_group(pack, unit->kind, number, &group, &why) < 0) {
			/* The block's fault was told when the file was read. */
			if (!fsck_is_fault(&why))
				return error_set(err, why.code, "%s", why.message);
			continue;
		}
		if (check_group(w, unit, group, ordinal, err) < 0)
			return -1;
	}
	return 0;
}
