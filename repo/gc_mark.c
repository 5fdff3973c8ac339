#include "repo/gc_mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/chunk.h"
#include "objects/commit_record.h"
#include "objects/odb_exact.h"
#include "refs/refs.h"
#include "repo/gc_bits.h"

struct stack {
	struct object_ref *items;
	size_t count, capacity;
};

struct gc_marks {
	struct gc_source *source;
	struct odb *odb;
	struct gc_mark_options options;
	struct gc_bits *bits;
	struct stack commits, nodes;
	bool keep_all;
	bool trees_wait; /* of commits: they are walked in order of location once all commits are marked */
	uint64_t count;
	struct drift_error lost; /* DRIFT_OK: nothing */
	struct buf payload;
};

int gc_marks_new(struct gc_source *source, const struct gc_mark_options *options, struct gc_marks **out,
		 struct drift_error *err)
{
	struct gc_marks *m = mem_calloc(1, sizeof(*m));

	if (!m)
		return error_no_memory(err);
	m->source = source;
	m->odb = source->odb;
	m->options = *options;
	m->keep_all = options->keep_all;
	buf_init(&m->payload);
	if (!m->keep_all && gc_bits_new(source, &m->bits, err) < 0) {
		gc_marks_free(m);
		return -1;
	}
	*out = m;
	return 0;
}

void gc_marks_free(struct gc_marks *m)
{
	if (!m)
		return;
	gc_bits_free(m->bits);
	free(m->commits.items);
	free(m->nodes.items);
	buf_release(&m->payload);
	free(m);
}

void gc_mark_everything(struct gc_marks *m)
{
	m->keep_all = true;
}

int gc_marked(const struct gc_marks *m, uint64_t loc, struct drift_error *err)
{
	return m->keep_all ? 1 : gc_bits_get(m->bits, loc, err);
}

const struct drift_error *gc_mark_lost(const struct gc_marks *m)
{
	return m->lost.code == DRIFT_OK ? NULL : &m->lost;
}

static int push(struct stack *s, const struct object_ref *ref, struct drift_error *err)
{
	if (mem_grow(&s->items, &s->capacity, s->count + 1, sizeof(*s->items)) < 0)
		return error_no_memory(err);
	s->items[s->count++] = *ref;
	return 0;
}

/* 1: marked just now. */
static int mark_loc(struct gc_marks *m, uint64_t loc, struct drift_error *err)
{
	int r;

	if (!gc_source_takes(m->source, loc))
		return 0;
	if (m->source->cancel && atomic_load(m->source->cancel))
		return error_set(err, DRIFT_ERR_NOTHING, "it was told to stop");
	r = gc_bits_set(m->bits, loc, err);
	if (r > 0 && ++m->count % 1024 == 0 && m->options.progress)
		m->options.progress(m->options.data, m->count);
	return r;
}

/* DRIFT_ERR_NOT_FOUND if it is nowhere. */
static int find_object(struct gc_marks *m, struct object_ref *ref, enum object_kind *kind_out, struct drift_error *err)
{
	char hex[OID_HEX_LEN + 1];
	int r = odb_find(m->odb, &ref->id, kind_out, &ref->loc, err);

	return r ? (r < 0 ? -1 : 0) :
		   error_set(err, DRIFT_ERR_NOT_FOUND, "object %s is not there", oid_to_hex(&ref->id, hex));
}

/* As mark_loc; where it is gone from its place another copy is looked for, which ref names then. */
static int mark_there(struct gc_marks *m, struct object_ref *ref, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_ERR_NOT_FOUND };
	enum object_kind kind;
	int r = ref->loc == LOC_UNKNOWN ? -1 : mark_loc(m, ref->loc, &why);

	if (r >= 0)
		return r;
	if (why.code != DRIFT_ERR_NOT_FOUND || oid_is_zero(&ref->id))
		return error_set(err, why.code, "%s", why.message);
	return find_object(m, ref, &kind, err) < 0 ? -1 : mark_loc(m, ref->loc, err);
}

/* --- blobs --- */

static int mark_chunks(struct gc_marks *m, const struct record *r, struct drift_error *err)
{
	struct object_ref chunk;
	uint64_t count;
	struct cursor in;

	cursor_init(&in, r->body, r->body_len);
	cursor_varint(&in);
	count = cursor_varint(&in);
	if (count > RECORD_CHUNK_MAX)
		cursor_fail(&in);
	while (count-- && cursor_ok(&in)) {
		const unsigned char *id = cursor_bytes(&in, OID_LEN);

		cursor_varint(&in);
		chunk.loc = loc_get(&in, loc_frame(r->self));
		if (!id || !cursor_ok(&in))
			break;
		memcpy(chunk.id.bytes, id, OID_LEN);
		if (mark_there(m, &chunk, err) < 0)
			return -1;
	}
	return cursor_done(&in) ? 0 : error_set(err, DRIFT_ERR_CORRUPT, "the list of chunks of a blob is malformed");
}

/* len: of the content, UINT64_MAX if it is not known: only long ones have chunks. */
static int mark_blob(struct gc_marks *m, struct object_ref *ref, uint64_t len, struct drift_error *err)
{
	struct record r;
	int fresh = mark_there(m, ref, err);

	if (fresh <= 0 || len <= CHUNK_THRESHOLD)
		return fresh < 0 ? -1 : 0;
	if (gc_source_record(m->source, ref->loc, &m->payload, &r, err) < 0)
		return -1;
	return r.kind == OBJECT_BLOB && r.storage == RECORD_CHUNKED ? mark_chunks(m, &r, err) : 0;
}

/* --- trees --- */

static int mark_value(struct gc_marks *m, const struct node *node, const struct node_entry *e, struct drift_error *err)
{
	long at = value_ref_offset(node->kind, e->value, e->value_len);
	struct object_ref ref = { .loc = e->loc };

	if (at < 0)
		return 0;
	if (node->kind == MAP_ROOT && !tree_has_documents(odb_nodes(m->odb), (const char *)e->key, e->key_len))
		return 0;
	memcpy(ref.id.bytes, e->value + at, OID_LEN);
	return node->kind == MAP_ROOT ? push(&m->nodes, &ref, err) :
					mark_blob(m, &ref, value_byte_count(node->kind, e->value, e->value_len), err);
}

static int mark_entries(struct gc_marks *m, const struct node *node, struct drift_error *err)
{
	struct node_entry e;
	struct object_ref ref;

	if (!node->level && node->kind != MAP_ROOT && !node->child_loc)
		return 0; /* all documents stand in the leaf */
	for (size_t i = 0; i < node->count; i++) {
		node_entry_at(node, i, &e);
		if (!node->level) {
			if (mark_value(m, node, &e, err) < 0)
				return -1;
			continue;
		}
		memcpy(ref.id.bytes, e.child, OID_LEN);
		ref.loc = e.loc;
		if (push(&m->nodes, &ref, err) < 0)
			return -1;
	}
	return 0;
}

static int load_node(struct gc_marks *m, const struct object_ref *ref, struct node **out, struct drift_error *err)
{
	return oid_is_zero(&ref->id) ? odb_node_at(m->odb, ref->loc, out, err) :
				       odb_node(m->odb, &ref->id, ref->loc, out, err);
}

/* One node; its children wait on the stack. What lies before the taken files leads to nothing in them. */
static int mark_node(struct gc_marks *m, struct object_ref *ref, struct drift_error *err)
{
	auto_node *node = NULL;
	int fresh = mark_there(m, ref, err);

	if (fresh <= 0)
		return fresh;
	if (load_node(m, ref, &node, err) < 0)
		return -1;
	if (node->loc != ref->loc) {
		fresh = mark_loc(m, node->loc, err);
		if (fresh <= 0)
			return fresh;
	}
	return mark_entries(m, node, err);
}

static int mark_tree(struct gc_marks *m, const struct object_ref *root, struct drift_error *err)
{
	if (push(&m->nodes, root, err) < 0)
		return -1;
	while (m->nodes.count) {
		struct object_ref ref = m->nodes.items[--m->nodes.count];

		if (mark_node(m, &ref, err) < 0)
			return -1;
	}
	return 0;
}

/* --- commits --- */

static int enter_commit(struct gc_marks *m, struct object_ref *ref, struct drift_error *err)
{
	auto_commit *c = NULL;
	struct tree_root root;
	int fresh = mark_there(m, ref, err);

	if (fresh <= 0)
		return fresh;
	if (odb_commit(m->odb, oid_is_zero(&ref->id) ? NULL : &ref->id, ref->loc, &c, err) < 0 ||
	    (c->loc != ref->loc && mark_loc(m, c->loc, err) < 0))
		return -1;
	for (size_t i = c->parent_count; i--;)
		if (push(&m->commits, &c->parents[i], err) < 0)
			return -1;
	root = (struct tree_root){ c->tree.id, c->tree.loc };
	return m->trees_wait || tree_is_empty(&root) ? 0 : mark_tree(m, &c->tree, err);
}

static int mark_commits(struct gc_marks *m, const struct object_ref *tip, struct drift_error *err)
{
	if (push(&m->commits, tip, err) < 0)
		return -1;
	while (m->commits.count) {
		struct object_ref ref = m->commits.items[--m->commits.count];

		if (enter_commit(m, &ref, err) < 0)
			return -1;
	}
	return 0;
}

/* --- anything --- */

static int mark_tag(struct gc_marks *m, struct object_ref *ref, struct object_ref *target_out,
		    enum object_kind *kind_out, struct drift_error *err)
{
	auto_tag *tag = NULL;

	if (mark_there(m, ref, err) < 0 || odb_tag(m->odb, &ref->id, &tag, err) < 0)
		return -1;
	target_out->id = tag->target;
	return find_object(m, target_out, kind_out, err);
}

static int mark_kind(struct gc_marks *m, struct object_ref *ref, enum object_kind kind, struct drift_error *err)
{
	while (kind == OBJECT_TAG) /* tags name what is older, so this ends */
		if (mark_tag(m, &(struct object_ref){ ref->id, ref->loc }, ref, &kind, err) < 0)
			return -1;
	switch (kind) {
	case OBJECT_BLOB:
		return mark_blob(m, ref, UINT64_MAX, err);
	case OBJECT_TREE:
		return mark_tree(m, ref, err);
	case OBJECT_COMMIT:
		return mark_commits(m, ref, err);
	case OBJECT_TAG:
		break;
	}
	return 0;
}

/* The value of a ref. What is not there any more (an old value, removed before) needs nothing. */
static int mark_ref(struct gc_marks *m, const struct ref_value *value, struct drift_error *err)
{
	struct object_ref ref = value->object;
	enum object_kind kind;
	struct tree_root empty;
	struct record record;
	int r;

	tree_empty(&empty);
	if (value->kind != REF_OBJECT || oid_equal(&ref.id, &empty.id))
		return 0;
	if (ref.loc != LOC_UNKNOWN && !gc_source_takes(m->source, ref.loc))
		return 0;
	r = ref.loc == LOC_UNKNOWN ? 0 : gc_bits_get(m->bits, ref.loc, err);
	if (r)
		return r < 0 ? -1 : 0;
	if (ref.loc != LOC_UNKNOWN && !gc_source_record(m->source, ref.loc, &m->payload, &record, NULL))
		return mark_kind(m, &ref, record.kind, err);
	r = odb_find(m->odb, &ref.id, &kind, &ref.loc, err);
	return r <= 0 ? r : mark_kind(m, &ref, kind, err);
}

/* A location of which only that much is known. */
static int mark_named(void *data, uint64_t loc, enum named_as as, struct drift_error *err)
{
	struct gc_marks *m = data;
	struct object_ref ref = { .loc = loc };
	enum object_kind kind = as == NAMED_NODE ? OBJECT_TREE : as == NAMED_BLOB ? OBJECT_BLOB : OBJECT_COMMIT;
	struct drift_error why = { .code = DRIFT_OK };
	struct record r;

	if (!gc_source_takes(m->source, loc))
		return 0;
	if (as == NAMED_ANY) {
		if (gc_source_record(m->source, loc, &m->payload, &r, &why) < 0)
			return why.code == DRIFT_ERR_NOT_FOUND ? 0 : error_set(err, why.code, "%s", why.message);
		kind = r.kind;
		ref.id = r.id; /* of a tag */
	}
	if (kind != OBJECT_TAG)
		memset(&ref.id, 0, sizeof(ref.id));
	return mark_kind(m, &ref, kind, err);
}

/* --- roots --- */

static int each_ref(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)name;
	return mark_ref(data, value, err);
}

static int mark_log(struct gc_marks *m, struct drift_error *err)
{
	struct ref_log_entry entry;
	uint64_t loc;
	int r = odb_ref_log_head(m->odb, NULL, &loc, err);

	if (r <= 0)
		return r;
	for (r = 0; !r && loc != LOC_UNKNOWN;) {
		if (odb_ref_log_read(m->odb, loc, &entry, err) < 0)
			return -1;
		/* Times are what commits say, not in order: all entries are looked at. */
		for (size_t i = 0; !r && entry.time_usec >= m->options.reflog_since_usec && i < entry.update_count;
		     i++) {
			r = mark_ref(m, &entry.updates[i].new, err);
			if (!r)
				r = mark_ref(m, &entry.updates[i].old, err);
		}
		loc = entry.previous_loc;
		ref_log_release(&entry);
	}
	return r;
}

/* What a frame behind the taken files names. */
static int each_behind(void *data, const struct gc_frame *frame, struct drift_error *err)
{
	struct gc_marks *m = data;

	return odb_frame_names(m->odb, frame->loc, frame->is_txn ? FRAME_TXN : FRAME_OBJECT, frame->payload, frame->len,
			       mark_named, m, err);
}

/* The trees of marked commits. */
static int each_commit(void *data, const struct gc_frame *frame, struct drift_error *err)
{
	struct gc_marks *m = data;
	struct object_ref tree;
	struct record r;
	struct oid id;
	struct txn t;
	size_t i, count = 1;
	int marked;

	if (frame->is_txn) {
		if (txn_parse(frame->payload, frame->len, frame->loc, &t, err) < 0)
			return -1;
		count = t.record_count;
	}
	for (i = 0; i < count; i++) {
		const unsigned char *bytes = frame->is_txn ? t.record[i] : frame->payload;
		size_t len = frame->is_txn ? t.record_len[i] : frame->len;

		if (!len || (bytes[0] & 7) != OBJECT_COMMIT)
			continue;
		marked = gc_bits_get(m->bits, frame->loc | i, err);
		if (marked < 0 || (marked && (record_parse(bytes, len, frame->loc | i, &r, err) < 0 ||
					      commit_record_ids(&r, &id, &tree, err) < 0)))
			return -1;
		if (marked && (tree.loc != LOC_UNKNOWN || !oid_is_zero(&tree.id)) && mark_tree(m, &tree, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_young(const struct gc_marks *m, uint64_t loc)
{
	return gc_source_takes(m->source, loc) &&
	       gc_source_sealed(m->source, loc_file(loc)) >= m->options.keep_from_sec;
}

static int each_young(void *data, const struct gc_frame *frame, struct drift_error *err)
{
	struct gc_marks *m = data;
	struct txn t;
	size_t i;

	if (!is_young(m, frame->loc))
		return 0;
	if (!frame->is_txn)
		return mark_named(m, frame->loc, NAMED_ANY, err);
	if (txn_parse(frame->payload, frame->len, frame->loc, &t, err) < 0)
		return -1;
	for (i = 0; i < t.record_count; i++)
		if (t.record_len[i] && mark_named(m, frame->loc | i, NAMED_ANY, err) < 0)
			return -1;
	return 0;
}

static int each_young_packed(void *data, const struct gc_packed *object, struct drift_error *err)
{
	return is_young(data, object->record.self) ? mark_named(data, object->record.self, NAMED_ANY, err) : 0;
}

static int mark_young(struct gc_marks *m, struct drift_error *err)
{
	bool some = false;

	for (uint64_t n = m->source->first; n <= m->source->last; n++)
		some |= gc_source_sealed(m->source, n) >= m->options.keep_from_sec;
	if (!some)
		return 0;
	return gc_source_taken(m->source, each_young, m, err) < 0 ?
		       -1 :
		       gc_source_packed(m->source, each_young_packed, m, err);
}

/* The live journal may have been sealed since, and others begun. */
static int mark_behind(struct gc_marks *m, uint64_t from, uint64_t to, struct drift_error *err)
{
	struct gc_source now;
	int r;

	if (gc_source_init(&now, m->odb, err) < 0)
		return -1;
	now.cancel = m->source->cancel;
	r = gc_source_frames(&now, from, to, each_behind, m, err);
	gc_source_release(&now);
	return r;
}

/* What leads on from what is missing cannot be known: then all is kept that there is. */
static int keep_if_lost(struct gc_marks *m, int r, const struct drift_error *why, struct drift_error *err)
{
	if (r >= 0)
		return 0;
	if (why->code != DRIFT_ERR_NOT_FOUND)
		return error_set(err, why->code, "%s", why->message);
	m->lost = *why;
	m->commits.count = m->nodes.count = 0;
	gc_mark_everything(m);
	return 0;
}

static int mark_all(struct gc_marks *m, uint64_t end, struct drift_error *err)
{
	m->trees_wait = true;
	if (odb_ref_each(m->odb, "", each_ref, m, err) < 0 || mark_log(m, err) < 0 ||
	    mark_behind(m, loc_make(m->source->last + 1, 0, 0), end, err) < 0 || mark_young(m, err) < 0)
		return -1;
	m->trees_wait = false;
	return gc_source_taken(m->source, each_commit, m, err);
}

int gc_mark(struct gc_marks *m, uint64_t end, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };

	return m->keep_all ? 0 : keep_if_lost(m, mark_all(m, end, &why), &why, err);
}

int gc_mark_since(struct gc_marks *m, uint64_t from, uint64_t to, uint64_t *added_out, struct drift_error *err)
{
	uint64_t before = m->count;

	if (!m->keep_all && mark_behind(m, from, to, err) < 0)
		return -1;
	*added_out = m->count - before;
	return 0;
}
