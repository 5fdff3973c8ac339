#include "repo/gc_stubs.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "objects/commit_record.h"
#include "objects/odb_exact.h"
#include "objects/stub.h"

/* Longer nodes of root maps are kept as edit lists like any, in groups of objects. */
#define ROOT_STUB_MAX 1024

/* One frame at work. */
struct work {
	struct gc_stubs *s;
	const struct gc_frame *frame;
	struct txn txn;
	uint64_t log_record; /* of the commit whose time, actor and reason the log entry has; UINT64_MAX: none */
	struct stub_record records[TXN_RECORD_MAX];
	struct commit *commits[TXN_RECORD_MAX];
	struct node *nodes[TXN_RECORD_MAX];
};

struct pass {
	struct gc_stubs *s;
	struct buf stub;
	uint64_t bytes_done;
	struct work *work;
};

static void work_clear(struct work *w)
{
	for (size_t i = 0; i < w->txn.record_count; i++) {
		commit_unref(w->commits[i]);
		node_unref(w->nodes[i]);
	}
	memset(w->commits, 0, sizeof(w->commits[0]) * w->txn.record_count);
	memset(w->nodes, 0, sizeof(w->nodes[0]) * w->txn.record_count);
	memset(w->records, 0, sizeof(w->records[0]) * w->txn.record_count);
	w->txn.record_count = 0;
}

static bool is_readable(struct gc_stubs *s, uint64_t loc)
{
	auto_node *node = NULL;

	return loc == LOC_UNKNOWN || !odb_node_at(s->source->odb, loc, &node, NULL);
}

/* Can the ids of what a node of a root map leads to be told by what is there? */
static bool tells_ids(struct gc_stubs *s, const struct node *node)
{
	for (uint32_t i = 0; s->careful && node->child_loc && i < node->count; i++)
		if (!is_readable(s, node->child_loc[i]))
			return false;
	return true;
}

static int take_commit(struct work *w, size_t i, bool kept, struct drift_error *err)
{
	uint64_t loc = w->frame->loc | i;

	if (!kept && w->log_record != i)
		return 0;
	if (odb_commit(w->s->source->odb, NULL, loc, &w->commits[i], err) < 0)
		return -1;
	w->records[i].commit = w->commits[i];
	if (!kept)
		return 0;
	w->s->commits_kept++;
	w->records[i].fate = w->frame->packed ? STUB_AS_IS : STUB_COMMIT;
	w->records[i].spell_tree = w->s->careful && !is_readable(w->s, w->commits[i]->tree.loc);
	return pack_writer_id(w->s->writer, &w->commits[i]->id, loc, err);
}

static int take_object(struct gc_stubs *s, const struct gc_object *object, struct drift_error *err)
{
	return gc_encoder_add(s->encoder, object, err);
}

/* Nodes of root maps stay in the stub. */
static int take_node(struct work *w, size_t i, const struct record *r, struct drift_error *err)
{
	struct gc_object object = { .record = r, .older_loc = LOC_UNKNOWN };
	bool root = w->frame->packed;

	if (r->storage == RECORD_EDIT || r->storage == RECORD_PREFIX)
		object.older_loc = r->base_loc;
	if (!root && gc_encoder_is_root(w->s->encoder, r, &root, err) < 0)
		return -1;
	if (root && odb_node_at(w->s->source->odb, r->self, &w->nodes[i], err) < 0)
		return -1;
	if (!root || !w->frame->is_txn ||
	    (!w->frame->packed && (w->nodes[i]->len > ROOT_STUB_MAX || !tells_ids(w->s, w->nodes[i]))))
		return take_object(w->s, &object, err);
	w->records[i].node = w->nodes[i];
	w->records[i].fate = w->frame->packed ? STUB_AS_IS : STUB_ROOT;
	return pack_writer_id(w->s->writer, &w->nodes[i]->id, r->self, err);
}

/* What is built on something lost is lost with it. 1: so it is marked; 0; -1. */
static int take_lost(struct work *w, size_t i, const struct record *r, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct odb *odb = w->s->source->odb;
	auto_commit *commit = NULL;
	auto_node *node = NULL;
	auto_buf bytes = BUF_INIT;
	struct object_ref tree;
	struct oid id = r->id;
	int failed = 0;

	if (r->kind == OBJECT_COMMIT)
		failed = commit_record_ids(r, &id, &tree, &why) || odb_commit(odb, NULL, r->self, &commit, &why);
	else if (r->kind == OBJECT_TREE)
		failed = odb_node_at(odb, r->self, &node, &why);
	else if (r->kind == OBJECT_BLOB)
		failed = odb_blob_at(odb, r->self, &bytes, &id, NULL, &why);
	if (!failed)
		return 0;
	if (why.code != DRIFT_ERR_CORRUPT && why.code != DRIFT_ERR_NOT_FOUND)
		return error_set(err, why.code, "%s", why.message);
	/* Its bytes are sound, as far as they can be read; what cannot be told is what it is made on. */
	if (r->kind == OBJECT_COMMIT && !oid_is_zero(&id)) {
		w->records[i].fate = STUB_AS_IS;
		return pack_writer_id(w->s->writer, &id, r->self, err) < 0 ? -1 : 1;
	}
	w->records[i].fate = STUB_LOST;
	w->records[i].lost = (struct txn_lost){ r->kind, (uint64_t)(date_now_us() / 1000000), id };
	return 1;
}

static int take_record(struct work *w, size_t i, struct drift_error *err)
{
	struct gc_object object = { .older_loc = LOC_UNKNOWN };
	struct record r;
	int kept;

	if (!w->txn.record_len[i])
		return 0;
	if (record_parse(w->txn.record[i], w->txn.record_len[i], w->frame->loc | i, &r, err) < 0)
		return -1;
	kept = gc_marked(w->s->marks, r.self, err);
	if (kept < 0)
		return -1;
	*(kept ? &w->s->objects_kept : &w->s->objects_dropped) += 1;
	if (!w->s->writer) {
		w->s->commits_kept += kept && r.kind == OBJECT_COMMIT;
		return 0;
	}
	if (kept && w->s->careful) {
		int lost = take_lost(w, i, &r, err);

		if (lost)
			return lost < 0 ? -1 : 0;
	}
	if (r.kind == OBJECT_COMMIT)
		return take_commit(w, i, kept, err);
	if (!kept)
		return 0;
	switch (r.kind) {
	case OBJECT_BLOB:
		object.record = &r;
		return take_object(w->s, &object, err);
	case OBJECT_TREE:
		return take_node(w, i, &r, err);
	case OBJECT_TAG:
		w->records[i].fate = STUB_AS_IS;
		return pack_writer_id(w->s->writer, &r.id, r.self, err);
	case OBJECT_COMMIT:
		break;
	}
	return 0;
}

struct path_pass {
	struct gc_stubs *s;
	uint64_t loc;
};

static int each_change(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct path_pass *p = data;
	const struct path *path;

	if (!change)
		return 0;
	path = &change->path;
	return pack_writer_path(p->s->writer,
				pack_path_hash(odb_store_id(p->s->source->odb), path->collection, path->collection_len,
					       path->key, path->key_len),
				p->loc | record, err);
}

/* Which commit, if any, the log entry needs for what it says. */
static int find_log_record(struct work *w, struct drift_error *err)
{
	struct txn_log log;
	int r;

	w->log_record = UINT64_MAX;
	if (!w->txn.has_log)
		return 0;
	r = txn_log_parse(&w->txn, &log, err);
	if (r <= 0)
		return r;
	if (log.of_commit)
		w->log_record = log.record;
	txn_log_release(&log);
	return 0;
}

static int open_frame(struct work *w, const struct gc_frame *frame, struct drift_error *err)
{
	w->frame = frame;
	if (frame->is_txn)
		return txn_parse(frame->payload, frame->len, frame->loc, &w->txn, err) < 0 ? -1 :
											     find_log_record(w, err);
	memset(&w->txn, 0, offsetof(struct txn, record));
	w->txn.self = frame->loc;
	w->txn.record_count = 1;
	w->txn.record[0] = frame->payload;
	w->txn.record_len[0] = frame->len;
	w->txn.lost_len[0] = 0;
	w->txn.has_log = w->txn.has_changes = false;
	w->txn.rest_len = 0;
	w->log_record = UINT64_MAX;
	return 0;
}

static int write_stub(struct pass *p, struct drift_error *err)
{
	struct work *w = p->work;
	struct path_pass paths = { p->s, w->frame->loc };

	buf_clear(&p->stub);
	if (stub_encode(&w->txn, w->records, &p->stub, err) < 0)
		return -1;
	if (p->stub.len &&
	    pack_writer_stub(p->s->writer, w->frame->loc, p->stub.data, p->stub.len, p->s->level, err) < 0)
		return -1;
	return w->txn.has_changes ? txn_each_change(&w->txn, each_change, &paths, err) : 0;
}

static int each_frame(void *data, const struct gc_frame *frame, struct drift_error *err)
{
	struct pass *p = data;
	struct work *w = p->work;
	int r = open_frame(w, frame, err);

	for (size_t i = 0; !r && i < w->txn.record_count; i++)
		r = take_record(w, i, err);
	if (!r && p->s->writer)
		r = write_stub(p, err);
	work_clear(w);
	p->bytes_done += frame->len;
	if (!r && p->s->progress)
		p->s->progress(p->s->data, p->bytes_done, 0);
	return r;
}

static int each_packed(void *data, const struct gc_packed *packed, struct drift_error *err)
{
	struct pass *p = data;
	struct gc_object object = { &packed->record, packed->family, packed->older_loc };
	int kept = gc_marked(p->s->marks, packed->record.self, err);

	if (kept < 0)
		return -1;
	*(kept ? &p->s->objects_kept : &p->s->objects_dropped) += 1;
	return kept && p->s->writer ? take_object(p->s, &object, err) : 0;
}

int gc_stubs_write(struct gc_stubs *s, struct drift_error *err)
{
	struct pass p = { .s = s, .stub = BUF_INIT };
	int r = 0;

	s->commits_kept = s->objects_kept = s->objects_dropped = 0;
	p.work = calloc(1, sizeof(*p.work));
	if (!p.work)
		r = error_no_memory(err);
	else
		p.work->s = s;
	if (!r)
		r = gc_source_taken(s->source, each_frame, &p, err);
	if (!r)
		r = gc_source_packed(s->source, each_packed, &p, err);
	free(p.work);
	buf_release(&p.stub);
	return r;
}
