/*
 * A large import is built as a tree over what is staged and the tip; what that makes different is staged then, as often as the stage
 * moves meanwhile.
 */
#include <string.h>

#include "base/mem.h"
#include "objects/term.h"
#include "repo/diff_pieces.h"
#include "repo/import_internal.h"
#include "repo/stage_internal.h"

struct import_job {
	struct stage_job job;
	const struct import_options *options;
	struct tree_root view, root; /* without the import, and with it */
	struct node_store *store;
	const struct tree_root *tip;
	struct tree_root stage; /* so far */
};

/* One piece of the differences on its way into the stage. */
struct piece {
	struct stage_changes changes;
	struct import_job *job;
	const struct tree_change *items;
	size_t count, next;
	struct staged staged;
};

/* 1 to be staged / 0 the tip has it / -1 */
static int judge(struct piece *p, const struct tree_change *change, bool *was_staged, struct drift_error *err)
{
	const struct import_job *j = p->job;
	auto_node *staged_node = NULL, *tip_node = NULL;
	struct document in_tip;
	struct staged was;
	int staged, found;

	staged = stage_map_get(j->store, &j->stage, &change->path, &staged_node, &was, err);
	found = staged < 0 ? -1 : tree_get(j->store, j->tip, &change->path, &tip_node, &in_tip, err);
	if (found < 0)
		return -1;
	*was_staged = staged;
	if (!change->document == !found && (!found || document_equal(change->document, &in_tip)))
		return 0;
	memset(&p->staged, 0, sizeof(p->staged));
	p->staged.op = change->document ? STAGED_PUT : STAGED_REMOVE;
	if (change->document)
		p->staged.document = *change->document;
	p->staged.replaced_present = staged ? was.replaced_present : found;
	if (staged)
		p->staged.replaced = was.replaced;
	else if (found && term_state_id(j->store, j->tip, &change->path, &in_tip, &p->staged.replaced, err))
		return -1;
	return 1;
}

static int next_of_piece(struct stage_changes *self, struct stage_change *change_out, struct drift_error *err)
{
	struct piece *p = (struct piece *)self;

	while (p->next < p->count) {
		const struct tree_change *change = &p->items[p->next++];
		bool was_staged;
		int r = judge(p, change, &was_staged, err);

		if (r < 0)
			return -1;
		if (!r && !was_staged)
			continue;
		change_out->path = change->path;
		change_out->staged = r ? &p->staged : NULL;
		return 1;
	}
	return 0;
}

static int take_piece(void *data, const struct tree_change *changes, size_t count, struct drift_error *err)
{
	struct import_job *j = data;
	struct piece p = { .changes = { .next = next_of_piece }, .job = j, .items = changes, .count = count };

	return stage_map_edit(j->store, &j->stage, &p.changes, &j->stage, err);
}

static int build_stage(struct stage_job *self, struct odb_batch *batch, const struct tree_root *stage,
		       const struct tree_root *tip, struct tree_root *stage_out, struct drift_error *err)
{
	struct import_job *j = (struct import_job *)self;
	struct diff_pieces pieces = { .take = take_piece, .data = j };

	j->store = odb_batch_nodes(batch);
	j->tip = tip;
	j->stage = *stage;
	if (diff_in_pieces(j->store, &j->view, &j->root, &pieces, err))
		return -1;
	*stage_out = j->stage;
	return 0;
}

/* Both trees of the job, stored. */
static int build_trees(struct repo *repo, struct import_job *j, struct import_stream *stream, struct odb_batch *batch,
		       struct drift_error *err)
{
	const char *branch = j->options->branch ? j->options->branch : REF_HEAD;
	struct tree_root tip, view;
	auto_commit *commit = NULL;
	int r;

	tree_empty(&tip);
	r = refs_commit(repo_odb(repo), branch, false, &commit, err);
	if (r < 0)
		return -1;
	if (r)
		tip = (struct tree_root){ .id = commit->tree.id, .loc = commit->tree.loc };
	if (stage_tree(repo, batch, &tip, &view, err) || import_stream_build(stream, batch, &view, &j->root, err) ||
	    import_store_ahead(repo, batch, false, &j->root, err))
		return -1;
	view.loc = odb_batch_loc(batch, view.loc);
	j->view = view;
	return 0;
}

static int stage_large(struct repo *repo, struct import_job *j, struct import_stream *stream, struct drift_error *err)
{
	struct odb_batch *batch;
	int r;

	if (odb_batch_new(repo_odb(repo), &batch, err))
		return -1;
	r = build_trees(repo, j, stream, batch, err);
	odb_batch_free(batch);
	return r ? -1 : stage_run(repo, &j->job, err);
}

static int stage_small(struct repo *repo, const struct import_options *o, const struct import_block *block,
		       struct drift_error *err)
{
	auto_edits *e = NULL;

	return import_edits(repo, block, &e, err) || stage_add(repo, e, o->branch, o->actor, NULL, err) ? -1 : 0;
}

int import_stage(struct repo *repo, const struct import_options *options, struct import_result *out,
		 struct drift_error *err)
{
	auto_buf reason = BUF_INIT;
	struct import_job j = {
		.job = { .build = build_stage, .branch = options->branch, .actor = options->actor, .heavy = true },
		.options = options,
	};
	struct import_result result = { .imported = 0 };
	const struct import_block *whole;
	struct import_stream *stream;
	int r;

	buf_addf(&reason, "import %s", *options->collection ? options->collection : "documents");
	if (buf_check(&reason, err) || import_stream_open(repo, options, &stream, err))
		return -1;
	j.job.reason = reason.data;
	whole = options->replace ? NULL : import_stream_whole(stream);
	r = whole ? stage_small(repo, options, whole, err) : stage_large(repo, &j, stream, err);
	import_stream_counts(stream, &result);
	import_stream_free(stream);
	if (r)
		return -1;
	*out = result;
	return 0;
}
