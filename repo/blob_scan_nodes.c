#include "repo/blob_scan_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/commit_record.h"

#define SORT_MEMORY ((size_t)64 << 20)
/* Where no file may be made, memory has to do. */
#define SORT_MEMORY_ALL ((size_t)1 << 40)

int loc_list_add(struct loc_list *list, uint64_t loc, struct drift_error *err)
{
	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)))
		return error_no_memory(err);
	list->items[list->count++] = loc;
	return 0;
}

void loc_list_release(struct loc_list *list)
{
	free(list->items);
	*list = (struct loc_list){ .items = NULL };
}

static int by_loc(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void loc_list_sort(struct loc_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_loc);
}

bool loc_list_has(const struct loc_list *sorted, uint64_t loc, size_t *i_out)
{
	size_t low = 0, high = sorted->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted->items[middle] < loc)
			low = middle + 1;
		else
			high = middle;
	}
	*i_out = low;
	return low < sorted->count && sorted->items[low] == loc;
}

int blob_worker_init(struct blob_worker *w, struct odb *odb, struct node_cache *nodes, const char *dir, uint64_t from,
		     struct drift_error *err)
{
	*w = (struct blob_worker){ .odb = odb, .nodes = nodes, .from = from };
	w->shapes = mem_calloc(SHAPE_COUNT, sizeof(*w->shapes));
	if (!w->shapes)
		return error_no_memory(err);
	return extsort_new(dir ? dir : "", BLOB_ITEM_LEN, dir ? SORT_MEMORY : SORT_MEMORY_ALL, &w->sort, err);
}

void blob_worker_release(struct blob_worker *w)
{
	extsort_free(w->sort);
	free(w->shapes);
	free(w->named);
	loc_list_release(&w->roots);
	loc_list_release(&w->trees);
	loc_list_release(&w->foreign);
	loc_list_release(&w->unnamed);
}

static void put_u64(unsigned char *out, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (unsigned char)(v >> (56 - 8 * i));
}

int blob_worker_enter(struct blob_worker *w, const struct oid *id, enum blob_kind kind, uint64_t loc,
		      struct drift_error *err)
{
	unsigned char item[BLOB_ITEM_LEN];

	put_u64(item, blob_print(id, kind));
	memcpy(item + 8, id->bytes + 8, 8);
	put_u64(item + 16, loc);
	return extsort_add(w->sort, item, err);
}

/* Somebody tells the id of what stands at loc, or that another index has it. */
static int set_named(struct blob_worker *w, uint64_t loc, struct drift_error *err)
{
	size_t i;

	if (loc < w->from)
		return 0;
	if (!loc_list_has(&w->trees, loc, &i))
		return loc_list_add(&w->foreign, loc, err);
	w->named[i / 8] |= (unsigned char)(1U << i % 8);
	return 0;
}

static int name_node(struct blob_worker *w, const struct oid *id, uint64_t loc, enum blob_kind kind,
		     struct drift_error *err)
{
	if (loc == LOC_UNKNOWN || loc < w->from)
		return 0;
	if (set_named(w, loc, err))
		return -1;
	return blob_worker_enter(w, id, kind, loc, err);
}

static int add_tree(struct blob_worker *w, uint64_t loc, struct drift_error *err)
{
	size_t bytes = w->trees.count / 8 + 1;

	if (bytes > w->named_capacity && mem_grow(&w->named, &w->named_capacity, bytes, 1))
		return error_no_memory(err);
	if (w->trees.count % 8 == 0)
		w->named[w->trees.count / 8] = 0;
	return loc_list_add(&w->trees, loc, err);
}

static int enter_document(struct blob_worker *w, const struct document *doc, uint64_t loc, struct drift_error *err)
{
	struct oid id;

	if (doc->form != DOCUMENT_INLINE && doc->form != DOCUMENT_GITLINK)
		return 0;
	document_id(doc, &id);
	return blob_worker_enter(w, &id, BLOB_KIND_DOCUMENT, loc, err);
}

static int enter_value(struct blob_worker *w, const struct node *node, uint64_t loc, const struct node_entry *e,
		       struct drift_error *err)
{
	struct document doc;
	struct descriptor d;
	struct staged staged;

	switch (node->kind) {
	case MAP_ROOT:
		if (descriptor_decode(e->value, e->value_len, e->loc, &d, err))
			return -1;
		/* Packs leave it out where its place is known. */
		if (d.has_root && oid_is_zero(&d.root))
			return loc_list_add(&w->roots, d.root_loc, err);
		if (!tree_has_documents(odb_nodes(w->odb), (const char *)e->key, e->key_len))
			return 0;
		return d.has_root ? name_node(w, &d.root, d.root_loc, BLOB_KIND_ROOT, err) : 0;
	case MAP_DOCUMENTS:
		return document_decode(e->value, e->value_len, e->loc, &doc, err) ? -1 :
										    enter_document(w, &doc, loc, err);
	case MAP_STAGE:
		if (staged_decode(e->value, e->value_len, e->loc, &staged, err))
			return -1;
		return staged.op == STAGED_PUT ? enter_document(w, &staged.document, loc, err) : 0;
	case MAP_INDEX:
		break;
	}
	return 0;
}

static bool same_entry(const struct node *a, size_t i, const struct node *b, size_t j)
{
	size_t len = (size_t)a->offset[i + 1] - a->offset[i];

	return len == (size_t)b->offset[j + 1] - b->offset[j] &&
	       !memcmp(a->bytes + a->offset[i], b->bytes + b->offset[j], len);
}

int blob_worker_node(struct blob_worker *w, const struct node *node, const struct node *base, uint64_t loc,
		     struct drift_error *err)
{
	size_t in_base = 0, base_count = base ? base->count : 0;

	for (size_t i = 0; i < node->count; i++) {
		struct node_entry e, old;
		int order = 1;

		if (in_base < base_count && same_entry(node, i, base, in_base)) {
			in_base++;
			continue;
		}
		node_entry_at(node, i, &e);
		while (in_base < base_count && order > 0) {
			node_entry_at(base, in_base, &old);
			order = key_compare(e.key, e.key_len, old.key, old.key_len);
			in_base += order > 0;
		}
		if (!order && same_entry(node, i, base, in_base++))
			continue;
		if (node->level) {
			struct oid child;

			memcpy(child.bytes, e.child, OID_LEN);
			if (name_node(w, &child, e.loc, BLOB_KIND_NODE, err))
				return -1;
		} else if (enter_value(w, node, loc, &e, err)) {
			return -1;
		}
	}
	return 0;
}

static struct node_shape *shape_slot(struct blob_worker *w, uint64_t loc)
{
	return &w->shapes[(loc * UINT64_C(0x9e3779b97f4a7c15)) >> 49 & (SHAPE_COUNT - 1)];
}

static void keep_shape(struct blob_worker *w, uint64_t loc, enum map_kind kind, uint8_t level)
{
	*shape_slot(w, loc) = (struct node_shape){ loc, kind, level };
}

static int read_base(struct blob_worker *w, uint64_t loc, struct node **out, struct drift_error *err)
{
	*out = node_cache_get(w->nodes, loc);
	return *out ? 0 : odb_node_at(w->odb, loc, out, err);
}

/* See node_delta.h. */
int blob_worker_inner_edit(struct blob_worker *w, const struct record *r, uint64_t relative_to,
			   struct drift_error *err)
{
	struct record_locs locs;
	struct cursor in;

	record_locs_init(&locs, relative_to);
	cursor_init(&in, r->body, r->body_len);
	while (cursor_left(&in)) {
		uint64_t head = cursor_varint(&in), n = head >> 2;
		bool insert = (head & 3) == 2;

		for (; (head & 2) && n && cursor_ok(&in); n--) {
			const unsigned char *child;
			struct oid id;
			uint64_t loc;

			if (insert)
				cursor_bytes(&in, (size_t)cursor_varint(&in));
			child = cursor_bytes(&in, OID_LEN);
			cursor_varint(&in);
			cursor_varint(&in);
			loc = locs.codec.get(&locs.codec, &in);
			if (!cursor_ok(&in))
				break;
			memcpy(id.bytes, child, OID_LEN);
			if (name_node(w, &id, loc, BLOB_KIND_NODE, err))
				return -1;
		}
	}
	if (!cursor_done(&in))
		return error_set(err, DRIFT_ERR_CORRUPT, "the delta of a tree node is malformed");
	return 0;
}

/* 1 it is against an inner node and done / 0 / -1 */
static int try_inner_edit(struct blob_worker *w, const struct record *r, struct drift_error *err)
{
	struct node_shape *shape = shape_slot(w, r->base_loc), known;

	if (shape->loc != r->base_loc) {
		auto_node *base = NULL;

		if (read_base(w, r->base_loc, &base, err))
			return -1;
		keep_shape(w, r->base_loc, base->kind, base->level);
	}
	known = *shape;
	keep_shape(w, r->self, known.kind, known.level);
	if (!known.level)
		return 0;
	return blob_worker_inner_edit(w, r, r->self, err) ? -1 : 1;
}

static int scan_tree(struct blob_worker *w, const struct record *r, struct drift_error *err)
{
	auto_node *base = NULL;
	auto_node *node = NULL;
	int done = 0;

	if (add_tree(w, r->self, err))
		return -1;
	if (r->storage == RECORD_EDIT)
		done = try_inner_edit(w, r, err);
	if (done)
		return done < 0 ? -1 : 0;
	if (r->base_loc != LOC_UNKNOWN && read_base(w, r->base_loc, &base, err))
		return -1;
	if (odb_decode_node(w->odb, r, base, NULL, &node, err))
		return -1;
	keep_shape(w, r->self, node->kind, node->level);
	if (!node->level)
		node_cache_put(w->nodes, r->self, node);
	/* What a base has is known from there. */
	return blob_worker_node(w, node, base, r->self, err);
}

static int scan_record(struct blob_worker *w, uint64_t loc, const void *data, size_t len, struct drift_error *err)
{
	struct object_ref tree;
	struct record r;
	struct oid id;

	if (record_parse(data, len, loc, &r, err))
		return -1;
	if (r.kind == OBJECT_TREE)
		return scan_tree(w, &r, err);
	if (r.kind != OBJECT_COMMIT)
		return 0;
	if (commit_record_ids(&r, &id, &tree, err))
		return -1;
	if (loc >= w->from && loc >= w->newest.loc)
		w->newest = (struct object_ref){ .id = id, .loc = loc };
	/* The index of the store knows it, a pack knows all root maps. */
	return tree.loc == LOC_UNKNOWN ? 0 : set_named(w, tree.loc, err);
}

int blob_worker_frame(void *data, uint64_t loc, enum frame_kind kind, const void *payload, size_t len,
		      struct drift_error *err)
{
	struct blob_worker *w = data;
	struct txn t;

	if (kind == FRAME_OBJECT)
		return scan_record(w, loc, payload, len, err);
	if (kind != FRAME_TXN)
		return 0;
	if (txn_parse(payload, len, loc, &t, err))
		return -1;
	for (size_t i = 0; i < t.record_count; i++) {
		/* Length 0: it was moved or removed. */
		if (t.record_len[i] && scan_record(w, loc | i, t.record[i], t.record_len[i], err))
			return -1;
	}
	return 0;
}

int blob_worker_end_file(struct blob_worker *w, struct drift_error *err)
{
	for (size_t i = 0; i < w->trees.count; i++) {
		if (!(w->named[i / 8] >> i % 8 & 1) && loc_list_add(&w->unnamed, w->trees.items[i], err))
			return -1;
	}
	w->trees.count = 0;
	return 0;
}

int blob_worker_hash(struct blob_worker *w, uint64_t loc, enum blob_kind kind, struct drift_error *err)
{
	auto_node *node = NULL;

	if (odb_node_at(w->odb, loc, &node, err))
		return -1;
	return blob_worker_enter(w, &node->id, kind, loc, err);
}
