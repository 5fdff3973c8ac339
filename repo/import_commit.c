/*
 * The stream can be read once only. If the branch moves while its documents are put into a tree, what they made different is done to the
 * new tip; so the tree is stored before the batch may be cleared.
 */
#include <string.h>

#include "repo/diff_pieces.h"
#include "repo/import_internal.h"
#include "repo/repo.h"

struct import_builder {
	struct tree_builder builder;
	struct repo *repo;
	const struct import_options *options;
	struct import_stream *stream;
	bool built;
	struct tree_root base, root; /* the first time */
	/* While the differences are done again. */
	struct node_store *store;
	struct tree_root again;
};

int import_store_ahead(struct repo *repo, struct odb_batch *batch, bool locked, struct tree_root *root,
		       struct drift_error *err)
{
	struct odb *odb = repo_odb(repo);
	struct odb_append append = { .batch = batch };
	uint64_t ticket;
	int r;

	if (!locked && odb_lock(odb, err))
		return -1;
	r = odb_append(odb, &append, &ticket, err);
	if (!locked)
		odb_unlock(odb);
	root->loc = odb_batch_loc(batch, root->loc);
	return r;
}

static int take_again(void *data, const struct tree_change *changes, size_t count, struct drift_error *err)
{
	struct import_builder *b = data;

	return tree_edit_array(b->store, &b->again, changes, count, &b->again, err);
}

/* What is replaced as a whole is compared with the new tip, else only what was changed counts. */
static int build_again(struct import_builder *b, const struct tree_root *base, struct drift_error *err)
{
	auto_buf extent = BUF_INIT;
	struct diff_pieces pieces = { .take = take_again, .data = b };

	import_extent(b->options, &extent);
	if (buf_check(&extent, err))
		return -1;
	pieces.prefix = extent.data;
	pieces.prefix_len = extent.len;
	b->again = *base;
	return diff_in_pieces(b->store, b->options->replace ? base : &b->base, &b->root, &pieces, err);
}

static int count_one(void *data, const struct path *path, const struct document *a, const struct document *b,
		     struct drift_error *err)
{
	(void)path;
	(void)a;
	(void)b;
	(void)err;
	++*(uint64_t *)data;
	return 0;
}

/* The writer counts up to a limit only, but whole new trees. */
static int count_changes(struct import_builder *b, const struct tree_root *base, const struct tree_root *root,
			 struct drift_error *err)
{
	const char *name = b->options->collection;
	auto_buf extent = BUF_INIT;
	struct tree_diff_options options = { .each = count_one, .data = &b->builder.changed_count };
	struct descriptor d;
	int had = 1;

	b->builder.changed_count = 0;
	if (tree_is_empty(base))
		return 0;
	if (*name)
		had = tree_collection(b->store, base, name, strlen(name), &d, err);
	if (had < 0)
		return -1;
	if (!had) {
		had = tree_collection(b->store, root, name, strlen(name), &d, err);
		b->builder.changed_count = had > 0 ? d.count : 0;
		return had < 0 ? -1 : 0;
	}
	import_extent(b->options, &extent);
	options.prefix = extent.data;
	options.prefix_len = extent.len;
	return buf_check(&extent, err) || tree_diff(b->store, base, root, &options, err) ? -1 : 0;
}

static int build(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		 const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err)
{
	struct import_builder *b = (struct import_builder *)self;
	struct tree_root root;

	(void)tip;
	(void)attempt;
	b->store = odb_batch_nodes(batch);
	if (b->built) {
		if (build_again(b, base, err))
			return -1;
		root = b->again;
	} else {
		if (import_stream_build(b->stream, batch, base, &root, err) ||
		    import_store_ahead(b->repo, batch, self->locked, &root, err))
			return -1;
		b->built = true;
		b->base = *base;
		b->root = root;
	}
	if (count_changes(b, base, &root, err))
		return -1;
	*root_out = root;
	return 0;
}

static int put_record(struct edits *e, const struct import_record *r, struct drift_error *err)
{
	const struct document link = {
		.form = DOCUMENT_GITLINK, .mode = r->mode, .data = (const unsigned char *)r->data, .len = r->data_len
	};
	auto_buf name = BUF_INIT;
	struct path path;

	import_record_path(r, &path);
	path_format(&path, &name);
	if (buf_check(&name, err))
		return -1;
	if (r->gitlink)
		return edits_put_document(e, name.data, name.len, &link, err);
	return edits_put(e, name.data, name.len, r->data, r->data_len, r->mode, err);
}

int import_edits(struct repo *repo, const struct import_block *block, struct edits **out, struct drift_error *err)
{
	struct import_record r;
	struct edits *e;
	size_t i;

	if (edits_new(repo, &e, err))
		return -1;
	for (i = 0; i < block->count; i++) {
		import_block_record(block, i, &r);
		if (put_record(e, &r, err)) {
			edits_free(e);
			return -1;
		}
	}
	*out = e;
	return 0;
}

/* What is read at once needs no second thoughts. */
static int commit_small(struct repo *repo, const struct import_block *block, const struct commit_options *commit,
			struct commit_result *out, struct drift_error *err)
{
	auto_edits *e = NULL;

	return import_edits(repo, block, &e, err) || edits_commit(e, commit, out, err) ? -1 : 0;
}

int import_commit(struct repo *repo, const struct import_options *options, const struct commit_options *commit,
		  struct import_result *out, struct drift_error *err)
{
	struct import_builder b = {
		.builder = { .build = build, .heavy = true },
		.repo = repo,
		.options = options,
	};
	struct import_result result = { .imported = 0 };
	const struct import_block *whole;
	int r;

	if (import_stream_open(repo, options, &b.stream, err))
		return -1;
	whole = options->replace ? NULL : import_stream_whole(b.stream);
	if (whole)
		r = commit_small(repo, whole, commit, &result.commit, err);
	else
		r = writer_commit(repo, &b.builder, commit, &result.commit, err);
	import_stream_counts(b.stream, &result);
	import_stream_free(b.stream);
	if (r)
		return -1;
	*out = result;
	return 0;
}
