#include "repo/stage_internal.h"

#include <string.h>

#include "base/mem.h"
#include "objects/term.h"
#include "repo/edits_internal.h"
#include "repo/repo_internal.h"

struct add_job {
	struct stage_job job;
	struct stage_changes changes;
	struct edit_view view; /* the stage over the tip */
	struct repo *repo;
	struct edits *e;
	struct odb_batch *batch;
	struct node_store *store;
	const struct tree_root *stage, *tip;
	size_t next; /* edit */
	struct edit_outcome outcome;
	bool replaces; /* the whole document, without having read it */
	bool writes;   /* not only looks */
	bool in_conflict; /* what the tip has */
	/* Of the path that the view was asked for. */
	bool was_staged;
	struct staged was;
	bool in_tip;
	struct node *tip_node;
	struct document tip_document;
	struct staged result;
};

/* Also notes what the stage and the tip have, each for itself. */
static int get_over(struct edit_view *self, const struct path *path, struct node **node_out, struct document *doc_out,
		    struct drift_error *err)
{
	struct add_job *a = (struct add_job *)((char *)self - offsetof(struct add_job, view));
	auto_node *staged_node = NULL;
	int staged, in_tip, terms;

	node_unref(a->tip_node);
	a->tip_node = NULL;
	staged = stage_map_get(a->store, a->stage, path, &staged_node, &a->was, err);
	in_tip = staged < 0 ? -1 : tree_get(a->store, a->tip, path, &a->tip_node, &a->tip_document, err);
	terms = in_tip < 0 ? -1 : term_has(a->store, a->tip, path, err);
	if (terms < 0)
		return -1;
	a->was_staged = staged;
	a->in_tip = in_tip;
	a->in_conflict = terms;
	self->in_conflict = terms && !staged;
	if (!staged) {
		if (in_tip) {
			*node_out = node_ref(a->tip_node);
			*doc_out = a->tip_document;
		}
		return in_tip;
	}
	if (a->was.op == STAGED_REMOVE)
		return 0;
	*node_out = take_ptr(staged_node);
	*doc_out = a->was.document;
	return 1;
}

/* Do the edits of a path say what it is to hold, whatever it held? */
static bool edits_replace(const struct edit *items, size_t count)
{
	bool replaces = false;

	for (size_t i = 0; i < count; i++) {
		if (items[i].kind == EDIT_MATCH)
			return false;
		replaces |= items[i].kind != EDIT_PATCH;
	}
	return replaces;
}

static bool edits_write(const struct edit *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].kind != EDIT_MATCH)
			return true;
	return false;
}

/*
 * A patch is computed over what was staged, which was made by somebody who had seen what that replaced: so the new
 * document does not know of the tip's, unless it is that which was staged.
 */
static bool knows_tip(const struct add_job *a)
{
	if (!a->was_staged || a->replaces)
		return true;
	return a->outcome.had && a->in_tip && document_equal(&a->outcome.before, &a->tip_document);
}

/* What is to be staged after an edit: 1 something / 0 nothing, since the tip has it / -1 */
static int judge(struct add_job *a, struct drift_error *err)
{
	const struct edit_outcome *o = &a->outcome;
	bool settles = a->in_conflict && (a->writes || a->was_staged);

	if (!settles && o->has == a->in_tip && (!o->has || document_equal(&o->after, &a->tip_document)))
		return 0;
	memset(&a->result, 0, sizeof(a->result));
	a->result.op = o->has ? STAGED_PUT : STAGED_REMOVE;
	if (o->has)
		a->result.document = o->after;
	if (!knows_tip(a)) {
		a->result.replaced_present = a->was.replaced_present;
		a->result.replaced = a->was.replaced;
		return 1;
	}
	a->result.replaced_present = a->in_tip;
	if (a->in_tip &&
	    term_state_id(a->store, a->tip, &o->path, &a->tip_document, &a->result.replaced, err))
		return -1;
	return 1;
}

static int next_staged(struct stage_changes *self, struct stage_change *change_out, struct drift_error *err)
{
	struct add_job *a = (struct add_job *)((char *)self - offsetof(struct add_job, changes));

	while (a->next < a->e->count) {
		const struct edit *items = &a->e->items[a->next];
		size_t count = edits_group(a->e, a->next);
		int r;

		a->next += count;
		a->replaces = edits_replace(items, count);
		a->writes = edits_write(items, count);
		if (edits_apply(a->e, items, count, &a->view, &a->outcome, err) ||
		    edit_outcome_store(&a->outcome, repo_odb(a->repo), a->batch, err) < 0)
			return -1;
		change_out->path = a->outcome.path;
		r = judge(a, err);
		if (r < 0)
			return -1;
		change_out->staged = r ? &a->result : NULL;
		if (change_out->staged || a->was_staged)
			return 1;
	}
	return 0;
}

static int build_added(struct stage_job *self, struct odb_batch *batch, const struct tree_root *stage,
		       const struct tree_root *tip, struct tree_root *stage_out, struct drift_error *err)
{
	struct add_job *a = (struct add_job *)self;

	a->batch = batch;
	a->store = odb_batch_nodes(batch);
	a->stage = stage;
	a->tip = tip;
	a->next = 0;
	return stage_map_edit(a->store, stage, &a->changes, stage_out, err);
}

static const char *verb(const struct edit *edit)
{
	switch (edit->kind) {
	case EDIT_REMOVE:
		return "rm";
	case EDIT_PATCH:
		return "patch";
	case EDIT_PUT:
	case EDIT_DOCUMENT:
	case EDIT_MATCH:
	default:
		return "put";
	}
}

/* "put users/1", "stage: 3 documents". */
static void describe(struct edits *e, struct buf *out)
{
	size_t at = 0, paths = 0;

	edits_sort(e);
	for (; at < e->count; paths++)
		at += edits_group(e, at);
	if (paths != 1) {
		buf_addf(out, "stage: %zu documents", paths);
		return;
	}
	buf_addf(out, "%s ", verb(&e->items[e->count - 1]));
	path_format(&e->items[0].path, out);
}

int stage_add(struct repo *repo, struct edits *e, const char *branch, const char *actor, const char *reason,
	      struct drift_error *err)
{
	auto_buf made = BUF_INIT;
	struct add_job a = {
		.job = { .build = build_added, .branch = branch, .actor = actor, .heavy = e->count > EDITS_LIGHT_MAX },
		.changes = { .next = next_staged },
		.view = { .get = get_over },
		.repo = repo,
		.e = e,
	};
	int r;

	describe(e, &made);
	if (buf_check(&made, err))
		return -1;
	a.job.reason = reason ? reason : made.data;
	edit_outcome_init(&a.outcome);
	r = stage_run(repo, &a.job, err);
	edit_outcome_release(&a.outcome);
	node_unref(a.tip_node);
	return r;
}
