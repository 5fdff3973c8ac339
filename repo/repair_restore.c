/* Objects that are lost here, stored again as others have them. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "objects/value.h"
#include "repo/repair_internal.h"

/* Canonical bytes that somebody gave, of the id or not at all: 1, 0, -1. */
static int read_from(const struct repair_source *source, const struct oid *id, enum object_kind *kind_out,
		     struct buf *out, struct drift_error *err)
{
	struct oid is;
	int r;

	buf_clear(out);
	r = source->read(source->data, id, kind_out, out, err);
	if (r <= 0)
		return r;
	if (buf_check(out, err) < 0)
		return -1;
	object_hash(*kind_out, out->data, out->len, &is);
	return oid_equal(&is, id);
}

/* Where what an entry refers to stands; children of inner nodes are found by their ids. */
static void find_locs(struct odb *odb, const struct node *node, uint64_t *locs)
{
	struct node_entry e;
	enum object_kind kind;
	struct oid id;
	size_t i;

	for (i = 0; i < node->count && !node->level; i++) {
		long at;

		node_entry_at(node, i, &e);
		at = value_ref_offset(node->kind, e.value, e.value_len);
		if (at < 0)
			continue;
		memcpy(id.bytes, e.value + at, OID_LEN);
		if (odb_find(odb, &id, &kind, &locs[i], NULL) <= 0)
			locs[i] = LOC_UNKNOWN;
	}
}

static int add_node(struct odb *odb, struct odb_batch *batch, const struct oid *id, const struct buf *bytes,
		    struct drift_error *err)
{
	struct node_store *store = odb_batch_nodes(batch);
	auto_free uint64_t *locs = NULL;
	auto_node *node = NULL;
	struct oid made;
	uint64_t loc;

	if (node_decode(bytes->data, bytes->len, id, NULL, &node, err) < 0)
		return -1;
	locs = mem_calloc(node->count + 1, sizeof(*locs));
	if (!locs)
		return error_no_memory(err);
	find_locs(odb, node, locs);
	return store->save(store, bytes->data, bytes->len, locs, NULL, &made, &loc, err);
}

static void find_loc(struct odb *odb, struct object_ref *ref)
{
	enum object_kind kind;

	if (odb_find(odb, &ref->id, &kind, &ref->loc, NULL) <= 0)
		ref->loc = LOC_UNKNOWN;
}

/* What it changed was recorded beside it and is not known any more; the trees tell. */
static int add_commit(struct odb *odb, struct odb_batch *batch, const struct oid *id, const struct buf *bytes,
		      struct drift_error *err)
{
	auto_commit *given = NULL, *made = NULL;
	auto_node *root = NULL;
	struct object_ref ref;
	size_t i;

	if (commit_decode(bytes->data, bytes->len, &given, err) < 0)
		return -1;
	/* Made here, and nobody else's yet. */
	for (i = 0; i < given->parent_count; i++)
		find_loc(odb, &given->parents[i]);
	find_loc(odb, &given->jump);
	if (!odb_node(odb, &given->tree.id, LOC_UNKNOWN, &root, NULL))
		given->tree.loc = root->loc;
	if (commit_new(given, &made, err) < 0)
		return -1;
	return oid_equal(&made->id, id) ? odb_batch_commit(batch, made, NULL, &ref, err) :
					  error_set(err, DRIFT_ERR_CORRUPT, "a commit does not match its id");
}

/* Under the append lock. */
static int add_object(struct repo *repo, struct odb_batch *batch, const struct oid *id, enum object_kind kind,
		      const struct buf *bytes, struct drift_error *err)
{
	struct object_ref ref;
	auto_tag *tag = NULL;

	switch (kind) {
	case OBJECT_BLOB:
		return odb_batch_blob(batch, bytes->data, bytes->len, LOC_UNKNOWN, &ref, err);
	case OBJECT_TREE:
		return add_node(repo_odb(repo), batch, id, bytes, err);
	case OBJECT_COMMIT:
		return add_commit(repo_odb(repo), batch, id, bytes, err);
	case OBJECT_TAG:
		return tag_decode(bytes->data, bytes->len, &tag, err) < 0 ? -1 : odb_batch_tag(batch, tag, &ref, err);
	}
	return error_set(err, DRIFT_ERR_CORRUPT, "an object of no known kind");
}

static int store_object(struct repo *repo, const struct oid *id, enum object_kind kind, const struct buf *bytes,
			struct drift_error *err)
{
	struct odb *odb = repo_odb(repo);
	struct odb_append append = { .batch = NULL };
	struct odb_batch *batch;
	uint64_t ticket;
	int r;

	if (odb_batch_new(odb, &batch, err) < 0)
		return -1;
	append.batch = batch;
	r = odb_lock(odb, err);
	if (!r) {
		r = add_object(repo, batch, id, kind, bytes, err);
		if (!r)
			r = odb_append(odb, &append, &ticket, err);
		odb_unlock(odb);
	}
	if (!r)
		r = odb_sync(odb, ticket, err);
	odb_batch_free(batch);
	return r;
}

/* gc keeps what nothing but the name of a damaged place leads to only while it is told to. */
int repair_note_restored(const char *dir, struct drift_error *err)
{
	static const char text[] = "drift repair stored objects again, or marked what is lost: gc removes nothing "
				   "while this file is here\n";
	auto_buf path = BUF_INIT;

	file_join(&path, dir, RESTORED_NAME);
	return buf_check(&path, err) < 0 ? -1 : file_replace(path.data, text, sizeof(text) - 1, err);
}

bool repair_left_marks(const char *dir)
{
	auto_buf path = BUF_INIT;
	struct file_info info;

	file_join(&path, dir, RESTORED_NAME);
	return !path.failed && !file_look(path.data, &info, NULL) && info.kind != FILE_ABSENT;
}

static int find_source(const struct repair_options *options, const struct oid *id,
		       const struct repair_source **source_out, enum object_kind *kind_out, struct buf *out)
{
	size_t i;

	/* A source that is damaged itself is no reason not to ask the next. */
	for (i = 0; i < options->source_count; i++) {
		if (read_from(&options->sources[i], id, kind_out, out, NULL) > 0) {
			*source_out = &options->sources[i];
			return 1;
		}
	}
	return 0;
}

/* The root that a commit names may stand in the same damaged place; the rest of the tree shows what it lacks by itself. */
static int restore_root(struct repo *repo, const struct repair_options *options, const struct buf *commit,
			struct drift_error *err)
{
	const struct repair_source *source;
	auto_commit *given = NULL;
	auto_node *root = NULL;
	auto_buf bytes = BUF_INIT;
	enum object_kind kind;

	if (commit_decode(commit->data, commit->len, &given, err) < 0)
		return -1;
	if (!odb_node(repo_odb(repo), &given->tree.id, LOC_UNKNOWN, &root, NULL) ||
	    !find_source(options, &given->tree.id, &source, &kind, &bytes))
		return 0;
	return store_object(repo, &given->tree.id, kind, &bytes, err);
}

int repair_restore(struct repo *repo, const struct repair_options *options, const struct oid *id,
		   const struct repair_source **source_out, enum object_kind *kind_out, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;

	if (!find_source(options, id, source_out, kind_out, &bytes))
		return 0;
	if (options->dry_run)
		return 1;
	if (repair_note_restored(repo_dir(repo), err) < 0 ||
	    (*kind_out == OBJECT_COMMIT && restore_root(repo, options, &bytes, err) < 0) ||
	    store_object(repo, id, *kind_out, &bytes, err) < 0)
		return -1;
	return 1;
}
