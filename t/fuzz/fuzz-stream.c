/* The records of a data stream, not compressed: an error, or what is written from them reads the same again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "sync/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define DOCUMENT_MAX 100000

static const struct text old_version = { "{\"name\":\"Oslo\",\"inhabitants\":709037,\"rivers\":[\"Akerselva\",\"Alna\"]}", 65 };

struct memory {
	const char *data;
	size_t len;
};

/* In small pieces, so that records cross their borders. */
static ptrdiff_t read_memory(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct memory *m = data;
	size_t n = m->len < 50 ? m->len : 50;

	(void)err;
	if (n > len)
		n = len;
	if (n)
		memcpy(bytes, m->data, n);
	m->data += n;
	m->len -= n;
	return (ptrdiff_t)n;
}

static int write_memory(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	buf_add(data, bytes, len);
	return buf_check(data, err);
}

static void note(struct buf *events, const struct text *t)
{
	buf_addf(events, "%zu:", t->len);
	buf_add(events, t->data, t->len);
}

static void note_signer(struct buf *events, const struct signature_line *s)
{
	note(events, &s->who);
	buf_addf(events, " %lld %s ", (long long)s->time_usec, s->zone);
}

static void note_commit(struct buf *events, const struct stream_record *r)
{
	const struct commit *c = &r->commit;

	buf_add_str(events, "commit ");
	for (size_t i = 0; i < c->parent_count; i++) {
		buf_addf(events, "%llu ", (unsigned long long)r->backs[i]);
		buf_add(events, c->parents[i].id.bytes, OID_LEN);
	}
	note_signer(events, &c->author);
	note_signer(events, &c->committer);
	note(events, &c->encoding);
	note(events, &c->extra);
	note(events, &c->message);
}

static void note_change(struct buf *events, const struct stream_change *c)
{
	path_format(&c->path, events);
	buf_addf(events, "%d %d %o %d %llu %llu ", c->op <= STREAM_DELTA ? STREAM_PUT : (int)c->op, c->has_mode, c->mode, c->gitlink,
		 (unsigned long long)c->len, (unsigned long long)c->parent);
	buf_add(events, c->id.bytes, OID_LEN);
}

static int copy_changes(struct stream_reader *r, struct stream_writer *w, struct buf *events)
{
	struct stream_change c;
	int more;

	while ((more = stream_read_change(r, &c, NULL)) > 0) {
		auto_buf content = BUF_INIT;
		struct text text;

		note_change(events, &c);
		if (c.op > STREAM_DELTA) {
			if (w && stream_write_change(w, &c, NULL))
				return -1;
			continue;
		}
		if (stream_read_content(r, &old_version, &content, NULL))
			return -1;
		text = (struct text){ content.data, content.len };
		note(events, &text);
		if (w && stream_write_document(w, &c, c.gitlink ? NULL : &old_version, &text, NULL))
			return -1;
	}
	return more || (w && stream_write_changes_end(w, NULL)) ? -1 : 0;
}

static int copy_checks(const struct stream_record *r, struct stream_writer *w, struct buf *events)
{
	buf_addf(events, "type %d ", (int)r->type);
	for (size_t i = 0; i < r->check_count; i++) {
		buf_addf(events, "%llu %d ", (unsigned long long)r->checks[i].back, r->checks[i].told);
		buf_add(events, r->checks[i].id.bytes, OID_LEN);
	}
	if (!w)
		return 0;
	return r->type == STREAM_CHECK ? stream_write_checks(w, r->checks, r->check_count, NULL) :
					 stream_write_wanted(w, r->checks[0].back, &r->checks[0].id, NULL);
}

static int copy_object(struct stream_reader *r, const struct stream_record *record, struct stream_writer *w,
		       struct buf *events)
{
	auto_buf content = BUF_INIT;
	struct text text = record->object;

	if (record->type == STREAM_BLOB) {
		if (stream_read_content(r, NULL, &content, NULL))
			return -1;
		text = (struct text){ content.data, content.len };
	}
	buf_addf(events, "type %d ", (int)record->type);
	note(events, &text);
	return w ? stream_write_object(w, record->type, &text, NULL) : 0;
}

/* What the stream says; to be written again, if there is a writer. */
static int copy(struct stream_reader *r, struct stream_writer *w, struct buf *events)
{
	struct stream_record record;

	for (;;) {
		int result;

		if (stream_read(r, &record, NULL))
			return -1;
		if (record.type == STREAM_END)
			return w ? stream_write_end(w, NULL) : 0;
		if (record.type == STREAM_COMMIT) {
			note_commit(events, &record);
			result = (w && stream_write_commit(w, &record.commit, record.backs, NULL)) || copy_changes(r, w, events);
		} else if (record.type == STREAM_CHECK || record.type == STREAM_WANTED) {
			result = copy_checks(&record, w, events);
		} else {
			result = copy_object(r, &record, w, events);
		}
		if (result)
			return -1;
	}
}

static struct stream_reader *reader_of(struct memory *m, bool raw)
{
	const struct sync_source source = { read_memory, m };
	const struct stream_reader_options options = { .raw = raw, .document_len_max = DOCUMENT_MAX };
	struct stream_reader *r;

	return stream_reader_new(&source, &options, &r, NULL) ? NULL : r;
}

static void read_again(const struct buf *stream, const struct buf *want)
{
	struct memory m = { stream->data, stream->len };
	struct stream_reader *r = reader_of(&m, false);
	auto_buf events = BUF_INIT;
	int result;

	assert(r);
	result = copy(r, NULL, &events);
	assert(!result);
	assert(events.len == want->len && !memcmp(events.data, want->data, want->len));
	stream_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memory m = { (const char *)data, len };
	auto_buf stream = BUF_INIT, events = BUF_INIT;
	const struct sync_sink sink = { write_memory, &stream };
	struct stream_reader *r = reader_of(&m, true);
	struct stream_writer *w;

	if (!r)
		return 0;
	if (!stream_writer_new(&sink, stream_reader_commit_total(r), &w, NULL)) {
		if (!copy(r, w, &events))
			read_again(&stream, &events);
		stream_writer_free(w);
	}
	stream_reader_free(r);
	return 0;
}
