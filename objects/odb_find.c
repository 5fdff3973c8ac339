#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "objects/odb_internal.h"

/* The id of what stands at loc; kind says what the index believes. 1 if it is there and of that kind. */
static int identify(struct odb *odb, uint64_t loc, enum object_kind kind, struct oid *id_out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	auto_buf content = BUF_INIT;
	struct commit *commit;
	struct object_ref tree;
	struct node *node;
	struct record r;
	int found = 0;

	if (kind == OBJECT_TREE) {
		if (odb_node_at(odb, loc, &node, err) < 0)
			return -1;
		*id_out = node->id;
		node_unref(node);
		return 1;
	}
	if (odb_record(odb, loc, &payload, &r, err) < 0) {
		found = -1;
	} else if (r.kind == kind && kind == OBJECT_COMMIT && payload.damaged) {
		/* What it says of itself is not to be believed, where another copy may be sound. */
		found = odb_commit_at(odb, loc, &commit, err) < 0 ? -1 : 1;
		if (found > 0) {
			*id_out = commit->id;
			commit_unref(commit);
		}
	} else if (r.kind == kind && kind == OBJECT_COMMIT) {
		found = commit_record_ids(&r, id_out, &tree, err) < 0 ? -1 : 1;
	} else if (r.kind == kind && kind == OBJECT_BLOB && (oid_is_zero(&r.id) || payload.damaged)) {
		found = odb_blob_at(odb, loc, &content, id_out, NULL, err) < 0 ? -1 : 1;
	} else if (r.kind == kind) {
		*id_out = r.id;
		found = 1;
	}
	buf_release(&payload.bytes);
	return found;
}

static bool find_in(struct odb *odb, struct store_index *index, const struct oid *id, enum object_kind *kind_out,
		    uint64_t *loc_out)
{
	size_t position = 0;
	struct oid there;

	while (index_find_object(index, id, &position, loc_out, kind_out))
		if (identify(odb, *loc_out, *kind_out, &there, NULL) > 0 && oid_equal(&there, id))
			return true; /* not a dead writer's entry, nor the same leading bytes alone */
	return false;
}

int odb_find(struct odb *odb, const struct oid *id, enum object_kind *kind_out, uint64_t *loc_out,
	     struct drift_error *err)
{
	struct store_index *index;
	enum object_kind kind;
	uint64_t loc;
	int r;

	if (odb_refresh(odb, false, err) < 0)
		return -1;
	do {
		index = odb_index(odb);
		if (find_in(odb, index, id, &kind, &loc)) {
			*kind_out = kind;
			*loc_out = loc;
			return 1;
		}
		r = odb_index_mended(odb, index, err);
	} while (r > 0);
	return r < 0 ? -1 : odb_find_packed(odb, id, kind_out, loc_out, err);
}

bool odb_leads_to(struct odb *odb, const struct oid *id, enum object_kind kind, uint64_t loc)
{
	struct store_index *index = odb_index(odb);
	enum object_kind found;
	size_t position = 0;
	uint64_t at;

	while (index_find_object(index, id, &position, &at, &found))
		if (at == loc && found == kind)
			return true;
	return false;
}

static int is_indexed(struct odb *odb, const struct oid *id, struct drift_error *err)
{
	struct store_index *index;
	enum object_kind kind;
	uint64_t loc;
	int r;

	do {
		index = odb_index(odb);
		if (find_in(odb, index, id, &kind, &loc))
			return 1;
		r = odb_index_mended(odb, index, err);
	} while (r > 0);
	return r;
}

struct candidate {
	uint64_t loc;
	enum object_kind kind;
};

struct candidates {
	struct candidate *items;
	size_t count, capacity;
};

static void candidates_release(struct candidates *c)
{
	free(c->items);
}

/* What the shared index has for the prefix. */
static int collect(struct odb *odb, const unsigned char start[8], unsigned digits, struct candidates *out,
		   struct drift_error *err)
{
	struct store_index *index;
	struct candidate c;
	size_t position;
	int r;

	do {
		index = odb_index(odb);
		position = out->count = 0;
		while (index_find_prefix(index, start, digits, &position, &c.loc, &c.kind)) {
			if (mem_grow(&out->items, &out->capacity, out->count + 1, sizeof(c)) < 0)
				return error_no_memory(err);
			out->items[out->count++] = c;
		}
		r = odb_index_mended(odb, index, err);
	} while (r > 0);
	return r;
}

static bool has_prefix(const struct oid *id, const char *prefix, size_t prefix_len)
{
	char hex[OID_HEX_LEN + 1];
	size_t i;

	oid_to_hex(id, hex);
	for (i = 0; i < prefix_len; i++)
		if (hex_digit((unsigned char)hex[i]) != hex_digit((unsigned char)prefix[i]))
			return false;
	return true;
}

struct packed_prefix {
	struct odb *odb;
	const char *prefix;
	size_t prefix_len;
	odb_each_fn *each;
	void *data;
};

/* What the index knows was told already. */
static int each_packed(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct packed_prefix *p = data;
	int r = has_prefix(id, p->prefix, p->prefix_len) ? is_indexed(p->odb, id, err) : 1;

	if (r)
		return r < 0 ? -1 : 0;
	return p->each(p->data, id, kind, loc, err);
}

int odb_find_prefix(struct odb *odb, const char *prefix, size_t prefix_len,
		    int (*each)(void *data, const struct oid *id, enum object_kind kind, uint64_t loc,
				struct drift_error *err),
		    void *data, struct drift_error *err)
{
	__attribute__((cleanup(candidates_release))) struct candidates found = { .items = NULL };
	struct packed_prefix pack_each = { odb, prefix, prefix_len, each, data };
	unsigned digits = prefix_len > 15 ? 15 : (unsigned)prefix_len;
	struct oid id, first = { .bytes = { 0 } };
	size_t i;
	int r = 0;

	for (i = 0; i < prefix_len; i++)
		if (hex_digit((unsigned char)prefix[i]) < 0)
			return error_set(err, DRIFT_ERR_INVALID, "'%.*s' is not hexadecimal", (int)prefix_len, prefix);
	if (prefix_len < 2 || prefix_len > OID_HEX_LEN)
		return error_set(err, DRIFT_ERR_INVALID, "an id has 2 to %d digits", OID_HEX_LEN);
	for (i = 0; i < prefix_len && i < 16; i++)
		first.bytes[i / 2] |= (unsigned char)(hex_digit((unsigned char)prefix[i]) << (i % 2 ? 0 : 4));
	if (odb_refresh(odb, false, err) < 0 || collect(odb, first.bytes, digits, &found, err) < 0)
		return -1;
	for (i = 0; i < found.count && !r; i++)
		if (identify(odb, found.items[i].loc, found.items[i].kind, &id, NULL) > 0 &&
		    has_prefix(&id, prefix, prefix_len))
			r = each(data, &id, found.items[i].kind, found.items[i].loc, err);
	return r ? r : odb_each_packed_prefix(odb, &first, digits, each_packed, &pack_each, err);
}

struct each_scan {
	struct odb *odb;
	uint64_t file, end; /* end: not beyond */
	int (*each)(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err);
	void *data;
};

int odb_skip_damaged(const struct drift_error *why, struct drift_error *err)
{
	if (why->code == DRIFT_ERR_CORRUPT || why->code == DRIFT_ERR_NOT_FOUND)
		return 0;
	return error_set(err, why->code, "%s", why->message);
}

static int each_record(struct each_scan *s, uint64_t loc, const unsigned char *data, size_t len,
		       struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct record r;
	struct oid id;

	if (record_parse(data, len, loc, &r, &why) < 0 || identify(s->odb, loc, r.kind, &id, &why) < 0)
		return odb_skip_damaged(&why, err);
	return s->each(s->data, &id, r.kind, loc, err);
}

static int each_frame(void *data, uint64_t offset, const struct frame *frame, const unsigned char *payload,
		      struct drift_error *err)
{
	struct each_scan *s = data;
	uint64_t loc = loc_make(s->file, offset, 0);
	struct drift_error why = { .code = DRIFT_OK };
	struct txn t;
	size_t i;
	int r = 0;

	if (offset >= s->end)
		return 2;
	if (frame->kind == FRAME_OBJECT)
		return each_record(s, loc, payload, frame->len, err);
	if (frame->kind != FRAME_TXN)
		return 0;
	if (txn_parse(payload, frame->len, loc, &t, &why) < 0)
		return odb_skip_damaged(&why, err);
	for (i = 0; i < t.record_count && !r; i++)
		r = t.record_len[i] ? each_record(s, loc | i, t.record[i], t.record_len[i], err) : 0;
	return r;
}

static void ignore_damage(void *data, uint64_t from, uint64_t to)
{
	(void)data, (void)from, (void)to;
}

int odb_each_object(struct odb *odb,
		    int (*each)(void *data, const struct oid *id, enum object_kind kind, uint64_t loc,
				struct drift_error *err),
		    void *data, struct drift_error *err)
{
	struct each_scan s = { .odb = odb, .each = each, .data = data };
	struct journal_scan scan = { each_frame, ignore_damage, &s };
	auto_file_list *list = odb_list_whole(odb, ODB_ALL_FILES, err);
	uint64_t end, dirty;
	size_t i;
	int r = list ? 0 : -1;

	for (i = 0; !r && i < list->count; i++) {
		struct odb_file *file = &list->items[i];

		s.file = file->first;
		s.end = file->pack ? 0 : odb_file_end(odb, file);
		r = file->pack ? odb_each_packed(odb, file->pack, each, data, err) :
				 journal_scan(file->journal, journal_start(file->journal), &scan, &end, &dirty, err);
		if (r == 2)
			r = 0;
	}
	return r;
}

int odb_read(struct odb *odb, const struct oid *id, enum object_kind *kind_out, struct buf *out,
	     struct drift_error *err)
{
	auto_commit *commit = NULL;
	auto_tag *tag = NULL;
	auto_node *node = NULL;
	enum object_kind kind;
	uint64_t loc;
	int r = odb_find(odb, id, &kind, &loc, err);

	if (r < 0)
		return -1;
	if (!r) {
		/* Inner nodes and leaves are not in the index; neither is the empty tree stored. */
		if (odb_node(odb, id, LOC_UNKNOWN, &node, NULL) < 0)
			return 0;
		kind = OBJECT_TREE;
	}
	switch (kind) {
	case OBJECT_TREE:
		r = node ? 0 : odb_node(odb, id, loc, &node, err);
		if (!r)
			buf_add(out, node->bytes, node->len);
		break;
	case OBJECT_BLOB:
		r = odb_blob(odb, id, loc, out, err);
		break;
	case OBJECT_COMMIT:
		r = odb_commit(odb, id, loc, &commit, err);
		if (!r)
			r = commit_encode(commit, out, err);
		break;
	case OBJECT_TAG:
		r = odb_tag(odb, id, &tag, err);
		if (!r)
			r = tag_encode(tag, out, err);
		break;
	}
	if (r < 0 || buf_check(out, err) < 0)
		return -1;
	*kind_out = kind;
	return 1;
}
