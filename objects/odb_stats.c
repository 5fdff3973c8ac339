#include <string.h>

#include "objects/odb_internal.h"

struct count_scan {
	struct odb *odb;
	struct odb_stats *stats;
	uint64_t file, end;
};

static int count_record(struct count_scan *s, uint64_t loc, const unsigned char *data, size_t len, struct drift_error *err)
{
	struct record r;

	if (record_parse(data, len, loc, &r, err) < 0)
		return -1;
	s->stats->object_count[r.kind]++;
	if (r.depth) {
		s->stats->delta_count++;
		s->stats->delta_depth_sum += r.depth;
	}
	if (r.depth > s->stats->delta_depth_max)
		s->stats->delta_depth_max = r.depth;
	return 0;
}

static int count_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		       struct drift_error *err)
{
	struct count_scan *s = data;
	uint64_t loc = loc_make(s->file, offset, 0);
	struct txn t;
	size_t i;

	if (offset >= s->end)
		return 2;
	if (frame->kind == FRAME_OBJECT)
		return count_record(s, loc, payload, frame->len, err);
	if (frame->kind != FRAME_TXN)
		return 0;
	if (txn_parse(payload, frame->len, loc, &t, err) < 0)
		return -1;
	for (i = 0; i < t.record_count; i++)
		if (t.record_len[i] && count_record(s, loc | i, t.record[i], t.record_len[i], err) < 0)
			return -1;
	return 0;
}

static void skip_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
}

static int count_stub(struct count_scan *s, const void *stub, size_t len, struct drift_error *err)
{
	struct txn t;
	size_t i;

	if (txn_parse(stub, len, 0, &t, err) < 0)
		return -1;
	for (i = 0; i < t.record_count; i++)
		if (t.record_len[i])
			s->stats->object_count[t.record[i][0] & 7]++;
	return 0;
}

/* Items in groups say themselves what they are. */
static int count_object(struct count_scan *s, const struct group *group, uint32_t i, struct drift_error *err)
{
	unsigned kind = group->bytes[group->offset[i]] & 7, depth = 0;

	if (group->offset[i] == group->offset[i + 1] || (kind != OBJECT_BLOB && kind != OBJECT_TREE))
		return error_set(err, DRIFT_ERR_CORRUPT, "an item of a pack is malformed");
	if (kind == OBJECT_TREE && pack_record_depth(group, i, &depth, err) < 0)
		return -1;
	s->stats->object_count[kind]++;
	s->stats->delta_count += depth > 0;
	s->stats->delta_depth_sum += depth;
	if (depth > s->stats->delta_depth_max)
		s->stats->delta_depth_max = depth;
	return 0;
}

static int count_groups(struct count_scan *s, struct pack *pack, enum pack_block_kind kind, struct drift_error *err)
{
	uint64_t n, count = pack_group_count(pack, kind);
	uint32_t i;
	int r = 0;

	for (n = 0; n < count && !r; n++) {
		auto_group *group = NULL;

		if (pack_group(pack, kind, n, &group, err) < 0)
			return -1;
		for (i = 0; i < group->count && !r; i++)
			r = kind == PACK_OBJECTS ? count_object(s, group, i, err) :
						   count_stub(s, group->bytes + group->offset[i],
							      group->offset[i + 1] - group->offset[i], err);
	}
	return r;
}

static int count_pack(struct count_scan *s, struct pack *pack, bool count_objects, struct drift_error *err)
{
	s->stats->pack_count++;
	s->stats->pack_bytes += pack_len(pack);
	s->stats->pack_index_bytes += pack_index_len(pack);
	if (!count_objects)
		return 0;
	return count_groups(s, pack, PACK_STUBS, err) < 0 || count_groups(s, pack, PACK_OBJECTS, err) < 0 ? -1 : 0;
}

static int count_journal(struct count_scan *s, const struct odb_file *file, bool count_objects, struct drift_error *err)
{
	struct journal_scan scan = { count_frame, skip_damage, s };
	struct index_head *h = index_head(odb_index(s->odb));
	uint64_t size, end, dirty;

	if (journal_size(file->journal, &size, err) < 0)
		return -1;
	s->file = file->first;
	s->end = odb_file_end(s->odb, file);
	s->stats->file_count++;
	s->stats->file_bytes += size;
	s->stats->used_bytes += s->end;
	s->stats->durable_bytes += file->closed_at ? file->closed_at : atomic_load(&h->synced);
	if (!count_objects)
		return 0;
	return journal_scan(file->journal, journal_start(file->journal), &scan, &end, &dirty, err) < 0 ? -1 : 0;
}

int odb_stats(struct odb *odb, bool count_objects, struct odb_stats *stats_out, struct drift_error *err)
{
	struct odb_stats stats = { .file_count = 0 };
	struct count_scan s = { .odb = odb, .stats = &stats };
	struct node_cache_stats cache;
	auto_file_list *list = NULL;
	struct index_head *h;
	size_t i;

	if (odb_refresh(odb, false, err) < 0)
		return -1;
	list = odb_list_whole(odb, ODB_ALL_FILES, err);
	if (!list)
		return -1;
	h = index_head(odb_index(odb));
	for (i = 0; i < list->count; i++) {
		const struct odb_file *file = &list->items[i];

		if (file->pack ? count_pack(&s, file->pack, count_objects, err) < 0 : count_journal(&s, file, count_objects, err) < 0)
			return -1;
	}
	stats.index_bytes = index_len(odb_index(odb));
	stats.index_entries = atomic_load(&h->main_count) + atomic_load(&h->ref_count);
	node_cache_stats(odb->cache, &cache);
	stats.cache_hits = cache.hits;
	stats.cache_misses = cache.misses;
	stats.cache_bytes = cache.bytes;
	*stats_out = stats;
	return 0;
}
