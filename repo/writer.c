#include "repo/writer.h"

#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "objects/odb_files.h"
#include "objects/term.h"
#include "repo/change_lists.h"
#include "repo/repo_internal.h"

#define UNLOCKED_TRIES 2

/* One commit on its way. */
struct writing {
	struct repo *repo;
	struct tree_builder *builder;
	const struct commit_options *options;
	struct odb_batch *batch;
	int64_t time_usec;
	struct ref_resolved branch;
	struct commit *tip; /* NULL: there is none yet */
	struct tree_root base, root;
};

static int check_options(struct writing *w, struct drift_error *err)
{
	const struct commit_options *o = w->options;

	if (!o->author)
		return error_set(err, DRIFT_ERR_INVALID, "a commit needs an author");
	if (who_check(o->author, strlen(o->author), err))
		return error_prefix(err, DRIFT_OK, "author");
	if (o->committer && who_check(o->committer, strlen(o->committer), err))
		return error_prefix(err, DRIFT_OK, "committer");
	w->time_usec = o->has_time ? o->time_usec : date_now_us();
	return o->has_time ? point_check_clock(w->repo, o->time_usec, err) : 0;
}

static void forget_tip(struct writing *w)
{
	commit_unref(w->tip);
	w->tip = NULL;
}

static int check_expected(const struct writing *w, struct drift_error *err)
{
	char is[OID_HEX_LEN + 1], wanted[OID_HEX_LEN + 1];
	const struct oid *expect = &w->options->expect;
	const char *name = w->branch.name;

	if (!w->options->has_expect)
		return 0;
	oid_to_hex(expect, wanted);
	oid_to_hex(&w->branch.object.id, is);
	if (oid_is_zero(expect) && w->branch.exists)
		return error_set(err, DRIFT_ERR_CLASH, "'%s' is at %s, expected it to be absent", name, is);
	if (!oid_is_zero(expect) && !w->branch.exists)
		return error_set(err, DRIFT_ERR_CLASH, "'%s' does not exist, expected it at %s", name, wanted);
	if (!oid_is_zero(expect) && !oid_equal(expect, &w->branch.object.id))
		return error_set(err, DRIFT_ERR_CLASH, "'%s' is at %s, expected it at %s", name, is, wanted);
	return 0;
}

/* Where the branch stands, as the view has it. */
static int read_tip(struct writing *w, bool locked, struct drift_error *err)
{
	const char *name = w->options->branch ? w->options->branch : REF_HEAD;
	struct odb *odb = repo_odb(w->repo);

	forget_tip(w);
	if (refs_resolve(odb, name, locked, &w->branch, err))
		return -1;
	if (!strncmp(w->branch.name, REF_TAGS, strlen(REF_TAGS)) ||
	    !strncmp(w->branch.name, REF_REMOTES, strlen(REF_REMOTES)))
		return error_set(err, DRIFT_ERR_INVALID, "commits are made on branches: '%s' is none", w->branch.name);
	tree_empty(&w->base);
	if (!w->branch.exists)
		return 0;
	if (odb_commit(odb, &w->branch.object.id, w->branch.object.loc, &w->tip, err))
		return error_prefix(err, DRIFT_OK, "no commit can be made on '%s'", w->branch.name);
	w->base.id = w->tip->tree.id;
	w->base.loc = w->tip->tree.loc;
	return 0;
}

static int build(struct writing *w, unsigned attempt, bool locked, struct drift_error *err)
{
	struct tree_builder *b = w->builder;

	b->locked = locked;
	return b->build(b, w->batch, w->tip, &w->base, attempt, &w->root, err);
}

static int count_changes(struct writing *w, const struct change_list *list, struct commit_result *result,
			 struct drift_error *err)
{
	struct tree_totals totals;

	result->changed_count = 0;
	for (size_t i = 0; i < list->count; i++)
		result->changed_count += !term_path_is(&list->changes[i].path);
	if (list->complete)
		return 0;
	if (w->builder->changed_count) {
		result->changed_count = w->builder->changed_count;
	} else if (tree_is_empty(&w->base)) {
		if (tree_totals(odb_batch_nodes(w->batch), &w->root, &totals, err))
			return -1;
		result->changed_count = totals.document_count;
	} else {
		result->changed_count = CHANGE_LIST_MAX + 1;
		result->changed_more = true;
	}
	return 0;
}

/* The commit that the parent's jump leads to, if commit_derive will ask for it. */
static int read_parent_jump(struct odb *odb, const struct commit *parent, struct commit **jump_out,
			    struct drift_error *err)
{
	if (!parent->parent_count || commit_jump_seq(parent->seq + 1) == parent->seq)
		return 0;
	return odb_commit(odb, &parent->jump.id, parent->jump.loc, jump_out, err);
}

static struct text text_of(const char *s)
{
	struct text t = { s, strlen(s) };

	return t;
}

static int make_commit(struct writing *w, struct commit **out, struct drift_error *err)
{
	const struct commit_options *o = w->options;
	struct commit *parents[2] = { w->tip, w->builder->merged };
	struct object_ref refs[2] = { { .loc = LOC_UNKNOWN } };
	auto_commit *jump = NULL;
	struct commit c = { .message = { o->message, o->message_len } };

	c.tree.id = w->root.id;
	c.tree.loc = w->root.loc;
	c.author.who = text_of(o->author);
	c.author.time_usec = w->time_usec;
	memcpy(c.author.zone, *o->zone ? o->zone : "+0000", *o->zone ? sizeof(c.author.zone) : sizeof("+0000"));
	c.committer = c.author;
	if (o->committer)
		c.committer.who = text_of(o->committer);
	if (w->tip) {
		refs[0] = w->branch.object;
		if (parents[1])
			refs[1] = (struct object_ref){ parents[1]->id, parents[1]->loc };
		c.parents = refs;
		c.parent_count = parents[1] ? 2 : 1;
		if (read_parent_jump(repo_odb(w->repo), w->tip, &jump, err))
			return -1;
	}
	commit_derive(&c, parents, jump);
	return commit_new(&c, out, err);
}

static int append(struct writing *w, const struct object_ref *made, struct commit_result *result,
		  struct drift_error *err)
{
	struct odb *odb = repo_odb(w->repo);
	struct ref_value to = { .kind = REF_OBJECT, .object = *made }, stage = { .kind = REF_ABSENT };
	struct odb_ref_update updates[2] = { { w->branch.name, &to }, { REF_STAGE, &stage } };
	struct odb_append a = { .batch = w->batch, .updates = updates, .update_count = 1, .time_usec = w->time_usec };
	struct ref_value staged;

	if (w->options->clear_stage) {
		if (odb_ref_read(odb, REF_STAGE, true, &staged, err))
			return -1;
		a.update_count += staged.kind != REF_ABSENT;
	}
	if (w->options->reason) {
		a.actor = w->options->committer ? w->options->committer : w->options->author;
		a.reason = w->options->reason;
	}
	return odb_append(odb, &a, &result->ticket, err);
}

/* Under the append lock, with a tree built on the tip as it stands. */
static int finish_with(struct writing *w, struct change_list *list, struct commit_result *result,
		       struct drift_error *err)
{
	auto_commit *commit = NULL;
	struct object_ref made;

	if (count_changes(w, list, result, err) || make_commit(w, &commit, err) ||
	    odb_batch_commit(w->batch, commit, list, &made, err) || append(w, &made, result, err))
		return -1;
	memcpy(result->branch, w->branch.name, sizeof(result->branch));
	result->id = commit->id;
	result->seq = commit->seq;
	return 0;
}

static int finish(struct writing *w, struct commit_result *result, struct drift_error *err)
{
	struct tree_root parents[2] = { w->base };
	struct change_list found;
	int r;

	if (w->builder->merged)
		parents[1] = (struct tree_root){ w->builder->merged->tree.id, w->builder->merged->tree.loc };
	else if (oid_equal(&w->root.id, &w->base.id) && !w->options->allow_empty)
		return error_set(err, DRIFT_ERR_NOTHING, "nothing to commit: '%s' has it already", w->branch.name);
	if (w->builder->changes)
		return finish_with(w, w->builder->changes, result, err);
	if (change_list_compare(odb_batch_nodes(w->batch), parents, w->builder->merged ? 2 : 1, &w->root, &found, err))
		return -1;
	r = finish_with(w, &found, result, err);
	change_list_release(&found);
	return r;
}

/* Does what was built without the lock stand on what is there under it? */
static int still_there(struct writing *w, struct drift_error *err)
{
	const char *name = w->options->branch ? w->options->branch : REF_HEAD;
	struct ref_resolved now;

	if (refs_resolve(repo_odb(w->repo), name, true, &now, err))
		return -1;
	if (strcmp(now.name, w->branch.name) != 0 || now.exists != w->branch.exists ||
	    !oid_equal(&now.object.id, &w->branch.object.id))
		return 0;
	return w->builder->confirm ? w->builder->confirm(w->builder, err) : 1;
}

/* 1 done / 0 to be tried again under the lock, which alone sees what is not durable yet / -1 */
static int try_unlocked(struct writing *w, unsigned attempt, struct commit_result *result, struct drift_error *err)
{
	struct odb *odb = repo_odb(w->repo);
	uint64_t packs;
	int r;

	if (read_tip(w, false, err))
		return -1;
	packs = odb_packs_mark(odb);
	if (check_expected(w, NULL))
		return 0;
	if (build(w, attempt, false, err) || odb_lock(odb, err))
		return -1;
	/* What was found to be stored already may have been removed with what nothing led to. */
	r = odb_packs_mark(odb) == packs ? still_there(w, err) : 0;
	if (r > 0 && finish(w, result, err))
		r = -1;
	odb_unlock(odb);
	return r;
}

/* Another writer has the lock: what it has appended so far is nearly what we shall build on. */
static void look_ahead(void *data)
{
	struct writing *w = data;

	if (w->builder->look_ahead && !read_tip(w, true, NULL))
		w->builder->look_ahead(w->builder, &w->base);
}

static int try_locked(struct writing *w, unsigned attempt, struct commit_result *result, struct drift_error *err)
{
	struct odb *odb = repo_odb(w->repo);
	int r;

	if (odb_lock_meanwhile(odb, look_ahead, w, err))
		return -1;
	r = read_tip(w, true, err) || check_expected(w, err) || build(w, attempt, true, err) || finish(w, result, err) ?
		    -1 :
		    0;
	odb_unlock(odb);
	return r;
}

int writer_commit(struct repo *repo, struct tree_builder *builder, const struct commit_options *options,
		  struct commit_result *out, struct drift_error *err)
{
	struct writing w = { .repo = repo, .builder = builder, .options = options };
	struct commit_result result = { .seq = 0 };
	unsigned attempt = 0;
	int r = 0;

	if (check_options(&w, err) || repo_batch_take(repo, &w.batch, err))
		return -1;
	while (builder->heavy && attempt < UNLOCKED_TRIES && !r) {
		r = try_unlocked(&w, attempt, &result, err);
		if (!r) {
			attempt++;
			odb_batch_clear(w.batch);
		}
	}
	if (!r)
		r = try_locked(&w, attempt, &result, err);
	forget_tip(&w);
	repo_batch_give(repo, w.batch);
	if (r < 0)
		return -1;
	if (!options->no_wait && odb_sync(repo_odb(repo), result.ticket, err))
		return -1;
	result.rebased = attempt > 0 && !options->has_expect;
	*out = result;
	return 0;
}
