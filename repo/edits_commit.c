#include "repo/edits_internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "repo/change_lists.h"
#include "repo/documents.h"
#include "repo/repo_internal.h"

/* Documents whose leaves are read while another writer has the append lock. */
#define LOOK_AHEAD_MAX 16

struct edits_builder {
	struct tree_builder base;
	struct tree_changes changes;
	struct edits *e;
	struct tree_view view;
	struct odb_batch *batch;
	struct edit_outcome outcome;
	size_t next; /* edit */
	struct change_list list;
	size_t list_capacity;
};

static struct edits_builder *builder_of_changes(struct tree_changes *changes)
{
	return (struct edits_builder *)((char *)changes - offsetof(struct edits_builder, changes));
}

static int record(struct edits_builder *b, struct drift_error *err)
{
	struct change *change;

	b->base.changed_count++;
	if (!b->list.complete)
		return 0;
	if (b->list.count == CHANGE_LIST_MAX) {
		b->list.complete = false;
		b->list.count = 0;
		return 0;
	}
	if (mem_grow(&b->list.changes, &b->list_capacity, b->list.count + 1, sizeof(*b->list.changes)))
		return error_no_memory(err);
	change = &b->list.changes[b->list.count++];
	change->path = b->outcome.path;
	change->kinds = !b->outcome.had ? CHANGE_ADD : !b->outcome.has ? CHANGE_DELETE : CHANGE_MODIFY;
	change->previous_loc = 0;
	return 0;
}

static int next_change(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct edits_builder *b = builder_of_changes(self);
	struct edits *e = b->e;

	while (b->next < e->count) {
		const struct edit *items = &e->items[b->next];
		size_t count = edits_group(e, b->next);
		int differs;

		b->next += count;
		if (edits_apply(e, items, count, &b->view.view, &b->outcome, err))
			return -1;
		differs = edit_outcome_store(&b->outcome, repo_odb(e->repo), b->batch, err);
		if (differs < 0)
			return -1;
		if (!differs)
			continue;
		if (record(b, err))
			return -1;
		change_out->path = b->outcome.path;
		change_out->document = b->outcome.has ? &b->outcome.after : NULL;
		return 1;
	}
	return 0;
}

static int build(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		 const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err)
{
	struct edits_builder *b = (struct edits_builder *)self;

	(void)tip;
	(void)attempt;
	b->batch = batch;
	b->next = 0;
	b->base.changed_count = 0;
	b->list.complete = true;
	b->list.count = 0;
	b->base.changes = &b->list;
	tree_view_init(&b->view, odb_batch_nodes(batch), base);
	if (tree_edit(odb_batch_nodes(batch), base, &b->changes, root_out, err))
		return -1;
	/* Terms may have gone along, which are not in the list. */
	if (b->view.any)
		b->base.changes = NULL;
	return 0;
}

static void look_ahead(struct tree_builder *self, const struct tree_root *base)
{
	struct edits_builder *b = (struct edits_builder *)self;
	struct document doc;

	for (size_t i = 0; i < b->e->count && i < LOOK_AHEAD_MAX; i++) {
		auto_node *node = NULL;

		if (tree_get(repo_nodes(b->e->repo), base, &b->e->items[i].path, &node, &doc, NULL) < 0)
			return;
	}
}

int edits_commit(struct edits *e, const struct commit_options *options, struct commit_result *out,
		 struct drift_error *err)
{
	struct edits_builder b = {
		.base = { .build = build,
			  .look_ahead = look_ahead,
			  .heavy = e->count > EDITS_LIGHT_MAX,
			  .changes = &b.list },
		.changes = { .next = next_change },
		.e = e,
	};
	int r;

	change_list_init(&b.list);
	edit_outcome_init(&b.outcome);
	edits_sort(e);
	r = writer_commit(e->repo, &b.base, options, out, err);
	edit_outcome_release(&b.outcome);
	free(b.list.changes);
	return r;
}

/* The first edit whose path is not before `path`. */
static size_t find_edit(struct edits *e, const struct path *path)
{
	size_t low = 0, high = e->count;

	edits_sort(e);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (path_compare(&e->items[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int read_outcome(struct edits *e, const struct edit_outcome *o, struct buf *out, struct drift_error *err)
{
	if (!o->has)
		return 0;
	if (!o->is_raw)
		return document_read(e->repo, &o->after, out, err) ? -1 : 1;
	buf_add(out, o->raw, o->raw_len);
	return buf_check(out, err) ? -1 : 1;
}

int edits_preview(struct edits *e, const struct tree_root *base, const char *path, size_t path_len, struct buf *out,
		  struct drift_error *err)
{
	struct edit_outcome outcome;
	struct tree_view view;
	struct path parts;
	size_t at;
	int r;

	if (path_parse(path, path_len, &parts, err))
		return -1;
	at = find_edit(e, &parts);
	if (at == e->count || path_compare(&e->items[at].path, &parts) != 0)
		return documents_get(e->repo, base, path, path_len, out, NULL, err);
	tree_view_init(&view, repo_nodes(e->repo), base);
	edit_outcome_init(&outcome);
	r = edits_apply(e, &e->items[at], edits_group(e, at), &view.view, &outcome, err);
	if (!r)
		r = read_outcome(e, &outcome, out, err);
	edit_outcome_release(&outcome);
	return r;
}
