#include <string.h>

#include "base/mem.h"
#include "objects/chunk.h"
#include "objects/value.h"
#include "repo/fsck_internal.h"

/* A record at hand. */
struct place {
	uint64_t loc;
	bool damaged; /* its frame is: that is told already */
};

int fsck_keep_missing(struct fsck_missings *m, const struct fsck_missing *item, struct drift_error *err)
{
	if (mem_grow(&m->items, &m->capacity, m->count + 1, sizeof(*m->items)) < 0)
		return error_no_memory(err);
	m->items[m->count++] = *item;
	return 0;
}

int fsck_expect(struct fsck_worker *w, const struct fsck_missing *reference, struct drift_error *err)
{
	struct fsck_missing item = *reference;

	switch (fsck_known_ask(w->f->known, &reference->fact)) {
	case FSCK_AGREES:
		return 0;
	case FSCK_DIFFERS:
		item.differs = true;
		break;
	case FSCK_UNKNOWN:
		break;
	}
	return fsck_keep_missing(&w->missing, &item, err);
}

int fsck_record_fault(struct fsck_worker *w, uint64_t loc, const struct drift_error *why, struct drift_error *err)
{
	if (!fsck_is_fault(why))
		return error_set(err, why->code, "%s", why->message);
	return fsck_note_at(w->f, FSCK_DAMAGE, loc, err, "%s", why->message);
}

/* Of a frame that is damaged that was told. */
static int record_fault(struct fsck_worker *w, const struct place *place, const struct drift_error *why,
			struct drift_error *err)
{
	return place->damaged && fsck_is_fault(why) ? 0 : fsck_record_fault(w, place->loc, why, err);
}

/* --- nodes --- */

static void expect_child(struct fsck_missing *ref, const struct node *node, size_t slot, const struct node_entry *e)
{
	struct oid id;

	memcpy(id.bytes, e->child, OID_LEN);
	ref->kind = OBJECT_TREE;
	ref->id = id;
	ref->fact = fsck_fact(OBJECT_TREE, e->loc, &id);
	fsck_fact_map(&ref->fact, node->kind);
	fsck_fact_sums(&ref->fact, e->count, e->bytes);
	fsck_fact_last_key(&ref->fact, e->key, e->key_len);
	/* Who is the last of its level ends where it must; whether that is the last is a question of the whole tree. */
	if (slot + 1 < node->count)
		fsck_fact_open(&ref->fact, false);
}

static void expect_blob(struct fsck_missing *ref, uint64_t loc, const struct oid *id, uint64_t len)
{
	ref->kind = OBJECT_BLOB;
	ref->id = *id;
	ref->fact = fsck_fact(OBJECT_BLOB, loc, id);
	fsck_fact_sums(&ref->fact, len, 0);
}

/* A map of documents, or in the stage one of changes: the tree as a whole shows which. */
static void expect_map(struct fsck_missing *ref, const struct descriptor *d, uint64_t loc)
{
	ref->kind = OBJECT_TREE;
	ref->id = d->root;
	ref->fact = fsck_fact(OBJECT_TREE, loc, &d->root);
	fsck_fact_sums(&ref->fact, d->count, d->bytes);
}

/* What a leaf's entry refers to: false, nothing. */
static bool expect_value(struct fsck_missing *ref, const struct node *node, const struct node_entry *e)
{
	struct descriptor d;
	struct document doc;
	struct staged s;

	if (value_ref_offset(node->kind, e->value, e->value_len) < 0)
		return false;
	switch (node->kind) {
	case MAP_ROOT:
		if (descriptor_decode(e->value, e->value_len, e->loc, &d, NULL) < 0 || !d.has_root)
			return false;
		expect_map(ref, &d, e->loc);
		return true;
	case MAP_DOCUMENTS:
		if (document_decode(e->value, e->value_len, e->loc, &doc, NULL) < 0 || doc.form != DOCUMENT_BLOB)
			return false;
		expect_blob(ref, e->loc, &doc.blob, doc.len);
		return true;
	case MAP_STAGE:
		if (staged_decode(e->value, e->value_len, e->loc, &s, NULL) < 0 || s.document.form != DOCUMENT_BLOB)
			return false;
		expect_blob(ref, e->loc, &s.document.blob, s.document.len);
		return true;
	case MAP_INDEX:
		break;
	}
	return false;
}

/* Entries of a node that are not as they are in the version that is at hand anyway: those from `from` on before `to`. */
struct changed {
	size_t from, to;
};

static bool same_entry(const struct node *a, size_t i, const struct node *b, size_t k)
{
	size_t len = (size_t)(a->offset[i + 1] - a->offset[i]);

	return len == (size_t)(b->offset[k + 1] - b->offset[k]) &&
	       !memcmp(a->bytes + a->offset[i], b->bytes + b->offset[k], len) &&
	       (a->child_loc ? a->child_loc[i] : LOC_UNKNOWN) == (b->child_loc ? b->child_loc[k] : LOC_UNKNOWN);
}

/* That version is checked in its turn, so are the entries that both have. Of the last of a node other things are said. */
static struct changed find_changed(const struct node *node, const struct node *base)
{
	struct changed c = { 0, node->count };
	size_t front, back = 0;

	if (!base || !base->count || !node->count || base->level != node->level || base->kind != node->kind)
		return c;
	front = (node->count < base->count ? node->count : base->count) - 1;
	while (c.from < front && same_entry(node, c.from, base, c.from))
		c.from++;
	while (c.to > c.from && back < base->count - c.from &&
	       same_entry(node, c.to - 1, base, base->count - 1 - back)) {
		c.to--;
		back++;
	}
	return c;
}

/* Do the entries behind the changed ones stand where they stood? */
static bool same_places(const struct node *node, const struct node *base, const struct changed *changed)
{
	return changed->to < node->count && base->count == node->count &&
	       node->offset[changed->to] - node->offset[0] == base->offset[changed->to] - base->offset[0];
}

/* Does a child begin behind the separator before it? Those that are not at hand any more are left to --full. */
static int check_order(struct fsck_worker *w, const struct node *node, const struct changed *changed, uint64_t loc,
		       struct drift_error *err)
{
	const unsigned char *end, *first;
	size_t end_len, first_len, i;
	struct node_entry e;

	for (i = changed->from ? changed->from : 1; i < node->count && i <= changed->to; i++) {
		auto_node *child = NULL;

		node_entry_at(node, i, &e);
		child = node_cache_get(w->f->nodes, e.loc);
		if (!child || !child->count)
			continue;
		end = node_key_at(node, i - 1, &end_len);
		first = node_key_at(child, 0, &first_len);
		if (key_compare(end, end_len, first, first_len) >= 0)
			return fsck_note_at(w->f, FSCK_DAMAGE, loc, err,
					    "the children of the tree node are not in order");
	}
	return 0;
}

/* All references are brought near before the first is asked for: each is a random place in a large table. */
static int check_references(struct fsck_worker *w, const struct node *node, const struct changed *changed, uint64_t loc,
			    struct drift_error *err)
{
	struct node_entry e;
	size_t i, count = 0;

	for (i = changed->from; i < changed->to && count < FSCK_REFERENCES_MAX; i++) {
		struct fsck_missing *ref = &w->references[count];

		node_entry_at(node, i, &e);
		if (node->level)
			expect_child(ref, node, i, &e);
		else if ((node->kind == MAP_ROOT && !tree_has_documents(odb_nodes(w->f->odb), (const char *)e.key, e.key_len)) ||
			 !expect_value(ref, node, &e))
			continue;
		ref->from = loc;
		ref->loc = e.loc;
		ref->differs = false;
		fsck_known_prefetch(w->f->known, ref->fact.key);
		count++;
	}
	for (i = 0; i < count; i++)
		if (fsck_expect(w, &w->references[i], err) < 0)
			return -1;
	return 0;
}

/* What its parents will say of a node. */
static struct fsck_fact node_fact(const struct node *node, const struct oid *id, uint64_t loc, bool open)
{
	struct fsck_fact fact = fsck_fact(OBJECT_TREE, loc, id);
	uint64_t count = 0, bytes = 0;
	struct node_entry e;
	const unsigned char *key;
	size_t i, key_len;

	for (i = 0; i < node->count; i++) {
		node_entry_at(node, i, &e);
		count += e.count;
		bytes += e.bytes;
	}
	fsck_fact_map(&fact, node->kind);
	fsck_fact_open(&fact, open);
	fsck_fact_sums(&fact, count, bytes);
	if (node->count) {
		key = node_key_at(node, node->count - 1, &key_len);
		fsck_fact_last_key(&fact, key, key_len);
	}
	return fact;
}

/* A decoded node; base: another version of it, or NULL. */
static int check_node(struct fsck_worker *w, const struct node *node, const struct node *base,
		      const struct place *place, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct fsck_fact fact;
	struct changed changed;
	struct oid id = node->id;
	bool open = false;

	if (oid_is_zero(&id))
		object_hash(OBJECT_TREE, node->bytes, node->len, &id);
	w->tally.nodes++;
	w->tally.content_bytes += node->len;
	/* A random place in a large table: by the time it is written it is near. */
	fsck_known_prefetch(w->f->known, fsck_key(place->loc, &id));
	changed = find_changed(node, base);
	if (map_check_changed(node, changed.from, same_places(node, base, &changed) ? changed.to : node->count, &open,
			      &why) < 0 &&
	    record_fault(w, place, &why, err) < 0)
		return -1;
	fact = node_fact(node, &id, place->loc, open);
	fsck_known_put(w->f->known, &fact);
	if (place->damaged)
		return 0;
	if (node->level && check_order(w, node, &changed, place->loc, err) < 0)
		return -1;
	return check_references(w, node, &changed, place->loc, err);
}

static int check_tree_record(struct fsck_worker *w, const struct record *r, const struct place *place,
			     struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	auto_node *base = NULL, *node = NULL;
	bool delta = r->storage == RECORD_EDIT || r->storage == RECORD_PREFIX;

	if (delta)
		base = node_cache_get(w->f->nodes, r->base_loc);
	if (delta && !base && odb_node_at(w->f->odb, r->base_loc, &base, &why) < 0) {
		error_prefix(&why, DRIFT_OK, "the version that this is a change of");
		return record_fault(w, place, &why, err);
	}
	if (odb_decode_node(w->f->odb, r, base, NULL, &node, &why) < 0)
		return record_fault(w, place, &why, err);
	if (check_node(w, node, base, place, err) < 0)
		return -1;
	/* Mostly the newest version alone is what the next one stands on. */
	if (base)
		node_cache_drop(w->f->nodes, r->base_loc);
	node_cache_put(w->f->nodes, place->loc, node);
	return 0;
}

/* --- blobs --- */

static const struct buf *blob_base(struct fsck_worker *w, uint64_t loc, struct drift_error *why)
{
	struct buf *bytes = &w->blobs[(loc >> 8) % FSCK_BLOBS].bytes;
	struct oid id;

	if (w->blobs[(loc >> 8) % FSCK_BLOBS].loc == loc)
		return bytes;
	w->blobs[(loc >> 8) % FSCK_BLOBS].loc = LOC_UNKNOWN;
	buf_clear(bytes);
	if (odb_blob_at(w->f->odb, loc, bytes, &id, NULL, why) < 0)
		return NULL;
	w->blobs[(loc >> 8) % FSCK_BLOBS].loc = loc;
	return bytes;
}

/* For the versions that are built on it; a copy costs little beside hashing. */
static void keep_blob(struct fsck_worker *w, uint64_t loc)
{
	struct buf *bytes = &w->blobs[(loc >> 8) % FSCK_BLOBS].bytes;

	if (w->content.len > FSCK_BLOB_MAX)
		return;
	buf_clear(bytes);
	buf_add(bytes, w->content.data, w->content.len);
	w->blobs[(loc >> 8) % FSCK_BLOBS].loc = bytes->failed ? LOC_UNKNOWN : loc;
}

static int check_chunks(struct fsck_worker *w, const struct record *r, const struct place *place,
			struct drift_error *err)
{
	struct fsck_missing ref = { .from = place->loc };
	const unsigned char *bytes;
	struct cursor in;
	struct oid id;
	uint64_t count, len;

	/* That it is well formed was seen when it was read. */
	cursor_init(&in, r->body, r->body_len);
	cursor_varint(&in);
	for (count = cursor_varint(&in); count && cursor_ok(&in); count--) {
		bytes = cursor_bytes(&in, OID_LEN);
		len = cursor_varint(&in);
		ref.loc = loc_get(&in, loc_frame(r->self));
		if (!bytes || !cursor_ok(&in))
			break;
		memcpy(id.bytes, bytes, OID_LEN);
		expect_blob(&ref, ref.loc, &id, len);
		if (fsck_expect(w, &ref, err) < 0)
			return -1;
	}
	return 0;
}

/* The bytes in w->content, by the record at hand where it says all. */
static int read_blob(struct fsck_worker *w, const struct record *r, uint64_t loc, struct oid *id_out,
		     struct drift_error *why)
{
	const struct buf *base = NULL;

	buf_clear(&w->content);
	if (r->storage == RECORD_CHUNKED || r->storage == RECORD_DICT)
		return odb_blob_at(w->f->odb, loc, &w->content, id_out, NULL, why);
	if (r->storage == RECORD_PREFIX) {
		base = blob_base(w, r->base_loc, why);
		if (!base)
			return error_prefix(why, DRIFT_OK, "the version that this is a change of");
	}
	if (record_content(r, w->z, base ? base->data : NULL, base ? base->len : 0, NULL, &w->content, why) < 0)
		return -1;
	object_hash(OBJECT_BLOB, w->content.data, w->content.len, id_out);
	return 0;
}

bool fsck_is_found(struct fsck_worker *w, const struct oid *id, enum object_kind kind, uint64_t here)
{
	const struct odb_file *file = fsck_file_of(w->f, here);
	enum object_kind found;
	uint64_t loc;

	/* The index of a pack is compared as a whole with what would be made. */
	return (file && file->pack) || odb_leads_to(w->f->odb, id, kind, here) ||
	       (odb_find(w->f->odb, id, &found, &loc, NULL) > 0 && found == kind);
}

static int check_blob_record(struct fsck_worker *w, const struct record *r, const struct place *place,
			     struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct fsck_missing said = { .kind = OBJECT_BLOB };
	struct oid id;

	if (read_blob(w, r, place->loc, &id, &why) < 0)
		return record_fault(w, place, &why, err);
	if (!oid_is_zero(&r->id) && !oid_equal(&id, &r->id)) {
		error_set(&why, DRIFT_ERR_CORRUPT, "the blob does not match its id");
		return record_fault(w, place, &why, err);
	}
	w->tally.blobs++;
	w->tally.content_bytes += w->content.len;
	expect_blob(&said, place->loc, &id, w->content.len);
	fsck_known_put(w->f->known, &said.fact);
	if (r->storage == RECORD_CHUNKED)
		return place->damaged ? 0 : check_chunks(w, r, place, err);
	keep_blob(w, place->loc);
	if (place->damaged || fsck_is_found(w, &id, OBJECT_BLOB, place->loc))
		return 0;
	return fsck_note_at(w->f, FSCK_NOTE, place->loc, err, "the index does not have a blob that stands here");
}

/* --- frames --- */

static int check_record(struct fsck_worker *w, const unsigned char *data, size_t len, const struct place *place,
			struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct record r;

	if (record_parse(data, len, place->loc, &r, &why) < 0)
		return record_fault(w, place, &why, err);
	switch (r.kind) {
	case OBJECT_TREE:
		return check_tree_record(w, &r, place, err);
	case OBJECT_BLOB:
		return check_blob_record(w, &r, place, err);
	case OBJECT_COMMIT:
		return fsck_check_commit(w, place->loc, place->damaged, err);
	case OBJECT_TAG:
		return fsck_check_tag(w, &r, place->loc, err);
	}
	return 0;
}

static int check_txn(struct fsck_worker *w, const unsigned char *payload, size_t len, const struct place *frame,
		     struct drift_error *err)
{
	struct place place = *frame;
	struct txn t;
	size_t i;

	/* That it cannot be read was told by the first pass. */
	if (txn_parse(payload, len, frame->loc, &t, NULL) < 0)
		return 0;
	for (i = 0; i < t.record_count; i++) {
		place.loc = frame->loc | i;
		if (t.record_len[i] && check_record(w, t.record[i], t.record_len[i], &place, err) < 0)
			return -1;
	}
	return frame->damaged ? 0 : fsck_check_entry(w, &t, false, err);
}

static int check_frames(struct fsck_worker *w, const struct fsck_unit *unit, struct drift_error *err)
{
	const struct odb_file *file = &w->f->files.items[unit->file];
	const unsigned char *bytes = (const unsigned char *)w->bytes.data;
	size_t at = 0, len = w->bytes.len;
	struct frame frame;

	while (len - at >= FRAME_HEAD_LEN && frame_head_decode(bytes + at, &frame) &&
	       frame.len <= len - at - FRAME_HEAD_LEN) {
		const unsigned char *payload = bytes + at + FRAME_HEAD_LEN;
		struct place place = { loc_make(file->first, unit->from + at, 0), unit->damaged };

		if (frame.kind == FRAME_OBJECT && check_record(w, payload, frame.len, &place, err) < 0)
			return -1;
		if (frame.kind == FRAME_TXN && check_txn(w, payload, frame.len, &place, err) < 0)
			return -1;
		at += FRAME_HEAD_LEN + (size_t)frame.len;
	}
	return 0;
}

int fsck_check_stored(struct fsck_worker *w, const unsigned char *data, size_t len, uint64_t loc,
		      struct drift_error *err)
{
	const struct place place = { loc, false };
	struct drift_error why = { .code = DRIFT_OK };
	auto_node *node = NULL;

	/* A root map's ids may be left out here. */
	if ((data[0] & 7) != OBJECT_TREE)
		return check_record(w, data, len, &place, err);
	if (odb_node_at(w->f->odb, loc, &node, &why) < 0)
		return fsck_record_fault(w, loc, &why, err);
	return check_node(w, node, NULL, &place, err);
}

int fsck_check_blob(struct fsck_worker *w, const struct record *r, uint64_t loc, struct drift_error *err)
{
	const struct place place = { loc, false };

	return check_blob_record(w, r, &place, err);
}

int fsck_check_packed_node(struct fsck_worker *w, struct node *node, const struct node *base, uint64_t loc,
			   struct drift_error *err)
{
	const struct place place = { loc, false };

	if (check_node(w, node, base, &place, err) < 0)
		return -1;
	node_cache_put(w->f->nodes, loc, node);
	return 0;
}

int fsck_check_unit(struct fsck_worker *w, const struct fsck_unit *unit, struct drift_error *err)
{
	const struct odb_file *file = &w->f->files.items[unit->file];
	size_t len = (size_t)(unit->to - unit->from);
	struct drift_error why = { .code = DRIFT_OK };
	int64_t n;

	if (file->pack)
		return fsck_check_groups(w, unit, err);
	buf_clear(&w->bytes);
	if (!buf_reserve(&w->bytes, len))
		return error_no_memory(err);
	n = journal_peek(file->journal, unit->from, w->bytes.data, len, &why);
	if (n < 0)
		return fsck_is_fault(&why) ? fsck_note_at(w->f, FSCK_DAMAGE, loc_make(file->first, unit->from, 0), err,
							  "%s", why.message) :
					     error_set(err, why.code, "%s", why.message);
	w->bytes.len = (size_t)n;
	return check_frames(w, unit, err);
}
