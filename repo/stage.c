#include "repo/stage_internal.h"

#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "objects/term.h"
#include "repo/repo_internal.h"

#define UNLOCKED_TRIES 2
/* Differences that stage_read_tree holds in memory. */
#define READ_TREE_COUNT_MAX 1000

static void root_from_ref(const struct ref_value *value, struct tree_root *root_out)
{
	if (value->kind == REF_OBJECT)
		*root_out = (struct tree_root){ .id = value->object.id, .loc = value->object.loc };
	else
		tree_empty(root_out);
}

int stage_root(struct repo *repo, bool locked, struct tree_root *root_out, struct drift_error *err)
{
	struct ref_value value;

	if (odb_ref_read(repo_odb(repo), REF_STAGE, locked, &value, err))
		return -1;
	root_from_ref(&value, root_out);
	return 0;
}

/* --- changing --- */

/* What a job's result stands on. */
struct stage_base {
	struct tree_root stage, tip;
};

static int read_base(struct repo *repo, const char *branch, bool locked, struct stage_base *base,
		     struct drift_error *err)
{
	auto_commit *commit = NULL;
	int r;

	if (stage_root(repo, locked, &base->stage, err))
		return -1;
	tree_empty(&base->tip);
	r = refs_commit(repo_odb(repo), branch ? branch : REF_HEAD, locked, &commit, err);
	if (r > 0)
		base->tip = (struct tree_root){ .id = commit->tree.id, .loc = commit->tree.loc };
	return r < 0 ? -1 : 0;
}

static bool base_equal(const struct stage_base *a, const struct stage_base *b)
{
	return oid_equal(&a->stage.id, &b->stage.id) && oid_equal(&a->tip.id, &b->tip.id);
}

/* Under the lock. *ticket_out is 0 if there is nothing to wait for. */
static int put_stage(struct repo *repo, const struct stage_job *job, struct odb_batch *batch,
		     const struct tree_root *old, const struct tree_root *new, uint64_t *ticket_out,
		     struct drift_error *err)
{
	struct odb *odb = repo_odb(repo);
	struct ref_value value = { .kind = REF_ABSENT };
	struct odb_ref_update update = { .name = REF_STAGE, .value = &value };
	struct odb_append append = { .batch = batch, .updates = &update, .update_count = 1 };
	struct tree_root seen;

	*ticket_out = 0;
	if (oid_equal(&old->id, &new->id)) {
		/* What others have staged but not synced yet may go with the power: then it is not nothing. */
		if (stage_root(repo, false, &seen, err))
			return -1;
		if (oid_equal(&seen.id, &new->id))
			return 0;
	}
	if (!tree_is_empty(new)) {
		value.kind = REF_OBJECT;
		value.object = (struct object_ref){ .id = new->id, .loc = new->loc };
	}
	append.actor = job->actor ? job->actor : "";
	append.reason = job->reason ? job->reason : "stage";
	append.time_usec = date_now_us();
	return odb_append(odb, &append, ticket_out, err);
}

/* 1 done / 0 the stage or the branch moved meanwhile / -1 */
static int try_unlocked(struct repo *repo, struct stage_job *job, struct odb_batch *batch, uint64_t *ticket_out,
			struct drift_error *err)
{
	struct odb *odb = repo_odb(repo);
	struct stage_base base, now;
	struct tree_root result;
	int r;

	if (read_base(repo, job->branch, false, &base, err) ||
	    job->build(job, batch, &base.stage, &base.tip, &result, err) || odb_lock(odb, err))
		return -1;
	r = read_base(repo, job->branch, true, &now, err);
	if (!r)
		r = base_equal(&base, &now);
	if (r > 0 && put_stage(repo, job, batch, &base.stage, &result, ticket_out, err))
		r = -1;
	odb_unlock(odb);
	return r;
}

static int try_locked(struct repo *repo, struct stage_job *job, struct odb_batch *batch, uint64_t *ticket_out,
		      struct drift_error *err)
{
	struct odb *odb = repo_odb(repo);
	struct stage_base base;
	struct tree_root result;
	int r;

	if (odb_lock(odb, err))
		return -1;
	r = read_base(repo, job->branch, true, &base, err) ||
			    job->build(job, batch, &base.stage, &base.tip, &result, err) ||
			    put_stage(repo, job, batch, &base.stage, &result, ticket_out, err) ?
		    -1 :
		    0;
	odb_unlock(odb);
	return r;
}

int stage_run(struct repo *repo, struct stage_job *job, struct drift_error *err)
{
	struct odb_batch *batch = NULL;
	uint64_t ticket = 0;
	unsigned attempt;
	int r = 0;

	if (repo_batch_take(repo, &batch, err))
		return -1;
	for (attempt = 0; job->heavy && attempt < UNLOCKED_TRIES && !r; attempt++) {
		r = try_unlocked(repo, job, batch, &ticket, err);
		if (!r)
			odb_batch_clear(batch);
	}
	if (!r)
		r = try_locked(repo, job, batch, &ticket, err);
	repo_batch_give(repo, batch);
	if (r < 0)
		return -1;
	return ticket ? odb_sync(repo_odb(repo), ticket, err) : 0;
}

/* --- reading --- */

int stage_get(struct repo *repo, const char *path, size_t path_len, struct node **node_out, struct staged *out,
	      struct drift_error *err)
{
	struct tree_root stage;
	struct path parts;

	if (path_parse(path, path_len, &parts, err) || stage_root(repo, false, &stage, err))
		return -1;
	return stage_map_get(repo_nodes(repo), &stage, &parts, node_out, out, err);
}

int stage_each(struct repo *repo, const char *prefix, size_t prefix_len,
	       int (*each)(void *data, const char *path, size_t path_len, const struct staged *s,
			   struct drift_error *err),
	       void *data, struct drift_error *err)
{
	auto_stage_cursor *cursor = NULL;
	auto_buf text = BUF_INIT;
	struct tree_root stage;
	struct staged staged;
	struct path path;
	int r;

	if (stage_root(repo, false, &stage, err) ||
	    stage_cursor_open(repo_nodes(repo), &stage, prefix, prefix_len, &cursor, err))
		return -1;
	while ((r = stage_cursor_next(cursor, &path, &staged, err)) > 0) {
		buf_clear(&text);
		path_format(&path, &text);
		if (buf_check(&text, err))
			return -1;
		r = each(data, text.data, text.len, &staged, err);
		if (r)
			return r;
	}
	return r;
}

int stage_count(struct repo *repo, uint64_t *count_out, struct drift_error *err)
{
	struct tree_totals totals;
	struct tree_root stage;

	if (stage_root(repo, false, &stage, err) || tree_totals(repo_nodes(repo), &stage, &totals, err))
		return -1;
	*count_out = totals.document_count;
	return 0;
}

static int next_of_stream(struct tree_changes *self, struct tree_change *change_out, struct drift_error *err)
{
	struct stage_stream *s = (struct stage_stream *)self;
	int r = stage_cursor_next(s->cursor, &change_out->path, &s->staged, err);

	if (r > 0)
		change_out->document = s->staged.op == STAGED_PUT ? &s->staged.document : NULL;
	return r;
}

static int stage_stream_open(struct stage_stream *s, struct node_store *store, const struct tree_root *stage,
			     struct drift_error *err)
{
	s->changes.next = next_of_stream;
	return stage_cursor_open(store, stage, "", 0, &s->cursor, err);
}

int stage_tree(struct repo *repo, struct odb_batch *batch, const struct tree_root *base, struct tree_root *root_out,
	       struct drift_error *err)
{
	struct node_store *store = odb_batch_nodes(batch);
	struct stage_stream stream;
	struct tree_root stage;
	int r;

	if (stage_root(repo, false, &stage, err) || stage_stream_open(&stream, store, &stage, err))
		return -1;
	r = tree_edit(store, base, &stream.changes, root_out, err);
	stage_cursor_free(stream.cursor);
	return r;
}

/* --- dropping --- */

struct drop_job {
	struct stage_job job;
	struct stage_changes changes;
	const struct stage_filter *filter;
	struct stage_cursor *cursor;
	struct buf path;
	uint64_t dropped;
};

static int next_to_drop(struct stage_changes *self, struct stage_change *change_out, struct drift_error *err)
{
	struct drop_job *d = (struct drop_job *)((char *)self - offsetof(struct drop_job, changes));
	struct staged staged;
	int r;

	change_out->staged = NULL;
	while ((r = stage_cursor_next(d->cursor, &change_out->path, &staged, err)) > 0) {
		buf_clear(&d->path);
		path_format(&change_out->path, &d->path);
		if (buf_check(&d->path, err))
			return -1;
		if (d->filter->takes(d->filter, d->path.data, d->path.len)) {
			d->dropped++;
			return 1;
		}
	}
	return r;
}

static int build_dropped(struct stage_job *self, struct odb_batch *batch, const struct tree_root *stage,
			 const struct tree_root *tip, struct tree_root *stage_out, struct drift_error *err)
{
	struct drop_job *d = (struct drop_job *)self;
	struct node_store *store = odb_batch_nodes(batch);
	struct tree_totals totals;
	int r;

	(void)tip;
	d->dropped = 0;
	if (!d->filter) {
		if (tree_totals(store, stage, &totals, err))
			return -1;
		d->dropped = totals.document_count;
		tree_empty(stage_out);
		return 0;
	}
	if (stage_cursor_open(store, stage, "", 0, &d->cursor, err))
		return -1;
	r = stage_map_edit(store, stage, &d->changes, stage_out, err);
	stage_cursor_free(d->cursor);
	return r;
}

int stage_drop(struct repo *repo, const struct stage_filter *filter, const char *actor, const char *reason,
	       uint64_t *dropped_out, struct drift_error *err)
{
	struct drop_job d = {
		.job = { .build = build_dropped, .actor = actor, .reason = reason ? reason : "unstage", .heavy = filter },
		.changes = { .next = next_to_drop },
		.filter = filter,
		.path = BUF_INIT,
	};
	int r = stage_run(repo, &d.job, err);

	buf_release(&d.path);
	if (r)
		return -1;
	*dropped_out = d.dropped;
	return 0;
}

/* --- a whole tree --- */

/* Differences between the tip and another tree, put into the stage in pieces. */
struct read_tree_job {
	struct stage_job job;
	struct stage_changes changes;
	const struct tree_root *root, *tip;
	struct node_store *store;
	struct tree_root stage; /* so far */
	struct piece {
		size_t path, path_len; /* in memory */
		size_t data, data_len; /* of an inline document */
		struct staged staged;
	} pieces[READ_TREE_COUNT_MAX];
	size_t count, next;
	struct buf memory;
};

static int next_piece(struct stage_changes *self, struct stage_change *change_out, struct drift_error *err)
{
	struct read_tree_job *t = (struct read_tree_job *)((char *)self - offsetof(struct read_tree_job, changes));
	struct piece *p;

	(void)err;
	if (t->next == t->count)
		return 0;
	p = &t->pieces[t->next++];
	p->staged.document.data = (const unsigned char *)t->memory.data + p->data;
	path_split(t->memory.data + p->path, p->path_len, &change_out->path);
	change_out->staged = &p->staged;
	return 1;
}

static int flush_pieces(struct read_tree_job *t, struct drift_error *err)
{
	t->next = 0;
	if (buf_check(&t->memory, err) || stage_map_edit(t->store, &t->stage, &t->changes, &t->stage, err))
		return -1;
	t->count = 0;
	buf_clear(&t->memory);
	return 0;
}

static int add_piece(void *data, const struct path *path, const struct document *a, const struct document *b,
		     struct drift_error *err)
{
	struct read_tree_job *t = data;
	struct piece *p;

	if (t->count == READ_TREE_COUNT_MAX && flush_pieces(t, err))
		return -1;
	p = &t->pieces[t->count++];
	memset(p, 0, sizeof(*p));
	p->staged.op = b ? STAGED_PUT : STAGED_REMOVE;
	p->staged.replaced_present = a;
	if (a && term_state_id(t->store, t->tip, path, a, &p->staged.replaced, err))
		return -1;
	p->path = t->memory.len;
	path_format(path, &t->memory);
	p->path_len = t->memory.len - p->path;
	p->data = t->memory.len;
	if (b) {
		p->staged.document = *b;
		if (b->form != DOCUMENT_BLOB)
			buf_add(&t->memory, b->data, (size_t)b->len);
	}
	return 0;
}

static int build_from_tree(struct stage_job *self, struct odb_batch *batch, const struct tree_root *stage,
			   const struct tree_root *tip, struct tree_root *stage_out, struct drift_error *err)
{
	struct read_tree_job *t = (struct read_tree_job *)self;
	struct tree_diff_options options = { .each = add_piece, .data = t };

	(void)stage;
	t->store = odb_batch_nodes(batch);
	t->tip = tip;
	tree_empty(&t->stage);
	t->count = 0;
	buf_clear(&t->memory);
	if (tree_diff(t->store, tip, t->root, &options, err) || flush_pieces(t, err))
		return -1;
	*stage_out = t->stage;
	return 0;
}

int stage_read_tree(struct repo *repo, const struct tree_root *root, const char *branch, const char *actor,
		    struct drift_error *err)
{
	auto_free struct read_tree_job *t = mem_calloc(1, sizeof(*t));
	int r;

	if (!t)
		return error_no_memory(err);
	t->job.build = build_from_tree;
	t->job.branch = branch;
	t->job.actor = actor;
	t->job.reason = "read-tree";
	t->job.heavy = true;
	t->changes.next = next_piece;
	t->root = root;
	buf_init(&t->memory);
	r = stage_run(repo, &t->job, err);
	buf_release(&t->memory);
	return r;
}
