#include "objects/txn.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PART_LOG 1
#define PART_CHANGES 2
#define LOG_OF_COMMIT 1
#define LOST_STORAGE 7 /* where records have how they are stored */

static int malformed(struct drift_error *err, const char *what)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "%s of a journal frame is malformed", what);
}

/* A mark counts as a record of length 0. */
static const unsigned char *take_record(struct cursor *c, size_t *len, size_t *lost_len)
{
	const unsigned char *data = cursor_bytes(c, *len);

	*lost_len = 0;
	if (data && *len && data[0] >> 3 == LOST_STORAGE) {
		*lost_len = *len;
		*len = 0;
	}
	return data;
}

int txn_parse(const void *payload, size_t len, uint64_t self, struct txn *out, struct drift_error *err)
{
	struct cursor c;
	uint64_t n;
	unsigned parts;
	size_t i;

	cursor_init(&c, payload, len);
	n = cursor_varint(&c);
	if (!cursor_ok(&c) || n > TXN_RECORD_MAX)
		return malformed(err, "the record table");
	for (i = 0; i < n; i++) {
		uint64_t l = cursor_varint(&c);

		if (l > len)
			return malformed(err, "the record table");
		out->record_len[i] = (size_t)l;
	}
	for (i = 0; i < n; i++)
		out->record[i] = take_record(&c, &out->record_len[i], &out->lost_len[i]);
	parts = cursor_u8(&c);
	if (!cursor_ok(&c) || parts > (PART_LOG | PART_CHANGES))
		return malformed(err, "the record table");
	out->record_count = (size_t)n;
	out->self = self;
	out->has_log = parts & PART_LOG;
	out->has_changes = parts & PART_CHANGES;
	out->rest = c.pos;
	out->rest_len = cursor_left(&c);
	return 0;
}

static int find_record(const void *payload, size_t len, unsigned index, const unsigned char **data_out, size_t *len_out,
		       size_t *lost_out, struct drift_error *err)
{
	struct cursor c;
	uint64_t n, l, skip = 0, wanted = 0;
	uint64_t i;

	cursor_init(&c, payload, len);
	n = cursor_varint(&c);
	if (!cursor_ok(&c) || n > TXN_RECORD_MAX || index >= n)
		return malformed(err, "the record table");
	for (i = 0; i < n; i++) {
		l = cursor_varint(&c);
		if (l > len)
			return malformed(err, "the record table");
		if (i < index)
			skip += l;
		else if (i == index)
			wanted = l;
	}
	cursor_bytes(&c, (size_t)skip);
	*len_out = (size_t)wanted;
	*data_out = take_record(&c, len_out, lost_out);
	if (!*data_out)
		return malformed(err, "the record table");
	return 0;
}

int txn_record(const void *payload, size_t len, unsigned index, const unsigned char **data_out, size_t *len_out,
	       struct drift_error *err)
{
	size_t lost_len = 0;

	return find_record(payload, len, index, data_out, len_out, &lost_len, err);
}

bool txn_lost_encode(const struct txn_lost *lost, size_t len, struct buf *out)
{
	size_t start = out->len;

	buf_add_byte(out, (unsigned char)(lost->kind | LOST_STORAGE << 3));
	buf_add_varint(out, lost->since_sec);
	if (!oid_is_zero(&lost->id) && (!len || len >= out->len - start + OID_LEN))
		buf_add(out, lost->id.bytes, OID_LEN);
	if (len && out->len - start > len)
		return false;
	while (out->len - start < len && !out->failed)
		buf_add_byte(out, 0);
	return true;
}

int txn_lost_decode(const void *mark, size_t len, struct txn_lost *out, struct drift_error *err)
{
	struct txn_lost lost = { .since_sec = 0 };
	struct cursor c;

	cursor_init(&c, mark, len);
	lost.kind = (enum object_kind)(cursor_u8(&c) & 7);
	lost.since_sec = cursor_varint(&c);
	if (!cursor_ok(&c) || lost.kind > OBJECT_TAG)
		return malformed(err, "the mark of a lost record");
	if (cursor_left(&c) >= OID_LEN)
		memcpy(lost.id.bytes, cursor_bytes(&c, OID_LEN), OID_LEN);
	*out = lost;
	return 0;
}

int txn_lost_parse(const void *payload, size_t len, unsigned index, struct txn_lost *out, struct drift_error *err)
{
	const unsigned char *data;
	size_t data_len, lost_len = 0;

	if (find_record(payload, len, index, &data, &data_len, &lost_len, err) < 0)
		return -1;
	if (!lost_len)
		return 0;
	return txn_lost_decode(data, lost_len, out, err) < 0 ? -1 : 1;
}

static void put_text(struct buf *out, const struct text *t)
{
	buf_add_varint(out, t->len);
	buf_add(out, t->data, t->len);
}

static void get_text(struct cursor *in, struct text *t, uint64_t max)
{
	uint64_t len = cursor_varint(in);
	const unsigned char *p;

	if (len > max)
		cursor_fail(in);
	p = cursor_bytes(in, (size_t)len);
	t->data = p ? (const char *)p : "";
	t->len = p ? (size_t)len : 0;
}

/* The place of something older, so that whoever follows such places comes to an end. */
static uint64_t get_older(struct cursor *in, uint64_t self, uint64_t here)
{
	uint64_t loc = loc_get(in, self);

	if (loc >= here)
		cursor_fail(in);
	return loc;
}

static void get_update(struct cursor *in, uint64_t self, const struct txn *t, struct txn_update *u)
{
	uint64_t n = cursor_varint(in);
	const unsigned char *id;

	if (!n) {
		get_text(in, &u->name, REF_NAME_MAX);
		if (!u->name.len)
			cursor_fail(in);
	} else if (n <= TXN_UPDATE_MAX) {
		u->name_index = (unsigned)(n - 1);
		u->name_loc = get_older(in, self, self);
		if (u->name_loc == LOC_UNKNOWN)
			cursor_fail(in);
	} else {
		cursor_fail(in);
	}
	u->previous_loc = get_older(in, self, self);
	u->value = (enum txn_value)cursor_u8(in);
	if (u->value == TXN_OBJECT) {
		id = cursor_bytes(in, OID_LEN);
		if (id)
			memcpy(u->object.id.bytes, id, OID_LEN);
		u->object.loc = loc_get(in, self);
	} else if (u->value == TXN_COMMIT) {
		u->record = cursor_u8(in);
		if (u->record >= t->record_count)
			cursor_fail(in);
	} else if (u->value == TXN_SYMBOLIC) {
		get_text(in, &u->target, REF_NAME_MAX);
	} else if (u->value != TXN_ABSENT) {
		cursor_fail(in);
	}
}

static void get_log_head(struct cursor *in, const struct txn *t, struct txn_log *log)
{
	unsigned flags;

	log->previous_loc = get_older(in, t->self, t->self);
	flags = cursor_u8(in);
	log->of_commit = flags & LOG_OF_COMMIT;
	if (flags > LOG_OF_COMMIT)
		cursor_fail(in);
	if (log->of_commit) {
		log->record = cursor_u8(in);
		if (log->record >= t->record_count)
			cursor_fail(in);
		return;
	}
	log->time_usec = cursor_svarint(in);
	get_text(in, &log->actor, TXN_TEXT_MAX);
	get_text(in, &log->reason, TXN_TEXT_MAX);
}

/* Reads the log part and leaves the cursor behind it. */
static int get_log(struct cursor *in, const struct txn *t, struct txn_log *log, struct drift_error *err)
{
	uint64_t n, i;

	memset(log, 0, sizeof(*log));
	get_log_head(in, t, log);
	n = cursor_varint(in);
	if (!cursor_ok(in) || n > TXN_UPDATE_MAX || n > cursor_left(in))
		return malformed(err, "the log entry");
	log->updates = mem_calloc((size_t)n, sizeof(*log->updates));
	if (!log->updates)
		return error_no_memory(err);
	log->update_count = (size_t)n;
	for (i = 0; i < n; i++)
		get_update(in, t->self, t, &log->updates[i]);
	if (!cursor_ok(in)) {
		txn_log_release(log);
		return malformed(err, "the log entry");
	}
	return 0;
}

int txn_log_parse(const struct txn *t, struct txn_log *out, struct drift_error *err)
{
	struct cursor in;

	if (!t->has_log)
		return 0;
	cursor_init(&in, t->rest, t->rest_len);
	return get_log(&in, t, out, err) < 0 ? -1 : 1;
}

void txn_log_release(struct txn_log *log)
{
	free(log->updates);
	log->updates = NULL;
	log->update_count = 0;
}

static void put_update(const struct txn_update *u, uint64_t self, struct buf *out)
{
	if (u->name_loc != LOC_UNKNOWN) {
		buf_add_varint(out, 1 + (uint64_t)u->name_index);
		loc_put(out, self, u->name_loc);
	} else {
		buf_add_varint(out, 0);
		put_text(out, &u->name);
	}
	loc_put(out, self, u->previous_loc);
	buf_add_byte(out, (unsigned char)u->value);
	switch (u->value) {
	case TXN_OBJECT:
		buf_add(out, u->object.id.bytes, OID_LEN);
		loc_put(out, self, u->object.loc);
		break;
	case TXN_COMMIT:
		buf_add_byte(out, (unsigned char)u->record);
		break;
	case TXN_SYMBOLIC:
		put_text(out, &u->target);
		break;
	case TXN_ABSENT:
		break;
	}
}

void txn_log_encode(const struct txn_log *log, uint64_t self, struct buf *out)
{
	size_t i;

	loc_put(out, self, log->previous_loc);
	buf_add_byte(out, log->of_commit ? LOG_OF_COMMIT : 0);
	if (log->of_commit) {
		buf_add_byte(out, (unsigned char)log->record);
	} else {
		buf_add_svarint(out, log->time_usec);
		put_text(out, &log->actor);
		put_text(out, &log->reason);
	}
	buf_add_varint(out, log->update_count);
	for (i = 0; i < log->update_count; i++)
		put_update(&log->updates[i], self, out);
}

static void get_change(struct cursor *in, uint64_t self, unsigned record, struct text *collection, struct change *change)
{
	uint64_t n = cursor_varint(in);
	struct text key;

	if (n > COLLECTION_LEN_MAX + 1)
		cursor_fail(in);
	if (n) {
		collection->len = (size_t)(n - 1);
		collection->data = (const char *)cursor_bytes(in, (size_t)(n - 1));
	}
	get_text(in, &key, NODE_KEY_MAX);
	memset(change, 0, sizeof(*change));
	if (!collection->data)
		cursor_fail(in);
	if (!cursor_ok(in))
		return;
	change->path.collection = collection->data;
	change->path.collection_len = collection->len;
	change->path.key = key.data;
	change->path.key_len = key.len;
	change->kinds = cursor_varint(in);
	change->previous_loc = get_older(in, self, self | record);
}

/* The cursor at the start of the change lists. */
static int seek_changes(const struct txn *t, struct cursor *in, struct drift_error *err)
{
	struct txn_log log;

	cursor_init(in, t->rest, t->rest_len);
	if (!t->has_log)
		return 0;
	if (get_log(in, t, &log, err) < 0)
		return -1;
	txn_log_release(&log);
	return 0;
}

int txn_log_len(const struct txn *t, size_t *len_out, struct drift_error *err)
{
	struct cursor in;

	if (seek_changes(t, &in, err) < 0)
		return -1;
	*len_out = (size_t)(in.pos - t->rest);
	return 0;
}

int txn_each_change(const struct txn *t,
		    int (*each)(void *data, unsigned record, const struct change *change, struct drift_error *err),
		    void *data, struct drift_error *err)
{
	uint64_t lists, n;
	struct cursor in;
	int r = 0;

	if (!t->has_changes)
		return 0;
	if (seek_changes(t, &in, err) < 0)
		return -1;
	for (lists = cursor_varint(&in); lists && cursor_ok(&in) && !r; lists--) {
		struct text collection = { NULL, 0 };
		unsigned record = cursor_u8(&in);
		struct change change;

		n = cursor_varint(&in);
		if (!n) {
			get_older(&in, t->self, t->self | record);
			r = cursor_ok(&in) ? each(data, record, NULL, err) : 0;
		}
		for (; n > 1 && cursor_ok(&in) && !r; n--) {
			get_change(&in, t->self, record, &collection, &change);
			if (cursor_ok(&in))
				r = each(data, record, &change, err);
		}
	}
	return r ? r : cursor_ok(&in) ? 0 : malformed(err, "a change list");
}

/* Copies paths into the list's memory: offsets first, since the memory moves while it grows. */
static int read_list(struct cursor *in, uint64_t self, unsigned record, uint64_t n, struct change_list *out,
		     struct drift_error *err)
{
	struct text collection = { NULL, 0 };
	size_t i, at;

	out->complete = true;
	out->changes = mem_calloc((size_t)n, sizeof(*out->changes));
	if (!out->changes)
		return error_no_memory(err);
	for (i = 0; i < n && cursor_ok(in); i++) {
		get_change(in, self, record, &collection, &out->changes[i]);
		buf_add(&out->memory, out->changes[i].path.collection, out->changes[i].path.collection_len);
		buf_add(&out->memory, out->changes[i].path.key, out->changes[i].path.key_len);
	}
	out->count = (size_t)n;
	if (!cursor_ok(in))
		return malformed(err, "a change list");
	if (buf_check(&out->memory, err) < 0)
		return -1;
	for (i = 0, at = 0; i < n; i++) {
		struct path *p = &out->changes[i].path;

		p->collection = out->memory.data + at;
		p->key = p->collection + p->collection_len;
		at += p->collection_len + p->key_len;
	}
	return 0;
}

int txn_changes_parse(const struct txn *t, unsigned record, struct change_list *out, struct drift_error *err)
{
	uint64_t lists, n, i;
	struct cursor in;

	if (!t->has_changes)
		return 0;
	if (seek_changes(t, &in, err) < 0)
		return -1;
	for (lists = cursor_varint(&in); lists && cursor_ok(&in); lists--) {
		struct text collection = { NULL, 0 };
		unsigned there = cursor_u8(&in);
		bool wanted = there == record;
		uint64_t marker = LOC_UNKNOWN;
		struct change skipped;

		n = cursor_varint(&in);
		if (!n)
			marker = get_older(&in, t->self, t->self | there);
		if (!cursor_ok(&in) || n > CHANGE_LIST_MAX + 1)
			break;
		if (wanted) {
			memset(out, 0, sizeof(*out));
			buf_init(&out->memory);
			out->previous_marker_loc = marker;
			if (n && read_list(&in, t->self, record, n - 1, out, err) < 0) {
				change_list_release(out);
				return -1;
			}
			return 1;
		}
		for (i = 1; i < n && cursor_ok(&in); i++)
			get_change(&in, t->self, there, &collection, &skipped);
	}
	return lists ? malformed(err, "a change list") : 0;
}

void txn_changes_encode(unsigned record, const struct change_list *list, uint64_t self, struct buf *out)
{
	const struct path *before = NULL;
	size_t i;

	buf_add_byte(out, (unsigned char)record);
	if (!list->complete) {
		buf_add_varint(out, 0);
		loc_put(out, self, list->previous_marker_loc);
		return;
	}
	buf_add_varint(out, list->count + 1);
	for (i = 0; i < list->count; i++) {
		const struct change *c = &list->changes[i];
		const struct path *p = &c->path;

		if (before && before->collection_len == p->collection_len &&
		    !memcmp(before->collection, p->collection, p->collection_len)) {
			buf_add_varint(out, 0);
		} else {
			buf_add_varint(out, p->collection_len + 1);
			buf_add(out, p->collection, p->collection_len);
		}
		buf_add_varint(out, p->key_len);
		buf_add(out, p->key, p->key_len);
		buf_add_varint(out, c->kinds);
		loc_put(out, self, c->previous_loc);
		before = p;
	}
}

void change_list_release(struct change_list *list)
{
	free(list->changes);
	list->changes = NULL;
	list->count = 0;
	buf_release(&list->memory);
}
