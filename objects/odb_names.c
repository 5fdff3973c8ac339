/* What a frame leads to. */
#include <string.h>

#include "objects/odb_files.h"
#include "objects/odb_internal.h"
#include "objects/value.h"

struct names {
	struct odb *odb;
	int (*each)(void *data, uint64_t loc, enum named_as as, struct drift_error *err);
	void *data;
	struct compressor *z;
};

static int name(struct names *n, uint64_t loc, enum named_as as, struct drift_error *err)
{
	return loc == LOC_UNKNOWN ? 0 : n->each(n->data, loc, as, err);
}

/* Of what only the id is written. An object that is not here leads nowhere. */
static int name_id(struct names *n, const struct oid *id, struct drift_error *err)
{
	enum object_kind kind;
	uint64_t loc;
	int r = odb_find(n->odb, id, &kind, &loc, err);

	return r > 0 ? name(n, loc, NAMED_ANY, err) : r;
}

/* A node may be known to no index; the empty one is stored nowhere. */
static int name_node(struct names *n, const struct oid *id, struct drift_error *err)
{
	auto_node *node = NULL;

	return odb_node(n->odb, id, LOC_UNKNOWN, &node, err) < 0 ? -1 : name(n, node->loc, NAMED_NODE, err);
}

static int name_ref(struct names *n, const struct object_ref *ref, enum named_as as, struct drift_error *err)
{
	if (ref->loc != LOC_UNKNOWN)
		return name(n, ref->loc, as, err);
	if (oid_is_zero(&ref->id))
		return 0;
	return as == NAMED_NODE ? name_node(n, &ref->id, err) : name_id(n, &ref->id, err);
}

/* A schema has no location beside its id. */
static int name_schema(struct names *n, const struct node *node, const struct node_entry *e, struct drift_error *err)
{
	struct descriptor d;

	if (node->kind != MAP_ROOT || node->level)
		return 0;
	if (descriptor_decode(e->value, e->value_len, e->loc, &d, err) < 0)
		return -1;
	return d.has_schema ? name_id(n, &d.schema, err) : 0;
}

static int name_entry(struct names *n, const struct node *node, size_t i, struct drift_error *err)
{
	enum named_as as = node->level || node->kind == MAP_ROOT ? NAMED_NODE : NAMED_BLOB;
	struct object_ref ref = { .loc = LOC_UNKNOWN };
	struct node_entry e;
	long at;
	int r;

	node_entry_at(node, i, &e);
	r = name_schema(n, node, &e, err);
	if (r)
		return r;
	if (node->kind == MAP_ROOT && !node->level && !tree_has_documents(odb_nodes(n->odb), (const char *)e.key, e.key_len))
		return 0;
	at = node->level ? 0 : value_ref_offset(node->kind, e.value, e.value_len);
	if (at < 0)
		return 0;
	memcpy(ref.id.bytes, node->level ? e.child : e.value + at, OID_LEN);
	ref.loc = e.loc;
	return name_ref(n, &ref, as, err);
}

static int names_of_node(struct names *n, uint64_t loc, const struct record *r, struct drift_error *err)
{
	auto_node *node = NULL;
	int result;
	size_t i;

	result = name(n, r->base_loc, NAMED_NODE, err);
	if (result)
		return result;
	if (odb_node_at(n->odb, loc, &node, err) < 0)
		return -1;
	for (i = 0; i < node->count && !result; i++)
		result = name_entry(n, node, i, err);
	return result;
}

static int names_of_blob(struct names *n, const struct record *r, struct drift_error *err)
{
	struct cursor in;
	uint64_t count;
	int result;

	if (r->storage != RECORD_CHUNKED)
		return name(n, r->base_loc, NAMED_BLOB, err);
	cursor_init(&in, r->body, r->body_len);
	cursor_varint(&in);
	for (count = cursor_varint(&in); count && cursor_ok(&in); count--) {
		struct object_ref chunk = { .loc = LOC_UNKNOWN };
		const unsigned char *id = cursor_bytes(&in, OID_LEN);

		cursor_varint(&in);
		chunk.loc = loc_get(&in, loc_frame(r->self));
		if (!id || !cursor_ok(&in))
			break;
		memcpy(chunk.id.bytes, id, OID_LEN);
		result = name_ref(n, &chunk, NAMED_BLOB, err);
		if (result)
			return result;
	}
	return cursor_ok(&in) ? 0 : error_set(err, DRIFT_ERR_CORRUPT, "the list of chunks of a blob is malformed");
}

static int names_of_commit(struct names *n, const struct record *r, struct drift_error *err)
{
	struct commit_record cr;
	const struct commit *c;
	int result;
	size_t i;

	if (commit_record_parse(r, n->z, &cr, err) < 0)
		return -1;
	c = &cr.commit;
	result = name_ref(n, &c->tree, NAMED_NODE, err);
	for (i = 0; i < c->parent_count && !result; i++)
		result = name_ref(n, &c->parents[i], NAMED_COMMIT, err);
	if (!result && (cr.flags & COMMIT_RECORD_JUMP))
		result = name_ref(n, &c->jump, NAMED_COMMIT, err);
	if (!result)
		result = name(n, c->last_merge_loc, NAMED_COMMIT, err);
	if (!result && (cr.flags & COMMIT_RECORD_COMMITTER_REF))
		result = name(n, cr.committer_loc, NAMED_COMMIT, err);
	if (!result && (cr.flags & COMMIT_RECORD_AUTHOR_REF))
		result = name(n, cr.author_loc, NAMED_COMMIT, err);
	commit_record_release(&cr);
	return result;
}

static int names_of_tag(struct names *n, const struct record *r, struct drift_error *err)
{
	auto_buf content = BUF_INIT;
	auto_tag *tag = NULL;

	if (record_content(r, n->z, NULL, 0, NULL, &content, err) < 0 ||
	    tag_decode(content.data, content.len, &tag, err) < 0)
		return -1;
	return name_id(n, &tag->target, err);
}

static int names_of_record(struct names *n, uint64_t loc, const unsigned char *data, size_t len,
			   struct drift_error *err)
{
	struct record r;

	if (record_parse(data, len, loc, &r, err) < 0)
		return -1;
	switch (r.kind) {
	case OBJECT_TREE:
		return names_of_node(n, loc, &r, err);
	case OBJECT_BLOB:
		return names_of_blob(n, &r, err);
	case OBJECT_COMMIT:
		return names_of_commit(n, &r, err);
	case OBJECT_TAG:
		break;
	}
	return names_of_tag(n, &r, err);
}

static int name_value(struct names *n, const struct ref_value *value, struct drift_error *err)
{
	return value->kind == REF_OBJECT ? name_ref(n, &value->object, NAMED_ANY, err) : 0;
}

static int names_of_log(struct names *n, uint64_t loc, struct drift_error *err)
{
	struct ref_log_entry entry;
	int r = 0;
	size_t i;

	if (odb_ref_log_read(n->odb, loc, &entry, err) < 0)
		return -1;
	for (i = 0; i < entry.update_count && !r; i++) {
		r = name_value(n, &entry.updates[i].old, err);
		if (!r)
			r = name_value(n, &entry.updates[i].new, err);
	}
	ref_log_release(&entry);
	return r;
}

static int names_of_txn(struct names *n, uint64_t loc, const void *payload, size_t len, struct drift_error *err)
{
	struct txn t;
	size_t i;
	int r = 0;

	if (txn_parse(payload, len, loc, &t, err) < 0)
		return -1;
	for (i = 0; i < t.record_count && !r; i++)
		if (t.record_len[i])
			r = names_of_record(n, loc | i, t.record[i], t.record_len[i], err);
	return !r && t.has_log ? names_of_log(n, loc, err) : r;
}

int odb_frame_names(struct odb *odb, uint64_t frame_loc, enum frame_kind kind, const void *payload, size_t len,
		    int (*each)(void *data, uint64_t loc, enum named_as as, struct drift_error *err), void *data,
		    struct drift_error *err)
{
	struct names n = { .odb = odb, .each = each, .data = data };
	int r = 0;

	if (kind != FRAME_OBJECT && kind != FRAME_TXN)
		return 0;
	n.z = odb_compressor_take(odb, err);
	if (!n.z)
		return -1;
	r = kind == FRAME_OBJECT ? names_of_record(&n, frame_loc, payload, len, err) :
				   names_of_txn(&n, frame_loc, payload, len, err);
	odb_compressor_give(odb, n.z);
	return r;
}
