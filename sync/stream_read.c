#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/stream.h"
#include "sync/stream_input.h"

#define ZONE_LEN_MAX (sizeof(((struct signature_line *)NULL)->zone) - 1)

struct stream_reader {
	struct stream_input in;
	uint64_t commit_total, commit_count, document_len_max;
	struct text *whos;
	size_t who_count;
	struct signature_line committer; /* of the last commit, its who in last_who */
	struct buf last_who, author_who, text;
	struct object_ref *parents;
	uint64_t *backs;
	struct buf collection, key;
	bool in_commit;         /* changes are to be read */
	enum stream_op content; /* a content is to be read: PUT, EDIT, DELTA */
};

int stream_reader_new(const struct sync_source *source, const struct stream_reader_options *options,
		      struct stream_reader **out, struct drift_error *err)
{
	struct stream_reader *r = mem_calloc(1, sizeof(*r));

	if (!r)
		return error_no_memory(err);
	r->document_len_max = options->document_len_max ? options->document_len_max : DOCUMENT_LEN_MAX;
	buf_init(&r->last_who);
	buf_init(&r->author_who);
	buf_init(&r->text);
	buf_init(&r->collection);
	buf_init(&r->key);
	r->whos = mem_calloc(STREAM_WHOS_MAX, sizeof(*r->whos));
	r->parents = mem_calloc(COMMIT_PARENTS_MAX, sizeof(*r->parents));
	r->backs = mem_calloc(COMMIT_PARENTS_MAX, sizeof(*r->backs));
	if (!r->whos || !r->parents || !r->backs) {
		stream_reader_free(r);
		return error_no_memory(err);
	}
	if (stream_input_init(&r->in, source, options->raw, options->stream_len_max, err) ||
	    input_number(&r->in, STREAM_COMMITS_MAX, "the number of commits", &r->commit_total, err)) {
		stream_reader_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void stream_reader_free(struct stream_reader *r)
{
	if (!r)
		return;
	stream_input_release(&r->in);
	for (size_t i = 0; i < r->who_count; i++)
		free((void *)(uintptr_t)r->whos[i].data);
	free(r->whos);
	free(r->parents);
	free(r->backs);
	buf_release(&r->last_who);
	buf_release(&r->author_who);
	buf_release(&r->text);
	buf_release(&r->collection);
	buf_release(&r->key);
	free(r);
}

uint64_t stream_reader_commit_total(const struct stream_reader *r)
{
	return r->commit_total;
}

uint64_t stream_reader_len(const struct stream_reader *r)
{
	return r->in.len;
}

static int read_text(struct stream_reader *r, uint64_t max, const char *what, struct buf *out, struct drift_error *err)
{
	uint64_t len;

	return input_number(&r->in, max, what, &len, err) || input_bytes(&r->in, len, out, err) ? -1 : 0;
}

/* --- commits --- */

/* Appends who to `text`. */
static int read_who(struct stream_reader *r, struct buf *text, char zone[ZONE_LEN_MAX + 1], struct drift_error *err)
{
	auto_buf zone_text = BUF_INIT;
	uint64_t index;

	buf_clear(text);
	if (input_number(&r->in, r->who_count, "the number of an author", &index, err))
		return -1;
	if (index) {
		buf_add(text, r->whos[index - 1].data, r->whos[index - 1].len);
	} else {
		if (read_text(r, COMMIT_WHO_MAX, "the length of an author", text, err))
			return -1;
		if (r->who_count < STREAM_WHOS_MAX) {
			char *copy = mem_dup_str(text->data, text->len);

			if (!copy)
				return error_no_memory(err);
			r->whos[r->who_count++] = (struct text){ copy, text->len };
		}
	}
	if (read_text(r, ZONE_LEN_MAX, "the length of a time zone", &zone_text, err))
		return -1;
	memset(zone, 0, ZONE_LEN_MAX + 1);
	memcpy(zone, zone_text.data, zone_text.len);
	return buf_check(text, err);
}

/* Times are 64 bits, sums wrap: a time that is out of bounds is refused with the commit. */
static int read_time(struct stream_reader *r, unsigned flags, int64_t before_usec, int64_t *out, struct drift_error *err)
{
	int64_t difference;

	if (input_signed(&r->in, &difference, err))
		return -1;
	*out = (int64_t)((uint64_t)before_usec + (uint64_t)difference * (flags & STREAM_SECONDS ? 1000000 : 1));
	return 0;
}

static int read_parents(struct stream_reader *r, unsigned flags, struct commit *c, struct drift_error *err)
{
	uint64_t count = 1;

	r->backs[0] = 1;
	r->parents[0].id = (struct oid){ .bytes = { 0 } };
	if (!(flags & STREAM_PARENTS) && !r->commit_count)
		return error_set(err, DRIFT_ERR_CORRUPT, "the first commit of the stream names one before it");
	if ((flags & STREAM_PARENTS) && input_number(&r->in, COMMIT_PARENTS_MAX, "the number of parents", &count, err))
		return -1;
	for (size_t i = 0; (flags & STREAM_PARENTS) && i < count; i++) {
		r->parents[i].id = (struct oid){ .bytes = { 0 } };
		if (input_number(&r->in, r->commit_count, "the number of a parent", &r->backs[i], err) ||
		    (!r->backs[i] && input_id(&r->in, &r->parents[i].id, err)))
			return -1;
		if (!r->backs[i] && oid_is_zero(&r->parents[i].id))
			return error_set(err, DRIFT_ERR_CORRUPT, "a parent has the id zero");
	}
	c->parents = r->parents;
	c->parent_count = count;
	return 0;
}

static int read_signers(struct stream_reader *r, unsigned flags, struct commit *c, struct drift_error *err)
{
	if (!(flags & STREAM_COMMITTER) && !r->commit_count)
		return error_set(err, DRIFT_ERR_CORRUPT, "the first commit of the stream has no committer");
	if (flags & STREAM_COMMITTER) {
		if (read_who(r, &r->last_who, r->committer.zone, err))
			return -1;
		r->committer.who = (struct text){ r->last_who.data, r->last_who.len };
	}
	if (read_time(r, flags, r->committer.time_usec, &r->committer.time_usec, err))
		return -1;
	c->author = c->committer = r->committer;
	if (!(flags & STREAM_AUTHOR))
		return 0;
	if (read_who(r, &r->author_who, c->author.zone, err))
		return -1;
	c->author.who = (struct text){ r->author_who.data, r->author_who.len };
	return read_time(r, flags, c->committer.time_usec, &c->author.time_usec, err);
}

static int read_texts(struct stream_reader *r, unsigned flags, struct commit *c, struct drift_error *err)
{
	size_t encoding_len, extra_len;

	buf_clear(&r->text);
	if ((flags & STREAM_ENCODING) && read_text(r, COMMIT_ENCODING_MAX, "the length of an encoding", &r->text, err))
		return -1;
	encoding_len = r->text.len;
	if ((flags & STREAM_EXTRA) && read_text(r, COMMIT_EXTRA_MAX, "the length of a commit's headers", &r->text, err))
		return -1;
	extra_len = r->text.len - encoding_len;
	if (read_text(r, COMMIT_MESSAGE_MAX, "the length of a message", &r->text, err))
		return -1;
	c->encoding = (struct text){ r->text.data, encoding_len };
	c->extra = (struct text){ r->text.data + encoding_len, extra_len };
	c->message = (struct text){ r->text.data + encoding_len + extra_len, r->text.len - encoding_len - extra_len };
	return 0;
}

static int read_commit(struct stream_reader *r, struct stream_record *record, struct drift_error *err)
{
	struct commit *c = &record->commit;
	uint8_t flags;

	memset(c, 0, sizeof(*c));
	if (r->commit_count == r->commit_total)
		return error_set(err, DRIFT_ERR_CORRUPT, "the stream has more commits than it said");
	if (input_byte(&r->in, &flags, err))
		return -1;
	if (flags >= 2 * STREAM_SECONDS)
		return error_set(err, DRIFT_ERR_CORRUPT, "a commit of the stream has unknown flags");
	if (read_parents(r, flags, c, err) || read_signers(r, flags, c, err) || read_texts(r, flags, c, err))
		return -1;
	record->backs = r->backs;
	r->commit_count++;
	r->in_commit = true;
	return 0;
}

/* --- other records --- */

static int read_checks(struct stream_reader *r, struct stream_record *record, struct drift_error *err)
{
	uint64_t count, head;

	if (input_number(&r->in, STREAM_CHECKS_MAX, "the number of commits to be checked", &count, err))
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct stream_check *check = &record->checks[i];

		memset(check, 0, sizeof(*check));
		if (input_number(&r->in, 2 * r->commit_count + 1, "the number of a commit", &head, err))
			return -1;
		check->back = head >> 1;
		check->told = !(head & 1);
		if (!check->told && input_id(&r->in, &check->id, err))
			return -1;
		if (!check->back)
			return error_set(err, DRIFT_ERR_CORRUPT, "the stream checks a commit that is none");
	}
	record->check_count = count;
	return 0;
}

static int read_wanted(struct stream_reader *r, struct stream_record *record, struct drift_error *err)
{
	struct stream_check *check = &record->checks[0];

	memset(check, 0, sizeof(*check));
	record->check_count = 1;
	if (input_number(&r->in, r->commit_count, "the number of a commit", &check->back, err) ||
	    input_id(&r->in, &check->id, err))
		return -1;
	if (!check->back)
		return error_set(err, DRIFT_ERR_CORRUPT, "the stream tells a commit that is none");
	return 0;
}

static int read_end(struct stream_reader *r, struct drift_error *err)
{
	if (r->commit_count != r->commit_total)
		return error_set(err, DRIFT_ERR_CORRUPT, "the stream has %" PRIu64 " commits and said %" PRIu64,
				 r->commit_count, r->commit_total);
	return input_end(&r->in, err);
}

int stream_read(struct stream_reader *r, struct stream_record *record, struct drift_error *err)
{
	uint8_t type;

	assert(!r->in_commit && !r->content);
	if (input_byte(&r->in, &type, err))
		return -1;
	record->type = type;
	record->check_count = 0;
	switch (type) {
	case STREAM_COMMIT:
		return read_commit(r, record, err);
	case STREAM_CHECK:
		return read_checks(r, record, err);
	case STREAM_WANTED:
		return read_wanted(r, record, err);
	case STREAM_TAG:
		buf_clear(&r->text);
		if (read_text(r, COMMIT_LEN_MAX, "the length of a tag", &r->text, err))
			return -1;
		record->object = (struct text){ r->text.data, r->text.len };
		return 0;
	case STREAM_BLOB:
		r->content = STREAM_PUT;
		return 0;
	case STREAM_END:
		return read_end(r, err);
	default:
		return error_set(err, DRIFT_ERR_CORRUPT, "the stream has a record of unknown type %u", type);
	}
}

/* --- changes --- */

static int read_path(struct stream_reader *r, unsigned head, struct stream_change *c, struct drift_error *err)
{
	uint64_t shared;

	if (head & STREAM_COLLECTION) {
		buf_clear(&r->collection);
		if (read_text(r, COLLECTION_LEN_MAX, "the length of a collection's name", &r->collection, err))
			return -1;
	}
	c->path = (struct path){ .collection = r->collection.data, .collection_len = r->collection.len, .key = "" };
	if (c->op == STREAM_DESCRIPTOR)
		return 0;
	if (input_number(&r->in, r->key.len, "the length of what two keys share", &shared, err))
		return -1;
	buf_truncate(&r->key, (size_t)shared);
	if (read_text(r, NODE_KEY_MAX - shared, "the length of a key", &r->key, err))
		return -1;
	c->path = (struct path){ r->collection.data, r->collection.len, r->key.data, r->key.len };
	return 0;
}

static int read_descriptor(struct stream_reader *r, struct stream_change *c, struct drift_error *err)
{
	if (input_number(&r->in, UINT64_MAX, "the number of documents", &c->count, err))
		return -1;
	return c->count && (input_id(&r->in, &c->id, err) ||
			    input_number(&r->in, UINT64_MAX, "the length of documents", &c->len, err)) ?
		       -1 :
		       0;
}

int stream_read_change(struct stream_reader *r, struct stream_change *c, struct drift_error *err)
{
	uint64_t mode = DOCUMENT_NO_MODE;
	uint8_t head;

	assert(r->in_commit && !r->content);
	memset(c, 0, sizeof(*c));
	if (input_byte(&r->in, &head, err))
		return -1;
	c->op = head & 7;
	c->has_mode = head & STREAM_MODE;
	c->gitlink = head & STREAM_GITLINK;
	r->in_commit = c->op != STREAM_CHANGES_END;
	if (head >= 2 * STREAM_COLLECTION || (!c->op && head) ||
	    (c->op != STREAM_PUT && c->gitlink) || (c->op >= STREAM_TAKE && c->has_mode))
		return error_set(err, DRIFT_ERR_CORRUPT, "a change of the stream is of an unknown kind");
	if (!c->op)
		return 0;
	if (read_path(r, head, c, err) || (c->has_mode && input_number(&r->in, UINT32_MAX, "a file mode", &mode, err)))
		return -1;
	c->mode = (uint32_t)mode;
	if (c->op == STREAM_KNOWN && (input_id(&r->in, &c->id, err) ||
				      input_number(&r->in, r->document_len_max, "the length of a document", &c->len, err)))
		return -1;
	if (c->op == STREAM_TAKE && input_number(&r->in, COMMIT_PARENTS_MAX, "the number of a parent", &c->parent, err))
		return -1;
	if (c->op == STREAM_DESCRIPTOR && read_descriptor(r, c, err))
		return -1;
	r->content = c->op <= STREAM_DELTA ? c->op : STREAM_CHANGES_END;
	return 1;
}

static int too_long(const struct stream_reader *r, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_LIMIT, "a document is longer than %" PRIu64 " bytes", r->document_len_max);
}

static int read_edit(struct stream_reader *r, const struct text *old, struct buf *out, struct drift_error *err)
{
	uint64_t head, tail, middle;

	if (input_number(&r->in, old->len, "what two versions begin with", &head, err) ||
	    input_number(&r->in, old->len - head, "what two versions end with", &tail, err) ||
	    input_number(&r->in, r->document_len_max, "the length of a document", &middle, err))
		return -1;
	if (head + tail + middle > r->document_len_max)
		return too_long(r, err);
	buf_add(out, old->data, (size_t)head);
	if (input_bytes(&r->in, middle, out, err))
		return -1;
	buf_add(out, old->data + old->len - tail, (size_t)tail);
	return buf_check(out, err);
}

static int read_piece(struct stream_reader *r, const struct text *old, uint64_t left, uint64_t *last,
		      struct buf *out, struct drift_error *err)
{
	int64_t distance;
	uint64_t head, len, from;

	if (input_number(&r->in, 2 * left + 1, "the length of a piece", &head, err))
		return -1;
	len = head >> 1;
	if (!len)
		return error_set(err, DRIFT_ERR_CORRUPT, "a piece of a document is empty");
	if (!(head & 1))
		return input_bytes(&r->in, len, out, err);
	if (input_signed(&r->in, &distance, err))
		return -1;
	from = *last + (uint64_t)distance;
	if (from > old->len || len > old->len - from)
		return error_set(err, DRIFT_ERR_CORRUPT, "a piece of a document is not in the version before it");
	buf_add(out, old->data + from, (size_t)len);
	*last = from + len;
	return buf_check(out, err);
}

static int read_delta(struct stream_reader *r, const struct text *old, struct buf *out, struct drift_error *err)
{
	size_t start = out->len;
	uint64_t len, last = 0;

	if (input_number(&r->in, r->document_len_max, "the length of a document", &len, err))
		return -1;
	while (out->len - start < len)
		if (read_piece(r, old, len - (out->len - start), &last, out, err))
			return -1;
	return 0;
}

int stream_read_content(struct stream_reader *r, const struct text *old, struct buf *out, struct drift_error *err)
{
	enum stream_op op = r->content;

	r->content = STREAM_CHANGES_END;
	assert(op && (op == STREAM_PUT || old));
	if (op == STREAM_PUT)
		return read_text(r, r->document_len_max, "the length of a document", out, err);
	return op == STREAM_EDIT ? read_edit(r, old, out, err) : read_delta(r, old, out, err);
}

static int skip_pieces(struct stream_reader *r, uint64_t left, struct drift_error *err)
{
	while (left) {
		uint64_t head;
		int64_t distance;

		if (input_number(&r->in, 2 * left + 1, "the length of a piece", &head, err))
			return -1;
		if (head < 2)
			return error_set(err, DRIFT_ERR_CORRUPT, "a piece of a document is empty");
		if (head & 1 ? input_signed(&r->in, &distance, err) : input_skip(&r->in, head >> 1, err))
			return -1;
		left -= head >> 1;
	}
	return 0;
}

int stream_skip_content(struct stream_reader *r, struct drift_error *err)
{
	enum stream_op op = r->content;
	uint64_t len;

	r->content = STREAM_CHANGES_END;
	assert(op);
	if (op == STREAM_EDIT && (input_number(&r->in, r->document_len_max, "what two versions begin with", &len, err) ||
				  input_number(&r->in, r->document_len_max, "what two versions end with", &len, err)))
		return -1;
	if (input_number(&r->in, r->document_len_max, "the length of a document", &len, err))
		return -1;
	return op == STREAM_DELTA ? skip_pieces(r, len, err) : input_skip(&r->in, len, err);
}
