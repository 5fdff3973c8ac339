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
		if (count_record(s, loc | i, t.record[i], t.record_len[i], err) < 0)
			return -1;
	return 0;
}

static void skip_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
}

int odb_stats(struct odb *odb, bool count_objects, struct odb_stats *stats_out, struct drift_error *err)
{
	auto_file_list *list = NULL;
	struct odb_stats stats = { .file_count = 0 };
	struct count_scan s = { .odb = odb, .stats = &stats };
	struct journal_scan scan = { count_frame, skip_damage, &s };
	struct node_cache_stats cache;
	struct index_head *h;
	uint64_t size, end, dirty;
	size_t i;
	int r = 0;

	if (odb_refresh(odb, false, err) < 0)
		return -1;
	list = odb_list(odb);
	h = index_head(odb_index(odb));
	stats.file_count = list->count;
	for (i = 0; i < list->count && r >= 0; i++) {
		const struct odb_file *file = &list->items[i];

		if (journal_size(file->journal, &size, err) < 0)
			return -1;
		stats.file_bytes += size;
		s.file = file->first;
		s.end = odb_file_end(odb, file);
		stats.used_bytes += s.end;
		stats.durable_bytes += file->closed_at ? file->closed_at : atomic_load(&h->synced);
		if (count_objects)
			r = journal_scan(file->journal, journal_start(file->journal), &scan, &end, &dirty, err);
	}
	if (r < 0)
		return -1;
	stats.index_bytes = index_len(odb_index(odb));
	stats.index_entries = atomic_load(&h->main_count) + atomic_load(&h->ref_count);
	node_cache_stats(odb->cache, &cache);
	stats.cache_hits = cache.hits;
	stats.cache_misses = cache.misses;
	stats.cache_bytes = cache.bytes;
	*stats_out = stats;
	return 0;
}
