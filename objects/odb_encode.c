/*
 * From what waits in a batch to frames. Small records share a transaction frame; in a batch that has spilled, whole
 * nodes and blobs, which nobody reads together with others, get frames of their own.
 */
#include <string.h>

#include "base/mem.h"
#include "objects/change_heads.h"
#include "objects/odb_batch_internal.h"

#define GROUP_LEN_MAX ((size_t)48 << 10)
/* In a spilled batch: reading one record reads and checks the frame. */
#define SPILLED_LEN_MAX ((size_t)8 << 10)
#define ALONE_LEN_MIN ((size_t)512)
#define BLOB_LEVEL 3
#define DICT_LEN_MAX ((size_t)8 << 10)
#define NO_RECORD UINT32_MAX

/* A transaction frame in the making. */
struct frame_group {
	struct odb_batch *b;
	struct frame_out *out;
	bool open;
	uint64_t self;
	struct buf records; /* their bytes */
	size_t lens[TXN_RECORD_MAX];
	size_t count;
	struct buf lists; /* change lists */
	size_t list_count;
	struct change_heads heads; /* of all groups of the batch that this append writes */
	unsigned last_commit;      /* record */
};

static void group_open(struct frame_group *g)
{
	if (g->open)
		return;
	g->self = frame_out_begin(g->out);
	g->open = true;
	g->count = g->list_count = 0;
	g->last_commit = NO_RECORD;
	buf_clear(&g->records);
	buf_clear(&g->lists);
}

static int group_close(struct frame_group *g, const struct buf *log, struct drift_error *err)
{
	struct buf *out = &g->out->bytes;
	size_t i;

	if (!g->open)
		return 0;
	g->open = false;
	if (!g->count && !log) {
		buf_truncate(out, g->out->open_at);
		return 0;
	}
	buf_add_varint(out, g->count);
	for (i = 0; i < g->count; i++)
		buf_add_varint(out, g->lens[i]);
	buf_add(out, g->records.data, g->records.len);
	buf_add_byte(out, (unsigned char)((log ? 1 : 0) | (g->list_count ? 2 : 0)));
	if (log)
		buf_add(out, log->data, log->len);
	if (g->list_count) {
		buf_add_varint(out, g->list_count);
		buf_add(out, g->lists.data, g->lists.len);
	}
	if (buf_check(&g->records, err) < 0 || buf_check(&g->lists, err) < 0)
		return -1;
	return frame_out_end(g->out, FRAME_TXN, err);
}

/* Real locations for provisional ones. */
static uint64_t resolve(const struct odb_batch *b, uint64_t loc)
{
	if (loc_file(loc) != LOC_PENDING)
		return loc;
	return loc_offset(loc) < b->count ? b->places[loc_offset(loc)].loc : LOC_UNKNOWN;
}

static uint8_t depth_of(const struct odb_batch *b, uint64_t loc, uint8_t stored)
{
	if (loc_file(loc) != LOC_PENDING)
		return stored;
	return loc_offset(loc) < b->count ? b->places[loc_offset(loc)].depth : 0;
}

static int encode_node(struct odb_batch *b, struct pending *p, uint64_t self, struct buf *out, uint8_t *depth_out,
		       struct drift_error *err)
{
	struct record_source s = {
		.kind = OBJECT_TREE, .self = self, .data = p->node->bytes, .len = p->node->len, .node = p->node,
		.base_node = p->base, .base_loc = resolve(b, p->base_loc), .level = BATCH_WHOLE_LEVEL,
	};
	size_t i;

	for (i = 0; p->node->child_loc && i < p->node->count; i++)
		p->node->child_loc[i] = resolve(b, p->node->child_loc[i]);
	if (p->base)
		s.base_depth = depth_of(b, p->base_loc, p->base->depth);
	if (p->job) {
		if (deflater_finish(b->deflater, p->job, b->compressor, err) < 0)
			return -1;
		s.dict = p->job->dict;
		s.dict_loc = b->dict_loc;
		*depth_out = 0;
		return record_encode_frame(&s, &p->job->frame, out, err);
	}
	return record_encode(&s, b->compressor, out, depth_out, err);
}

static int encode_chunked(struct odb_batch *b, struct pending *p, uint64_t self, struct buf *out)
{
	struct cursor in;
	uint64_t total;

	cursor_init(&in, p->data.data, p->data.len);
	total = cursor_u64(&in);
	buf_add_byte(out, OBJECT_BLOB | RECORD_CHUNKED << 3);
	buf_add(out, p->id.bytes, OID_LEN);
	buf_add_varint(out, total);
	buf_add_varint(out, cursor_left(&in) / (OID_LEN + 16));
	while (cursor_left(&in)) {
		const unsigned char *id = cursor_bytes(&in, OID_LEN);
		uint64_t len = cursor_u64(&in), loc = cursor_u64(&in);

		if (!id)
			break;
		buf_add(out, id, OID_LEN);
		buf_add_varint(out, len);
		loc_put(out, loc_frame(self), resolve(b, loc));
	}
	return 0;
}

static bool still_waits(const struct odb_batch *b, uint64_t loc)
{
	return loc_file(loc) == LOC_PENDING && loc_offset(loc) >= b->first_waiting;
}

static int encode_blob(struct odb_batch *b, struct pending *p, uint64_t self, struct buf *out, uint8_t *depth_out,
		       struct drift_error *err)
{
	struct record_source s = {
		.kind = p->kind, .id = &p->id, .self = self, .data = p->data.data, .len = p->data.len, .level = BLOB_LEVEL,
	};
	auto_buf base = BUF_INIT;
	uint64_t base_loc = resolve(b, p->base_loc);
	struct oid base_id;

	if (p->chunked)
		return encode_chunked(b, p, self, out);
	/* A base that still waits cannot be read yet, a damaged one need not be had. */
	if (base_loc != LOC_UNKNOWN && !still_waits(b, p->base_loc) &&
	    !odb_blob_at(b->odb, base_loc, &base, &base_id, &s.base_depth, NULL)) {
		s.base_data = base.data;
		s.base_len = base.len;
		s.base_loc = base_loc;
	}
	return record_encode(&s, b->compressor, out, depth_out, err);
}

/*
 * Where the journal that is being written spells out a who. In other files the commit that does may be removed by gc,
 * which knows what is written only once it is.
 */
static uint64_t who_loc(struct odb *odb, const struct text *who, uint64_t self)
{
	uint64_t loc = LOC_UNKNOWN;
	unsigned unused;

	if (!memo_get(odb, &odb->who_memo, who->data, who->len, &loc, &unused) || loc_file(loc) != loc_file(self))
		return LOC_UNKNOWN;
	return loc;
}

static int encode_commit(struct odb_batch *b, struct pending *p, uint64_t self, struct buf *out, struct drift_error *err)
{
	struct commit *c = p->commit;
	uint64_t committer_loc = who_loc(b->odb, &c->committer.who, self), author_loc, merge = c->last_merge_loc;
	size_t i;
	int r;

	c->tree.loc = resolve(b, c->tree.loc);
	for (i = 0; i < c->parent_count; i++)
		c->parents[i].loc = resolve(b, c->parents[i].loc);
	c->jump.loc = resolve(b, c->jump.loc);
	author_loc = who_loc(b->odb, &c->author.who, self);
	c->last_merge_loc = resolve(b, p->last_merge_loc);
	r = commit_record_encode(c, self, committer_loc, author_loc, b->compressor, out, err);
	c->last_merge_loc = c->parent_count > 1 ? merge : c->last_merge_loc;
	return r;
}

/* The commit is placed: from now on others can point to the who that it spells out. */
static void note_commit(struct odb_batch *b, struct commit *c, uint64_t loc, const unsigned char *record, size_t len)
{
	struct commit_record cr;
	struct record r;

	c->loc = loc;
	if (c->parent_count > 1)
		c->last_merge_loc = loc;
	if (record_parse(record, len, loc, &r, NULL) < 0 || commit_record_parse(&r, b->compressor, &cr, NULL) < 0)
		return;
	if ((cr.flags & COMMIT_RECORD_AUTHOR_WHO) && !(cr.flags & COMMIT_RECORD_AUTHOR_REF))
		memo_put(b->odb, &b->odb->who_memo, c->author.who.data, c->author.who.len, loc, 0);
	else if (!(cr.flags & COMMIT_RECORD_COMMITTER_REF))
		memo_put(b->odb, &b->odb->who_memo, c->committer.who.data, c->committer.who.len, loc, 0);
	commit_record_release(&cr);
}

static int encode_item(struct odb_batch *b, struct pending *p, uint64_t self, struct buf *out, uint8_t *depth_out,
		       struct drift_error *err)
{
	*depth_out = 0;
	switch (p->kind) {
	case OBJECT_TREE:
		return encode_node(b, p, self, out, depth_out, err);
	case OBJECT_COMMIT:
		return encode_commit(b, p, self, out, err);
	case OBJECT_BLOB:
	case OBJECT_TAG:
		break;
	}
	return encode_blob(b, p, self, out, depth_out, err);
}

static bool wants_own_frame(const struct frame_group *g, const struct pending *p, uint8_t depth, size_t len)
{
	return p->kind != OBJECT_COMMIT && (len > GROUP_LEN_MAX || (g->b->spilled && !depth && len > ALONE_LEN_MIN));
}

/* The object stands at loc from now on. */
static void set_place(struct odb_batch *b, size_t index, uint64_t loc, uint8_t depth)
{
	struct pending *p = batch_waiting(b, index);

	b->places[index] = (struct place){ loc, depth };
	if (!p->node)
		return;
	p->node->loc = loc;
	p->node->depth = depth;
}

/* A frame of its own for a record; relative locations differ there, so it is encoded again. */
static int place_alone(struct frame_group *g, size_t index, struct drift_error *err)
{
	uint64_t self;
	uint8_t depth;

	if (group_close(g, NULL, err) < 0)
		return -1;
	self = frame_out_begin(g->out);
	if (encode_item(g->b, batch_waiting(g->b, index), self, &g->out->bytes, &depth, err) < 0)
		return -1;
	set_place(g->b, index, self, depth);
	return frame_out_end(g->out, FRAME_OBJECT, err);
}

static size_t group_len_max(const struct odb_batch *b)
{
	return b->spilled ? SPILLED_LEN_MAX : GROUP_LEN_MAX;
}

/* What else is to be done for a commit, now that it has a place. */
static int place_commit(struct frame_group *g, struct pending *p, size_t start, size_t len, struct drift_error *err)
{
	uint64_t loc = g->self | g->count;

	if (!p->commit)
		return 0;
	note_commit(g->b, p->commit, loc, (const unsigned char *)g->records.data + start, len);
	g->last_commit = (unsigned)g->count;
	if (!p->has_changes)
		return 0;
	if (change_heads_link(&g->heads, g->b->odb, &p->changes, loc, err) < 0)
		return -1;
	txn_changes_encode((unsigned)g->count, &p->changes, g->self, &g->lists);
	g->list_count++;
	return 0;
}

static int place(struct frame_group *g, size_t index, struct drift_error *err)
{
	struct pending *p = batch_waiting(g->b, index);
	size_t start, len;
	uint8_t depth;

	if (p->job)
		return place_alone(g, index, err);
	if (g->open && (g->count >= TXN_RECORD_MAX || g->records.len > group_len_max(g->b)) && group_close(g, NULL, err) < 0)
		return -1;
	group_open(g);
	start = g->records.len;
	if (encode_item(g->b, p, g->self, &g->records, &depth, err) < 0 || buf_check(&g->records, err) < 0)
		return -1;
	len = g->records.len - start;
	if (wants_own_frame(g, p, depth, len)) {
		buf_truncate(&g->records, start);
		return place_alone(g, index, err);
	}
	set_place(g->b, index, g->self | g->count, depth);
	if (place_commit(g, p, start, len, err) < 0)
		return -1;
	g->lens[g->count++] = len;
	return 0;
}

static int place_until(struct frame_group *g, size_t end, struct drift_error *err)
{
	size_t i;

	for (i = g->b->first_waiting; i < end; i++)
		if (place(g, i, err) < 0)
			return -1;
	return 0;
}

/* --- the log entry --- */

static void fill_value(struct frame_group *g, const struct ref_value *value, struct txn_update *u)
{
	uint64_t loc = g->b ? resolve(g->b, value->object.loc) : value->object.loc;

	switch (value->kind) {
	case REF_ABSENT:
		u->value = TXN_ABSENT;
		return;
	case REF_SYMBOLIC:
		u->value = TXN_SYMBOLIC;
		u->target = (struct text){ value->target, strlen(value->target) };
		return;
	case REF_OBJECT:
		break;
	}
	u->value = TXN_OBJECT;
	u->object = (struct object_ref){ value->object.id, loc };
	if (g->last_commit != NO_RECORD && loc == (g->self | g->last_commit)) {
		u->value = TXN_COMMIT;
		u->record = g->last_commit;
	}
}

static int encode_log(struct frame_group *g, const struct odb_append *append, struct buf *out, struct drift_error *err)
{
	struct odb *odb = g->out->odb;
	auto_free struct txn_update *updates = mem_calloc(append->update_count, sizeof(*updates));
	struct txn_log log = { .updates = updates, .update_count = append->update_count, .time_usec = append->time_usec };
	size_t i;

	if (!updates)
		return error_no_memory(err);
	if (odb_index_ref(odb, NULL, 0, &log.previous_loc, err) < 0)
		return -1;
	log.of_commit = !append->actor;
	log.record = g->last_commit;
	if (log.of_commit && g->last_commit == NO_RECORD)
		return error_set(err, DRIFT_ERR_INVALID, "a log entry without an actor needs a commit");
	if (append->actor)
		log.actor = (struct text){ append->actor, strlen(append->actor) };
	if (append->actor && append->reason)
		log.reason = (struct text){ append->reason, strlen(append->reason) };
	for (i = 0; i < append->update_count; i++) {
		const char *name = append->updates[i].name;
		struct txn_update *u = &updates[i];

		u->name = (struct text){ name, strlen(name) };
		if (odb_index_ref(odb, name, u->name.len, &u->previous_loc, err) < 0)
			return -1;
		if (!memo_get(odb, &odb->name_memo, name, u->name.len, &u->name_loc, &u->name_index))
			memo_put(odb, &odb->name_memo, name, u->name.len, g->self, (unsigned)i);
		fill_value(g, append->updates[i].value, u);
	}
	txn_log_encode(&log, g->self, out);
	return buf_check(out, err);
}

static int finish(struct frame_group *g, const struct odb_append *append, struct drift_error *err)
{
	auto_buf log = BUF_INIT;

	if (!append || !append->update_count)
		return group_close(g, NULL, err);
	group_open(g);
	if (encode_log(g, append, &log, err) < 0)
		return -1;
	return group_close(g, &log, err);
}

/* What was written ahead must still be there: a journal whose sync failed is void behind its durable end. */
static int check_spilled(const struct odb_batch *b, struct drift_error *err)
{
	int r = 1;

	if (b->spill_ticket && loc_file(b->spill_ticket) != odb_live(b->odb))
		r = odb_was_kept(b->odb, b->spill_ticket, err);
	if (r)
		return r < 0 ? -1 : 0;
	return error_set(err, DRIFT_ERR_IO, "the disk failed to store the journal: nothing of this was kept");
}

static int write_dict(struct odb_batch *b, struct frame_out *out, struct drift_error *err)
{
	uint64_t loc = frame_out_begin(out);

	buf_add(&out->bytes, b->dict_bytes.data, b->dict_bytes.len);
	if (frame_out_end(out, FRAME_DICT, err) < 0 || frame_out_write(out, &b->spill_ticket, err) < 0)
		return -1;
	b->dict_loc = loc;
	return 0;
}

/* A journal needs no dictionary of another, so that packing one leaves none behind. */
static int follow_journal(struct odb_batch *b, struct frame_out *out, struct drift_error *err)
{
	size_t i;

	if (!b->dict || loc_file(b->dict_loc) == odb_live(b->odb))
		return 0;
	for (i = b->first_waiting; i < b->count; i++)
		if (batch_waiting(b, i)->job)
			return write_dict(b, out, err);
	return 0;
}

/* What waits before `end`, and the log entry of the append if there is one. */
static int encode_until(struct odb_batch *batch, size_t end, const struct odb_append *append, struct frame_out *out,
			struct drift_error *err)
{
	struct frame_group g = { .b = batch, .out = out, .records = BUF_INIT, .lists = BUF_INIT, .last_commit = NO_RECORD };
	int r = 0;

	if (batch)
		r = check_spilled(batch, err) < 0 || follow_journal(batch, out, err) < 0 ? -1 : place_until(&g, end, err);
	if (!r)
		r = finish(&g, append, err);
	buf_release(&g.records);
	buf_release(&g.lists);
	change_heads_release(&g.heads);
	return r;
}

int odb_batch_encode(struct odb_batch *batch, const struct odb_append *append, struct frame_out *out,
		     struct drift_error *err)
{
	return encode_until(batch, batch ? batch->count : 0, append, out, err);
}

/* A dictionary from what waits, if it is enough to learn from; without one if that fails. */
static int train(struct odb_batch *b, struct frame_out *out, struct drift_error *err)
{
	auto_buf samples = BUF_INIT;
	size_t lens[BATCH_COUNT_MAX], count = 0, i;
	struct compress_samples s = { .lens = lens };

	for (i = b->first_waiting; i < b->count && count < BATCH_COUNT_MAX; i++) {
		const struct pending *p = batch_waiting(b, i);

		if (!p->node || p->node->level || p->base)
			continue;
		buf_add(&samples, p->node->bytes, p->node->len);
		lens[count++] = p->node->len;
	}
	s.data = samples.data;
	s.count = count;
	if (count < BATCH_COUNT_MAX / 2 || buf_check(&samples, err) < 0 || compress_train(&s, DICT_LEN_MAX, &b->dict_bytes, NULL) < 0)
		return 0;
	if (write_dict(b, out, err) < 0)
		return -1;
	return compress_dict_create(b->dict_bytes.data, b->dict_bytes.len, BATCH_WHOLE_LEVEL, &b->dict, err);
}

static int spill_locked(struct odb_batch *b, struct drift_error *err)
{
	/* So that the worker has something to do meanwhile. */
	size_t end = b->deflater ? b->count - (b->count - b->first_waiting) / 2 : b->count;
	auto_frame_out out;

	frame_out_init(&out, b->odb);
	if (odb_batch_check_reused(b, err) < 0 || (!b->spilled && odb_spill_begin(b->odb, err) < 0))
		return -1;
	b->spilled = true;
	if (!b->spill_count++)
		b->spill_ticket = loc_make(odb_live(b->odb), out.start, 0);
	/* From the second time on it is a bulk load. */
	if (b->spill_count == 2 && train(b, &out, err) < 0)
		return -1;
	if (encode_until(b, end, NULL, &out, err) < 0)
		return -1;
	if (out.bytes.len && frame_out_write(&out, &b->spill_ticket, err) < 0)
		return -1;
	odb_batch_stored_until(b, end);
	return b->spill_count == 2 ? deflater_new(&b->deflater, err) : 0;
}

int odb_batch_spill(struct odb_batch *batch, struct drift_error *err)
{
	bool held = odb_is_owner(batch->odb);
	int r;

	if (!held && odb_lock(batch->odb, err) < 0)
		return -1;
	r = spill_locked(batch, err);
	if (!held)
		odb_unlock(batch->odb);
	return r;
}
