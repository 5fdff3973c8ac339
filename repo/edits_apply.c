#include "repo/edits_internal.h"

#include <string.h>

#include "base/json.h"
#include "base/json_patch.h"
#include "base/mem.h"
#include "objects/term.h"
#include "repo/documents.h"

#define MODE_TYPE 0170000U
#define MODE_REGULAR 0100000U

static int tree_view_get(struct edit_view *self, const struct path *path, struct node **node_out,
			 struct document *doc_out, struct drift_error *err)
{
	struct tree_view *v = (struct tree_view *)self;
	int has;

	if (!v->asked) {
		has = term_any(v->store, v->root, err);
		if (has < 0)
			return -1;
		v->any = has;
		v->asked = true;
	}
	has = v->any ? term_has(v->store, v->root, path, err) : 0;
	if (has < 0)
		return -1;
	self->in_conflict = has;
	return tree_get(v->store, v->root, path, node_out, doc_out, err);
}

void tree_view_init(struct tree_view *v, struct node_store *store, const struct tree_root *root)
{
	v->view.get = tree_view_get;
	v->view.in_conflict = false;
	v->store = store;
	v->root = root;
	v->asked = false;
}

void edit_outcome_init(struct edit_outcome *o)
{
	memset(o, 0, sizeof(*o));
	buf_init(&o->patched[0]);
	buf_init(&o->patched[1]);
}

void edit_outcome_release(struct edit_outcome *o)
{
	node_unref(o->node);
	o->node = NULL;
	buf_release(&o->patched[0]);
	buf_release(&o->patched[1]);
}

/* "no document 'x/y'" and the like: the path quoted in a message that has one %s. */
static int edits_error(struct drift_error *err, enum drift_error_code code, const char *before, const struct path *path,
		       const char *after)
{
	auto_buf text = BUF_INIT;

	path_format(path, &text);
	return error_set(err, code, "%s'%s'%s", before, text.data, after);
}

static int check_match(const struct edit *edit, const struct edit_outcome *o, struct drift_error *err)
{
	char is[OID_HEX_LEN + 1], wanted[OID_HEX_LEN + 1];
	auto_buf after = BUF_INIT;
	struct oid id;

	if (!o->had)
		return edit->id ? edits_error(err, DRIFT_ERR_CLASH, "", &edit->path, " does not exist any more") : 0;
	if (!edit->id)
		return edits_error(err, DRIFT_ERR_CLASH, "", &edit->path, " exists already");
	document_id(&o->before, &id);
	if (oid_equal(&id, edit->id))
		return 0;
	buf_addf(&after, " is %s, expected %s", oid_to_hex(&id, is), oid_to_hex(edit->id, wanted));
	return edits_error(err, DRIFT_ERR_CLASH, "", &edit->path, after.data);
}

static void set_raw(struct edit_outcome *o, const void *data, size_t len, uint32_t mode)
{
	o->has = o->is_raw = true;
	o->raw = data;
	o->raw_len = len;
	o->raw_mode = mode;
}

/* What a put without mode gets: a regular file from git stays executable, or not. */
static uint32_t kept_mode(const struct edit_outcome *o)
{
	return o->had && (o->before.mode & MODE_TYPE) == MODE_REGULAR ? o->before.mode : DOCUMENT_NO_MODE;
}

/* items[at] sets the whole document; what came before it in the set does not matter but for a removal. */
static int apply_absolute(const struct edit *items, size_t at, struct edit_outcome *o, struct drift_error *err)
{
	const struct edit *edit = &items[at];
	bool known = o->had || edit->lenient;
	size_t i;

	switch (edit->kind) {
	case EDIT_PUT:
		set_raw(o, edit->data, edit->len, edit->keep_mode ? kept_mode(o) : edit->mode);
		return 0;
	case EDIT_DOCUMENT:
		o->has = true;
		o->is_raw = false;
		o->after = *edit->document;
		if (edit->keep_mode)
			o->after.mode = kept_mode(o);
		return 0;
	case EDIT_REMOVE:
		for (i = 0; i < at; i++)
			known |= items[i].kind == EDIT_PUT || items[i].kind == EDIT_DOCUMENT;
		o->has = o->is_raw = false;
		return known ? 0 : edits_error(err, DRIFT_ERR_NOT_FOUND, "no document ", &edit->path, "");
	case EDIT_PATCH:
	case EDIT_MATCH:
	default:
		return 0;
	}
}

static int patch_json(const struct edit *edit, const void *data, size_t len, struct buf *out, struct drift_error *err)
{
	struct json_doc *doc = NULL;
	struct json_value *patch;
	int r;

	if (json_parse(data, len, &doc, err))
		return error_prefix(err, DRIFT_OK, "the document is not JSON");
	r = json_parse_value(doc, edit->data, edit->len, &patch, err);
	if (!r)
		r = edit->patch == PATCH_MERGE ? json_merge_patch(doc, patch, err) : json_patch_apply(doc, patch, err);
	if (!r && !json_root(doc))
		r = error_set(err, DRIFT_ERR_INVALID, "nothing would be left; remove the document instead");
	if (!r)
		r = json_canonical(json_root(doc), out, err);
	json_doc_free(doc);
	return r;
}

static int apply_patch(const struct edits *e, const struct edit *edit, struct edit_outcome *o, struct drift_error *err)
{
	auto_buf stored = BUF_INIT;
	struct buf *out = o->is_raw && o->raw == o->patched[0].data ? &o->patched[1] : &o->patched[0];
	uint32_t mode = o->is_raw ? o->raw_mode : o->after.mode;

	if (!o->has)
		return edits_error(err, DRIFT_ERR_NOT_FOUND, "no document ", &edit->path, "");
	if (!o->is_raw) {
		if (document_read(e->repo, &o->after, &stored, err))
			return -1;
		o->raw = stored.data;
		o->raw_len = stored.len;
	}
	buf_clear(out);
	if (patch_json(edit, o->raw, o->raw_len, out, err)) {
		auto_buf path = BUF_INIT;

		path_format(&edit->path, &path);
		return error_prefix(err, DRIFT_OK, "cannot patch '%s'", path.data);
	}
	set_raw(o, out->data, out->len, mode);
	return 0;
}

/* A schema that is no object would be found out only when somebody needs it. */
static int check_schema(const struct edit_outcome *o, struct drift_error *err)
{
	const size_t prefix_len = strlen(TREE_SCHEMA_PREFIX);
	struct drift_error why = { DRIFT_OK, "" };
	const char *at;
	size_t left;

	if (!o->is_raw || o->path.collection_len != strlen(TREE_RESERVED) || o->path.key_len <= prefix_len ||
	    memcmp(o->path.collection, TREE_RESERVED, o->path.collection_len) != 0 ||
	    memcmp(o->path.key, TREE_SCHEMA_PREFIX, prefix_len) != 0)
		return 0;
	if (json_validate(o->raw, o->raw_len, &why)) {
		edits_error(err, DRIFT_ERR_INVALID, "the schema ", &o->path, " is not JSON");
		return -1;
	}
	for (at = o->raw, left = o->raw_len; left && strchr(" \t\r\n", *at); at++)
		left--;
	if (*at != '{')
		return edits_error(err, DRIFT_ERR_INVALID, "the schema ", &o->path, " is not a JSON object");
	return 0;
}

int edits_apply(const struct edits *e, const struct edit *items, size_t count, struct edit_view *view,
		struct edit_outcome *o, struct drift_error *err)
{
	size_t i, absolute = count;
	bool patches = false;
	int found;

	node_unref(o->node);
	o->node = NULL;
	o->path = items[0].path;
	found = view->get(view, &o->path, &o->node, &o->before, err);
	if (found < 0)
		return -1;
	o->had = o->has = found;
	o->is_raw = false;
	o->after = o->before;
	for (i = 0; i < count; i++) {
		if (items[i].kind == EDIT_MATCH && check_match(&items[i], o, err))
			return -1;
		if (items[i].kind != EDIT_MATCH && items[i].kind != EDIT_PATCH)
			absolute = i;
		patches |= items[i].kind == EDIT_PATCH;
	}
	o->settles = view->in_conflict && absolute < count;
	/* It is not what its sides are that a patch would change, but what stands for them. */
	if (view->in_conflict && absolute == count && patches)
		return edits_error(err, DRIFT_ERR_CLASH, "", &o->path,
				   " is in conflict: a patch does not say what is to become of its sides");
	if (absolute < count && apply_absolute(items, absolute, o, err))
		return -1;
	for (i = absolute < count ? absolute + 1 : 0; i < count; i++)
		if (items[i].kind == EDIT_PATCH && apply_patch(e, &items[i], o, err))
			return -1;
	return check_schema(o, err);
}

/* Hashing tells cheaper than storing that a large document is what was there. */
static bool is_same_blob(const struct edit_outcome *o)
{
	struct oid id;

	if (!o->had || o->before.form != DOCUMENT_BLOB || o->before.len != o->raw_len || o->before.mode != o->raw_mode)
		return false;
	object_hash(OBJECT_BLOB, o->raw, o->raw_len, &id);
	return oid_equal(&id, &o->before.blob);
}

static int base_location(const struct edit_outcome *o, struct odb *odb, uint64_t *loc_out, struct drift_error *err)
{
	enum object_kind kind;

	*loc_out = LOC_UNKNOWN;
	if (!o->had || o->before.form != DOCUMENT_BLOB || o->raw_len <= VALUE_INLINE_MAX)
		return 0;
	*loc_out = o->before.loc;
	if (*loc_out == LOC_UNKNOWN && odb_find(odb, &o->before.blob, &kind, loc_out, err) < 0)
		return -1;
	return 0;
}

int edit_outcome_store(struct edit_outcome *o, struct odb *odb, struct odb_batch *batch, struct drift_error *err)
{
	uint64_t base_loc;

	if (o->is_raw && is_same_blob(o)) {
		o->after = o->before;
		o->is_raw = false;
		return o->settles;
	}
	if (o->is_raw) {
		if (base_location(o, odb, &base_loc, err) ||
		    document_store(batch, o->raw, o->raw_len, o->raw_mode, base_loc, &o->after, err))
			return -1;
		o->is_raw = false;
	}
	if (o->had && o->has)
		return o->settles || !document_equal(&o->before, &o->after);
	return o->settles || o->had != o->has;
}
