#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "sync/bundle.h"

/* Passes bytes on and hashes them. */
struct hashing_sink {
	const struct sync_sink *sink;
	struct sha256 hash;
	uint64_t len;
};

static int write_hashed(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	struct hashing_sink *s = data;

	sha256_update(&s->hash, bytes, len);
	s->len += len;
	return s->sink->write(s->sink->data, bytes, len, err);
}

static void add_text(struct buf *out, const struct text *t)
{
	buf_add_varint(out, t->len);
	buf_add(out, t->data, t->len);
}

static void add_ref(struct buf *out, const struct bundle_ref *ref)
{
	add_text(out, &ref->name);
	buf_add_byte(out, ref->symbolic ? REF_SYMBOLIC : REF_OBJECT);
	if (ref->symbolic)
		add_text(out, &ref->target);
	else
		buf_add(out, ref->id.bytes, OID_LEN);
}

static bool follows(const struct text *a, const struct text *b)
{
	return key_compare(a->data, a->len, b->data, b->len) < 0;
}

static int check_order(const struct bundle_head *head, struct drift_error *err)
{
	for (size_t i = 1; i < head->ref_count; i++)
		if (!follows(&head->refs[i - 1].name, &head->refs[i].name))
			return error_set(err, DRIFT_ERR_INVALID, "refs of a bundle are not in order");
	for (size_t i = 1; i < head->prerequisite_count; i++)
		if (oid_compare(&head->prerequisites[i - 1].id, &head->prerequisites[i].id) >= 0)
			return error_set(err, DRIFT_ERR_INVALID, "prerequisites of a bundle are not in order");
	for (size_t i = 1; i < head->text_count; i++)
		if (!follows(&head->texts[i - 1].name, &head->texts[i].name))
			return error_set(err, DRIFT_ERR_INVALID, "texts of a bundle are not in order");
	return 0;
}

static int encode_head(const struct bundle_head *head, struct buf *out, struct drift_error *err)
{
	buf_add_svarint(out, head->time_usec);
	buf_add_varint(out, head->ref_count);
	for (size_t i = 0; i < head->ref_count; i++)
		add_ref(out, &head->refs[i]);
	buf_add_varint(out, head->prerequisite_count);
	for (size_t i = 0; i < head->prerequisite_count; i++) {
		buf_add(out, head->prerequisites[i].id.bytes, OID_LEN);
		add_text(out, &head->prerequisites[i].subject);
	}
	buf_add_varint(out, head->text_count);
	for (size_t i = 0; i < head->text_count; i++) {
		add_text(out, &head->texts[i].name);
		add_text(out, &head->texts[i].content);
	}
	if (buf_check(out, err))
		return -1;
	return out->len <= BUNDLE_HEAD_MAX ? 0 : error_set(err, DRIFT_ERR_LIMIT, "the head of a bundle is over the limit");
}

static int write_head(const struct bundle_head *head, const struct sync_sink *sink, struct drift_error *err)
{
	auto_buf content = BUF_INIT;
	auto_buf start = BUF_INIT;

	if (encode_head(head, &content, err))
		return -1;
	buf_add_str(&start, BUNDLE_HEAD);
	buf_add_varint(&start, content.len);
	return buf_check(&start, err) || sink->write(sink->data, start.data, start.len, err) ||
			       sink->write(sink->data, content.data, content.len, err) ?
		       -1 :
		       0;
}

/* What the refs lead to. */
static int write_stream(struct repo *repo, const struct bundle_head *head, const struct sync_sink *sink,
			const struct sync_progress *progress, struct sync_counts *counts_out, struct drift_error *err)
{
	auto_free struct oid *wants = mem_calloc(head->ref_count + 1, sizeof(*wants));
	auto_free struct oid *haves = mem_calloc(head->prerequisite_count + 1, sizeof(*haves));
	struct sync_send_options options = { .wants = wants, .haves = haves, .have_count = head->prerequisite_count,
					     .progress = progress, .only = odb_only(repo_odb(repo)) };

	if (!wants || !haves)
		return error_no_memory(err);
	for (size_t i = 0; i < head->ref_count; i++)
		if (!head->refs[i].symbolic)
			wants[options.want_count++] = head->refs[i].id;
	for (size_t i = 0; i < head->prerequisite_count; i++)
		haves[i] = head->prerequisites[i].id;
	return sync_send(repo, &options, sink, counts_out, err);
}

int bundle_write(struct repo *repo, const struct bundle_head *head, const struct sync_sink *sink,
		 const struct sync_progress *progress, struct sync_counts *counts_out, struct drift_error *err)
{
	struct hashing_sink hashing = { .sink = sink };
	const struct sync_sink to = { write_hashed, &hashing };
	unsigned char hash[SHA256_LEN];
	struct sync_counts counts;

	sha256_init(&hashing.hash);
	if (check_order(head, err) || write_head(head, &to, err) || write_stream(repo, head, &to, progress, &counts, err))
		return -1;
	sha256_final(&hashing.hash, hash);
	if (sink->write(sink->data, hash, sizeof(hash), err))
		return -1;
	counts.stream_len = hashing.len + sizeof(hash);
	if (counts_out)
		*counts_out = counts;
	return 0;
}
