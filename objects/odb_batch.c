#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/chunk.h"
#include "objects/odb_batch_internal.h"
#include "objects/odb_files.h"

#define WAITING_LEN_MAX ((size_t)1 << 20)
/* A longer blob is no base for a delta: applying a chain of them would take too long. */
#define BLOB_DELTA_LEN_MAX ((size_t)1 << 20)

static int batch_load(struct node_store *store, const struct oid *id, uint64_t loc, struct node **out,
		      struct drift_error *err)
{
	struct odb_batch *b = (struct odb_batch *)store;

	if (loc_file(loc) == LOC_PENDING && loc_offset(loc) < b->count) {
		if (loc_offset(loc) >= b->first_waiting && batch_waiting(b, loc_offset(loc))->node) {
			*out = node_ref(batch_waiting(b, loc_offset(loc))->node);
			return 0;
		}
		loc = b->places[loc_offset(loc)].loc;
	}
	return odb_node(b->odb, id, loc, out, err);
}

static uint64_t pending_loc(size_t index)
{
	return loc_make(LOC_PENDING, index, 0);
}

static struct pending *add_pending(struct odb_batch *b, enum object_kind kind, size_t len, struct drift_error *err)
{
	struct pending *p;

	if (mem_grow(&b->places, &b->place_capacity, b->count + 1, sizeof(*b->places)) < 0 ||
	    mem_grow(&b->waiting, &b->waiting_capacity, b->count - b->first_waiting + 1, sizeof(*b->waiting)) < 0) {
		error_no_memory(err);
		return NULL;
	}
	b->places[b->count] = (struct place){ LOC_UNKNOWN, 0 };
	p = batch_waiting(b, b->count++);
	memset(p, 0, sizeof(*p));
	buf_init(&p->data);
	buf_init(&p->changes.memory);
	p->kind = kind;
	p->len = len;
	b->waiting_len += len;
	return p;
}

static int spill_if_full(struct odb_batch *b, struct drift_error *err)
{
	/* In a bulk load half of it stays. */
	size_t times = b->deflater ? 2 : 1;

	if (b->count - b->first_waiting < times * BATCH_COUNT_MAX && b->waiting_len < times * WAITING_LEN_MAX)
		return 0;
	return odb_batch_spill(b, err);
}

/* Most of a bulk load are leaves that nothing resembles: let the worker compress them. */
static int submit(struct odb_batch *b, struct pending *p, struct drift_error *err)
{
	if (!b->deflater || p->base || p->node->level || p->node->child_loc)
		return 0;
	p->job = mem_calloc(1, sizeof(*p->job));
	if (!p->job)
		return error_no_memory(err);
	buf_init(&p->job->frame);
	p->job->data = p->node->bytes;
	p->job->len = p->node->len;
	p->job->dict = b->dict;
	p->job->level = BATCH_WHOLE_LEVEL;
	deflater_submit(b->deflater, p->job);
	return 0;
}

static int batch_save(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc,
		      struct node *base, struct oid *id_out, uint64_t *loc_out, struct drift_error *err)
{
	struct odb_batch *b = (struct odb_batch *)store;
	struct pending *p;
	struct node *node;
	size_t index;

	if (spill_if_full(b, err) < 0 || node_from_built(bytes, len, child_loc, &node, err) < 0)
		return -1;
	p = add_pending(b, OBJECT_TREE, len, err);
	if (!p) {
		node_unref(node);
		return -1;
	}
	index = b->count - 1;
	node->loc = pending_loc(index);
	p->node = node;
	p->base = base ? node_ref(base) : NULL;
	p->base_loc = base ? base->loc : LOC_UNKNOWN;
	*id_out = node->id;
	*loc_out = node->loc;
	return submit(b, p, err);
}

int odb_batch_new(struct odb *odb, struct odb_batch **batch_out, struct drift_error *err)
{
	struct odb_batch *b = mem_calloc(1, sizeof(*b));

	if (!b)
		return error_no_memory(err);
	b->odb = odb;
	buf_init(&b->dict_bytes);
	b->nodes = (struct node_store){ .load = batch_load, .save = batch_save, .only = odb->nodes.only };
	b->compressor = odb_compressor_take(odb, err);
	if (!b->compressor) {
		free(b);
		return -1;
	}
	*batch_out = b;
	return 0;
}

static void release_pending(struct pending *p)
{
	if (p->job)
		buf_release(&p->job->frame);
	free(p->job);
	node_unref(p->node);
	node_unref(p->base);
	commit_unref(p->commit);
	buf_release(&p->data);
	change_list_release(&p->changes);
}

void odb_batch_clear(struct odb_batch *batch)
{
	size_t i;

	deflater_free(batch->deflater);
	batch->deflater = NULL;
	for (i = batch->first_waiting; i < batch->count; i++)
		release_pending(batch_waiting(batch, i));
	batch->count = batch->first_waiting = batch->waiting_len = 0;
	if (batch->spilled)
		odb_spill_end(batch->odb);
	batch->spilled = batch->reuses = false;
	batch->spill_ticket = 0;
	batch->spill_count = 0;
	compress_dict_free(batch->dict);
	batch->dict = NULL;
	buf_clear(&batch->dict_bytes);
}

void odb_batch_free(struct odb_batch *batch)
{
	if (!batch)
		return;
	odb_batch_clear(batch);
	odb_compressor_give(batch->odb, batch->compressor);
	free(batch->places);
	free(batch->waiting);
	buf_release(&batch->dict_bytes);
	free(batch);
}

struct node_store *odb_batch_nodes(struct odb_batch *batch)
{
	return &batch->nodes;
}

uint64_t odb_batch_loc(struct odb_batch *batch, uint64_t loc)
{
	if (loc_file(loc) != LOC_PENDING)
		return loc;
	return loc_offset(loc) < batch->count ? batch->places[loc_offset(loc)].loc : LOC_UNKNOWN;
}

/* What took the place of another node is what the next writer reads first. */
static void share_node(struct odb *odb, const struct node *node)
{
	struct store_index *index = odb_index(odb);

	fresh_nodes_put(index_fresh_nodes(index), atomic_fetch_add(&index_head(index)->fresh_turn, 1), node);
}

void odb_batch_stored_until(struct odb_batch *batch, size_t end)
{
	size_t i;

	for (i = batch->first_waiting; i < end; i++) {
		struct pending *p = batch_waiting(batch, i);

		/* A long bulk load would only push out what is read again. */
		if (p->node && batch->spilled && !p->node->level && !p->base)
			node_cache_offer(batch->odb->cache, batch->places[i].loc, p->node);
		else if (p->node)
			node_cache_put(batch->odb->cache, batch->places[i].loc, p->node);
		if (p->node && p->base)
			share_node(batch->odb, p->node);
		/* Memory follows the newest state; who reads an older one decodes what differs. */
		if (p->base)
			node_cache_drop(batch->odb->cache, odb_batch_loc(batch, p->base_loc));
		if (p->commit)
			odb_commit_keep(batch->odb, batch->places[i].loc, p->commit);
		batch->waiting_len -= p->len;
		release_pending(p);
	}
	if (end < batch->count)
		memmove(batch->waiting, batch_waiting(batch, end), (batch->count - end) * sizeof(*batch->waiting));
	batch->first_waiting = end;
}

void odb_batch_stored(struct odb_batch *batch)
{
	odb_batch_stored_until(batch, batch->count);
}

int odb_batch_check_reused(const struct odb_batch *b, struct drift_error *err)
{
	/* While a batch has written ahead nothing is removed. */
	if (b->spilled || !b->reuses || b->reused_packs == odb_packs_mark(b->odb))
		return 0;
	return error_set(err, DRIFT_ERR_CLASH, "a gc has replaced files since this was begun: do it again");
}

/* A blob that is here already needs no second place. */
int odb_batch_find_blob(struct odb_batch *b, const struct oid *id, struct object_ref *ref_out, struct drift_error *err)
{
	uint64_t loc, packs = odb_packs_mark(b->odb);
	enum object_kind kind;
	size_t i;
	int r;

	for (i = b->first_waiting; i < b->count; i++) {
		if (batch_waiting(b, i)->kind != OBJECT_BLOB || !oid_equal(&batch_waiting(b, i)->id, id))
			continue;
		*ref_out = (struct object_ref){ *id, pending_loc(i) };
		return 1;
	}
	r = odb_find(b->odb, id, &kind, &loc, err);
	if (r > 0 && kind == OBJECT_BLOB) {
		/* Somebody's append that may yet be void. */
		if (!odb_is_visible(b->odb, loc) && loc >= b->spill_ticket)
			b->spill_ticket = loc_make(loc_file(loc), loc_offset(loc) + 1, 0);
		if (!b->reuses)
			b->reused_packs = packs;
		b->reuses = true;
		*ref_out = (struct object_ref){ *id, loc };
		return 1;
	}
	return r < 0 ? -1 : 0;
}

static int add_blob(struct odb_batch *b, const struct oid *id, const void *data, size_t len, bool chunked,
		    uint64_t base_loc, struct object_ref *ref_out, struct drift_error *err)
{
	struct pending *p;

	if (spill_if_full(b, err) < 0)
		return -1;
	p = add_pending(b, OBJECT_BLOB, len, err);
	if (!p)
		return -1;
	p->id = *id;
	p->chunked = chunked;
	p->base_loc = len <= BLOB_DELTA_LEN_MAX && !chunked ? base_loc : LOC_UNKNOWN;
	buf_add(&p->data, data, len);
	*ref_out = (struct object_ref){ *id, pending_loc(b->count - 1) };
	return buf_check(&p->data, err);
}

/* The list of chunks, each with its location as a raw u64: it is made relative when the record is placed. */
static int add_chunks(struct odb_batch *b, const unsigned char *data, size_t len, struct buf *list, struct drift_error *err)
{
	size_t at = 0;

	while (at < len) {
		size_t n = chunk_cut(data + at, len - at);
		struct object_ref ref;
		struct oid id;
		int r;

		object_hash(OBJECT_BLOB, data + at, n, &id);
		r = odb_batch_find_blob(b, &id, &ref, err);
		if (!r)
			r = add_blob(b, &id, data + at, n, false, LOC_UNKNOWN, &ref, err);
		if (r < 0)
			return -1;
		buf_add(list, id.bytes, OID_LEN);
		buf_add_u64(list, n);
		buf_add_u64(list, ref.loc);
		at += n;
	}
	return buf_check(list, err);
}

int odb_batch_blob(struct odb_batch *batch, const void *data, size_t len, uint64_t base_loc,
		   struct object_ref *ref_out, struct drift_error *err)
{
	auto_buf list = BUF_INIT;
	struct oid id;
	int r;

	if (len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a document of %zu bytes is over the limit of %llu", len,
				 (unsigned long long)DOCUMENT_LEN_MAX);
	object_hash(OBJECT_BLOB, data, len, &id);
	r = odb_batch_find_blob(batch, &id, ref_out, err);
	if (r)
		return r < 0 ? -1 : 0;
	if (len <= CHUNK_THRESHOLD)
		return add_blob(batch, &id, data, len, false, base_loc, ref_out, err);
	buf_add_u64(&list, len);
	if (add_chunks(batch, data, len, &list, err) < 0)
		return -1;
	return add_blob(batch, &id, list.data, list.len, true, LOC_UNKNOWN, ref_out, err);
}

int odb_batch_tag(struct odb_batch *batch, const struct tag *tag, struct object_ref *ref_out, struct drift_error *err)
{
	struct pending *p;

	if (spill_if_full(batch, err) < 0)
		return -1;
	p = add_pending(batch, OBJECT_TAG, tag->message.len, err);
	if (!p)
		return -1;
	p->id = tag->id;
	*ref_out = (struct object_ref){ tag->id, pending_loc(batch->count - 1) };
	return tag_encode(tag, &p->data, err);
}

static int copy_changes(const struct change_list *from, struct change_list *to, struct drift_error *err)
{
	size_t i, at = 0;

	to->complete = from->complete;
	to->previous_marker_loc = from->previous_marker_loc;
	to->changes = mem_calloc(from->count, sizeof(*to->changes));
	if (!to->changes)
		return error_no_memory(err);
	to->count = from->count;
	for (i = 0; i < from->count; i++) {
		buf_add(&to->memory, from->changes[i].path.collection, from->changes[i].path.collection_len);
		buf_add(&to->memory, from->changes[i].path.key, from->changes[i].path.key_len);
	}
	if (buf_check(&to->memory, err) < 0)
		return -1;
	for (i = 0; i < from->count; i++) {
		to->changes[i] = from->changes[i];
		to->changes[i].path.collection = to->memory.data + at;
		to->changes[i].path.key = to->memory.data + at + from->changes[i].path.collection_len;
		at += from->changes[i].path.collection_len + from->changes[i].path.key_len;
	}
	return 0;
}

/* The nearest merge on the first-parent line before the commit. */
static int merge_before(struct odb_batch *b, const struct commit *c, uint64_t *loc_out, struct drift_error *err)
{
	const struct object_ref *parent = c->parents;
	struct commit *p;

	*loc_out = LOC_UNKNOWN;
	if (!c->parent_count)
		return 0;
	if (loc_file(parent->loc) == LOC_PENDING && loc_offset(parent->loc) >= b->first_waiting &&
	    loc_offset(parent->loc) < b->count) {
		struct pending *there = batch_waiting(b, loc_offset(parent->loc));

		if (there->commit) {
			*loc_out = there->commit->parent_count > 1 ? parent->loc : there->last_merge_loc;
			return 0;
		}
	}
	if (odb_commit(b->odb, &parent->id, odb_batch_loc(b, parent->loc), &p, err) < 0)
		return -1;
	*loc_out = p->last_merge_loc;
	commit_unref(p);
	return 0;
}

int odb_batch_commit(struct odb_batch *batch, struct commit *commit, const struct change_list *changes,
		     struct object_ref *ref_out, struct drift_error *err)
{
	struct pending *p;
	uint64_t merge;

	if (spill_if_full(batch, err) < 0 || merge_before(batch, commit, &merge, err) < 0)
		return -1;
	p = add_pending(batch, OBJECT_COMMIT, commit->message.len + 256, err);
	if (!p)
		return -1;
	p->commit = commit_ref(commit);
	p->last_merge_loc = merge;
	p->has_changes = changes != NULL;
	if (changes && copy_changes(changes, &p->changes, err) < 0)
		return -1;
	commit->loc = pending_loc(batch->count - 1);
	commit->last_merge_loc = commit->parent_count > 1 ? commit->loc : merge;
	*ref_out = (struct object_ref){ commit->id, commit->loc };
	return 0;
}
