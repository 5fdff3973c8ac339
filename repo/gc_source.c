#include "repo/gc_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/pack_record.h"

/* Locations of packed objects that are held at once. */
#define LOCS_AT_ONCE ((uint64_t)1 << 20)

int gc_source_init(struct gc_source *s, struct odb *odb, struct drift_error *err)
{
	*s = (struct gc_source){ .odb = odb };
	return odb_files_get(odb, &s->files, err);
}

void gc_source_release(struct gc_source *s)
{
	if (s->odb)
		odb_files_release(&s->files);
	s->odb = NULL;
	free(take_ptr(s->sealed));
}

/* What one file says of its journals. */
static int take_file(struct gc_source *s, const struct odb_file *file, struct drift_error *err)
{
	struct pack_heads heads;
	struct pack_source *to = &s->sealed[file->first - s->first];
	uint64_t count = file->last - file->first + 1;

	if (file->journal) {
		*to = (struct pack_source){ file->sealed_sec, file->closed_at };
		return 0;
	}
	if (pack_read_heads(file->pack, &heads, err) < 0)
		return -1;
	for (uint64_t i = 0; i < count; i++)
		to[i] = i < heads.source_count ? heads.sources[i] : (struct pack_source){ file->sealed_sec, 0 };
	pack_heads_release(&heads);
	return 0;
}

int gc_source_take(struct gc_source *s, uint64_t first, uint64_t last, struct drift_error *err)
{
	s->first = first;
	s->last = last;
	free(s->sealed);
	s->sealed = mem_calloc((size_t)(last - first + 1), sizeof(*s->sealed));
	if (!s->sealed)
		return error_no_memory(err);
	for (size_t i = 0; i < s->files.count; i++)
		if (s->files.items[i].first >= first && s->files.items[i].last <= last &&
		    take_file(s, &s->files.items[i], err) < 0)
			return -1;
	return 0;
}

uint64_t gc_source_sealed(const struct gc_source *s, uint64_t number)
{
	return s->sealed[number - s->first].sealed_sec;
}

const struct odb_file *gc_source_file(const struct gc_source *s, uint64_t number)
{
	for (size_t i = s->files.count; i--;)
		if (number >= s->files.items[i].first)
			return number <= s->files.items[i].last ? &s->files.items[i] : NULL;
	return NULL;
}

bool gc_source_takes(const struct gc_source *s, uint64_t loc)
{
	return loc_file(loc) >= s->first && loc_file(loc) <= s->last;
}

static int check_cancel(const struct gc_source *s, struct drift_error *err)
{
	if (s->cancel && atomic_load(s->cancel))
		return error_set(err, DRIFT_ERR_NOTHING, "it was told to stop");
	return 0;
}

struct walk {
	struct gc_source *s;
	const struct odb_file *file;
	uint64_t from, to;
	int (*each)(void *data, const struct gc_frame *frame, struct drift_error *err);
	void *data;
	bool ended;   /* at `to` */
	bool is_void; /* what follows in this journal: a sync of it failed */
	uint64_t damaged_at, damaged_to; /* of a journal; 0: nothing */
	struct group *group;             /* of a pack's stubs, and which one that is */
	uint64_t group_number;
};

static int each_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct walk *w = data;
	struct gc_frame f = {
		.loc = loc_make(w->file->first, offset, 0),
		.is_txn = frame->kind == FRAME_TXN,
		.payload = payload,
		.len = frame->len,
	};

	w->ended = f.loc >= w->to;
	w->is_void = w->file->closed_at && offset >= w->file->closed_at;
	if (w->ended || w->is_void)
		return 1;
	if (check_cancel(w->s, err) < 0)
		return -1;
	if (w->damaged_at || (frame->kind != FRAME_TXN && frame->kind != FRAME_OBJECT))
		return 0;
	return w->each(w->data, &f, err);
}

static void damaged(void *data, uint64_t from, uint64_t to)
{
	struct walk *w = data;

	if (w->damaged_at || (w->file->closed_at && from >= w->file->closed_at) ||
	    loc_make(w->file->first, from, 0) >= w->to)
		return;
	w->damaged_at = from;
	w->damaged_to = to;
}

static int walk_journal(struct walk *w, struct drift_error *err)
{
	struct journal *j = w->file->journal;
	struct journal_scan scan = { each_frame, damaged, w };
	uint64_t at = journal_start(j), end, dirty;
	int r;

	if (loc_file(w->from) == w->file->first && loc_offset(w->from) > at)
		at = loc_offset(w->from);
	w->is_void = false;
	r = journal_scan(j, at, &scan, &end, &dirty, err);
	if (w->damaged_at && r >= 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' is damaged from offset %llu to %llu", journal_path(j),
				 (unsigned long long)w->damaged_at, (unsigned long long)w->damaged_to);
	return w->ended || w->is_void ? 0 : r;
}

static int each_place(void *data, uint64_t loc, const struct pack_place *place, struct drift_error *err)
{
	struct walk *w = data;
	struct gc_frame f = { .loc = loc_frame(loc), .packed = true, .is_txn = true };

	if (place->kind != PACK_STUBS || f.loc < w->from)
		return 0;
	if (f.loc >= w->to) {
		w->ended = true;
		return 1;
	}
	if (check_cancel(w->s, err) < 0)
		return -1;
	if (!w->group || w->group_number != place->group) {
		group_unref(take_ptr(w->group));
		if (pack_group(w->file->pack, PACK_STUBS, place->group, &w->group, err) < 0)
			return -1;
		w->group_number = place->group;
	}
	if (place->index >= w->group->count)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' names a stub that is not there",
				 pack_path(w->file->pack));
	f.payload = w->group->bytes + w->group->offset[place->index];
	f.len = w->group->offset[place->index + 1] - w->group->offset[place->index];
	return w->each(w->data, &f, err);
}

static int walk_pack(struct walk *w, struct drift_error *err)
{
	int r = pack_each(w->file->pack, each_place, w, err);

	group_unref(take_ptr(w->group));
	return w->ended ? 0 : r;
}

int gc_source_frames(struct gc_source *s, uint64_t from, uint64_t to,
		     int (*each)(void *data, const struct gc_frame *frame, struct drift_error *err), void *data,
		     struct drift_error *err)
{
	struct walk w = { .s = s, .from = from, .to = to, .each = each, .data = data };
	int r = 0;

	for (size_t i = 0; !r && !w.ended && i < s->files.count; i++) {
		w.file = &s->files.items[i];
		if (w.file->last < loc_file(from) || loc_make(w.file->first, 0, 0) >= to)
			continue;
		r = w.file->pack ? walk_pack(&w, err) : walk_journal(&w, err);
	}
	return r;
}

int gc_source_taken(struct gc_source *s, int (*each)(void *data, const struct gc_frame *frame, struct drift_error *err),
		    void *data, struct drift_error *err)
{
	return gc_source_frames(s, loc_make(s->first, 0, 0), loc_make(s->last + 1, 0, 0), each, data, err);
}

/* One item of a group; the next one, if it is its delta, is the version before it. */
static int packed_item(const struct group *group, const uint64_t *locs, uint32_t i, struct gc_packed *out,
		       struct drift_error *err)
{
	const unsigned char *data = group->bytes + group->offset[i];
	size_t len = group->offset[i + 1] - group->offset[i];
	struct record next;

	*out = (struct gc_packed){ .older_loc = LOC_UNKNOWN };
	if (pack_record_parse(data, len, locs[i], &out->record, err) < 0)
		return -1;
	if (out->record.kind == OBJECT_BLOB) {
		pack_record_family(data, len, &out->family);
	} else if (i + 1 < group->count) {
		if (pack_record_parse(data + len, group->offset[i + 2] - group->offset[i + 1], locs[i + 1], &next,
				      err) < 0)
			return -1;
		if (next.storage == RECORD_EDIT)
			out->older_loc = locs[i + 1];
	}
	return 0;
}

struct packed_walk {
	struct gc_source *s;
	int (*each)(void *data, const struct gc_packed *object, struct drift_error *err);
	void *data;
};

/* Groups [from, to), whose locations are known. */
static int walk_groups(struct packed_walk *w, struct pack *pack, uint64_t from, uint64_t to, struct drift_error *err)
{
	auto_free uint64_t *locs = NULL;
	struct gc_packed object;
	size_t count, at = 0;
	int r = 0;

	if (pack_group_locs(pack, PACK_OBJECTS, from, to, &locs, &count, err) < 0)
		return -1;
	for (; from < to && !r; from++) {
		auto_group *group = NULL;

		if (check_cancel(w->s, err) < 0 || pack_group(pack, PACK_OBJECTS, from, &group, err) < 0)
			return -1;
		if (group->count > count - at)
			return error_set(err, DRIFT_ERR_CORRUPT, "'%s' has objects that it does not name",
					 pack_path(pack));
		for (uint32_t i = 0; i < group->count && !r; i++) {
			r = packed_item(group, locs + at, i, &object, err);
			if (!r)
				r = w->each(w->data, &object, err);
		}
		at += group->count;
	}
	return r;
}

static int walk_packed(struct packed_walk *w, struct pack *pack, struct drift_error *err)
{
	uint64_t count = pack_group_count(pack, PACK_OBJECTS), from = 0, to, offset, first, last;
	int r = 0;

	while (from < count && !r) {
		pack_group_at(pack, PACK_OBJECTS, from, &offset, &first);
		for (to = from + 1; to < count; to++) {
			pack_group_at(pack, PACK_OBJECTS, to, &offset, &last);
			if (last - first >= LOCS_AT_ONCE)
				break;
		}
		r = walk_groups(w, pack, from, to, err);
		from = to;
	}
	return r;
}

int gc_source_packed(struct gc_source *s,
		     int (*each)(void *data, const struct gc_packed *object, struct drift_error *err), void *data,
		     struct drift_error *err)
{
	struct packed_walk w = { s, each, data };
	int r = 0;

	for (size_t i = 0; !r && i < s->files.count; i++) {
		const struct odb_file *file = &s->files.items[i];

		if (file->pack && file->first >= s->first && file->last <= s->last)
			r = walk_packed(&w, file->pack, err);
	}
	return r;
}

/* Where the record stands in payload, which is filled with what is needed. */
static int find_bytes(const struct gc_source *s, uint64_t loc, struct buf *payload, bool *packed_out, size_t *at_out,
		      size_t *len_out, struct drift_error *err)
{
	const struct odb_file *file = gc_source_file(s, loc_file(loc));
	const unsigned char *data;
	struct pack_place place = { .kind = PACK_STUBS };
	auto_group *group = NULL;
	enum frame_kind kind = FRAME_TXN;
	size_t start = payload->len;
	int found;

	if (!file)
		return error_set(err, DRIFT_ERR_CORRUPT, "there is no journal %u", loc_file(loc));
	if (file->journal) {
		if (journal_read(file->journal, loc_offset(loc), payload, &kind, err) < 0)
			return -1;
	} else {
		found = pack_find(file->pack, loc, &place, err);
		if (found <= 0)
			return found < 0 ? -1 : error_set(err, DRIFT_ERR_NOT_FOUND, "an object was removed by gc");
		if (pack_group(file->pack, place.kind, place.group, &group, err) < 0)
			return -1;
		if (place.index >= group->count)
			return error_set(err, DRIFT_ERR_CORRUPT, "'%s' names what is not there", pack_path(file->pack));
		buf_add(payload, group->bytes + group->offset[place.index],
			group->offset[place.index + 1] - group->offset[place.index]);
	}
	if (buf_check(payload, err) < 0)
		return -1;
	data = (const unsigned char *)payload->data + start;
	*len_out = payload->len - start;
	*packed_out = file->pack && place.kind == PACK_OBJECTS;
	if (!*packed_out && kind == FRAME_TXN && txn_record(data, *len_out, loc_record(loc), &data, len_out, err) < 0)
		return -1;
	if (!*len_out)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "an object was removed by gc");
	*at_out = (size_t)(data - (const unsigned char *)payload->data);
	return 0;
}

int gc_source_record(const struct gc_source *s, uint64_t loc, struct buf *payload, struct record *out,
		     struct drift_error *err)
{
	size_t at, len;
	bool packed;

	buf_clear(payload);
	if (find_bytes(s, loc, payload, &packed, &at, &len, err) < 0)
		return -1;
	return packed ? pack_record_parse(payload->data + at, len, loc, out, err) :
			record_parse(payload->data + at, len, loc, out, err);
}

int gc_source_bytes(const struct gc_source *s, uint64_t loc, struct buf *out, struct drift_error *err)
{
	auto_buf payload = BUF_INIT;
	size_t at, len;
	bool packed;

	if (find_bytes(s, loc, &payload, &packed, &at, &len, err) < 0)
		return -1;
	buf_add(out, payload.data + at, len);
	return buf_check(out, err);
}
