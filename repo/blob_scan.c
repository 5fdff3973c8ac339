#include "repo/blob_index_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/siphash.h"

/* Fingerprints of what was entered already: most of a leaf's documents stood in its last version, too. */
struct seen_set {
	unsigned char key[SIPHASH_KEY_LEN];
	uint64_t *slots; /* 0: free */
	size_t capacity, count;
};

struct blob_scan {
	struct odb *odb;
	struct blob_table *table;
	struct seen_set seen;
	bool entered; /* the node at hand is in the table */
};

static void seen_put(uint64_t *slots, size_t capacity, uint64_t print)
{
	size_t i = (size_t)print & (capacity - 1);

	while (slots[i])
		i = (i + 1) & (capacity - 1);
	slots[i] = print;
}

static int seen_grow(struct seen_set *s, struct drift_error *err)
{
	size_t capacity = s->capacity ? 2 * s->capacity : 1024;
	uint64_t *slots = mem_calloc(capacity, sizeof(*slots));

	if (!slots)
		return error_no_memory(err);
	for (size_t i = 0; i < s->capacity; i++) {
		if (s->slots[i])
			seen_put(slots, capacity, s->slots[i]);
	}
	free(s->slots);
	s->slots = slots;
	s->capacity = capacity;
	return 0;
}

/* 1 it is new / 0 / -1; a document may hold the bytes of an id. */
static int seen_add(struct seen_set *s, enum object_kind kind, const void *data, size_t len, struct drift_error *err)
{
	uint64_t print = (siphash(s->key, data, len) + (uint64_t)kind) | (uint64_t)1 << 63;

	if (2 * (s->count + 1) > s->capacity && seen_grow(s, err))
		return -1;
	for (size_t i = (size_t)print & (s->capacity - 1); s->slots[i]; i = (i + 1) & (s->capacity - 1)) {
		if (s->slots[i] == print)
			return 0;
	}
	seen_put(s->slots, s->capacity, print);
	s->count++;
	return 1;
}

static int enter(struct blob_scan *scan, const struct node *node, size_t slot, const struct oid *id,
		 struct drift_error *err)
{
	struct blob_table *t = scan->table;

	if (!scan->entered) {
		if (t->node_count >= UINT32_MAX)
			return error_set(err, DRIFT_ERR_LIMIT, "the store has too many tree nodes");
		if (mem_grow(&t->nodes, &t->node_capacity, t->node_count + 1, sizeof(*t->nodes)))
			return error_no_memory(err);
		t->nodes[t->node_count++] = (struct blob_node){ .id = node->id, .loc = node->loc };
		scan->entered = true;
	}
	if (mem_grow(&t->entries, &t->entry_capacity, t->entry_count + 1, sizeof(*t->entries)))
		return error_no_memory(err);
	t->entries[t->entry_count++] =
		(struct blob_entry){ .id = *id, .node = (uint32_t)(t->node_count - 1), .slot = (uint32_t)slot };
	return 0;
}

static int scan_document(struct blob_scan *scan, const struct node *node, size_t slot, const struct document *doc,
			 struct drift_error *err)
{
	struct oid id;
	int r;

	if (doc->form != DOCUMENT_INLINE && doc->form != DOCUMENT_GITLINK)
		return 0;
	r = seen_add(&scan->seen, OBJECT_BLOB, doc->data, (size_t)doc->len, err);
	if (r <= 0)
		return r;
	document_id(doc, &id);
	return enter(scan, node, slot, &id, err);
}

static int scan_entry(struct blob_scan *scan, const struct node *node, size_t slot, struct drift_error *err)
{
	struct node_entry e;
	struct document doc;
	struct descriptor d;
	struct staged staged;
	int r;

	node_entry_at(node, slot, &e);
	switch (node->kind) {
	case MAP_ROOT:
		if (descriptor_decode(e.value, e.value_len, e.loc, &d, err))
			return -1;
		if (!d.has_root)
			return 0;
		r = seen_add(&scan->seen, OBJECT_TREE, d.root.bytes, OID_LEN, err);
		return r <= 0 ? r : enter(scan, node, slot, &d.root, err);
	case MAP_DOCUMENTS:
		return document_decode(e.value, e.value_len, e.loc, &doc, err) ?
			       -1 :
			       scan_document(scan, node, slot, &doc, err);
	case MAP_STAGE:
		if (staged_decode(e.value, e.value_len, e.loc, &staged, err))
			return -1;
		return staged.op == STAGED_PUT ? scan_document(scan, node, slot, &staged.document, err) : 0;
	case MAP_INDEX:
		break;
	}
	return 0;
}

static int enter_print(struct blob_table *t, const struct oid *id, struct drift_error *err)
{
	if (mem_grow(&t->prints, &t->print_capacity, t->print_count + 1, sizeof(*t->prints)))
		return error_no_memory(err);
	t->prints[t->print_count++] = blob_print(id);
	return 0;
}

static int scan_object(void *data, const struct oid *id, enum object_kind kind, uint64_t loc, struct drift_error *err)
{
	struct blob_scan *scan = data;
	auto_node *node = NULL;

	if (kind == OBJECT_COMMIT)
		scan->table->mark.newest = (struct object_ref){ .id = *id, .loc = loc };
	if (kind != OBJECT_TREE)
		return 0;
	if (odb_node(scan->odb, id, loc, &node, err) || enter_print(scan->table, id, err))
		return -1;
	scan->entered = false;
	for (size_t i = 0; !node->level && i < node->count; i++) {
		if (scan_entry(scan, node, i, err))
			return -1;
	}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return oid_compare(&((const struct blob_entry *)a)->id, &((const struct blob_entry *)b)->id);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_entries(struct blob_table *t)
{
	size_t kept = 0;

	if (t->entry_count)
		qsort(t->entries, t->entry_count, sizeof(*t->entries), by_id);
	for (size_t i = 0; i < t->entry_count; i++) {
		if (!kept || !oid_equal(&t->entries[kept - 1].id, &t->entries[i].id))
			t->entries[kept++] = t->entries[i];
	}
	t->entry_count = kept;
	if (t->print_count)
		qsort(t->prints, t->print_count, sizeof(*t->prints), by_value);
}

int blob_table_scan(struct repo *repo, struct blob_table *t, struct drift_error *err)
{
	struct blob_table made = { .nodes = NULL };
	struct blob_scan scan = { .odb = repo_odb(repo), .table = &made };
	int r;

	if (random_bytes(scan.seen.key, sizeof(scan.seen.key), err))
		return -1;
	r = odb_each_object(scan.odb, scan_object, &scan, err);
	free(scan.seen.slots);
	if (r) {
		blob_table_release(&made);
		return -1;
	}
	sort_entries(&made);
	*t = made;
	return 0;
}
