#include "cli/reversion.h"

#include "cli/change_set.h"
#include "merge/docmerge.h"
#include "repo/documents.h"

/* One commit being taken back from a tree. */
struct reversal {
	struct reversion *r;
	struct odb_batch *batch;
	struct node_store *nodes;
	const struct tree_root *root;
	struct change_set set;
	size_t clash_count;
};

/* A document's bytes, or absence. */
struct version {
	struct buf data;
	struct text text;
	const struct text *given; /* NULL: absent */
};

static int load(struct repo *repo, const struct document *doc, struct version *out, struct drift_error *err)
{
	if (!doc)
		return 0;
	if (document_read(repo, doc, &out->data, err) || buf_check(&out->data, err))
		return -1;
	out->text = (struct text){ .data = out->data.data, .len = out->data.len };
	out->given = &out->text;
	return 0;
}

static int note_clashes(struct reversal *v, const struct path *path, const struct docmerge *m, struct drift_error *err)
{
	for (size_t i = 0; i < m->clash_count; i++) {
		path_format(path, &v->r->clashes);
		buf_add_str(&v->r->clashes, ": ");
		docmerge_explain(&m->clashes[i], &v->r->clashes);
		buf_add_byte(&v->r->clashes, '\n');
	}
	v->clash_count++;
	return buf_check(&v->r->clashes, err);
}

static int take_outcome(struct reversal *v, const struct path *path, const struct document *now,
			const struct document *before, struct docmerge *m, struct drift_error *err)
{
	struct document merged;

	switch (m->outcome) {
	case DOCMERGE_OURS:
		return 0;
	case DOCMERGE_THEIRS:
		return change_set_add(&v->set, path, before, err);
	case DOCMERGE_ABSENT:
		return change_set_add(&v->set, path, NULL, err);
	case DOCMERGE_MERGED:
		if (document_store(v->batch, m->merged.data, m->merged.len, now ? now->mode : DOCUMENT_NO_MODE,
				   LOC_UNKNOWN, &merged, err))
			return -1;
		return change_set_add(&v->set, path, &merged, err);
	case DOCMERGE_CLASH:
		break;
	}
	return note_clashes(v, path, m, err);
}

static int merge(struct reversal *v, const struct path *path, const struct document *after,
		 const struct document *before, const struct document *now, struct drift_error *err)
{
	struct version base = { .data = BUF_INIT }, ours = { .data = BUF_INIT }, theirs = { .data = BUF_INIT };
	struct repo *repo = v->r->repo;
	int failed = load(repo, after, &base, err) || load(repo, now, &ours, err) || load(repo, before, &theirs, err);

	if (!failed) {
		const struct docmerge_input input = { .base = base.given, .ours = ours.given, .theirs = theirs.given };
		struct docmerge m = { .merged = BUF_INIT, .memory = BUF_INIT };

		failed = docmerge_run(&input, NULL, &m, err) || take_outcome(v, path, now, before, &m, err);
		docmerge_release(&m);
	}
	buf_release(&base.data);
	buf_release(&ours.data);
	buf_release(&theirs.data);
	return failed ? -1 : 0;
}

/* The commit made `before` into `after`. */
static int revert_document(void *data, const struct path *path, const struct document *after,
			   const struct document *before, struct drift_error *err)
{
	struct reversal *v = data;
	auto_node *node = NULL;
	struct document doc;
	const struct document *now = NULL;
	int found = tree_get(v->nodes, v->root, path, &node, &doc, err);

	if (found < 0)
		return -1;
	if (found)
		now = &doc;
	if (now && before && document_equal(now, before))
		return 0;
	if (now && after ? document_equal(now, after) : !now && !after)
		return change_set_add(&v->set, path, before, err);
	return merge(v, path, after, before, now, err);
}

static int revert_commit(struct reversal *v, struct commit *c, struct tree_root *root, struct drift_error *err)
{
	const struct tree_diff_options options = { .each = revert_document, .data = v, .each_absent = tree_refuse_absent };
	struct tree_root after = { .id = c->tree.id, .loc = c->tree.loc }, before;
	auto_commit *parent = NULL;
	int failed;

	tree_empty(&before);
	if (graph_parent(v->r->repo, c, 0, &parent, err) < 0)
		return -1;
	if (parent)
		before = (struct tree_root){ .id = parent->tree.id, .loc = parent->tree.loc };
	v->root = root;
	failed = tree_diff(v->nodes, &after, &before, &options, err);
	if (!failed && !v->clash_count)
		failed = change_set_apply(&v->set, v->nodes, root, err);
	change_set_release(&v->set);
	v->set = (struct change_set){ .count = 0 };
	return failed ? -1 : 0;
}

static int build(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		 const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err)
{
	struct reversion *r = (struct reversion *)self;
	struct reversal v = { .r = r, .batch = batch, .nodes = odb_batch_nodes(batch) };
	struct tree_root root = *base;

	(void)tip;
	(void)attempt;
	buf_clear(&r->clashes);
	for (size_t i = 0; i < r->commit_count && !v.clash_count; i++) {
		if (revert_commit(&v, r->commits[i], &root, err))
			return -1;
	}
	if (v.clash_count)
		return error_set(err, DRIFT_ERR_CLASH, "%zu document%s changed since in the same place", v.clash_count,
				 v.clash_count == 1 ? " was" : "s were");
	*root_out = root;
	return 0;
}

void reversion_init(struct reversion *r, struct repo *repo, struct commit *const *commits, size_t commit_count)
{
	*r = (struct reversion){
		.builder = { .build = build }, .repo = repo, .commits = commits, .commit_count = commit_count,
		.clashes = BUF_INIT,
	};
}

void reversion_release(struct reversion *r)
{
	buf_release(&r->clashes);
}
