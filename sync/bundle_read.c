#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "refs/refname.h"
#include "sync/bundle.h"

#define READ_LEN ((size_t)64 << 10)

struct bundle {
	struct sync_source source;
	struct sync_source stream;
	struct sha256 hash;
	unsigned char tail[SHA256_LEN]; /* the last bytes that came: they may be the checksum */
	size_t tail_len;
	unsigned char *read;            /* READ_LEN and a tail */
	const unsigned char *at, *end;  /* what is known not to be the checksum and was not given out */
	bool ended;
	struct buf memory, texts; /* of the head: as it came; its texts, each with a NUL */
	struct bundle_head head;
	struct bundle_ref *refs;
	struct bundle_prerequisite *prerequisites;
	struct bundle_text *named;
};

/* More bytes before the checksum: 1, or 0 if there are none. */
static int fill(struct bundle *b, struct drift_error *err)
{
	while (b->at == b->end && !b->ended) {
		size_t keep = b->tail_len, total;
		ptrdiff_t n;

		memcpy(b->read, b->tail, keep);
		n = b->source.read(b->source.data, b->read + keep, READ_LEN, err);
		if (n < 0)
			return -1;
		b->ended = !n;
		total = keep + (size_t)n;
		b->tail_len = total < SHA256_LEN ? total : SHA256_LEN;
		b->at = b->read;
		b->end = b->read + (total - b->tail_len);
		memcpy(b->tail, b->end, b->tail_len);
		sha256_update(&b->hash, b->at, (size_t)(b->end - b->at));
	}
	return b->at != b->end;
}

static ptrdiff_t read_stream(void *data, void *bytes, size_t len, struct drift_error *err)
{
	struct bundle *b = data;
	int r = fill(b, err);
	size_t n;

	if (r <= 0)
		return r;
	n = (size_t)(b->end - b->at);
	if (n > len)
		n = len;
	memcpy(bytes, b->at, n);
	b->at += n;
	return (ptrdiff_t)n;
}

static int read_bytes(struct bundle *b, size_t len, struct buf *out, struct drift_error *err)
{
	while (len) {
		int r = fill(b, err);
		size_t n;

		if (r <= 0)
			return r < 0 ? -1 : error_set(err, DRIFT_ERR_IO, "the bundle ends too soon");
		n = (size_t)(b->end - b->at);
		if (n > len)
			n = len;
		buf_add(out, b->at, n);
		b->at += n;
		len -= n;
	}
	return buf_check(out, err);
}

static int malformed(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "the head of the bundle is malformed");
}

/* --- the head --- */

static int read_mark(struct bundle *b, struct drift_error *err)
{
	static const char head[] = BUNDLE_HEAD;
	const size_t version_at = sizeof(head) - 3;
	auto_buf is = BUF_INIT;

	if (read_bytes(b, sizeof(head) - 1, &is, err))
		return -1;
	if (memcmp(is.data, head, version_at) != 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "this is no bundle of drift");
	if (memcmp(is.data, head, sizeof(head) - 1) != 0)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "the bundle is of another version");
	return 0;
}

static int read_length(struct bundle *b, uint64_t *out, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	struct cursor in;

	do {
		if (read_bytes(b, 1, &bytes, err))
			return -1;
	} while (bytes.data[bytes.len - 1] & 0x80 && bytes.len < 10);
	cursor_init(&in, bytes.data, bytes.len);
	*out = cursor_varint(&in);
	if (!cursor_done(&in))
		return malformed(err);
	return *out <= BUNDLE_HEAD_MAX ? 0 : error_set(err, DRIFT_ERR_LIMIT, "the head of the bundle is over the limit");
}

/* Texts are copied behind one another, each with a NUL: there is room for all of them. */
static int parse_text(struct bundle *b, struct cursor *in, size_t len_max, struct text *out, struct drift_error *err)
{
	uint64_t len = cursor_varint(in);
	const unsigned char *bytes = len <= len_max ? cursor_bytes(in, (size_t)len) : NULL;

	if (!bytes || !cursor_ok(in))
		return malformed(err);
	*out = (struct text){ b->texts.data + b->texts.len, (size_t)len };
	buf_add(&b->texts, bytes, (size_t)len);
	buf_add_byte(&b->texts, '\0');
	return 0;
}

/* Counts are bounded by what is left, at least a byte each. */
static int parse_count(struct cursor *in, uint64_t max, size_t *out, struct drift_error *err)
{
	uint64_t count = cursor_varint(in);

	if (!cursor_ok(in) || count > max || count > cursor_left(in))
		return malformed(err);
	*out = (size_t)count;
	return 0;
}

static int parse_name(struct bundle *b, struct cursor *in, struct text *out, struct drift_error *err)
{
	if (parse_text(b, in, REF_NAME_MAX, out, err))
		return -1;
	return refname_check(out->data, out->len, err) ? error_prefix(err, DRIFT_ERR_CORRUPT, "a ref of the bundle") : 0;
}

static int parse_id(struct cursor *in, struct oid *out, struct drift_error *err)
{
	const unsigned char *bytes = cursor_bytes(in, OID_LEN);

	if (!bytes)
		return malformed(err);
	memcpy(out->bytes, bytes, OID_LEN);
	return 0;
}

static int parse_ref(struct bundle *b, struct cursor *in, struct bundle_ref *ref, struct drift_error *err)
{
	uint8_t kind;

	if (parse_name(b, in, &ref->name, err))
		return -1;
	kind = cursor_u8(in);
	ref->symbolic = kind == REF_SYMBOLIC;
	if (kind == REF_OBJECT)
		return parse_id(in, &ref->id, err);
	return kind == REF_SYMBOLIC ? parse_name(b, in, &ref->target, err) : malformed(err);
}

static bool follows(const struct text *a, const struct text *b)
{
	return key_compare(a->data, a->len, b->data, b->len) < 0;
}

static int parse_refs(struct bundle *b, struct cursor *in, struct drift_error *err)
{
	if (parse_count(in, BUNDLE_REFS_MAX, &b->head.ref_count, err))
		return -1;
	b->head.refs = b->refs = mem_calloc(b->head.ref_count + 1, sizeof(*b->refs));
	if (!b->refs)
		return error_no_memory(err);
	for (size_t i = 0; i < b->head.ref_count; i++)
		if (parse_ref(b, in, &b->refs[i], err))
			return -1;
	for (size_t i = 1; i < b->head.ref_count; i++)
		if (!follows(&b->refs[i - 1].name, &b->refs[i].name))
			return malformed(err);
	return 0;
}

static int parse_prerequisites(struct bundle *b, struct cursor *in, struct drift_error *err)
{
	struct bundle_prerequisite *p;

	if (parse_count(in, BUNDLE_PREREQUISITES_MAX, &b->head.prerequisite_count, err))
		return -1;
	b->head.prerequisites = b->prerequisites = p = mem_calloc(b->head.prerequisite_count + 1, sizeof(*p));
	if (!p)
		return error_no_memory(err);
	for (size_t i = 0; i < b->head.prerequisite_count; i++)
		if (parse_id(in, &p[i].id, err) || parse_text(b, in, BUNDLE_TEXT_MAX, &p[i].subject, err) ||
		    (i && oid_compare(&p[i - 1].id, &p[i].id) >= 0))
			return malformed(err);
	return 0;
}

static int parse_texts(struct bundle *b, struct cursor *in, struct drift_error *err)
{
	struct bundle_text *t;

	if (parse_count(in, BUNDLE_TEXTS_MAX, &b->head.text_count, err))
		return -1;
	b->head.texts = b->named = t = mem_calloc(b->head.text_count + 1, sizeof(*t));
	if (!t)
		return error_no_memory(err);
	for (size_t i = 0; i < b->head.text_count; i++)
		if (parse_text(b, in, BUNDLE_TEXT_MAX, &t[i].name, err) ||
		    parse_text(b, in, BUNDLE_TEXT_MAX, &t[i].content, err) || (i && !follows(&t[i - 1].name, &t[i].name)))
			return malformed(err);
	return 0;
}

static int parse_head(struct bundle *b, struct drift_error *err)
{
	struct cursor in;

	/* A text takes a byte more than in the head: its length there is one or more. */
	if (!buf_reserve(&b->texts, b->memory.len + 1))
		return error_no_memory(err);
	cursor_init(&in, b->memory.data, b->memory.len);
	b->head.time_usec = cursor_svarint(&in);
	if (!cursor_ok(&in) || parse_refs(b, &in, err) || parse_prerequisites(b, &in, err) || parse_texts(b, &in, err))
		return cursor_ok(&in) ? -1 : malformed(err);
	return cursor_done(&in) ? buf_check(&b->texts, err) : malformed(err);
}

int bundle_open(const struct sync_source *source, struct bundle **out, struct drift_error *err)
{
	struct bundle *b = mem_calloc(1, sizeof(*b));
	uint64_t len;

	if (!b)
		return error_no_memory(err);
	b->source = *source;
	b->stream = (struct sync_source){ read_stream, b };
	sha256_init(&b->hash);
	buf_init(&b->memory);
	buf_init(&b->texts);
	b->read = malloc(READ_LEN + SHA256_LEN);
	if (!b->read) {
		bundle_close(b);
		return error_no_memory(err);
	}
	if (read_mark(b, err) || read_length(b, &len, err) || read_bytes(b, (size_t)len, &b->memory, err) ||
	    parse_head(b, err)) {
		bundle_close(b);
		return -1;
	}
	*out = b;
	return 0;
}

void bundle_close(struct bundle *b)
{
	if (!b)
		return;
	free(b->read);
	free(b->refs);
	free(b->prerequisites);
	free(b->named);
	buf_release(&b->memory);
	buf_release(&b->texts);
	free(b);
}

void bundle_cleanup(struct bundle **b)
{
	bundle_close(*b);
}

const struct bundle_head *bundle_head(const struct bundle *b)
{
	return &b->head;
}

const struct sync_source *bundle_stream(struct bundle *b)
{
	return &b->stream;
}

int bundle_finish(struct bundle *b, struct drift_error *err)
{
	unsigned char hash[SHA256_LEN];
	int r;

	while ((r = fill(b, err)) > 0)
		b->at = b->end;
	if (r < 0)
		return -1;
	sha256_final(&b->hash, hash);
	if (b->tail_len != SHA256_LEN)
		return error_set(err, DRIFT_ERR_IO, "the bundle ends too soon");
	if (memcmp(hash, b->tail, SHA256_LEN) != 0)
		return error_set(err, DRIFT_ERR_CORRUPT, "the bundle is damaged: its checksum is wrong");
	return 0;
}
