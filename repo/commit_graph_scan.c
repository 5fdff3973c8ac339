#include <stdlib.h>

#include "base/mem.h"
#include "objects/commit_record.h"
#include "objects/odb_exact.h"
#include "objects/odb_scan.h"
#include "repo/commit_graph_internal.h"

struct graph_scan {
	struct commit_graph *graph;
	struct odb *odb;
	struct odb_files files;
	struct compressor *z;
	uint64_t from;
	struct object_ref newest;
};

static int add_row(struct graph_scan *s, uint64_t loc, uint32_t a, uint32_t b, struct drift_error *err)
{
	struct commit_graph *g = s->graph;

	if (g->count >= UINT32_MAX - 2)
		return error_set(err, DRIFT_ERR_LIMIT, "the store has too many commits");
	if (mem_grow(&g->rows, &g->capacity, g->count + 1, sizeof(*g->rows)))
		return error_no_memory(err);
	g->rows[g->count++] = (struct graph_row){ loc, a, b };
	return 0;
}

static int take_if_same(struct graph_scan *s, const struct oid *id, uint64_t loc, uint64_t *first,
			struct drift_error *err)
{
	auto_commit *c = NULL;

	if (loc >= *first)
		return 0;
	if (odb_commit(s->odb, NULL, loc, &c, err))
		return -1;
	if (oid_equal(&c->id, id))
		*first = loc;
	return 0;
}

/* Where the same commit stands for the first time: the index knows the first place in journals, each pack all of its own. */
static int find_first(struct graph_scan *s, const struct oid *id, uint64_t loc, uint64_t *first_out,
		      struct drift_error *err)
{
	uint64_t first = loc, there;
	enum object_kind kind;
	int r = odb_find(s->odb, id, &kind, &there, err);

	if (r < 0)
		return -1;
	if (r && kind == OBJECT_COMMIT && there < first)
		first = there;
	for (size_t i = 0; i < s->files.count; i++) {
		struct pack *pack = s->files.items[i].pack;
		uint64_t position = 0;

		if (!pack || loc_make(s->files.items[i].first, 0, 0) > loc)
			continue;
		while ((r = pack_find_id(pack, id, OID_HEX_LEN, &position, &there, err)) > 0) {
			if (take_if_same(s, id, there, &first, err))
				return -1;
		}
		if (r < 0)
			return -1;
	}
	*first_out = first;
	return 0;
}

static int parent_number(struct graph_scan *s, const struct object_ref *parent, uint32_t *out, struct drift_error *err)
{
	enum object_kind kind;
	uint64_t loc = parent->loc;

	if (loc == LOC_UNKNOWN && odb_find(s->odb, &parent->id, &kind, &loc, err) < 0)
		return -1;
	*out = commit_graph_number(s->graph, loc);
	/* What nothing needs may be there without all that it needs. */
	if (!*out)
		*out = GRAPH_GONE;
	return 0;
}

static int add_parents(struct graph_scan *s, uint64_t loc, const struct commit *c, struct drift_error *err)
{
	uint32_t a = 0, b = 0;

	if (c->parent_count && parent_number(s, &c->parents[0], &a, err))
		return -1;
	if (c->parent_count > 1 && parent_number(s, &c->parents[1], &b, err))
		return -1;
	if (add_row(s, loc, a, b, err))
		return -1;
	for (size_t i = 2; i < c->parent_count; i++) {
		if (parent_number(s, &c->parents[i], &a, err) || add_row(s, loc, a, (uint32_t)s->graph->count, err))
			return -1;
	}
	return 0;
}

static int add_commit(struct graph_scan *s, uint64_t loc, const struct record *r, struct drift_error *err)
{
	struct commit_record cr;
	uint64_t first;
	int result;

	if (commit_record_parse(r, s->z, &cr, err))
		return -1;
	result = find_first(s, &cr.commit.id, loc, &first, err);
	if (!result) {
		uint32_t same = first < loc ? commit_graph_number(s->graph, first) : 0;

		result = same ? add_row(s, loc, same, GRAPH_ALIAS, err) : add_parents(s, loc, &cr.commit, err);
	}
	s->newest = (struct object_ref){ .id = cr.commit.id, .loc = loc };
	commit_record_release(&cr);
	return result;
}

static int scan_record(struct graph_scan *s, uint64_t loc, const void *data, size_t len, struct drift_error *err)
{
	struct record r;

	if ((*(const unsigned char *)data & 7) != OBJECT_COMMIT)
		return 0;
	return record_parse(data, len, loc, &r, err) ? -1 : add_commit(s, loc, &r, err);
}

static int scan_frame(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
		      struct drift_error *err)
{
	struct graph_scan *s = data;
	struct txn t;

	if (kind == FRAME_OBJECT)
		return len ? scan_record(s, loc, payload, len, err) : 0;
	if (kind != FRAME_TXN)
		return 0;
	if (txn_parse(payload, len, loc, &t, err))
		return -1;
	for (size_t i = 0; i < t.record_count; i++) {
		if (t.record_len[i] && scan_record(s, loc | i, t.record[i], t.record_len[i], err))
			return -1;
	}
	return 0;
}

/* Stubs stand in order of location. */
static int scan_pack(struct graph_scan *s, struct pack *pack, struct drift_error *err)
{
	uint64_t groups = pack_group_count(pack, PACK_STUBS);
	auto_free uint64_t *locs = NULL;
	size_t count, at = 0;

	if (!groups)
		return 0;
	if (pack_group_locs(pack, PACK_STUBS, 0, groups, &locs, &count, err))
		return -1;
	for (uint64_t n = 0; n < groups; n++) {
		auto_group *group = NULL;

		if (pack_group(pack, PACK_STUBS, n, &group, err))
			return -1;
		for (uint32_t i = 0; i < group->count && at < count; i++, at++) {
			size_t len = group->offset[i + 1] - group->offset[i];

			if (locs[at] >= s->from &&
			    scan_frame(s, locs[at], FRAME_TXN, group->bytes + group->offset[i], len, err))
				return -1;
		}
	}
	return 0;
}

static int scan_files(struct graph_scan *s, uint64_t end, const struct graph_progress *progress,
		      struct drift_error *err)
{
	for (size_t i = 0; i < s->files.count; i++) {
		const struct odb_file *file = &s->files.items[i];

		if (progress)
			progress->update(progress->data, i, s->files.count);
		if (loc_make(file->last + 1, 0, 0) <= s->from)
			continue;
		if (file->pack ? scan_pack(s, file->pack, err) :
				 odb_scan_journal(file, s->from, end, scan_frame, s, err))
			return -1;
	}
	return 0;
}

int commit_graph_extend(struct commit_graph *g, struct odb *odb, uint64_t from, uint64_t end,
			const struct graph_progress *progress, struct object_ref *newest_out, struct drift_error *err)
{
	struct graph_scan s = { .graph = g, .odb = odb, .from = from, .newest = *newest_out };
	int r;

	if (odb_files_get(odb, &s.files, err))
		return -1;
	r = compressor_create(&s.z, err);
	if (!r)
		r = scan_files(&s, end, progress, err);
	compressor_free(s.z);
	odb_files_release(&s.files);
	if (r)
		return -1;
	*newest_out = s.newest;
	return 0;
}
