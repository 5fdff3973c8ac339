/* The index of a pack made from the pack alone (and the ids of roots that lie elsewhere). */
#include <stdlib.h>
#include <string.h>

#include "base/extsort.h"
#include "base/mem.h"
#include "objects/commit_record.h"
#include "objects/pack_internal.h"
#include "objects/pack_record.h"
#include "objects/txn.h"

#define SORT_MEMORY ((size_t)4 << 20)
#define ORDER_LEN 24 /* ordinal, value, location: all big endian */
#define NODE_KIND_AT 1 /* in the bytes of a node */
#define ELSEWHERE "/tmp" /* for temporary files of who may not write to the store */

struct rebuild {
	struct pack_resolver in_pack; /* first: found again from the resolver */
	struct pack *pack;
	struct pack_resolver *resolver;
	struct pack_index_builder *builder;
	struct pack_map_cursor frames;
	bool strict; /* what is damaged is an error; else it is left out */
	void (*progress)(void *data, uint64_t done, uint64_t total);
	void *progress_data;
	uint64_t done;
	bool in_root_map; /* the node read last */
};

/* 0 if it may be left out: err is not set then. */
static int left_out(const struct rebuild *b, const struct drift_error *why, struct drift_error *err)
{
	if (why->code == DRIFT_ERR_NOT_FOUND || (why->code == DRIFT_ERR_CORRUPT && !b->strict))
		return 0;
	return error_set(err, why->code, "%s", why->message);
}

static int resolve_in_pack(struct pack_resolver *self, uint64_t loc, struct oid *id_out, struct drift_error *err)
{
	struct rebuild *b = (struct rebuild *)self;
	auto_group *group = NULL;
	auto_node *node = NULL;
	struct pack_place place;
	int r = pack_find(b->pack, loc, &place, err);

	if (r < 0)
		return -1;
	if (!r || place.kind != PACK_OBJECTS)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "a root is in another file");
	if (pack_group(b->pack, PACK_OBJECTS, place.group, &group, err) < 0 ||
	    pack_record_node(group, place.index, loc, NULL, &node, err) < 0)
		return -1;
	*id_out = node->id;
	return 0;
}

static int add_root(struct rebuild *b, const struct record *r, uint64_t value, struct drift_error *err)
{
	struct buf content = { .data = (char *)(uintptr_t)r->body, .len = r->body_len };
	auto_free uint64_t *locs = NULL;
	auto_buf whole = BUF_INIT;
	auto_node *node = NULL;
	struct drift_error why;
	struct oid id;

	if (r->storage != RECORD_RAW || r->node_len > r->body_len)
		return error_set(err, DRIFT_ERR_CORRUPT, "a root map has a form that packs do not have");
	if (node_decode_base(r->body, r->node_len, NULL, &node, err) < 0)
		return -1;
	locs = mem_calloc((size_t)node->count + 1, sizeof(*locs));
	if (!locs)
		return error_no_memory(err);
	if (r->body_len > r->node_len && record_node_locs(r, &content, node, locs, err) < 0)
		return -1;
	if (pack_root_complete(r->body, r->node_len, locs, b->resolver, &whole, &why) < 0)
		return left_out(b, &why, err);
	object_hash(OBJECT_TREE, whole.data, whole.len, &id);
	return pack_index_builder_id(b->builder, &id, value, err);
}

static int add_record(struct rebuild *b, const void *data, size_t len, uint64_t self, uint64_t value,
		      struct drift_error *err)
{
	struct object_ref tree;
	struct record r;
	struct oid id;

	if (record_parse(data, len, self, &r, err) < 0)
		return -1;
	switch (r.kind) {
	case OBJECT_COMMIT:
		if (commit_record_ids(&r, &id, &tree, err) < 0)
			return -1;
		return pack_index_builder_id(b->builder, &id, value, err);
	case OBJECT_TREE:
		return add_root(b, &r, value, err);
	case OBJECT_BLOB:
	case OBJECT_TAG:
		break;
	}
	return pack_index_builder_id(b->builder, &r.id, value, err);
}

static int add_change(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct rebuild *b = data;
	uint64_t hash;

	if (!change)
		return 0;
	hash = pack_path_hash(b->pack->store_id, change->path.collection, change->path.collection_len, change->path.key,
			      change->path.key_len);
	return pack_index_builder_path(b->builder, hash, b->frames.number << 8 | record, err);
}

static int add_stub(struct rebuild *b, const void *data, size_t len, struct drift_error *err)
{
	struct txn *txn = malloc(sizeof(*txn)); /* some kilobytes */
	size_t i;
	int r;

	if (!txn)
		return error_no_memory(err);
	r = txn_parse(data, len, b->frames.loc, txn, err);
	for (i = 0; !r && i < txn->record_count; i++)
		if (txn->record_len[i])
			r = add_record(b, txn->record[i], txn->record_len[i], b->frames.loc | i, b->frames.number << 8 | i,
				       err);
	if (!r)
		r = txn_each_change(txn, add_change, b, err);
	free(txn);
	return r;
}

/* To the frame that has the next stub. */
static int next_stub(struct rebuild *b, struct drift_error *err)
{
	int r;

	do {
		r = pack_map_next(&b->frames, err);
	} while (r > 0 && !b->frames.has_stub);
	return r > 0 ? 0 : r < 0 ? -1 : error_set(err, DRIFT_ERR_CORRUPT, "a stub has no name in the map of its pack");
}

static void tell_progress(struct rebuild *b)
{
	b->done++;
	if (b->progress)
		b->progress(b->progress_data, b->done, b->pack->stubs.group_count + b->pack->objects.group_count);
}

/* A group, or NULL if it is damaged and may be left out; count_out: its items in any case. */
static int load_group(struct rebuild *b, enum pack_block_kind kind, uint64_t number, struct group **group_out,
		      uint64_t *count_out, struct drift_error *err)
{
	uint64_t offset, first, next;
	struct drift_error why;

	pack_group_at(b->pack, kind, number, &offset, &first);
	pack_group_at(b->pack, kind, number + 1, &offset, &next);
	*count_out = next - first;
	*group_out = NULL;
	tell_progress(b);
	if (pack_group_load(b->pack, kind, number, group_out, &why) < 0)
		return left_out(b, &why, err);
	return 0;
}

static int read_stubs(struct rebuild *b, struct drift_error *err)
{
	uint64_t number, count, i;

	for (number = 0; number < b->pack->stubs.group_count; number++) {
		auto_group *group = NULL;

		if (load_group(b, PACK_STUBS, number, &group, &count, err) < 0)
			return -1;
		for (i = 0; i < count; i++) {
			struct drift_error why;

			if (next_stub(b, err) < 0)
				return -1;
			if (group &&
			    add_stub(b, group->bytes + group->offset[i], group->offset[i + 1] - group->offset[i], &why) < 0 &&
			    left_out(b, &why, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* The names of objects in the order of the pack, each as a value of the index. */
static int sort_names(struct rebuild *b, struct extsort *order, struct drift_error *err)
{
	unsigned char line[ORDER_LEN];
	struct pack_map_cursor c;
	unsigned i;
	int r;

	pack_map_cursor_init(&c, &b->pack->map);
	while ((r = pack_map_next(&c, err)) > 0) {
		for (i = 0; i < c.record_count; i++) {
			extsort_put_number(line, c.ordinal[i]);
			extsort_put_number(line + 8, c.number << 8 | c.record[i]);
			extsort_put_number(line + 16, c.loc | c.record[i]);
			if (extsort_add(order, line, err) < 0)
				return -1;
		}
	}
	return r < 0 ? -1 : extsort_rewind(order, err);
}

/* One item of OBJECTS. */
struct object {
	const struct group *group;
	uint32_t index;
	uint64_t value, loc;
};

/* Of nodes those of root maps alone are found by id. A changed node is of the kind of the one before it. */
static int add_node(struct rebuild *b, const struct object *o, const struct record *r, struct drift_error *err)
{
	auto_node *node = NULL;

	if (r->storage == RECORD_RAW)
		b->in_root_map = r->node_len > NODE_KIND_AT && r->body[NODE_KIND_AT] == MAP_ROOT;
	if (!b->in_root_map)
		return 0;
	if (pack_record_node(o->group, o->index, o->loc, NULL, &node, err) < 0)
		return -1;
	return pack_index_builder_id(b->builder, &node->id, o->value, err);
}

static int add_object(struct rebuild *b, const struct object *o, struct drift_error *err)
{
	const struct group *group = o->group;
	struct record r;

	if (pack_record_parse(group->bytes + group->offset[o->index], group->offset[o->index + 1] - group->offset[o->index],
			      o->loc, &r, err) < 0)
		return -1;
	if (r.kind == OBJECT_TREE)
		return add_node(b, o, &r, err);
	if (r.storage == RECORD_RAW)
		object_hash(OBJECT_BLOB, r.body, r.body_len, &r.id);
	return pack_index_builder_id(b->builder, &r.id, o->value, err);
}

/* The name of the item with this ordinal. */
static int next_name(struct rebuild *b, struct extsort *order, uint64_t ordinal, struct object *o,
		     struct drift_error *err)
{
	const void *next;
	const unsigned char *line;
	int r = extsort_next(order, &next, err);

	if (r < 0)
		return -1;
	line = next;
	if (!r || extsort_number(line) != ordinal)
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s': an item has no name in the map, or two", b->pack->path);
	o->value = extsort_number(line + 8);
	o->loc = extsort_number(line + 16);
	return 0;
}

static int read_objects(struct rebuild *b, struct extsort *order, struct drift_error *err)
{
	uint64_t number, count, ordinal = 0;

	for (number = 0; number < b->pack->objects.group_count; number++) {
		auto_group *group = NULL;
		struct object o = { .index = 0 };

		if (load_group(b, PACK_OBJECTS, number, &group, &count, err) < 0)
			return -1;
		b->in_root_map = false;
		for (o.group = group; o.index < count; o.index++) {
			struct drift_error why;

			if (next_name(b, order, ordinal++, &o, err) < 0)
				return -1;
			if (group && add_object(b, &o, &why) < 0 && left_out(b, &why, err) < 0)
				return -1;
		}
	}
	return 0;
}

int pack_index_rebuild(struct pack *pack, const char *path, void (*progress)(void *data, uint64_t done, uint64_t total),
		       void *data, struct pack_index **out, struct drift_error *err)
{
	const char *dir = path || pack->options.may_write ? pack->dir : ELSEWHERE;
	struct rebuild b = { .in_pack = { resolve_in_pack }, .pack = pack, .strict = path, .progress = progress,
			     .progress_data = data };
	struct extsort *order = NULL;
	int r;

	b.resolver = pack->options.resolver ? pack->options.resolver : &b.in_pack;
	pack_map_cursor_init(&b.frames, &pack->map);
	r = pack_index_builder_new(dir, &b.builder, err);
	if (r == 0)
		r = extsort_new(dir, ORDER_LEN, SORT_MEMORY, &order, err);
	if (r == 0)
		r = read_stubs(&b, err);
	if (r == 0)
		r = sort_names(&b, order, err);
	if (r == 0)
		r = read_objects(&b, order, err);
	extsort_free(order);
	if (r == 0)
		r = pack_index_builder_finish(b.builder, pack->name.sha, path, out, err);
	pack_index_builder_free(b.builder);
	return r;
}
