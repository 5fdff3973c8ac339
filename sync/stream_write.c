#include <stdlib.h>
#include <string.h>

#include "base/compress.h"
#include "base/mem.h"
#include "sync/stream.h"
#include "sync/stream_edit.h"

#define RAW_LEN ((size_t)64 << 10)   /* so much is compressed at once ... */
#define PIECE_LEN ((size_t)1 << 20)  /* ... or so much of a long document */
#define EDIT_GAIN 4                  /* bytes that a form other than the whole document must save */
#define PIECES_MIN ((size_t)192)     /* a shorter stretch is not looked at for pieces */

struct stream_writer {
	struct sync_sink sink;
	struct compress_stream *compress;
	struct buf raw, packed, pieces;
	uint64_t len;
	struct buf collection, key; /* of the last change */
	struct text *whos;
	size_t who_count;
	struct signature_line committer; /* of the last commit; its who is in `whos` or in `last_who` */
	struct buf last_who;
	bool has_commit;
};

static int send_packed(struct stream_writer *w, struct drift_error *err)
{
	if (buf_check(&w->packed, err))
		return -1;
	if (w->packed.len && w->sink.write(w->sink.data, w->packed.data, w->packed.len, err))
		return -1;
	w->len += w->packed.len;
	buf_clear(&w->packed);
	return 0;
}

static int pack(struct stream_writer *w, const void *data, size_t len, enum compress_until until, struct drift_error *err)
{
	if (compress_stream_add(w->compress, data, len, until, &w->packed, err))
		return -1;
	return until != COMPRESS_SOME || w->packed.len >= RAW_LEN ? send_packed(w, err) : 0;
}

static int pack_raw(struct stream_writer *w, enum compress_until until, struct drift_error *err)
{
	if (buf_check(&w->raw, err))
		return -1;
	if (until == COMPRESS_SOME && w->raw.len < RAW_LEN)
		return 0;
	if (pack(w, w->raw.data, w->raw.len, until, err))
		return -1;
	buf_clear(&w->raw);
	return 0;
}

/* Bytes of any length, a piece at a time. */
static int add_bytes(struct stream_writer *w, const char *data, size_t len, struct drift_error *err)
{
	if (len < RAW_LEN) {
		buf_add(&w->raw, data, len);
		return pack_raw(w, COMPRESS_SOME, err);
	}
	if (buf_check(&w->raw, err) || pack(w, w->raw.data, w->raw.len, COMPRESS_SOME, err))
		return -1;
	buf_clear(&w->raw);
	while (len) {
		size_t n = len < PIECE_LEN ? len : PIECE_LEN;

		if (pack(w, data, n, COMPRESS_SOME, err))
			return -1;
		data += n;
		len -= n;
	}
	return 0;
}

int stream_writer_new(const struct sync_sink *sink, uint64_t commit_total, struct stream_writer **out,
		      struct drift_error *err)
{
	struct stream_writer *w = mem_calloc(1, sizeof(*w));

	if (!w)
		return error_no_memory(err);
	w->sink = *sink;
	buf_init(&w->raw);
	buf_init(&w->packed);
	buf_init(&w->pieces);
	buf_init(&w->collection);
	buf_init(&w->key);
	buf_init(&w->last_who);
	w->whos = mem_calloc(STREAM_WHOS_MAX, sizeof(*w->whos));
	if (!w->whos || compress_stream_create(STREAM_LEVEL, &w->compress, err)) {
		stream_writer_free(w);
		return error_no_memory(err);
	}
	buf_add(&w->packed, STREAM_HEAD, STREAM_HEAD_LEN);
	buf_add_varint(&w->raw, commit_total);
	*out = w;
	return 0;
}

void stream_writer_free(struct stream_writer *w)
{
	if (!w)
		return;
	compress_stream_free(w->compress);
	buf_release(&w->raw);
	buf_release(&w->packed);
	buf_release(&w->pieces);
	buf_release(&w->collection);
	buf_release(&w->key);
	buf_release(&w->last_who);
	for (size_t i = 0; i < w->who_count; i++)
		free((void *)(uintptr_t)w->whos[i].data);
	free(w->whos);
	free(w);
}

uint64_t stream_writer_len(const struct stream_writer *w)
{
	return w->len;
}

/* --- commits --- */

static void add_text(struct stream_writer *w, const struct text *t)
{
	buf_add_varint(&w->raw, t->len);
	buf_add(&w->raw, t->data, t->len);
}

static bool same_text(const struct text *a, const struct text *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static int add_who(struct stream_writer *w, const struct signature_line *line, struct drift_error *err)
{
	size_t i;
	char *copy;

	for (i = 0; i < w->who_count && !same_text(&w->whos[i], &line->who); i++)
		;
	if (i < w->who_count) {
		buf_add_varint(&w->raw, i + 1);
	} else {
		buf_add_varint(&w->raw, 0);
		add_text(w, &line->who);
		if (w->who_count < STREAM_WHOS_MAX) {
			copy = mem_dup_str(line->who.data, line->who.len);
			if (!copy)
				return error_no_memory(err);
			w->whos[w->who_count++] = (struct text){ copy, line->who.len };
		}
	}
	buf_add_varint(&w->raw, strlen(line->zone));
	buf_add_str(&w->raw, line->zone);
	return 0;
}

static bool same_signer(const struct signature_line *a, const struct signature_line *b)
{
	return same_text(&a->who, &b->who) && !strcmp(a->zone, b->zone);
}

static unsigned commit_flags(const struct stream_writer *w, const struct commit *c, const uint64_t *backs)
{
	unsigned flags = 0;

	if (c->parent_count != 1 || backs[0] != 1)
		flags |= STREAM_PARENTS;
	if (!w->has_commit || !same_signer(&c->committer, &w->committer))
		flags |= STREAM_COMMITTER;
	if (!same_signer(&c->author, &c->committer) || c->author.time_usec != c->committer.time_usec)
		flags |= STREAM_AUTHOR;
	if (c->encoding.len)
		flags |= STREAM_ENCODING;
	if (c->extra.len)
		flags |= STREAM_EXTRA;
	if (!(c->committer.time_usec % 1000000) && !(c->author.time_usec % 1000000) && !(w->committer.time_usec % 1000000))
		flags |= STREAM_SECONDS;
	return flags;
}

/* Times are 64 bits: their differences wrap, and so does the sum. */
static void add_time(struct stream_writer *w, int64_t time_usec, int64_t before_usec, unsigned flags)
{
	if (flags & STREAM_SECONDS)
		buf_add_svarint(&w->raw, time_usec / 1000000 - before_usec / 1000000);
	else
		buf_add_svarint(&w->raw, (int64_t)((uint64_t)time_usec - (uint64_t)before_usec));
}

static int keep_committer(struct stream_writer *w, const struct commit *c, struct drift_error *err)
{
	if (!w->has_commit || !same_text(&c->committer.who, &w->committer.who)) {
		buf_clear(&w->last_who);
		buf_add(&w->last_who, c->committer.who.data, c->committer.who.len);
	}
	w->committer = c->committer;
	w->committer.who = (struct text){ w->last_who.data, w->last_who.len };
	w->has_commit = true;
	return buf_check(&w->last_who, err);
}

int stream_write_commit(struct stream_writer *w, const struct commit *c, const uint64_t *backs, struct drift_error *err)
{
	unsigned flags = commit_flags(w, c, backs);

	buf_add_byte(&w->raw, STREAM_COMMIT);
	buf_add_byte(&w->raw, (unsigned char)flags);
	if (flags & STREAM_PARENTS)
		buf_add_varint(&w->raw, c->parent_count);
	for (size_t i = 0; (flags & STREAM_PARENTS) && i < c->parent_count; i++) {
		buf_add_varint(&w->raw, backs[i]);
		if (!backs[i])
			buf_add(&w->raw, c->parents[i].id.bytes, OID_LEN);
	}
	if ((flags & STREAM_COMMITTER) && add_who(w, &c->committer, err))
		return -1;
	add_time(w, c->committer.time_usec, w->committer.time_usec, flags);
	if (flags & STREAM_AUTHOR) {
		if (add_who(w, &c->author, err))
			return -1;
		add_time(w, c->author.time_usec, c->committer.time_usec, flags);
	}
	if (flags & STREAM_ENCODING)
		add_text(w, &c->encoding);
	if (flags & STREAM_EXTRA)
		add_text(w, &c->extra);
	buf_add_varint(&w->raw, c->message.len);
	return add_bytes(w, c->message.data, c->message.len, err) || keep_committer(w, c, err) ? -1 : 0;
}

/* --- changes --- */

static int add_path(struct stream_writer *w, const struct stream_change *c, unsigned head, struct drift_error *err)
{
	const struct path *p = &c->path;
	size_t max = p->key_len < w->key.len ? p->key_len : w->key.len, shared = 0;

	if (p->collection_len != w->collection.len || memcmp(p->collection, w->collection.data, p->collection_len) != 0)
		head |= STREAM_COLLECTION;
	if (c->has_mode)
		head |= STREAM_MODE;
	if (c->gitlink)
		head |= STREAM_GITLINK;
	buf_add_byte(&w->raw, (unsigned char)head);
	if (head & STREAM_COLLECTION) {
		const struct text name = { p->collection, p->collection_len };

		add_text(w, &name);
		buf_clear(&w->collection);
		buf_add(&w->collection, p->collection, p->collection_len);
	}
	if (c->op == STREAM_DESCRIPTOR)
		return buf_check(&w->collection, err);
	while (shared < max && p->key[shared] == w->key.data[shared])
		shared++;
	buf_add_varint(&w->raw, shared);
	buf_add_varint(&w->raw, p->key_len - shared);
	buf_add(&w->raw, p->key + shared, p->key_len - shared);
	buf_truncate(&w->key, shared);
	buf_add(&w->key, p->key + shared, p->key_len - shared);
	if (c->has_mode)
		buf_add_varint(&w->raw, c->mode);
	return buf_check(&w->collection, err) || buf_check(&w->key, err) ? -1 : 0;
}

int stream_write_change(struct stream_writer *w, const struct stream_change *change, struct drift_error *err)
{
	if (add_path(w, change, change->op, err))
		return -1;
	if (change->op == STREAM_KNOWN) {
		buf_add(&w->raw, change->id.bytes, OID_LEN);
		buf_add_varint(&w->raw, change->len);
	} else if (change->op == STREAM_TAKE) {
		buf_add_varint(&w->raw, change->parent);
	} else if (change->op == STREAM_DESCRIPTOR) {
		buf_add_varint(&w->raw, change->count);
		if (change->count) {
			buf_add(&w->raw, change->id.bytes, OID_LEN);
			buf_add_varint(&w->raw, change->len);
		}
	}
	return pack_raw(w, COMPRESS_SOME, err);
}

static int write_edit(struct stream_writer *w, const struct text *content, size_t head, size_t tail,
		      struct drift_error *err)
{
	size_t middle = content->len - head - tail;

	buf_add_varint(&w->raw, head);
	buf_add_varint(&w->raw, tail);
	buf_add_varint(&w->raw, middle);
	return add_bytes(w, content->data + head, middle, err);
}

int stream_write_document(struct stream_writer *w, const struct stream_change *change, const struct text *old,
			  const struct text *content, struct drift_error *err)
{
	size_t head = 0, tail = 0, left;
	int r = 0;

	if (old)
		stream_edit_ends(old, content, &head, &tail);
	left = content->len - head - tail;
	buf_clear(&w->pieces);
	if (old && left >= PIECES_MIN)
		r = stream_edit_pieces(old, content, left - left / 8, &w->pieces, err);
	if (r < 0)
		return -1;
	if (r) {
		if (add_path(w, change, STREAM_DELTA, err))
			return -1;
		buf_add_varint(&w->raw, content->len);
		return add_bytes(w, w->pieces.data, w->pieces.len, err);
	}
	if (old && left + EDIT_GAIN <= content->len)
		return add_path(w, change, STREAM_EDIT, err) ? -1 : write_edit(w, content, head, tail, err);
	if (add_path(w, change, STREAM_PUT, err))
		return -1;
	buf_add_varint(&w->raw, content->len);
	return add_bytes(w, content->data, content->len, err);
}

int stream_write_changes_end(struct stream_writer *w, struct drift_error *err)
{
	buf_add_byte(&w->raw, STREAM_CHANGES_END);
	return pack_raw(w, COMPRESS_SOME, err);
}

/* --- the rest --- */

int stream_write_checks(struct stream_writer *w, const struct stream_check *checks, size_t count, struct drift_error *err)
{
	buf_add_byte(&w->raw, STREAM_CHECK);
	buf_add_varint(&w->raw, count);
	for (size_t i = 0; i < count; i++) {
		buf_add_varint(&w->raw, checks[i].back << 1 | !checks[i].told);
		if (!checks[i].told)
			buf_add(&w->raw, checks[i].id.bytes, OID_LEN);
	}
	return pack_raw(w, COMPRESS_ALL, err);
}

int stream_write_wanted(struct stream_writer *w, uint64_t back, const struct oid *id, struct drift_error *err)
{
	buf_add_byte(&w->raw, STREAM_WANTED);
	buf_add_varint(&w->raw, back);
	buf_add(&w->raw, id->bytes, OID_LEN);
	return pack_raw(w, COMPRESS_SOME, err);
}

int stream_write_object(struct stream_writer *w, enum stream_type type, const struct text *content, struct drift_error *err)
{
	buf_add_byte(&w->raw, (unsigned char)type);
	buf_add_varint(&w->raw, content->len);
	return add_bytes(w, content->data, content->len, err);
}

int stream_write_end(struct stream_writer *w, struct drift_error *err)
{
	buf_add_byte(&w->raw, STREAM_END);
	return pack_raw(w, COMPRESS_END, err);
}
