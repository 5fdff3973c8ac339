#include "sync/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "refs/refname.h"

#define MAGIC "drift"
#define AGENT_MAX 256
#define VERSION_MAX 1000000

enum { FETCH_LIST_ONLY = 1, FETCH_FOLLOW_TAGS = 2, FETCH_FLAGS = 3 };
enum { REFS_MORE = 1 };
enum { PUSH_HAS_DATA = 1, PUSH_INDEPENDENT = 2, PUSH_FLAGS = 3 };
enum { UPDATE_HAS_OLD = 1, UPDATE_HAS_NEW = 2, UPDATE_FORCE = 4, UPDATE_FLAGS = 7 };

const char *message_name(uint8_t type)
{
	static const char *const names[] = {
		"KEEPALIVE", "HELLO", "FETCH", "REFS", "NOTHING", "NEED_HAVES",
		"HAVES", "DATA", "END", "PUSH", "RESULT", "ERROR",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "?";
}

/* ---- what decoders share ---- */

/*
 * A frame that is read: texts go to memory, each with a NUL behind it, as offsets until it is known that memory grows no more.
 */
struct reader {
	struct cursor c;
	struct buf *memory;
	const char *fault;
};

static int broken(const struct reader *r, const char *type, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "the other end sent a damaged %s%s%s", type, r->fault ? ": " : "",
			 r->fault ? r->fault : "");
}

static void fail(struct reader *r, const char *fault)
{
	if (!r->fault)
		r->fault = fault;
	cursor_fail(&r->c);
}

/* Room for every text of the frame with its NUL: memory never moves while it is read. */
static int reader_init(struct reader *r, const void *data, size_t len, struct buf *memory, struct drift_error *err)
{
	buf_init(memory);
	*r = (struct reader){ .memory = memory };
	cursor_init(&r->c, data, len);
	return buf_reserve(memory, 2 * len + 16) ? 0 : error_no_memory(err);
}

static struct text read_text(struct reader *r, size_t max_len)
{
	uint64_t len = cursor_varint(&r->c);
	const unsigned char *bytes;
	struct text text = { r->memory->data + r->memory->len, 0 };

	if (len > max_len) {
		fail(r, "a text is too long");
		return text;
	}
	bytes = cursor_bytes(&r->c, (size_t)len);
	if (bytes && memchr(bytes, 0, (size_t)len))
		fail(r, "a text holds a NUL");
	else if (bytes)
		text.len = (size_t)len;
	buf_add(r->memory, bytes, text.len);
	buf_add_byte(r->memory, 0);
	return text;
}

/* What is shown to people is not to talk to their terminals: is byte i fit for that? */
static bool is_plain(const struct text *text, size_t i, bool utf8)
{
	unsigned char c = (unsigned char)text->data[i];

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	/* U+0080 to U+009F are control characters, too. */
	return utf8 && !(c < 0xa0 && (unsigned char)text->data[i - 1] == 0xc2) &&
	       !(c == 0xc2 && (unsigned char)text->data[i + 1] < 0xa0);
}

static struct text read_sentence(struct reader *r)
{
	struct text text = read_text(r, MESSAGE_SENTENCE_MAX);
	bool utf8 = utf8_valid(text.data, text.len);

	for (size_t i = 0; i < text.len; i++)
		if (!is_plain(&text, i, utf8))
			fail(r, "a sentence is no plain text");
	return text;
}

static struct oid read_id(struct reader *r)
{
	const unsigned char *bytes = cursor_bytes(&r->c, OID_LEN);
	struct oid id = { { 0 } };

	if (bytes)
		memcpy(id.bytes, bytes, OID_LEN);
	return id;
}

/* How many follow, each of at least item_len bytes: an array for them. */
static void *read_count(struct reader *r, size_t max_count, size_t item_len, size_t size, size_t *count_out)
{
	uint64_t count = cursor_varint(&r->c);
	void *items;

	*count_out = 0;
	if (count > max_count || count > cursor_left(&r->c) / item_len) {
		fail(r, "a count is too high");
		return NULL;
	}
	items = count ? mem_calloc((size_t)count, size) : NULL;
	if (count && !items)
		fail(r, "there is no memory for it");
	else
		*count_out = (size_t)count;
	return items;
}

static void read_words(struct reader *r, struct message_words *out)
{
	out->items = read_count(r, MESSAGE_WORDS_MAX, 1, sizeof(*out->items), &out->count);
	for (size_t i = 0; i < out->count; i++) {
		out->items[i] = read_text(r, MESSAGE_WORD_MAX);
		if (!out->items[i].len)
			fail(r, "a word is empty");
	}
}

static void add_text(struct buf *out, struct text text)
{
	buf_add_varint(out, text.len);
	buf_add(out, text.data, text.len);
}

static void add_sentence(struct buf *out, struct text text)
{
	bool utf8;

	if (text.len > MESSAGE_SENTENCE_MAX)
		text.len = MESSAGE_SENTENCE_MAX;
	utf8 = utf8_valid(text.data, text.len);
	buf_add_varint(out, text.len);
	for (size_t i = 0; i < text.len; i++)
		buf_add_byte(out, is_plain(&text, i, utf8) ? (unsigned char)text.data[i] : '?');
}

static void add_words(struct buf *out, const struct message_words *words)
{
	buf_add_varint(out, words->count);
	for (size_t i = 0; i < words->count; i++)
		add_text(out, words->items[i]);
}

int message_words_add(struct message_words *words, const char *text, struct drift_error *err)
{
	struct text *items = realloc(words->items, (words->count + 1) * sizeof(*items));

	if (!items)
		return error_no_memory(err);
	words->items = items;
	items[words->count++] = (struct text){ text, strlen(text) };
	return 0;
}

const char *message_words_find(const struct message_words *words, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < words->count; i++) {
		const struct text *word = &words->items[i];

		if (word->len < len || memcmp(word->data, name, len))
			continue;
		if (word->len == len)
			return "";
		if (word->data[len] == '=')
			return word->data + len + 1;
	}
	return NULL;
}

/* ---- HELLO ---- */

void message_hello_encode(const struct message_hello *m, struct buf *out)
{
	buf_add(out, MAGIC, strlen(MAGIC));
	buf_add_varint(out, m->version);
	buf_add(out, m->store_id, STORE_ID_LEN);
	add_text(out, m->agent);
	add_words(out, &m->capabilities);
}

int message_hello_decode(const void *data, size_t len, struct message_hello *out, struct drift_error *err)
{
	struct message_hello m = { .version = 0 };
	const unsigned char *magic, *id;
	struct reader r;

	if (reader_init(&r, data, len, &m.memory, err))
		return -1;
	magic = cursor_bytes(&r.c, strlen(MAGIC));
	if (magic && memcmp(magic, MAGIC, strlen(MAGIC)))
		fail(&r, "it does not begin with 'drift'");
	m.version = cursor_varint(&r.c);
	if (!m.version || m.version > VERSION_MAX)
		fail(&r, "there is no such version");
	id = cursor_bytes(&r.c, STORE_ID_LEN);
	if (id)
		memcpy(m.store_id, id, STORE_ID_LEN);
	m.agent = read_text(&r, AGENT_MAX);
	read_words(&r, &m.capabilities);
	if (!cursor_done(&r.c)) {
		message_hello_release(&m);
		return broken(&r, "HELLO", err);
	}
	*out = m;
	return 0;
}

void message_hello_release(struct message_hello *m)
{
	free(m->capabilities.items);
	buf_release(&m->memory);
}

/* ---- FETCH and HAVES ---- */

static void add_ids(struct buf *out, const struct oid *ids, size_t count)
{
	buf_add_varint(out, count);
	for (size_t i = 0; i < count; i++)
		buf_add(out, ids[i].bytes, OID_LEN);
}

static struct oid *read_ids(struct reader *r, size_t *count_out)
{
	struct oid *ids = read_count(r, MESSAGE_IDS_MAX, OID_LEN, sizeof(*ids), count_out);

	for (size_t i = 0; i < *count_out; i++)
		ids[i] = read_id(r);
	return ids;
}

void message_fetch_encode(const struct message_fetch *m, struct buf *out)
{
	unsigned flags = (m->list_only ? FETCH_LIST_ONLY : 0U) | (m->follow_tags ? FETCH_FOLLOW_TAGS : 0U);

	buf_add_byte(out, (unsigned char)flags);
	add_words(out, &m->refs);
	add_words(out, &m->options);
	add_ids(out, m->haves, m->have_count);
}

/* A full name, or one with a star for any part of it; behind ^ perhaps. */
static bool is_pattern(const struct text *word)
{
	const char *at = word->data + (*word->data == '^'), *star = strchr(at, '*');
	auto_buf probe = BUF_INIT;

	buf_add_str(&probe, at);
	if (star && !probe.failed)
		probe.data[star - at] = 'x';
	return !probe.failed && refname_valid(probe.data, probe.len);
}

int message_fetch_decode(const void *data, size_t len, struct message_fetch *out, struct drift_error *err)
{
	struct message_fetch m = { .list_only = false };
	struct reader r;
	unsigned flags;

	if (reader_init(&r, data, len, &m.memory, err))
		return -1;
	flags = cursor_u8(&r.c);
	if (flags & ~(unsigned)FETCH_FLAGS)
		fail(&r, "it has an unknown flag");
	m.list_only = flags & FETCH_LIST_ONLY;
	m.follow_tags = flags & FETCH_FOLLOW_TAGS;
	read_words(&r, &m.refs);
	read_words(&r, &m.options);
	m.haves = read_ids(&r, &m.have_count);
	for (size_t i = 0; i < m.refs.count; i++) {
		if (!is_pattern(&m.refs.items[i]))
			fail(&r, "a name in it is none of a ref");
	}
	if (!cursor_done(&r.c)) {
		message_fetch_release(&m);
		return broken(&r, "FETCH", err);
	}
	*out = m;
	return 0;
}

void message_fetch_release(struct message_fetch *m)
{
	free(m->refs.items);
	free(m->options.items);
	free(m->haves);
	buf_release(&m->memory);
}

void message_haves_encode(const struct message_haves *m, struct buf *out)
{
	add_ids(out, m->ids, m->count);
}

int message_haves_decode(const void *data, size_t len, struct message_haves *out, struct drift_error *err)
{
	auto_buf memory = BUF_INIT;
	struct message_haves m = { .ids = NULL };
	struct reader r;

	if (reader_init(&r, data, len, &memory, err))
		return -1;
	m.ids = read_ids(&r, &m.count);
	if (!cursor_done(&r.c)) {
		message_haves_release(&m);
		return broken(&r, "HAVES", err);
	}
	*out = m;
	return 0;
}

void message_haves_release(struct message_haves *m)
{
	free(m->ids);
}

/* ---- REFS ---- */

void message_refs_encode(const struct message_refs *m, struct buf *out)
{
	buf_add_byte(out, m->more ? REFS_MORE : 0);
	add_text(out, m->head);
	buf_add_varint(out, m->count);
	for (size_t i = 0; i < m->count; i++) {
		buf_add_byte(out, (unsigned char)m->refs[i].kind);
		add_text(out, m->refs[i].name);
		buf_add(out, m->refs[i].id.bytes, OID_LEN);
	}
	add_ids(out, m->incoming, m->incoming_count);
}

static bool in_order(const struct text *a, const struct text *b)
{
	return strcmp(a->data, b->data) < 0;
}

static void read_refs(struct reader *r, struct message_refs *m)
{
	m->refs = read_count(r, MESSAGE_NAMES_MAX, 2 + OID_LEN, sizeof(*m->refs), &m->count);
	for (size_t i = 0; i < m->count && cursor_ok(&r->c); i++) {
		struct message_ref *ref = &m->refs[i];
		unsigned kind = cursor_u8(&r->c);

		ref->name = read_text(r, REFNAME_MAX);
		ref->id = read_id(r);
		if (kind != OBJECT_COMMIT && kind != OBJECT_TAG)
			fail(r, "a ref is neither commit nor tag");
		if (!refname_valid(ref->name.data, ref->name.len))
			fail(r, "a ref has a name that is none");
		if (i && !in_order(&m->refs[i - 1].name, &ref->name))
			fail(r, "the refs are not in order");
		ref->kind = (enum object_kind)kind;
	}
}

int message_refs_decode(const void *data, size_t len, struct message_refs *out, struct drift_error *err)
{
	struct message_refs m = { .more = false };
	struct reader r;
	unsigned flags;

	if (reader_init(&r, data, len, &m.memory, err))
		return -1;
	flags = cursor_u8(&r.c);
	if (flags & ~(unsigned)REFS_MORE)
		fail(&r, "it has an unknown flag");
	m.more = flags & REFS_MORE;
	m.head = read_text(&r, REFNAME_MAX);
	if (m.head.len && !refname_valid(m.head.data, m.head.len))
		fail(&r, "HEAD names what is no ref");
	read_refs(&r, &m);
	m.incoming = read_ids(&r, &m.incoming_count);
	if (!cursor_done(&r.c)) {
		message_refs_release(&m);
		return broken(&r, "REFS", err);
	}
	*out = m;
	return 0;
}

void message_refs_release(struct message_refs *m)
{
	free(m->refs);
	free(m->incoming);
	buf_release(&m->memory);
}

/* ---- PUSH and RESULT ---- */

void message_push_encode(const struct message_push *m, struct buf *out)
{
	unsigned flags = (m->has_data ? PUSH_HAS_DATA : 0U) | (m->independent ? PUSH_INDEPENDENT : 0U);

	buf_add_byte(out, (unsigned char)flags);
	add_text(out, m->actor);
	buf_add_varint(out, m->count);
	for (size_t i = 0; i < m->count; i++) {
		const struct message_update *u = &m->updates[i];
		unsigned bits = (u->has_old ? UPDATE_HAS_OLD : 0U) | (u->has_new ? UPDATE_HAS_NEW : 0U) |
				(u->force ? UPDATE_FORCE : 0U);

		buf_add_byte(out, (unsigned char)bits);
		add_text(out, u->name);
		buf_add(out, u->old.bytes, u->has_old ? OID_LEN : 0);
		buf_add(out, u->new.bytes, u->has_new ? OID_LEN : 0);
	}
}

static int compare_texts(const void *a, const void *b)
{
	const struct text *x = a, *y = b;

	return strcmp(x->data, y->data);
}

/* Two updates of one ref have no meaning. */
static void check_names(struct reader *r, const struct message_push *m)
{
	auto_free struct text *names = mem_calloc(m->count + 1, sizeof(*names));

	if (!names) {
		fail(r, "there is no memory for it");
		return;
	}
	for (size_t i = 0; i < m->count; i++)
		names[i] = m->updates[i].name;
	qsort(names, m->count, sizeof(*names), compare_texts);
	for (size_t i = 1; i < m->count; i++) {
		if (!compare_texts(&names[i - 1], &names[i]))
			fail(r, "it names a ref twice");
	}
}

static void read_updates(struct reader *r, struct message_push *m)
{
	m->updates = read_count(r, MESSAGE_NAMES_MAX, 2, sizeof(*m->updates), &m->count);
	for (size_t i = 0; i < m->count && cursor_ok(&r->c); i++) {
		struct message_update *u = &m->updates[i];
		unsigned bits = cursor_u8(&r->c);

		if (bits & ~(unsigned)UPDATE_FLAGS || !(bits & (UPDATE_HAS_OLD | UPDATE_HAS_NEW)))
			fail(r, "an update is neither change nor removal");
		u->has_old = bits & UPDATE_HAS_OLD;
		u->has_new = bits & UPDATE_HAS_NEW;
		u->force = bits & UPDATE_FORCE;
		u->name = read_text(r, REFNAME_MAX);
		if (u->has_old)
			u->old = read_id(r);
		if (u->has_new)
			u->new = read_id(r);
		if (!refname_valid(u->name.data, u->name.len) || strncmp(u->name.data, "refs/", 5))
			fail(r, "a ref has a name that is none");
	}
	if (cursor_ok(&r->c))
		check_names(r, m);
}

int message_push_decode(const void *data, size_t len, struct message_push *out, struct drift_error *err)
{
	struct message_push m = { .has_data = false };
	struct reader r;
	unsigned flags;

	if (reader_init(&r, data, len, &m.memory, err))
		return -1;
	flags = cursor_u8(&r.c);
	if (flags & ~(unsigned)PUSH_FLAGS)
		fail(&r, "it has an unknown flag");
	m.has_data = flags & PUSH_HAS_DATA;
	m.independent = flags & PUSH_INDEPENDENT;
	m.actor = read_text(&r, MESSAGE_WORD_MAX);
	read_updates(&r, &m);
	if (!cursor_done(&r.c)) {
		message_push_release(&m);
		return broken(&r, "PUSH", err);
	}
	*out = m;
	return 0;
}

void message_push_release(struct message_push *m)
{
	free(m->updates);
	buf_release(&m->memory);
}

void message_result_encode(const struct message_result *m, struct buf *out)
{
	buf_add_varint(out, m->count);
	for (size_t i = 0; i < m->count; i++) {
		buf_add_byte(out, (unsigned char)m->outcomes[i].status);
		add_sentence(out, m->outcomes[i].sentence);
	}
}

int message_result_decode(const void *data, size_t len, struct message_result *out, struct drift_error *err)
{
	struct message_result m = { .outcomes = NULL };
	struct reader r;

	if (reader_init(&r, data, len, &m.memory, err))
		return -1;
	m.outcomes = read_count(&r, MESSAGE_NAMES_MAX, 2, sizeof(*m.outcomes), &m.count);
	for (size_t i = 0; i < m.count && cursor_ok(&r.c); i++) {
		unsigned status = cursor_u8(&r.c);

		if (status > UPDATE_NOT_TRIED)
			fail(&r, "an outcome is unknown");
		m.outcomes[i].status = (enum update_status)status;
		m.outcomes[i].sentence = read_sentence(&r);
	}
	if (!cursor_done(&r.c)) {
		message_result_release(&m);
		return broken(&r, "RESULT", err);
	}
	*out = m;
	return 0;
}

void message_result_release(struct message_result *m)
{
	free(m->outcomes);
	buf_release(&m->memory);
}

/* ---- ERROR ---- */

void message_error_encode(const struct message_error *m, struct buf *out)
{
	buf_add_byte(out, (unsigned char)m->code);
	add_sentence(out, m->sentence);
}

int message_error_decode(const void *data, size_t len, struct message_error *out, struct drift_error *err)
{
	struct message_error m = { .code = DRIFT_OK };
	struct reader r;
	unsigned code;

	if (reader_init(&r, data, len, &m.memory, err))
		return -1;
	code = cursor_u8(&r.c);
	if (!code || code > 63)
		fail(&r, "it has no code");
	/* A newer drift may know codes that this one does not. */
	m.code = code > DRIFT_ERR_UNSUPPORTED ? DRIFT_ERR_IO : (enum drift_error_code)code;
	m.sentence = read_sentence(&r);
	if (!cursor_done(&r.c)) {
		message_error_release(&m);
		return broken(&r, "ERROR", err);
	}
	*out = m;
	return 0;
}

void message_error_release(struct message_error *m)
{
	buf_release(&m->memory);
}
