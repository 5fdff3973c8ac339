#include <stdlib.h>

#include "base/mem.h"
#include "objects/commit_record.h"
#include "objects/pack_record.h"
#include "repo/blob_scan_internal.h"

/* A whole node of a group and the changed ones behind it, each older than the one before. */
struct pack_run {
	const struct group *group;
	uint64_t whole_loc;
	struct node *node; /* of the item before, not hashed; of an inner node only its whole version */
};

static int run_begin(struct blob_worker *w, struct pack_run *run, const struct record *r, struct drift_error *err)
{
	node_unref(run->node);
	run->node = NULL;
	run->whole_loc = r->self;
	if (odb_decode_node(w->odb, r, NULL, NULL, &run->node, err))
		return -1;
	return r->self < w->from ? 0 : blob_worker_node(w, run->node, NULL, r->self, err);
}

static int run_leaf(struct blob_worker *w, struct pack_run *run, const struct record *r, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	auto_buf locs = BUF_INIT;
	struct record_locs relative;
	struct node *node = NULL;
	int done = 0;

	record_locs_init(&relative, run->whole_loc);
	if (node_delta_apply(run->node, r->body, r->body_len, &relative.codec, &bytes, &locs, err) ||
	    node_decode_base(bytes.data, bytes.len, (const uint64_t *)(void *)locs.data, &node, err))
		return -1;
	if (r->self >= w->from)
		done = blob_worker_node(w, node, run->node, r->self, err);
	node_unref(run->node);
	run->node = node;
	return done;
}

static int scan_item(struct blob_worker *w, struct pack_run *run, uint32_t index, uint64_t loc,
		     const struct loc_list *roots, struct drift_error *err)
{
	auto_node *root = NULL;
	const struct group *g = run->group;
	struct record r;
	size_t at;

	if (pack_record_parse(g->bytes + g->offset[index], g->offset[index + 1] - g->offset[index], loc, &r, err))
		return -1;
	if (r.kind != OBJECT_TREE)
		return 0;
	if (r.storage == RECORD_EDIT && !run->node)
		return error_set(err, DRIFT_ERR_CORRUPT, "a changed node in a pack has none before it");
	if (r.storage != RECORD_EDIT ? run_begin(w, run, &r, err) : !run->node->level && run_leaf(w, run, &r, err))
		return -1;
	if (loc < w->from)
		return 0;
	if (r.storage == RECORD_EDIT && run->node->level && blob_worker_inner_edit(w, &r, run->whole_loc, err))
		return -1;
	if (!loc_list_has(roots, loc, &at))
		return loc_list_add(&w->unnamed, loc, err);
	if (pack_record_node(run->group, index, loc, NULL, &root, err))
		return -1;
	return blob_worker_enter(w, &root->id, BLOB_KIND_ROOT, loc, err);
}

int blob_worker_objects(struct blob_worker *w, struct pack *pack, uint64_t from, uint64_t to,
			const struct loc_list *roots, struct drift_error *err)
{
	auto_free uint64_t *locs = NULL;
	size_t count, at = 0;

	if (pack_group_locs(pack, PACK_OBJECTS, from, to, &locs, &count, err))
		return -1;
	for (; from < to; from++) {
		struct group *group = NULL;
		struct pack_run run = { .node = NULL };
		int r = 0;

		if (pack_group(pack, PACK_OBJECTS, from, &group, err))
			return -1;
		run.group = group;
		for (uint32_t i = 0; i < group->count && !r; i++) {
			r = at < count ? scan_item(w, &run, i, locs[at++], roots, err) :
					 error_set(err, DRIFT_ERR_CORRUPT, "a pack has more objects than its map");
		}
		node_unref(run.node);
		group_unref(group);
		if (r)
			return -1;
	}
	return 0;
}

static int scan_stub(struct blob_worker *w, uint64_t loc, const void *payload, size_t len, struct drift_error *err)
{
	struct record r;
	struct txn t;

	if (txn_parse(payload, len, loc, &t, err))
		return -1;
	for (size_t i = 0; i < t.record_count; i++) {
		auto_node *node = NULL;
		struct object_ref tree;
		struct oid id;

		if (!t.record_len[i])
			continue;
		if (record_parse(t.record[i], t.record_len[i], loc | i, &r, err))
			return -1;
		if (r.kind == OBJECT_COMMIT && (loc | i) >= w->newest.loc) {
			if (commit_record_ids(&r, &id, &tree, err))
				return -1;
			w->newest = (struct object_ref){ .id = id, .loc = loc | i };
		}
		if (r.kind != OBJECT_TREE)
			continue;
		if (odb_decode_node(w->odb, &r, NULL, NULL, &node, err))
			return -1;
		if (!node->level && blob_worker_node(w, node, NULL, loc | i, err))
			return -1;
	}
	return 0;
}

int blob_worker_stubs(struct blob_worker *w, struct pack *pack, uint64_t from, uint64_t to, struct drift_error *err)
{
	auto_free uint64_t *locs = NULL;
	size_t count, at = 0;

	if (pack_group_locs(pack, PACK_STUBS, from, to, &locs, &count, err))
		return -1;
	for (; from < to; from++) {
		struct group *group = NULL;
		int r = 0;

		if (pack_group(pack, PACK_STUBS, from, &group, err))
			return -1;
		for (uint32_t i = 0; i < group->count && !r; i++, at++) {
			size_t len = group->offset[i + 1] - group->offset[i];

			if (at >= count)
				r = error_set(err, DRIFT_ERR_CORRUPT, "a pack has more stubs than its map");
			else if (locs[at] >= w->from)
				r = scan_stub(w, locs[at], group->bytes + group->offset[i], len, err);
		}
		group_unref(group);
		if (r)
			return -1;
	}
	return 0;
}
