/*
 * Changes come in order of path, so one collection's map is edited after the other, each as a stream. What becomes of the
 * descriptors waits to the end, since a schema stands in ".drift", which neither precedes nor follows all other
 * collections: both lists are in order of name and are merged into one edit of the root map.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/tree_internal.h"

#define SCHEMA_PREFIX_LEN (sizeof(TREE_SCHEMA_PREFIX) - 1)
#define RESERVED_LEN (sizeof(TREE_RESERVED) - 1)

/* What becomes of a collection's documents, or else of its schema. */
struct update {
	size_t name; /* offset in names */
	size_t name_len;
	struct map_root documents;
	bool present; /* is there a schema? */
	struct oid schema;
};

struct updates {
	struct update *items;
	size_t count, capacity;
	struct buf names;
};

struct tree_editor {
	struct node_store *store;
	const struct tree_root *root;
	struct tree_changes *changes;
	struct tree_change change; /* the next one, not consumed yet */
	bool has_change;
	struct updates documents, schemas;
	bool exact;
	struct tree_terms terms;
	struct buf value;
	struct buf schema_key;
};

static void updates_release(struct updates *u)
{
	free(u->items);
	buf_release(&u->names);
}

static void editor_release(struct tree_editor *e)
{
	updates_release(&e->documents);
	updates_release(&e->schemas);
	tree_terms_release(&e->terms);
	buf_release(&e->value);
	buf_release(&e->schema_key);
}
#define auto_tree_editor __attribute__((cleanup(editor_release))) struct tree_editor
#define TREE_EDITOR_INIT(nodes, tree)                                                        \
	{                                                                                    \
		.store = (nodes), .root = (tree), .documents = { .names = BUF_INIT },        \
		.schemas = { .names = BUF_INIT }, .terms = TREE_TERMS_INIT,                  \
		.value = BUF_INIT, .schema_key = BUF_INIT,                                   \
	}

static const char *update_name(const struct updates *u, const struct update *update)
{
	return u->names.data + update->name;
}

static int updates_add(struct updates *u, const char *name, size_t name_len, const struct update *update,
		       struct drift_error *err)
{
	struct update *item;

	if (mem_grow(&u->items, &u->capacity, u->count + 1, sizeof(*u->items)) < 0)
		return error_no_memory(err);
	item = &u->items[u->count];
	*item = *update;
	item->name = u->names.len;
	item->name_len = name_len;
	buf_add(&u->names, name, name_len);
	if (buf_check(&u->names, err) < 0)
		return -1;
	u->count++;
	return 0;
}

static bool is_reserved(const char *name, size_t len)
{
	return len == RESERVED_LEN && !memcmp(name, TREE_RESERVED, len);
}

/* ---- the root map ---- */

struct descriptor_changes {
	struct map_changes changes;
	struct tree_editor *e;
	size_t document_next, schema_next;
};

/* Which of the two next updates comes first: < 0 documents, > 0 schema, 0 both of one collection. */
static int compare_next(const struct tree_editor *e, const struct update *documents, const struct update *schema)
{
	if (!documents || !schema)
		return documents ? -1 : 1;
	return key_compare(update_name(&e->documents, documents), documents->name_len, update_name(&e->schemas, schema),
			   schema->name_len);
}

static int next_descriptor(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct descriptor_changes *list = (struct descriptor_changes *)self;
	struct tree_editor *e = list->e;
	const struct update *documents = NULL, *schema = NULL;
	struct descriptor d = { .has_root = false };
	struct map_change change = { .value = NULL };
	int order;

	if (list->document_next < e->documents.count)
		documents = &e->documents.items[list->document_next];
	if (list->schema_next < e->schemas.count)
		schema = &e->schemas.items[list->schema_next];
	if (!documents && !schema)
		return 0;
	order = compare_next(e, documents, schema);
	change.key = order <= 0 ? update_name(&e->documents, documents) : update_name(&e->schemas, schema);
	change.key_len = order <= 0 ? documents->name_len : schema->name_len;
	if (tree_collection(e->store, e->root, change.key, change.key_len, &d, err) < 0)
		return -1;
	if (order <= 0) {
		list->document_next++;
		d.has_root = documents->documents.count;
		d.root = documents->documents.id;
		d.root_loc = documents->documents.loc;
		d.count = documents->documents.count;
		d.bytes = documents->documents.bytes;
	}
	if (order >= 0) {
		list->schema_next++;
		d.has_schema = schema->present;
		d.schema = schema->schema;
	}
	if (d.has_root || d.has_schema) {
		buf_clear(&e->value);
		descriptor_encode(&d, &e->value);
		if (buf_check(&e->value, err) < 0)
			return -1;
		change.value = e->value.data;
		change.value_len = e->value.len;
		change.loc = d.has_root ? d.root_loc : LOC_UNKNOWN;
	}
	*change_out = change;
	return 1;
}

static int edit_root(struct tree_editor *e, struct tree_root *root_out, struct drift_error *err)
{
	struct descriptor_changes changes = { .changes = { .next = next_descriptor }, .e = e };
	struct map_root map;

	if (tree_open_map(e->store, e->root, &map, err) < 0 ||
	    map_edit(e->store, MAP_ROOT, &map, &changes.changes, &map, err) < 0)
		return -1;
	tree_from_map(&map, root_out);
	return 0;
}

/* ---- documents ---- */

static int check_document(const struct document *doc, struct drift_error *err)
{
	if (doc->form == DOCUMENT_CONFLICT)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "recorded conflicts are not supported by this version");
	if (doc->len > DOCUMENT_LEN_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a document is longer than %llu bytes",
				 (unsigned long long)DOCUMENT_LEN_MAX);
	if (doc->form == DOCUMENT_GITLINK ? doc->len != 20 && doc->len != OID_LEN :
					    (doc->form == DOCUMENT_BLOB) != (doc->len > VALUE_INLINE_MAX))
		return error_set(err, DRIFT_ERR_INVALID, "a document of %llu bytes has the wrong form",
				 (unsigned long long)doc->len);
	return 0;
}

static int pull_change(struct tree_editor *e, struct drift_error *err)
{
	int ret;

	e->change.collection = NULL;
	ret = e->changes->next(e->changes, &e->change, err);
	e->has_change = ret > 0;
	if (ret <= 0)
		return ret;
	if (e->change.collection)
		return e->exact ? 0 : tree_terms_collection(&e->terms, &e->change.path, err);
	if (path_check(&e->change.path, err) < 0 || (!e->exact && tree_terms_change(&e->terms, &e->change.path, err)))
		return -1;
	return e->change.document ? check_document(e->change.document, err) : 0;
}

/* If the change is one of a schema document, note it for the descriptor. */
static int note_schema(struct tree_editor *e, struct drift_error *err)
{
	const struct tree_change *c = &e->change;
	struct update update = { .present = c->document != NULL };
	const char *name = c->path.key + SCHEMA_PREFIX_LEN;
	size_t name_len = c->path.key_len - SCHEMA_PREFIX_LEN;

	if (!is_reserved(c->path.collection, c->path.collection_len) || c->path.key_len < SCHEMA_PREFIX_LEN ||
	    memcmp(c->path.key, TREE_SCHEMA_PREFIX, SCHEMA_PREFIX_LEN))
		return 0;
	if (collection_check(name, name_len, err) < 0)
		return -1;
	if (is_reserved(name, name_len))
		return error_set(err, DRIFT_ERR_INVALID, "the collection '%s' is reserved", TREE_RESERVED);
	if (c->document)
		document_id(c->document, &update.schema);
	return updates_add(&e->schemas, name, name_len, &update, err);
}

struct document_changes {
	struct map_changes changes;
	struct tree_editor *e;
	const struct update *update; /* the collection's, for its name */
	bool started;
};

static int next_document(struct map_changes *self, struct map_change *change_out, struct drift_error *err)
{
	struct document_changes *list = (struct document_changes *)self;
	struct tree_editor *e = list->e;
	const struct path *path = &e->change.path;
	const struct document *doc;

	if (list->started && pull_change(e, err) < 0)
		return -1;
	list->started = true;
	if (!e->has_change || e->change.collection || path->collection_len != list->update->name_len ||
	    memcmp(path->collection, update_name(&e->documents, list->update), path->collection_len))
		return 0;
	if (note_schema(e, err) < 0)
		return -1;
	doc = e->change.document;
	*change_out = (struct map_change){ .key = path->key, .key_len = path->key_len };
	if (doc) {
		buf_clear(&e->value);
		document_encode(doc, &e->value);
		if (buf_check(&e->value, err) < 0)
			return -1;
		change_out->value = e->value.data;
		change_out->value_len = e->value.len;
		change_out->loc = doc->form == DOCUMENT_BLOB ? doc->loc : LOC_UNKNOWN;
	}
	return 1;
}

static int note_schema_difference(void *data, const struct node_entry *a, const struct node_entry *b,
				  struct drift_error *err)
{
	struct tree_editor *e = data;
	const struct node_entry *any = a ? a : b;
	struct update update = { .present = b != NULL };
	struct document doc;

	assert(any);
	if (b) {
		if (document_decode(b->value, b->value_len, b->loc, &doc, err) < 0)
			return -1;
		document_id(&doc, &update.schema);
	}
	return updates_add(&e->schemas, (const char *)any->key + SCHEMA_PREFIX_LEN, any->key_len - SCHEMA_PREFIX_LEN,
			   &update, err);
}

/* With all of ".drift", the schemas of all collections change. */
static int take_reserved(struct tree_editor *e, const struct map_root *old, const struct map_root *new,
			 struct drift_error *err)
{
	auto_tree_ranges ranges = { .count = 0 };
	struct map_diff_options options = { .each = note_schema_difference, .data = e };
	static const char prefix[] = TREE_RESERVED "/" TREE_SCHEMA_PREFIX;

	if (tree_ranges_init(&ranges, prefix, sizeof(prefix) - 1, err) < 0)
		return -1;
	options.from = ranges.items[0].keys.from;
	options.from_len = ranges.items[0].keys.from_len;
	options.to = ranges.items[0].keys.to;
	options.to_len = ranges.items[0].keys.to_len;
	return map_diff(e->store, old, new, &options, err);
}

/* Replace the collection of the next change, and go on to the one behind it. */
static int replace_collection(struct tree_editor *e, const struct descriptor *old, struct update *update,
			      struct drift_error *err)
{
	struct map_root before;

	descriptor_map(old, &before);
	descriptor_map(e->change.collection, &update->documents);
	if (is_reserved(e->change.path.collection, e->change.path.collection_len) &&
	    take_reserved(e, &before, &update->documents, err) < 0)
		return -1;
	return pull_change(e, err);
}

/* Edit the collection of the next change, up to the first change of another one. */
static int edit_collection(struct tree_editor *e, struct drift_error *err)
{
	struct document_changes changes = { .changes = { .next = next_document }, .e = e };
	const struct path *path = &e->change.path;
	struct updates *all = &e->documents;
	struct update update = { .name_len = path->collection_len };
	struct descriptor d = { .has_root = false };
	size_t at;
	int r;

	if (all->count) {
		const struct update *last = &all->items[all->count - 1];

		if (key_compare(update_name(all, last), last->name_len, path->collection, path->collection_len) >= 0)
			return error_set(err, DRIFT_ERR_INVALID, "changes of a tree are not in order");
	}
	if (tree_collection(e->store, e->root, path->collection, path->collection_len, &d, err) < 0 ||
	    updates_add(all, path->collection, path->collection_len, &update, err) < 0)
		return -1;
	at = all->count - 1;
	changes.update = &all->items[at];
	descriptor_map(&d, &update.documents);
	if (e->change.collection)
		r = replace_collection(e, &d, &update, err);
	else if (!tree_has_documents(e->store, path->collection, path->collection_len))
		r = tree_absent(path->collection, path->collection_len, err);
	else
		r = map_edit(e->store, MAP_DOCUMENTS, &update.documents, &changes.changes, &update.documents, err);
	all->items[at].documents = update.documents;
	return r;
}

/* The reserved documents as the edit leaves them, without what it drops of them. */
static int drop_terms(struct tree_editor *e, struct drift_error *err)
{
	struct updates *all = &e->documents;
	struct update update = { .documents = e->terms.reserved };
	size_t at = 0;

	if (!e->terms.drops.count)
		return 0;
	while (at < all->count && key_compare(update_name(all, &all->items[at]), all->items[at].name_len, TREE_RESERVED,
					      RESERVED_LEN) < 0)
		at++;
	if (at < all->count && is_reserved(update_name(all, &all->items[at]), all->items[at].name_len))
		return tree_terms_apply(&e->terms, &all->items[at].documents, err);
	if (tree_terms_apply(&e->terms, &update.documents, err) ||
	    updates_add(all, TREE_RESERVED, RESERVED_LEN, &update, err))
		return -1;
	update = all->items[all->count - 1];
	memmove(&all->items[at + 1], &all->items[at], (all->count - 1 - at) * sizeof(*all->items));
	all->items[at] = update;
	return 0;
}

static int edit(struct tree_editor *e, struct tree_changes *changes, struct tree_root *root_out,
		struct drift_error *err)
{
	e->changes = changes;
	if ((!e->exact && tree_terms_begin(&e->terms, e->store, e->root, err) < 0) || pull_change(e, err) < 0)
		return -1;
	while (e->has_change)
		if (edit_collection(e, err) < 0)
			return -1;
	return drop_terms(e, err) < 0 ? -1 : edit_root(e, root_out, err);
}

int tree_edit(struct node_store *store, const struct tree_root *root, struct tree_changes *changes,
	      struct tree_root *root_out, struct drift_error *err)
{
	auto_tree_editor e = TREE_EDITOR_INIT(store, root);

	return edit(&e, changes, root_out, err);
}

int tree_edit_exact(struct node_store *store, const struct tree_root *root, struct tree_changes *changes,
		    struct tree_root *root_out, struct drift_error *err)
{
	auto_tree_editor e = TREE_EDITOR_INIT(store, root);

	e.exact = true;
	return edit(&e, changes, root_out, err);
}

struct array_changes {
	struct tree_changes changes;
	const struct tree_change *next, *end;
};

static int next_of_array(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct array_changes *array = (struct array_changes *)self;

	(void)err;
	if (array->next == array->end)
		return 0;
	*change_out = *array->next++;
	return 1;
}

int tree_edit_array(struct node_store *store, const struct tree_root *root, const struct tree_change *changes,
		    size_t change_count, struct tree_root *root_out, struct drift_error *err)
{
	struct array_changes array = { .changes = { .next = next_of_array },
				       .next = changes,
				       .end = change_count ? changes + change_count : changes };

	return tree_edit(store, root, &array.changes, root_out, err);
}

/* ---- taking a whole collection ---- */

/* Put the schema document of a collection into ".drift" as it is in the other tree. */
static int take_schema(struct tree_editor *e, const struct tree_root *from, const char *name, size_t name_len,
		       struct update *reserved, struct drift_error *err)
{
	struct path path = { .collection = TREE_RESERVED, .collection_len = RESERVED_LEN };
	struct map_change change = { .value = NULL };
	struct update schema = { .present = false };
	struct document doc;
	auto_node *node = NULL;
	int ret;

	buf_add_str(&e->schema_key, TREE_SCHEMA_PREFIX);
	buf_add(&e->schema_key, name, name_len);
	if (buf_check(&e->schema_key, err) < 0)
		return -1;
	path.key = e->schema_key.data;
	path.key_len = e->schema_key.len;
	ret = tree_get(e->store, from, &path, &node, &doc, err);
	if (ret < 0)
		return -1;
	change.key = path.key;
	change.key_len = path.key_len;
	if (ret) {
		schema.present = true;
		document_id(&doc, &schema.schema);
		document_encode(&doc, &e->value);
		if (buf_check(&e->value, err) < 0)
			return -1;
		change.value = e->value.data;
		change.value_len = e->value.len;
		change.loc = doc.form == DOCUMENT_BLOB ? doc.loc : LOC_UNKNOWN;
	}
	if (map_edit_array(e->store, MAP_DOCUMENTS, &reserved->documents, &change, 1, &reserved->documents, err) < 0)
		return -1;
	return updates_add(&e->schemas, name, name_len, &schema, err);
}

static int take_other(struct tree_editor *e, const struct tree_root *from, const char *name, size_t name_len,
		      const struct update *taken, struct drift_error *err)
{
	struct update reserved = { .name_len = RESERVED_LEN };
	bool first = key_compare(name, name_len, TREE_RESERVED, RESERVED_LEN) < 0;
	struct path collection = { .collection = name, .collection_len = name_len };
	struct descriptor d = { .has_root = false };

	if (tree_collection(e->store, e->root, TREE_RESERVED, RESERVED_LEN, &d, err) < 0)
		return -1;
	descriptor_map(&d, &reserved.documents);
	if ((name_len && take_schema(e, from, name, name_len, &reserved, err) < 0) ||
	    tree_terms_begin(&e->terms, e->store, e->root, err) < 0 ||
	    tree_terms_take(&e->terms, from, &collection, &reserved.documents, err) < 0)
		return -1;
	if (first && updates_add(&e->documents, name, name_len, taken, err) < 0)
		return -1;
	if (updates_add(&e->documents, TREE_RESERVED, RESERVED_LEN, &reserved, err) < 0)
		return -1;
	return first ? 0 : updates_add(&e->documents, name, name_len, taken, err);
}

int tree_take_collection(struct node_store *store, const struct tree_root *root, const struct tree_root *from,
			 const char *name, size_t name_len, struct tree_root *root_out, struct drift_error *err)
{
	auto_tree_editor e = TREE_EDITOR_INIT(store, root);
	struct update taken = { .name_len = name_len };
	struct descriptor old = { .has_root = false }, new = { .has_root = false };
	struct map_root old_map;

	if (name_len && collection_check(name, name_len, err) < 0)
		return -1;
	if (!tree_has_documents(store, name, name_len))
		return tree_absent(name, name_len, err);
	if (tree_collection(store, root, name, name_len, &old, err) < 0 ||
	    tree_collection(store, from, name, name_len, &new, err) < 0)
		return -1;
	descriptor_map(&old, &old_map);
	descriptor_map(&new, &taken.documents);
	if (is_reserved(name, name_len)) {
		if (take_reserved(&e, &old_map, &taken.documents, err) < 0 ||
		    updates_add(&e.documents, name, name_len, &taken, err) < 0)
			return -1;
	} else if (take_other(&e, from, name, name_len, &taken, err) < 0) {
		return -1;
	}
	return edit_root(&e, root_out, err);
}
