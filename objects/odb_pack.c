/*
 * What stands in packs, by location, by id, by path. Locations do not change when a journal is packed; only what a node or
 * commit looks like where it is kept does: deltas are of the pack's own, ids that other hashes prove are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/odb_internal.h"
#include "objects/pack_record.h"

static int resolve_node(struct pack_resolver *self, uint64_t loc, struct oid *id_out, struct drift_error *err)
{
	auto_node *node = NULL;

	if (odb_node_at(((struct odb_resolver *)self)->odb, loc, &node, err) < 0)
		return -1;
	*id_out = node->id;
	return 0;
}

void odb_resolver_init(struct odb_resolver *resolver, struct odb *odb)
{
	*resolver = (struct odb_resolver){ { resolve_node }, odb };
}

int odb_open_pack(struct odb *odb, const struct pack_name *name, const unsigned char store_id[16], struct pack **out,
		  struct drift_error *err)
{
	struct pack_options options = { .dir = odb->pack_dir,
					.store_id = store_id,
					.groups = odb->groups,
					.no_index = odb->options.no_cache,
					.may_write = odb->lock_fd >= 0 && !odb->options.no_cache,
					.resolver = &odb->resolver.base };

	return pack_open(name, &options, out, err);
}

bool odb_is_packed(struct odb *odb, uint64_t loc)
{
	return loc_file(loc) <= atomic_load_explicit(&odb->packed_to, memory_order_relaxed);
}

int odb_was_removed(uint64_t loc, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_NOT_FOUND, "what stood in journal %u at offset %llu was removed by gc",
			 loc_file(loc), (unsigned long long)loc_offset(loc));
}

/* An item of a pack, and what keeps it in memory. */
struct item {
	struct group *group;
	struct pack_place place;
	const unsigned char *data;
	size_t len;
};

static void item_release(struct item *item)
{
	group_unref(item->group);
}
#define auto_item __attribute__((cleanup(item_release))) struct item

/* 1 / 0 nothing is kept / -1. */
static int item_get(struct pack *pack, uint64_t loc, struct item *item, struct drift_error *err)
{
	int r = pack_find(pack, loc, &item->place, err);

	if (r <= 0)
		return r;
	if (pack_group(pack, item->place.kind, item->place.group, &item->group, err) < 0)
		return -1;
	if (item->place.index >= item->group->count)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s': a group has fewer items than the map says",
				 pack_path(pack));
	item->data = item->group->bytes + item->group->offset[item->place.index];
	item->len = item->group->offset[item->place.index + 1] - item->group->offset[item->place.index];
	return 1;
}

int odb_pack_stub(struct pack *pack, uint64_t loc, struct buf *out, struct drift_error *err)
{
	auto_item item = { .group = NULL };
	int r = item_get(pack, loc_frame(loc) | 0xff, &item, err);

	if (r <= 0)
		return r;
	buf_add(out, item.data, item.len);
	return buf_check(out, err) < 0 ? -1 : 1;
}

/* A record of length 0: gc removed it, or it is lost. */
static int is_nothing(const struct item *item, uint64_t loc, struct drift_error *err)
{
	struct txn_lost lost;
	int r = txn_lost_parse(item->data, item->len, loc_record(loc), &lost, err);

	if (r <= 0)
		return r < 0 ? -1 : odb_was_removed(loc, err);
	return odb_was_lost(loc, &lost, err);
}

/* The record in an item, which it points into. */
static int parse_item(const struct item *item, uint64_t loc, struct record *out, struct drift_error *err)
{
	const unsigned char *data;
	size_t len;

	if (item->place.kind == PACK_OBJECTS)
		return pack_record_parse(item->data, item->len, loc, out, err);
	if (txn_record(item->data, item->len, loc_record(loc), &data, &len, err) < 0)
		return -1;
	return len ? record_parse(data, len, loc, out, err) : is_nothing(item, loc, err);
}

int odb_pack_record(struct pack *pack, uint64_t loc, struct payload *payload, struct record *out,
		    struct drift_error *err)
{
	auto_item item = { .group = NULL };
	int r = item_get(pack, loc, &item, err);

	if (r <= 0)
		return r < 0 ? -1 : odb_was_removed(loc, err);
	buf_add(&payload->bytes, item.data, item.len);
	if (buf_check(&payload->bytes, err) < 0)
		return -1;
	payload->kind = item.place.kind == PACK_STUBS ? FRAME_TXN : FRAME_OBJECT;
	item.data = (const unsigned char *)payload->bytes.data;
	return parse_item(&item, loc, out, err);
}

/* A node of a root map, which stands whole in its stub, perhaps without ids of its roots. */
static int root_node(struct odb *odb, const struct record *r, uint64_t loc, const struct oid *id, struct node **out,
		     struct drift_error *err)
{
	struct buf content = { .data = (char *)(uintptr_t)r->body, .len = r->body_len };
	auto_free uint64_t *locs = NULL;
	auto_node *bare = NULL;
	auto_buf whole = BUF_INIT;

	if (r->kind != OBJECT_TREE || r->storage != RECORD_RAW || r->node_len > r->body_len)
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node was expected where there is a %s",
				 object_kind_name(r->kind));
	if (node_decode_base(r->body, r->node_len, NULL, &bare, err) < 0)
		return -1;
	locs = mem_calloc((size_t)bare->count + 1, sizeof(*locs));
	if (!locs)
		return error_no_memory(err);
	if (r->body_len > r->node_len && record_node_locs(r, &content, bare, locs, err) < 0)
		return -1;
	if (pack_root_complete(r->body, r->node_len, locs, &odb->resolver.base, &whole, err) < 0 ||
	    node_decode(whole.data, whole.len, id, locs, out, err) < 0)
		return -1;
	(*out)->loc = loc;
	return 0;
}

int odb_pack_node(struct odb *odb, struct pack *pack, uint64_t loc, const struct oid *id, struct node **out,
		  struct drift_error *err)
{
	auto_item item = { .group = NULL };
	struct record r;
	int found = item_get(pack, loc, &item, err);

	if (found <= 0)
		return found < 0 ? -1 : odb_was_removed(loc, err);
	if (item.place.kind == PACK_OBJECTS)
		return pack_record_node(item.group, item.place.index, loc, id, out, err);
	if (parse_item(&item, loc, &r, err) < 0)
		return -1;
	return root_node(odb, &r, loc, id, out, err);
}

/* What stands at loc, in a journal or a pack. */
static int identify(struct odb *odb, uint64_t loc, enum object_kind *kind_out, struct oid *id_out,
		    struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	auto_buf content = BUF_INIT;
	auto_node *node = NULL;
	struct object_ref tree;
	struct record r;
	int result = odb_record(odb, loc, &payload, &r, err);

	if (!result)
		*kind_out = r.kind;
	if (!result && r.kind == OBJECT_COMMIT) {
		result = commit_record_ids(&r, id_out, &tree, err);
	} else if (!result && r.kind == OBJECT_TREE) {
		result = odb_node_at(odb, loc, &node, err);
		if (!result)
			*id_out = node->id;
	} else if (!result && oid_is_zero(&r.id)) {
		result = odb_blob_at(odb, loc, &content, id_out, NULL, err);
	} else if (!result) {
		*id_out = r.id;
	}
	buf_release(&payload.bytes);
	return result;
}

/* In one pack: 1 / 0 / -1. */
static int find_in_pack(struct odb *odb, struct pack *pack, const struct oid *id, enum object_kind *kind_out,
			uint64_t *loc_out, struct drift_error *err)
{
	uint64_t position = 0, loc;
	struct oid there;
	int r;

	while ((r = pack_find_id(pack, id, OID_HEX_LEN, &position, &loc, err)) > 0) {
		if (identify(odb, loc, kind_out, &there, NULL) < 0 || !oid_equal(&there, id))
			continue;
		*loc_out = loc;
		return 1;
	}
	return r;
}

/* Of a whole list the packs from `from` on. */
static int find_from(struct odb *odb, const struct file_list *list, size_t from, const struct oid *id,
		     enum object_kind *kind_out, uint64_t *loc_out, struct drift_error *err)
{
	size_t i;
	int r = 0;

	for (i = list->count; i-- > from && !r;)
		if (list->items[i].pack)
			r = find_in_pack(odb, list->items[i].pack, id, kind_out, loc_out, err);
	return r;
}

/* The newest pack with journals before *below, opened: 1, *below is where it begins; 0, -1. */
static int next_pack(struct odb *odb, struct file_list **list, uint64_t *below, struct pack **out,
		     struct drift_error *err)
{
	const struct odb_file *there;
	struct odb_file file;

	while (*below > 1 && (there = odb_list_find(*list, *below - 1))) {
		if (!odb_list_pack(*list, (size_t)(there - (*list)->items))) {
			*below = there->first;
			continue;
		}
		if (odb_list_open(odb, list, *below - 1, &file, err) < 0)
			return -1;
		*below = file.first;
		*out = file.pack;
		return 1;
	}
	return 0;
}

int odb_find_packed(struct odb *odb, const struct oid *id, enum object_kind *kind_out, uint64_t *loc_out,
		    struct drift_error *err)
{
	auto_file_list *list = odb_list(odb);
	uint64_t below = odb_list_end(list);
	struct pack *pack;
	int r;

	while ((r = next_pack(odb, &list, &below, &pack, err)) > 0) {
		r = find_in_pack(odb, pack, id, kind_out, loc_out, err);
		if (r)
			return r;
	}
	return r;
}

int odb_each_packed_prefix(struct odb *odb, const struct oid *prefix, unsigned digits, odb_each_fn *each, void *data,
			   struct drift_error *err)
{
	auto_file_list *list = odb_list_whole(odb, ODB_PACKS, err);
	enum object_kind kind, other;
	uint64_t position, loc, elsewhere;
	struct oid id;
	size_t i;
	int r = list ? 0 : -1;

	for (i = list ? list->count : 0; i-- > 0 && !r;) {
		if (!list->items[i].pack)
			continue;
		position = 0;
		while (!r && (r = pack_find_id(list->items[i].pack, prefix, digits, &position, &loc, err)) > 0) {
			r = 0;
			if (identify(odb, loc, &kind, &id, NULL) < 0)
				continue;
			r = find_from(odb, list, i + 1, &id, &other, &elsewhere, err);
			r = r < 0 ? -1 : r ? 0 : each(data, &id, kind, loc, err);
		}
	}
	return r;
}

/* Does the commit at loc list the path? Without a second candidate this need not be asked: who follows a chain looks. */
static bool lists_path(struct odb *odb, uint64_t loc, const struct path *path)
{
	struct change_list list = { .memory = BUF_INIT };
	bool found = false;
	size_t i;

	if (odb_change_list(odb, loc, &list, NULL) <= 0)
		return false;
	for (i = 0; i < list.count && !found; i++)
		found = !path_compare(&list.changes[i].path, path);
	change_list_release(&list);
	return found;
}

static int path_in_pack(struct odb *odb, struct pack *pack, const struct path *path, uint64_t hash, uint64_t *loc_out,
			struct drift_error *err)
{
	uint64_t position = 0, loc, next;
	int r = pack_find_path(pack, hash, &position, &loc, err), more;

	if (r <= 0)
		return r;
	while ((more = pack_find_path(pack, hash, &position, &next, err)) > 0)
		if (lists_path(odb, next, path))
			loc = next;
	if (more < 0)
		return -1;
	*loc_out = loc;
	return 1;
}

int odb_packed_path(struct odb *odb, const struct path *path, uint64_t *loc_out, struct drift_error *err)
{
	auto_file_list *list = odb_list(odb);
	uint64_t hash = pack_path_hash(odb->store_id, path->collection, path->collection_len, path->key, path->key_len);
	uint64_t below = odb_list_end(list);
	struct pack *pack;
	int r;

	while ((r = next_pack(odb, &list, &below, &pack, err)) > 0) {
		r = path_in_pack(odb, pack, path, hash, loc_out, err);
		if (r)
			return r;
	}
	return r;
}

/* --- all of it --- */

struct each_pack {
	struct odb *odb;
	struct pack *pack;
	odb_each_fn *each;
	void *data;
};

static int each_at(struct each_pack *e, uint64_t loc, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	enum object_kind kind;
	struct oid id;

	if (identify(e->odb, loc, &kind, &id, &why))
		return odb_skip_damaged(&why, err);
	return e->each(e->data, &id, kind, loc, err);
}

static int each_in_stub(struct each_pack *e, uint64_t loc, const void *stub, size_t len, struct drift_error *err)
{
	struct txn t;
	size_t i;
	int r = 0;

	if (txn_parse(stub, len, loc, &t, err) < 0)
		return -1;
	for (i = 0; i < t.record_count && !r; i++)
		if (t.record_len[i])
			r = each_at(e, loc | i, err);
	return r;
}

static int each_in_group(struct each_pack *e, enum pack_block_kind kind, struct group *group, const uint64_t *locs,
			 struct drift_error *err)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < group->count && !r; i++)
		r = kind == PACK_OBJECTS ? each_at(e, locs[i], err) :
					   each_in_stub(e, locs[i], group->bytes + group->offset[i],
							group->offset[i + 1] - group->offset[i], err);
	return r;
}

static size_t items_in_group(const struct pack *pack, enum pack_block_kind kind, uint64_t number)
{
	uint64_t offset, first, next;

	pack_group_at(pack, kind, number, &offset, &first);
	pack_group_at(pack, kind, number + 1, &offset, &next);
	return (size_t)(next - first);
}

/* The names of so many groups are made at once, by reading all of the map. */
#define GROUPS_AT_ONCE 65536

static int each_of_kind(struct each_pack *e, enum pack_block_kind kind, struct drift_error *err)
{
	uint64_t count = pack_group_count(e->pack, kind), from, to, n;
	int r = 0;

	for (from = 0; from < count && !r; from = to) {
		auto_free uint64_t *locs = NULL;
		size_t loc_count, at = 0;

		to = count - from > GROUPS_AT_ONCE ? from + GROUPS_AT_ONCE : count;
		if (pack_group_locs(e->pack, kind, from, to, &locs, &loc_count, err) < 0)
			return -1;
		for (n = from; n < to && !r; n++) {
			struct drift_error why = { .code = DRIFT_OK };
			auto_group *group = NULL;

			if (pack_group(e->pack, kind, n, &group, &why) < 0) {
				r = odb_skip_damaged(&why, err);
				at += items_in_group(e->pack, kind, n);
				continue;
			}
			if (group->count > loc_count - at)
				return error_set(err, DRIFT_ERR_CORRUPT,
						 "'%s': a group has more items than the map names", pack_path(e->pack));
			r = each_in_group(e, kind, group, locs + at, err);
			at += group->count;
		}
	}
	return r;
}

int odb_each_packed(struct odb *odb, struct pack *pack, odb_each_fn *each, void *data, struct drift_error *err)
{
	struct each_pack e = { odb, pack, each, data };
	int r = each_of_kind(&e, PACK_STUBS, err);

	return r ? r : each_of_kind(&e, PACK_OBJECTS, err);
}
