#include "repo/stage_internal.h"

#include "base/mem.h"
#include "objects/term.h"
#include "repo/edits_internal.h"
#include "repo/repo_internal.h"

#define CLASHES_NAMED 10

struct stage_builder {
	struct tree_builder base;
	struct tree_changes changes;
	struct repo *repo;
	bool allow_empty;
	struct tree_root stage; /* that was built from */
	struct node_store *store;
	const struct tree_root *tip;
	struct stage_cursor *cursor;
	struct staged staged;
	struct buf clashes; /* paths, for the message */
	size_t clash_count;
};

/* Has the branch what the change replaced when it was staged, or already what it would be given? 1 / 0 / -1 */
static int still_fits(struct stage_builder *b, const struct path *path, bool *differs_out, struct drift_error *err)
{
	auto_node *node = NULL;
	struct document doc;
	struct oid id;
	int in_tip = tree_get(b->store, b->tip, path, &node, &doc, err);
	int terms = in_tip < 0 ? -1 : term_has(b->store, b->tip, path, err);

	if (terms < 0)
		return -1;
	if (b->staged.op == STAGED_PUT)
		*differs_out = !in_tip || !document_equal(&doc, &b->staged.document);
	else
		*differs_out = in_tip;
	*differs_out |= terms;
	if (!*differs_out)
		return 1;
	if (!in_tip || !b->staged.replaced_present)
		return !in_tip && !b->staged.replaced_present;
	if (term_state_id(b->store, b->tip, path, &doc, &id, err))
		return -1;
	return oid_equal(&id, &b->staged.replaced);
}

static void note_clash(struct stage_builder *b, const struct path *path)
{
	if (b->clash_count++)
		buf_add_str(&b->clashes, ", ");
	buf_add_byte(&b->clashes, '\'');
	path_format(path, &b->clashes);
	buf_add_byte(&b->clashes, '\'');
}

static int refuse_clashes(struct stage_builder *b, bool more, struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CLASH, "the branch has changed by now what is staged of %s%s", b->clashes.data,
			 more ? " and perhaps others" : "");
}

static int next_change(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct stage_builder *b = (struct stage_builder *)((char *)self - offsetof(struct stage_builder, changes));

	for (;;) {
		bool differs = false;
		int r = stage_cursor_next(b->cursor, &change_out->path, &b->staged, err);

		if (r < 0)
			return -1;
		if (!r)
			return b->clash_count ? refuse_clashes(b, false, err) : 0;
		r = still_fits(b, &change_out->path, &differs, err);
		if (r < 0)
			return -1;
		if (!r)
			note_clash(b, &change_out->path);
		if (b->clash_count == CLASHES_NAMED)
			return refuse_clashes(b, true, err);
		if (!r || !differs)
			continue;
		b->base.changed_count++;
		change_out->document = b->staged.op == STAGED_PUT ? &b->staged.document : NULL;
		return 1;
	}
}

static int build(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		 const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err)
{
	struct stage_builder *b = (struct stage_builder *)self;
	int r;

	(void)tip;
	(void)attempt;
	b->base.changed_count = b->clash_count = 0;
	buf_clear(&b->clashes);
	b->store = odb_batch_nodes(batch);
	b->tip = base;
	if (stage_root(b->repo, b->base.locked, &b->stage, err))
		return -1;
	if (tree_is_empty(&b->stage) && !b->allow_empty)
		return error_set(err, DRIFT_ERR_NOTHING, "nothing to commit: nothing is staged");
	if (stage_cursor_open(b->store, &b->stage, "", 0, &b->cursor, err))
		return -1;
	r = tree_edit(b->store, base, &b->changes, root_out, err);
	stage_cursor_free(b->cursor);
	return r;
}

static int confirm(struct tree_builder *self, struct drift_error *err)
{
	struct stage_builder *b = (struct stage_builder *)self;
	struct tree_root now;

	if (stage_root(b->repo, true, &now, err))
		return -1;
	return oid_equal(&now.id, &b->stage.id);
}

/* The branch has all that was staged, so committing it would never do; it need not be kept. */
static int drop_if_same(struct stage_builder *b, const struct commit_options *options, struct drift_error *err)
{
	struct ref_change change = { .name = REF_STAGE, .expect = REF_EXPECT_OBJECT, .old = b->stage.id };
	struct ref_transaction t = { .changes = &change,
				     .change_count = 1,
				     .actor = options->author,
				     .reason = "unstage what the branch has already" };
	struct drift_error why = { DRIFT_OK, "" };

	change.value.kind = REF_ABSENT;
	if (!refs_apply(repo_odb(b->repo), &t, &why) || why.code == DRIFT_ERR_CLASH)
		return 0;
	return error_set(err, why.code, "%s", why.message);
}

int stage_commit(struct repo *repo, const struct commit_options *options, struct commit_result *out,
		 struct drift_error *err)
{
	struct commit_options with_stage = *options;
	struct drift_error why = { DRIFT_OK, "" };
	struct stage_builder b = {
		.base = { .build = build, .confirm = confirm },
		.changes = { .next = next_change },
		.repo = repo,
		.allow_empty = options->allow_empty,
		.clashes = BUF_INIT,
	};
	uint64_t count;
	int r;

	if (stage_count(repo, &count, err))
		return -1;
	b.base.heavy = count > EDITS_LIGHT_MAX;
	with_stage.clear_stage = true;
	tree_empty(&b.stage);
	r = writer_commit(repo, &b.base, &with_stage, out, &why);
	if (r && why.code == DRIFT_ERR_NOTHING && !tree_is_empty(&b.stage) && drop_if_same(&b, options, &why))
		r = -1;
	if (r)
		error_set(err, why.code, "%s", why.message);
	buf_release(&b.clashes);
	return r;
}
