#include "objects/commit_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MESSAGE_ZSTD_MIN 160
#define MESSAGE_LEVEL 3
#define USEC 1000000

static bool text_equal(const struct text *a, const struct text *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static unsigned flags_of(const struct commit *c, uint64_t committer_loc, uint64_t author_loc)
{
	unsigned f = 0;

	if (c->gen != c->seq)
		f |= COMMIT_RECORD_GEN;
	if (c->parent_count && !oid_equal(&c->jump.id, &c->parents[0].id))
		f |= COMMIT_RECORD_JUMP;
	if (committer_loc != LOC_UNKNOWN)
		f |= COMMIT_RECORD_COMMITTER_REF;
	if (strcmp(c->committer.zone, "+0000") != 0)
		f |= COMMIT_RECORD_COMMITTER_ZONE;
	if (c->author.time_usec % USEC == 0 && c->committer.time_usec % USEC == 0)
		f |= COMMIT_RECORD_SECONDS;
	if (!text_equal(&c->author.who, &c->committer.who))
		f |= COMMIT_RECORD_AUTHOR_WHO | (author_loc != LOC_UNKNOWN ? COMMIT_RECORD_AUTHOR_REF : 0U);
	if (c->author.time_usec != c->committer.time_usec)
		f |= COMMIT_RECORD_AUTHOR_TIME;
	if (strcmp(c->author.zone, c->committer.zone) != 0)
		f |= COMMIT_RECORD_AUTHOR_ZONE;
	if (c->time_usec != c->committer.time_usec)
		f |= COMMIT_RECORD_TIME;
	if (c->encoding.len)
		f |= COMMIT_RECORD_ENCODING;
	if (c->extra.len)
		f |= COMMIT_RECORD_EXTRA;
	return f;
}

static void put_ref(struct buf *out, uint64_t self, const struct object_ref *ref)
{
	loc_put(out, self, ref->loc);
	if (ref->loc == LOC_UNKNOWN)
		buf_add(out, ref->id.bytes, OID_LEN);
}

static void put_text(struct buf *out, const struct text *t)
{
	buf_add_varint(out, t->len);
	buf_add(out, t->data, t->len);
}

static void put_who(struct buf *out, uint64_t self, const struct text *who, uint64_t loc)
{
	if (loc != LOC_UNKNOWN)
		loc_put(out, self, loc);
	else
		put_text(out, who);
}

static void put_zone(struct buf *out, const char *zone)
{
	size_t len = strlen(zone);

	buf_add_byte(out, (unsigned char)len);
	buf_add(out, zone, len);
}

static int64_t time_unit(unsigned flags)
{
	return flags & COMMIT_RECORD_SECONDS ? USEC : 1;
}

/* The message compressed, if that pays. */
static int pack_message(const struct commit *c, struct compressor *z, struct buf *packed, struct drift_error *err)
{
	struct compress_job job = { .src = c->message.data, .src_len = c->message.len, .level = MESSAGE_LEVEL };

	if (c->message.len < MESSAGE_ZSTD_MIN)
		return 0;
	buf_add_varint(packed, c->message.len);
	if (compress_append(z, &job, packed, err) < 0)
		return -1;
	if (packed->len >= c->message.len)
		buf_clear(packed);
	return 0;
}

/* A commit on its way into a record. */
struct encoding {
	const struct commit *c;
	uint64_t self;
	unsigned flags;
	uint64_t committer_loc, author_loc, last_merge_loc;
	const struct oid *tree_id;
	const void *message;
	size_t message_len;
};

static void put_signatures(struct buf *out, const struct encoding *e)
{
	const struct commit *c = e->c;
	unsigned f = e->flags;

	put_who(out, e->self, &c->committer.who, e->committer_loc);
	buf_add_svarint(out, c->committer.time_usec / time_unit(f));
	if (f & COMMIT_RECORD_COMMITTER_ZONE)
		put_zone(out, c->committer.zone);
	if (f & COMMIT_RECORD_AUTHOR_WHO)
		put_who(out, e->self, &c->author.who, e->author_loc);
	if (f & COMMIT_RECORD_AUTHOR_TIME)
		buf_add_svarint(out, c->author.time_usec / time_unit(f));
	if (f & COMMIT_RECORD_AUTHOR_ZONE)
		put_zone(out, c->author.zone);
	if (f & COMMIT_RECORD_TIME)
		buf_add_svarint(out, (int64_t)((uint64_t)c->time_usec - (uint64_t)c->committer.time_usec));
}

static int put_commit(struct buf *out, const struct encoding *e, struct drift_error *err)
{
	const struct commit *c = e->c;
	size_t i;

	buf_add_byte(out, OBJECT_COMMIT | RECORD_COMPACT << 3);
	buf_add(out, c->id.bytes, OID_LEN);
	buf_add(out, e->tree_id->bytes, OID_LEN);
	loc_put(out, e->self, c->tree.loc);
	buf_add_varint(out, e->flags);
	buf_add_varint(out, c->seq);
	if (e->flags & COMMIT_RECORD_GEN)
		buf_add_varint(out, c->gen);
	buf_add_varint(out, c->parent_count);
	for (i = 0; i < c->parent_count; i++)
		put_ref(out, e->self, &c->parents[i]);
	if (e->flags & COMMIT_RECORD_JUMP)
		put_ref(out, e->self, &c->jump);
	loc_put(out, e->self, e->last_merge_loc);
	put_signatures(out, e);
	if (e->flags & COMMIT_RECORD_ENCODING)
		put_text(out, &c->encoding);
	if (e->flags & COMMIT_RECORD_EXTRA)
		put_text(out, &c->extra);
	buf_add(out, e->message, e->message_len);
	return buf_check(out, err);
}

int commit_record_encode(const struct commit *c, uint64_t self, uint64_t committer_loc, uint64_t author_loc,
			 struct compressor *z, struct buf *out, struct drift_error *err)
{
	auto_buf packed = BUF_INIT;
	struct encoding e = {
		.c = c,
		.self = loc_frame(self),
		.flags = flags_of(c, committer_loc, author_loc),
		.committer_loc = committer_loc,
		.author_loc = author_loc,
		.last_merge_loc = c->last_merge_loc,
		.tree_id = &c->tree.id,
		.message = c->message.data,
		.message_len = c->message.len,
	};

	if (pack_message(c, z, &packed, err) < 0)
		return -1;
	if (packed.len) {
		e.flags |= COMMIT_RECORD_ZSTD;
		e.message = packed.data;
		e.message_len = packed.len;
	}
	return put_commit(out, &e, err);
}

int commit_record_encode_packed(const struct commit *c, uint64_t self, bool means_committer, struct buf *out,
				struct drift_error *err)
{
	static const struct oid zero;
	struct encoding e = {
		.c = c,
		.self = loc_frame(self),
		.flags = flags_of(c, LOC_UNKNOWN, LOC_UNKNOWN),
		/* Readers know that a merge is its own last one. */
		.last_merge_loc = c->parent_count > 1 ? LOC_UNKNOWN : c->last_merge_loc,
		.tree_id = c->tree.loc == LOC_UNKNOWN ? &c->tree.id : &zero,
		.message = c->message.data,
		.message_len = c->message.len,
	};

	if (means_committer && (e.flags & COMMIT_RECORD_AUTHOR_WHO))
		e.flags |= COMMIT_RECORD_MEANS_COMMITTER;
	return put_commit(out, &e, err);
}

const struct text *commit_record_spelled(const struct commit_record *r)
{
	if ((r->flags & COMMIT_RECORD_AUTHOR_WHO) &&
	    !(r->flags & (COMMIT_RECORD_AUTHOR_REF | COMMIT_RECORD_MEANS_COMMITTER)))
		return &r->commit.author.who;
	return r->flags & COMMIT_RECORD_COMMITTER_REF ? NULL : &r->commit.committer.who;
}

/* The place of a commit before the one at `self`, so that whoever follows such places comes to an end. */
static uint64_t get_older(struct cursor *in, uint64_t self)
{
	uint64_t loc = loc_get(in, loc_frame(self));

	if (loc >= self)
		cursor_fail(in);
	return loc;
}

static uint64_t get_who_loc(struct cursor *in, uint64_t self)
{
	uint64_t loc = get_older(in, self);

	if (loc == LOC_UNKNOWN)
		cursor_fail(in);
	return loc;
}

static void get_ref(struct cursor *in, uint64_t self, struct object_ref *ref)
{
	const unsigned char *id;

	memset(ref, 0, sizeof(*ref));
	ref->loc = get_older(in, self);
	if (ref->loc != LOC_UNKNOWN || !cursor_ok(in))
		return;
	id = cursor_bytes(in, OID_LEN);
	if (id)
		memcpy(ref->id.bytes, id, OID_LEN);
}

static void get_text(struct cursor *in, struct text *t, size_t max)
{
	uint64_t len = cursor_varint(in);

	if (len > max)
		cursor_fail(in);
	t->data = (const char *)cursor_bytes(in, (size_t)len);
	t->len = t->data ? (size_t)len : 0;
	if (!t->data)
		t->data = "";
}

static void get_zone(struct cursor *in, char zone[8])
{
	size_t len = cursor_u8(in);
	const unsigned char *p = len < 8 ? cursor_bytes(in, len) : NULL;

	if (!p) {
		cursor_fail(in);
		return;
	}
	memcpy(zone, p, len);
	zone[len] = '\0';
}

static int64_t get_time(struct cursor *in, unsigned flags)
{
	int64_t v = cursor_svarint(in), unit = time_unit(flags);

	if (unit > 1 && (v > INT64_MAX / unit || v < INT64_MIN / unit)) {
		cursor_fail(in);
		return 0;
	}
	return v * unit;
}

static void get_signatures(struct cursor *in, uint64_t self, struct commit_record *r)
{
	struct signature_line *committer = &r->commit.committer, *author = &r->commit.author;

	memcpy(committer->zone, "+0000", 6);
	if (r->flags & COMMIT_RECORD_COMMITTER_REF)
		r->committer_loc = get_who_loc(in, self);
	else
		get_text(in, &committer->who, COMMIT_WHO_MAX);
	committer->time_usec = get_time(in, r->flags);
	if (r->flags & COMMIT_RECORD_COMMITTER_ZONE)
		get_zone(in, committer->zone);
	*author = *committer;
	if (r->flags & COMMIT_RECORD_AUTHOR_REF)
		r->author_loc = get_who_loc(in, self);
	else if (r->flags & COMMIT_RECORD_AUTHOR_WHO)
		get_text(in, &author->who, COMMIT_WHO_MAX);
	if (r->flags & COMMIT_RECORD_AUTHOR_TIME)
		author->time_usec = get_time(in, r->flags);
	if (r->flags & COMMIT_RECORD_AUTHOR_ZONE)
		get_zone(in, author->zone);
	r->commit.time_usec = committer->time_usec;
	if (r->flags & COMMIT_RECORD_TIME)
		r->commit.time_usec = (int64_t)((uint64_t)committer->time_usec + (uint64_t)cursor_svarint(in));
}

static int get_parents(struct cursor *in, uint64_t self, struct commit_record *r, struct drift_error *err)
{
	uint64_t n = cursor_varint(in);
	size_t i;

	if (n > COMMIT_PARENTS_MAX || n > cursor_left(in)) {
		cursor_fail(in);
		n = 0;
	}
	r->commit.parents = r->parent_storage;
	if (n > ARRAY_SIZE(r->parent_storage)) {
		r->parents_allocated = mem_calloc((size_t)n, sizeof(*r->parents_allocated));
		if (!r->parents_allocated)
			return error_no_memory(err);
		r->commit.parents = r->parents_allocated;
	}
	r->commit.parent_count = (size_t)n;
	for (i = 0; i < n; i++)
		get_ref(in, self, &r->commit.parents[i]);
	return 0;
}

static int get_message(struct cursor *in, struct compressor *z, struct commit_record *r, struct drift_error *err)
{
	struct compress_job job;
	uint64_t raw_len;
	char *p;

	if (!(r->flags & COMMIT_RECORD_ZSTD)) {
		r->commit.message.len = cursor_left(in);
		r->commit.message.data = (const char *)in->pos;
		return 0;
	}
	raw_len = cursor_varint(in);
	if (!cursor_ok(in) || raw_len > COMMIT_MESSAGE_MAX) {
		cursor_fail(in);
		return 0;
	}
	p = buf_reserve(&r->message, (size_t)raw_len);
	if (!p)
		return error_no_memory(err);
	job = (struct compress_job){ .src = in->pos, .src_len = cursor_left(in) };
	if (decompress_exact(z, &job, p, (size_t)raw_len, err) < 0)
		return -1;
	r->message.len = (size_t)raw_len;
	r->commit.message.data = p;
	r->commit.message.len = (size_t)raw_len;
	return 0;
}

static int parse_body(struct cursor *in, uint64_t self, struct compressor *z, struct commit_record *r,
		      struct drift_error *err)
{
	const unsigned char *ids = cursor_bytes(in, (size_t)2 * OID_LEN);
	struct commit *c = &r->commit;
	uint64_t flags;

	if (!ids)
		return 0;
	memcpy(c->id.bytes, ids, OID_LEN);
	memcpy(c->tree.id.bytes, ids + OID_LEN, OID_LEN);
	c->tree.loc = loc_get(in, loc_frame(self));
	flags = cursor_varint(in);
	if (flags > COMMIT_RECORD_FLAGS)
		cursor_fail(in);
	r->flags = (unsigned)flags & COMMIT_RECORD_FLAGS;
	c->seq = cursor_varint(in);
	c->gen = r->flags & COMMIT_RECORD_GEN ? cursor_varint(in) : c->seq;
	if (get_parents(in, self, r, err) < 0)
		return -1;
	if (r->flags & COMMIT_RECORD_JUMP)
		get_ref(in, self, &c->jump);
	else if (c->parent_count)
		c->jump = c->parents[0];
	c->last_merge_loc = get_older(in, self);
	get_signatures(in, self, r);
	if (r->flags & COMMIT_RECORD_ENCODING)
		get_text(in, &c->encoding, COMMIT_WHO_MAX);
	if (r->flags & COMMIT_RECORD_EXTRA)
		get_text(in, &c->extra, COMMIT_LEN_MAX);
	return get_message(in, z, r, err);
}

int commit_record_parse(const struct record *r, struct compressor *z, struct commit_record *out,
			struct drift_error *err)
{
	struct cursor in;

	memset(out, 0, sizeof(*out));
	buf_init(&out->message);
	out->commit.encoding.data = out->commit.extra.data = "";
	out->commit.committer.who.data = out->commit.author.who.data = "";
	cursor_init(&in, r->body, r->body_len);
	if (parse_body(&in, r->self, z, out, err) < 0) {
		commit_record_release(out);
		return -1;
	}
	if (!cursor_ok(&in)) {
		commit_record_release(out);
		return error_set(err, DRIFT_ERR_CORRUPT, "the record of a commit is malformed");
	}
	return 0;
}

void commit_record_release(struct commit_record *r)
{
	buf_release(&r->message);
	free(r->parents_allocated);
	r->parents_allocated = NULL;
}

int commit_record_ids(const struct record *r, struct oid *id_out, struct object_ref *tree_out, struct drift_error *err)
{
	struct object_ref tree;
	struct cursor in;

	if (r->kind != OBJECT_COMMIT || r->storage != RECORD_COMPACT || r->body_len < (size_t)2 * OID_LEN)
		return error_set(err, DRIFT_ERR_CORRUPT, "a commit was expected where there is none");
	memcpy(tree.id.bytes, r->body + OID_LEN, OID_LEN);
	cursor_init(&in, r->body + (size_t)2 * OID_LEN, r->body_len - (size_t)2 * OID_LEN);
	tree.loc = loc_get(&in, loc_frame(r->self));
	memcpy(id_out->bytes, r->body, OID_LEN);
	*tree_out = tree;
	return 0;
}

/* The cursor behind the flags of a record. */
static unsigned seek_flags(const struct record *r, struct cursor *in)
{
	uint64_t flags;

	cursor_init(in, r->body, r->body_len);
	if (r->kind != OBJECT_COMMIT || r->storage != RECORD_COMPACT)
		cursor_fail(in);
	cursor_bytes(in, (size_t)2 * OID_LEN);
	loc_get(in, loc_frame(r->self));
	flags = cursor_varint(in);
	if (flags > COMMIT_RECORD_FLAGS)
		cursor_fail(in);
	return (unsigned)flags & COMMIT_RECORD_FLAGS;
}

int commit_record_means_committer(const struct record *r, bool *means_out, struct drift_error *err)
{
	struct cursor in;
	unsigned flags = seek_flags(r, &in);

	if (!cursor_ok(&in))
		return error_set(err, DRIFT_ERR_CORRUPT, "a commit was expected where there is none");
	*means_out = (flags & COMMIT_RECORD_MEANS_COMMITTER) ||
		     (flags & (COMMIT_RECORD_AUTHOR_REF | COMMIT_RECORD_COMMITTER_REF)) == COMMIT_RECORD_AUTHOR_REF;
	return 0;
}

int commit_record_step(const struct record *r, struct commit_step *out, struct drift_error *err)
{
	struct commit_step step = { .parent_loc = LOC_UNKNOWN };
	struct object_ref ref;
	struct cursor in;
	unsigned flags = seek_flags(r, &in);
	uint64_t count, i;

	step.seq = cursor_varint(&in);
	if (flags & COMMIT_RECORD_GEN)
		cursor_varint(&in);
	count = cursor_varint(&in);
	for (i = 0; i < count && cursor_ok(&in); i++) {
		get_ref(&in, r->self, &ref);
		if (!i)
			step.parent_loc = ref.loc;
	}
	step.jump_loc = step.parent_loc;
	if (flags & COMMIT_RECORD_JUMP) {
		get_ref(&in, r->self, &ref);
		step.jump_loc = ref.loc;
	}
	if (!cursor_ok(&in))
		return error_set(err, DRIFT_ERR_CORRUPT, "a commit was expected where there is none");
	*out = step;
	return 0;
}

int commit_record_parent(const struct record *r, uint64_t *loc_out, struct drift_error *err)
{
	struct commit_step step;

	if (commit_record_step(r, &step, err) < 0)
		return -1;
	*loc_out = step.parent_loc;
	return 0;
}
