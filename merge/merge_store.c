#include "merge/merge_store.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/textdiff.h"
#include "objects/oid_table.h"

/* Something made that stays in memory: a node or a blob. */
struct made {
	struct oid id;
	struct node *node;
	struct buf blob;
	struct made *next;
};

struct merge_store {
	struct node_store nodes; /* first */
	struct odb *odb;
	struct odb_batch *batch;
	struct oid_table table;
	struct made *made;
};

/* What is in memory has no location. */
static int load(struct node_store *store, const struct oid *id, uint64_t loc, struct node **node_out,
		struct drift_error *err)
{
	struct merge_store *s = (struct merge_store *)store;
	struct made *made = loc == LOC_UNKNOWN ? oid_table_get(&s->table, id) : NULL;
	struct node_store *under = s->batch ? odb_batch_nodes(s->batch) : odb_nodes(s->odb);

	if (!made || !made->node)
		return under->load(under, id, loc, node_out, err);
	*node_out = node_ref(made->node);
	return 0;
}

static struct made *add_made(struct merge_store *s, const struct oid *id, struct drift_error *err)
{
	struct made *made = mem_calloc(1, sizeof(*made));

	if (!made) {
		error_no_memory(err);
		return NULL;
	}
	made->id = *id;
	buf_init(&made->blob);
	if (oid_table_put(&s->table, &made->id, made, err) < 0) {
		free(made);
		return NULL;
	}
	made->next = s->made;
	s->made = made;
	return made;
}

static int save(struct node_store *store, const void *bytes, size_t len, const uint64_t *child_loc, struct node *base,
		struct oid *id_out, uint64_t *loc_out, struct drift_error *err)
{
	struct merge_store *s = (struct merge_store *)store;
	auto_node *node = NULL;
	struct made *made;

	if (s->batch) {
		struct node_store *under = odb_batch_nodes(s->batch);

		return under->save(under, bytes, len, child_loc, base, id_out, loc_out, err);
	}
	if (node_from_built(bytes, len, child_loc, &node, err) < 0)
		return -1;
	*id_out = node->id;
	*loc_out = LOC_UNKNOWN;
	if (oid_table_get(&s->table, &node->id))
		return 0;
	made = add_made(s, &node->id, err);
	if (!made)
		return -1;
	made->node = take_ptr(node);
	return 0;
}

int merge_store_new(struct odb *odb, struct merge_store **out, struct drift_error *err)
{
	struct merge_store *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	s->nodes = (struct node_store){ .load = load, .save = save, .only = odb_only(odb) };
	s->odb = odb;
	*out = s;
	return 0;
}

void merge_store_free(struct merge_store *s)
{
	if (!s)
		return;
	while (s->made) {
		struct made *next = s->made->next;

		node_unref(s->made->node);
		buf_release(&s->made->blob);
		free(s->made);
		s->made = next;
	}
	oid_table_release(&s->table);
	free(s);
}

void merge_store_cleanup(struct merge_store **s)
{
	merge_store_free(*s);
}

void merge_store_into(struct merge_store *s, struct odb_batch *batch)
{
	s->batch = batch;
}

struct node_store *merge_store_nodes(struct merge_store *s)
{
	return &s->nodes;
}

int merge_store_read(struct merge_store *s, const struct document *doc, struct buf *out, struct drift_error *err)
{
	const struct made *made;

	if (doc->form == DOCUMENT_INLINE) {
		buf_add(out, doc->data, (size_t)doc->len);
		return buf_check(out, err);
	}
	made = oid_table_get(&s->table, &doc->blob);
	if (!made)
		return odb_blob(s->odb, &doc->blob, doc->loc, out, err);
	buf_add(out, made->blob.data, made->blob.len);
	return buf_check(out, err);
}

static int keep_blob(struct merge_store *s, const struct text *data, uint64_t base_loc, struct object_ref *out,
		     struct drift_error *err)
{
	struct made *made;

	if (s->batch)
		return odb_batch_blob(s->batch, data->data, data->len, base_loc, out, err);
	object_hash(OBJECT_BLOB, data->data, data->len, &out->id);
	out->loc = LOC_UNKNOWN;
	if (oid_table_get(&s->table, &out->id))
		return 0;
	made = add_made(s, &out->id, err);
	if (!made)
		return -1;
	buf_add(&made->blob, data->data, data->len);
	return buf_check(&made->blob, err);
}

int merge_store_write(struct merge_store *s, const struct text *data, uint32_t mode, uint64_t base_loc,
		      struct document *out, struct drift_error *err)
{
	struct document doc = { .mode = mode, .len = data->len };
	struct object_ref blob;

	if (data->len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "merged, a document would have more than %llu bytes",
				 (unsigned long long)DOCUMENT_LEN_MAX);
	if (data->len <= VALUE_INLINE_MAX) {
		doc.form = DOCUMENT_INLINE;
		doc.data = (const unsigned char *)data->data;
	} else {
		if (keep_blob(s, data, base_loc, &blob, err))
			return -1;
		doc.form = DOCUMENT_BLOB;
		doc.blob = blob.id;
		doc.loc = blob.loc;
	}
	*out = doc;
	return 0;
}

int merge_store_adopt(struct merge_store *s, struct document *doc, struct drift_error *err)
{
	const struct made *made = NULL;
	struct object_ref blob;
	struct text data;

	if (s->batch && doc->form == DOCUMENT_BLOB)
		made = oid_table_get(&s->table, &doc->blob);
	if (!made)
		return 0;
	data = (struct text){ made->blob.data, made->blob.len };
	if (keep_blob(s, &data, LOC_UNKNOWN, &blob, err))
		return -1;
	doc->loc = blob.loc;
	return 0;
}
