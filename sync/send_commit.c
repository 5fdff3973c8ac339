/* One commit: what its tree has other than its first parent's. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/documents.h"
#include "sync/send_internal.h"

/* While the trees are compared. */
struct difference {
	struct sender *s;
	struct tree_root *others; /* trees of the other parents */
	size_t other_count;
};

static uint64_t hash_of(const struct sender *s, const struct oid *id)
{
	uint64_t h = siphash(s->key, id->bytes, OID_LEN);

	return h ? h : 1;
}

int sender_find(struct sender *s, const struct oid *id, uint64_t *number_out, struct drift_error *err)
{
	uint64_t found = place_table_get(&s->numbers, hash_of(s, id));
	auto_commit *c = NULL;

	if (!found)
		return 0;
	if (odb_commit(s->odb, NULL, s->locs[s->loc_count - found], &c, err))
		return -1;
	if (!oid_equal(&c->id, id))
		return 0;
	*number_out = found - 1;
	return 1;
}

static int note_sent(struct sender *s, const struct oid *id, struct drift_error *err)
{
	uint64_t *place = place_table_at(&s->numbers, hash_of(s, id));

	if (!place)
		return error_no_memory(err);
	*place = s->sent + 1;
	s->last = *id;
	return 0;
}

static int find_parents(struct sender *s, const struct commit *c, uint64_t *backs, struct drift_error *err)
{
	for (size_t i = 0; i < c->parent_count; i++) {
		uint64_t number;
		int r;

		backs[i] = s->sent && oid_equal(&c->parents[i].id, &s->last) ? 1 : 0;
		if (backs[i])
			continue;
		r = sender_find(s, &c->parents[i].id, &number, err);
		if (r < 0)
			return -1;
		if (r)
			backs[i] = s->sent - number;
	}
	return 0;
}

/* --- documents --- */

static struct oid *known_slot(struct sender *s, const struct oid *blob)
{
	uint32_t h;

	memcpy(&h, blob->bytes, sizeof(h));
	return &s->known[h % SENDER_KNOWN_COUNT];
}

/* Which of the other parents has the very document: its number, 0 if none has, -1. */
static long other_with(struct difference *d, const struct path *path, const struct document *b, struct drift_error *err)
{
	for (size_t i = 0; i < d->other_count; i++) {
		auto_node *node = NULL;
		struct document doc;
		int r = tree_get(repo_nodes(d->s->repo), &d->others[i], path, &node, &doc, err);

		if (r < 0)
			return -1;
		if (r && document_equal(&doc, b))
			return (long)i + 1;
	}
	return 0;
}

/* The bytes of a document, those of a gitlink as they are. */
static int content_of(struct sender *s, const struct document *doc, struct buf *memory, struct text *out,
		      struct drift_error *err)
{
	if (doc->form != DOCUMENT_BLOB) {
		*out = (struct text){ (const char *)doc->data, (size_t)doc->len };
		return 0;
	}
	buf_clear(memory);
	if (document_read(s->repo, doc, memory, err))
		return -1;
	*out = (struct text){ memory->data, memory->len };
	return 0;
}

static int send_document(struct sender *s, struct stream_change *change, const struct document *a,
			 const struct document *b, struct drift_error *err)
{
	bool has_old = a && a->form != DOCUMENT_GITLINK && b->form != DOCUMENT_GITLINK;
	struct text old, content;

	change->gitlink = b->form == DOCUMENT_GITLINK;
	if ((has_old && content_of(s, a, &s->old, &old, err)) || content_of(s, b, &s->content, &content, err))
		return -1;
	return stream_write_document(s->writer, change, has_old ? &old : NULL, &content, err);
}

static int send_put(struct difference *d, struct stream_change *change, const struct document *a,
		    const struct document *b, struct drift_error *err)
{
	struct sender *s = d->s;
	long other = other_with(d, &change->path, b, err);

	if (other < 0)
		return -1;
	change->op = STREAM_TAKE;
	change->parent = (uint64_t)other;
	if (other)
		return stream_write_change(s->writer, change, err);
	change->mode = b->mode;
	change->has_mode = b->mode != (a ? a->mode : DOCUMENT_NO_MODE);
	if (a && a->form == DOCUMENT_BLOB)
		*known_slot(s, &a->blob) = a->blob;
	if (b->form != DOCUMENT_BLOB)
		return send_document(s, change, a, b, err);
	if (oid_equal(known_slot(s, &b->blob), &b->blob)) {
		change->op = STREAM_KNOWN;
		change->id = b->blob;
		change->len = b->len;
		return stream_write_change(s->writer, change, err);
	}
	if (send_document(s, change, a, b, err))
		return -1;
	*known_slot(s, &b->blob) = b->blob;
	return 0;
}

static int each_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	struct difference *d = data;
	struct stream_change change = { .op = STREAM_REMOVE, .path = *path };

	d->s->counts.change_count++;
	if (b) {
		d->s->counts.content_len += b->len;
		return send_put(d, &change, a, b, err);
	}
	if (a->form == DOCUMENT_BLOB)
		*known_slot(d->s, &a->blob) = a->blob;
	return stream_write_change(d->s->writer, &change, err);
}

/* --- collections that the receiver, or this repository, does not have --- */

/* Has another parent this very collection, so that the receiver has it? */
static int other_has(struct difference *d, const char *name, size_t name_len, const struct descriptor *b,
		     struct drift_error *err)
{
	for (size_t i = 0; i < d->other_count; i++) {
		struct descriptor there = { .has_root = false };

		if (tree_collection(repo_nodes(d->s->repo), &d->others[i], name, name_len, &there, err) < 0)
			return -1;
		if (there.has_root && oid_equal(&there.root, &b->root))
			return 1;
	}
	return 0;
}

static int each_absent(void *data, const char *name, size_t name_len, const struct descriptor *a,
		       const struct descriptor *b, struct drift_error *err)
{
	struct difference *d = data;
	struct stream_change change = { .op = STREAM_DESCRIPTOR,
					.path = { .collection = name, .collection_len = name_len, .key = "" } };

	(void)a;
	if (b && collection_set_has(d->s->only, name, name_len)) {
		int r = other_has(d, name, name_len, b, err);

		if (r <= 0)
			return r < 0 ? -1 :
				       error_set(err, DRIFT_ERR_ABSENT,
						 "'%.*s/' cannot be sent: it is not in this partial clone",
						 (int)(name_len > 500 ? 500 : name_len), name);
	}
	if (b) {
		change.count = b->count;
		change.len = b->bytes;
		change.id = b->root;
	}
	d->s->counts.change_count++;
	return stream_write_change(d->s->writer, &change, err);
}

/* --- the commit --- */

static int tree_of(struct sender *s, const struct object_ref *commit, struct tree_root *out, struct drift_error *err)
{
	auto_commit *c = NULL;

	if (odb_commit(s->odb, &commit->id, commit->loc, &c, err))
		return -1;
	*out = (struct tree_root){ c->tree.id, c->tree.loc };
	return 0;
}

static int send_changes(struct sender *s, const struct commit *c, struct tree_root *trees, struct drift_error *err)
{
	struct difference d = { .s = s, .others = trees + 1, .other_count = c->parent_count ? c->parent_count - 1 : 0 };
	const struct tree_diff_options options = {
		.each = each_difference, .data = &d, .each_absent = each_absent, .only = s->only,
	};
	const struct tree_root tree = { c->tree.id, c->tree.loc };

	tree_empty(&trees[0]);
	for (size_t i = 0; i < c->parent_count; i++)
		if (tree_of(s, &c->parents[i], &trees[i], err))
			return -1;
	return tree_diff(repo_nodes(s->repo), &trees[0], &tree, &options, err) || stream_write_changes_end(s->writer, err) ? -1 : 0;
}

int sender_commit(struct sender *s, const struct commit *c, struct drift_error *err)
{
	auto_free uint64_t *backs = mem_calloc(c->parent_count + 1, sizeof(*backs));
	auto_free struct tree_root *trees = mem_calloc(c->parent_count + 1, sizeof(*trees));

	if (!backs || !trees)
		return error_no_memory(err);
	if (find_parents(s, c, backs, err) || stream_write_commit(s->writer, c, backs, err) ||
	    send_changes(s, c, trees, err))
		return -1;
	return note_sent(s, &c->id, err);
}
