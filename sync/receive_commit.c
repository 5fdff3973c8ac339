/* One commit of the stream: its tree is made of its first parent's and of what comes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "objects/term.h"
#include "repo/change_lists.h"
#include "repo/documents.h"
#include "repo/point.h"
#include "repo/writer.h"
#include "sync/receive_internal.h"

#define PROGRESS_CHANGES 1024

/* Changes as they come, for tree_edit_exact; and the list of what they were. */
struct incoming_changes {
	struct tree_changes changes;
	struct received *r;
	struct tree_root *trees; /* the parents' */
	size_t tree_count;
	struct tree_root base;   /* the first one's, or the empty tree */
	struct node *old_node, *taken_node;
	struct document old, new;
	struct descriptor descriptor;
	bool has_old;
	struct change_list list;
	size_t capacity;
};

/* --- one document --- */

static int wrong(const struct stream_change *c, const char *what, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	path_format(&c->path, &path);
	return error_set(err, DRIFT_ERR_CORRUPT, "'%s' %s", path.data, what);
}

static int find_old(struct incoming_changes *in, const struct path *path, struct drift_error *err)
{
	int r = 0;

	node_unref(take_ptr(in->old_node));
	if (!tree_is_empty(&in->base))
		r = tree_get(odb_batch_nodes(in->r->batch), &in->base, path, &in->old_node, &in->old, err);
	in->has_old = r > 0;
	return r < 0 ? -1 : 0;
}

static int read_old(struct incoming_changes *in, const struct stream_change *c, struct text *out, struct drift_error *err)
{
	struct received *r = in->r;

	if (!in->has_old || in->old.form == DOCUMENT_GITLINK)
		return wrong(c, "comes as an edit of a version that is not there", err);
	if (in->old.form == DOCUMENT_INLINE) {
		*out = (struct text){ (const char *)in->old.data, (size_t)in->old.len };
		return 0;
	}
	buf_clear(&r->old);
	if (odb_batch_read_blob(r->batch, &in->old.blob, in->old.loc, &r->old, err))
		return -1;
	*out = (struct text){ r->old.data, r->old.len };
	return 0;
}

static int make_gitlink(struct incoming_changes *in, const struct stream_change *c, uint32_t mode, struct drift_error *err)
{
	const struct buf *content = &in->r->content;

	if (content->len != 20 && content->len != OID_LEN)
		return wrong(c, "is a gitlink of a wrong length", err);
	in->new = (struct document){ .form = DOCUMENT_GITLINK, .mode = mode, .len = content->len,
				     .data = (const unsigned char *)content->data };
	return 0;
}

static int receive_content(struct incoming_changes *in, const struct stream_change *c, uint32_t mode, struct drift_error *err)
{
	struct received *r = in->r;
	uint64_t base_loc = in->has_old && in->old.form == DOCUMENT_BLOB ? in->old.loc : LOC_UNKNOWN;
	struct text old = { .data = NULL };

	if (c->op != STREAM_PUT && read_old(in, c, &old, err))
		return -1;
	buf_clear(&r->content);
	if (stream_read_content(r->reader, old.data ? &old : NULL, &r->content, err) ||
	    received_count_content(r, r->content.len, err))
		return -1;
	if (c->gitlink)
		return make_gitlink(in, c, mode, err);
	return document_store(r->batch, r->content.data, r->content.len, mode, base_loc, &in->new, err);
}

/* A blob that is here; its length is not part of its id. */
static int use_known(struct incoming_changes *in, const struct stream_change *c, uint32_t mode, struct drift_error *err)
{
	struct received *r = in->r;
	struct object_ref blob;
	int found = odb_batch_find_blob(r->batch, &c->id, &blob, err);
	char hex[OID_HEX_LEN + 1];

	if (found <= 0)
		return found < 0 ? -1 : error_set(err, DRIFT_ERR_NOT_FOUND, "the stream builds on blob %s, which is not here",
						  oid_to_hex(&c->id, hex));
	buf_clear(&r->content);
	if (!in->has_old || in->old.form != DOCUMENT_BLOB || !oid_equal(&in->old.blob, &c->id) || in->old.len != c->len) {
		if (odb_batch_read_blob(r->batch, &c->id, blob.loc, &r->content, err))
			return -1;
		if (r->content.len != c->len)
			return wrong(c, "has another length than its blob", err);
	}
	if (c->len <= VALUE_INLINE_MAX)
		return wrong(c, "is too short to be a blob", err);
	in->new = (struct document){ .form = DOCUMENT_BLOB, .mode = mode, .len = c->len, .blob = c->id, .loc = blob.loc };
	return received_count_content(r, c->len, err);
}

static int take_other(struct incoming_changes *in, const struct stream_change *c, struct drift_error *err)
{
	int found;

	node_unref(take_ptr(in->taken_node));
	if (!c->parent || c->parent >= in->tree_count)
		return wrong(c, "is taken from a parent that is not there", err);
	found = tree_get(odb_batch_nodes(in->r->batch), &in->trees[c->parent], &c->path, &in->taken_node, &in->new, err);
	if (found <= 0)
		return found < 0 ? -1 : wrong(c, "is taken from a parent that has it not", err);
	return received_count_content(in->r, in->new.len, err);
}

static int make_document(struct incoming_changes *in, const struct stream_change *c, struct drift_error *err)
{
	uint32_t mode = c->has_mode ? c->mode : in->has_old ? in->old.mode : DOCUMENT_NO_MODE;

	switch (c->op) {
	case STREAM_PUT:
	case STREAM_EDIT:
	case STREAM_DELTA:
		return receive_content(in, c, mode, err);
	case STREAM_KNOWN:
		return use_known(in, c, mode, err);
	case STREAM_TAKE:
		return take_other(in, c, err);
	case STREAM_CHANGES_END:
	case STREAM_REMOVE:
	case STREAM_DESCRIPTOR:
	default:
		return wrong(c, "is changed in an unknown way", err);
	}
}

/* Whoever sends terms that say something else than they are would have others merge what never was. */
static int check_term(const struct stream_change *c, const struct document *doc, struct drift_error *err)
{
	struct term_key key;
	struct term is;

	if (!term_path_is(&c->path))
		return 0;
	if (term_key_parse(c->path.key, c->path.key_len, &key, NULL))
		return wrong(c, "has the key of a term and is none", err);
	term_of(key.term.sign, doc, &is);
	if (key.is_piece || (key.term.absent ? doc->form == DOCUMENT_INLINE && !doc->len : !term_compare(&is, &key.term)))
		return 0;
	return wrong(c, "is a term and holds another version than its key says", err);
}

/* --- all of them --- */

static int list_change(struct incoming_changes *in, const struct path *path, enum change_kind kind, struct drift_error *err)
{
	struct change_list *list = &in->list;
	struct change *change;

	if (!list->complete)
		return 0;
	if (list->count == CHANGE_LIST_MAX) {
		list->complete = false;
		list->count = 0;
		return 0;
	}
	if (mem_grow(&list->changes, &in->capacity, list->count + 1, sizeof(*list->changes)))
		return error_no_memory(err);
	change = &list->changes[list->count++];
	*change = (struct change){ .path = *path, .kinds = kind };
	buf_add(&list->memory, path->collection, path->collection_len);
	buf_add(&list->memory, path->key, path->key_len);
	return buf_check(&list->memory, err);
}

/* The bytes have moved while they were collected. */
static void place_paths(struct change_list *list)
{
	const char *at = list->memory.data;

	for (size_t i = 0; i < list->count; i++) {
		struct path *path = &list->changes[i].path;

		path->collection = at;
		path->key = at + path->collection_len;
		at = path->key + path->key_len;
	}
}

/* Which parent has this very collection: its number, -1 none; -2. */
static int parent_with(struct incoming_changes *in, const struct stream_change *c, struct drift_error *err)
{
	const struct path *p = &c->path;

	for (size_t i = 1; i < in->tree_count; i++) {
		struct descriptor there = { .has_root = false };

		if (tree_collection(odb_batch_nodes(in->r->batch), &in->trees[i], p->collection, p->collection_len, &there,
				    err) < 0)
			return -2;
		if (there.has_root && oid_equal(&there.root, &c->id) && there.count == c->count && there.bytes == c->len) {
			in->descriptor = there;
			return (int)i;
		}
	}
	return -1;
}

/* All of a collection: one that this repository does not have, or has as another parent has it. */
static int take_collection(struct incoming_changes *in, const struct stream_change *c, struct tree_change *out,
			   struct drift_error *err)
{
	struct node_store *nodes = odb_batch_nodes(in->r->batch);
	struct descriptor old = { .has_root = false };
	const struct path *p = &c->path;
	int parent = -1;

	if (p->collection_len && collection_check(p->collection, p->collection_len, err))
		return -1;
	if (p->collection_len == strlen(TREE_RESERVED) && !memcmp(p->collection, TREE_RESERVED, p->collection_len))
		return wrong(c, "comes without its documents", err);
	if (tree_collection(nodes, &in->base, p->collection, p->collection_len, &old, err) < 0)
		return -1;
	if (old.has_root ? c->count && oid_equal(&old.root, &c->id) : !c->count)
		return wrong(c, "comes as changed and is as before", err);
	if (c->count)
		parent = parent_with(in, c, err);
	if (parent < -1)
		return -1;
	if (parent < 0)
		in->descriptor = (struct descriptor){ .has_root = c->count > 0, .root = c->id, .root_loc = LOC_UNKNOWN,
						      .count = c->count, .bytes = c->len };
	if (parent < 0 && c->count && tree_has_documents(nodes, p->collection, p->collection_len))
		return wrong(c, "comes without its documents", err);
	out->collection = &in->descriptor;
	in->list.complete = false;
	in->list.count = 0;
	return 1;
}

static int next_change(struct tree_changes *self, struct tree_change *out, struct drift_error *err)
{
	struct incoming_changes *in = (struct incoming_changes *)self;
	struct stream_change c;
	enum change_kind kind;
	int r = stream_read_change(in->r->reader, &c, err);

	if (r <= 0)
		return r;
	if (++in->r->counts.change_count % PROGRESS_CHANGES == 0)
		received_report(in->r);
	if (c.op == STREAM_DESCRIPTOR) {
		*out = (struct tree_change){ .path = c.path };
		return take_collection(in, &c, out, err);
	}
	if (path_check(&c.path, err) || find_old(in, &c.path, err))
		return -1;
	*out = (struct tree_change){ .path = c.path };
	kind = !in->has_old ? CHANGE_ADD : c.op == STREAM_REMOVE ? CHANGE_DELETE : CHANGE_MODIFY;
	if (c.op == STREAM_REMOVE) {
		if (!in->has_old)
			return wrong(&c, "is removed and is not there", err);
	} else {
		if (make_document(in, &c, err) || check_term(&c, &in->new, err))
			return -1;
		if (in->has_old && document_equal(&in->old, &in->new))
			return wrong(&c, "comes as changed and is as before", err);
		out->document = &in->new;
	}
	return list_change(in, &c.path, kind, err) ? -1 : 1;
}

static void changes_release(struct incoming_changes *in)
{
	node_unref(in->old_node);
	node_unref(in->taken_node);
	change_list_release(&in->list);
	free(in->trees);
}

/* --- the commit --- */

int received_commit_at(struct received *r, uint64_t number, struct commit **out, struct drift_error *err)
{
	return odb_batch_commit_at(r->batch, r->places[number], out, err);
}

static int find_parent(struct received *r, uint64_t back, struct object_ref *parent, struct drift_error *err)
{
	auto_commit *c = NULL;
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	struct oid id = parent->id;
	int found;

	if (back) {
		if (received_commit_at(r, r->place_count - back, &c, err))
			return -1;
		*parent = (struct object_ref){ c->id, r->places[r->place_count - back] };
		return 0;
	}
	found = received_known(r, &id, &kind, parent, err);
	if (found < 0)
		return -1;
	if (!found || kind != OBJECT_COMMIT)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the stream builds on commit %s, which is not here",
				 oid_to_hex(&id, hex));
	return 0;
}

static int find_parents(struct received *r, const struct stream_record *record, struct object_ref *parents,
			struct incoming_changes *in, struct drift_error *err)
{
	const struct commit *c = &record->commit;

	in->trees = mem_calloc(c->parent_count + 1, sizeof(*in->trees));
	if (!in->trees)
		return error_no_memory(err);
	in->tree_count = c->parent_count;
	for (size_t i = 0; i < c->parent_count; i++) {
		auto_commit *parent = NULL;

		parents[i] = c->parents[i];
		if (find_parent(r, record->backs[i], &parents[i], err) ||
		    odb_batch_read_commit(r->batch, &parents[i], &parent, err))
			return -1;
		in->trees[i] = (struct tree_root){ parent->tree.id, parent->tree.loc };
	}
	tree_empty(&in->base);
	if (c->parent_count)
		in->base = in->trees[0];
	return 0;
}

/* What is wrong with what came is no mistake of the caller's. */
static int as_corrupt(struct drift_error *err)
{
	if (err && err->code == DRIFT_ERR_INVALID)
		err->code = DRIFT_ERR_CORRUPT;
	return -1;
}

static int check_clock(struct received *r, int64_t time_usec, struct drift_error *err)
{
	return r->options.any_clock || time_usec <= date_now_us() ? 0 : point_check_clock(r->repo, time_usec, err);
}

static int add_commit(struct received *r, const struct commit *c, const struct change_list *list, struct drift_error *err)
{
	auto_commit *made = NULL;

	if (writer_add_commit_changes(r->batch, c, list, &made, err))
		return as_corrupt(err);
	if (mem_grow(&r->places, &r->place_capacity, r->place_count + 1, sizeof(*r->places)))
		return error_no_memory(err);
	r->places[r->place_count++] = made->loc;
	return 0;
}

static int build(struct received *r, const struct stream_record *record, struct incoming_changes *in,
		 struct drift_error *err)
{
	auto_free struct object_ref *parents = mem_calloc(record->commit.parent_count + 1, sizeof(*parents));
	struct commit c = record->commit;
	struct tree_root root;

	if (!parents)
		return error_no_memory(err);
	if (check_clock(r, c.committer.time_usec, err) || find_parents(r, record, parents, in, err))
		return -1;
	if (tree_edit_exact(odb_batch_nodes(r->batch), &in->base, &in->changes, &root, err))
		return as_corrupt(err);
	place_paths(&in->list);
	c.parents = parents;
	c.tree = (struct object_ref){ root.id, root.loc };
	return add_commit(r, &c, c.parent_count > 1 ? NULL : &in->list, err);
}

int receive_commit(struct received *r, const struct stream_record *record, struct drift_error *err)
{
	struct incoming_changes in = { .changes = { .next = next_change }, .r = r };
	int result;

	change_list_init(&in.list);
	result = build(r, record, &in, err);
	changes_release(&in);
	if (result)
		return error_prefix(err, DRIFT_OK, "commit %zu of the stream", r->place_count + 1);
	r->counts.commit_count++;
	return 0;
}
