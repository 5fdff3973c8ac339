#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/fsck_internal.h"

static int commit_fault(struct fsck_worker *w, const struct commit *c, uint64_t loc, const char *sentence,
			struct drift_error *err)
{
	struct fsck_fault fault = { .severity = FSCK_DAMAGE,
				    .sentence = sentence,
				    .loc = loc,
				    .has_object = true,
				    .kind = OBJECT_COMMIT,
				    .object = c->id };

	return fsck_note(w->f, &fault, err);
}

static int expect(struct fsck_worker *w, enum object_kind kind, uint64_t from, const struct object_ref *to,
		  struct drift_error *err)
{
	struct fsck_missing ref = { .kind = kind, .from = from, .loc = to->loc, .id = to->id };

	ref.fact = fsck_fact(kind, to->loc, &to->id);
	if (kind == OBJECT_TREE)
		fsck_fact_map(&ref.fact, MAP_ROOT);
	return fsck_expect(w, &ref, err);
}

static int expect_all(struct fsck_worker *w, const struct commit *c, struct drift_error *err)
{
	struct tree_root tree = { c->tree.id, c->tree.loc };
	size_t i;

	for (i = 0; i < c->parent_count; i++)
		if (expect(w, OBJECT_COMMIT, c->loc, &c->parents[i], err) < 0)
			return -1;
	if (c->parent_count && expect(w, OBJECT_COMMIT, c->loc, &c->jump, err) < 0)
		return -1;
	return tree_is_empty(&tree) ? 0 : expect(w, OBJECT_TREE, c->loc, &c->tree, err);
}

/* Are seq, gen, time and jump what the parents make them? */
static int check_derived(struct fsck_worker *w, const struct commit *c, struct commit *const *parents,
			 const struct commit *jump, struct drift_error *err)
{
	struct commit derived = *c;

	commit_derive(&derived, parents, jump);
	if (derived.seq != c->seq &&
	    commit_fault(w, c, c->loc, "the commit's seq is not one more than its parent's", err) < 0)
		return -1;
	if (derived.gen != c->gen &&
	    commit_fault(w, c, c->loc, "the commit's gen is not one more than its parents' greatest", err) < 0)
		return -1;
	if (derived.time_usec != c->time_usec &&
	    commit_fault(w, c, c->loc, "the commit's time is not the later of its own and its parents'", err) < 0)
		return -1;
	if (!oid_equal(&derived.jump.id, &c->jump.id) &&
	    commit_fault(w, c, c->loc, "the commit's jump does not lead to where it should", err) < 0)
		return -1;
	return 0;
}

/* What cannot be read is missed as a reference. */
static int check_parents(struct fsck_worker *w, const struct commit *c, struct drift_error *err)
{
	struct commit **parents = mem_calloc(c->parent_count + 1, sizeof(struct commit *));
	auto_commit *jump = NULL;
	size_t i, count = 0;
	int r = 0;

	if (!parents)
		return error_no_memory(err);
	for (i = 0; i < c->parent_count; i++, count++)
		if (odb_commit(w->f->odb, &c->parents[i].id, c->parents[i].loc, &parents[i], NULL) < 0)
			break;
	if (count == c->parent_count &&
	    (!count || !parents[0]->parent_count ||
	     !odb_commit(w->f->odb, &parents[0]->jump.id, parents[0]->jump.loc, &jump, NULL)))
		r = check_derived(w, c, parents, jump, err);
	for (i = 0; i < count; i++)
		commit_unref(parents[i]);
	free(parents);
	return r;
}

int fsck_check_commit(struct fsck_worker *w, uint64_t loc, bool damaged, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	auto_commit *c = NULL;
	struct fsck_fact fact;

	if (odb_commit(w->f->odb, NULL, loc, &c, &why) < 0) {
		if (!fsck_is_fault(&why))
			return error_set(err, why.code, "%s", why.message);
		return damaged ? 0 : fsck_note_at(w->f, FSCK_DAMAGE, loc, err, "%s", why.message);
	}
	w->tally.commits++;
	w->tally.content_bytes += c->message.len + c->committer.who.len;
	fact = fsck_fact(OBJECT_COMMIT, loc, &c->id);
	fsck_known_put(w->f->known, &fact);
	/* The commit's own id proves what it says, whatever its frame's checksum is. */
	if (expect_all(w, c, err) < 0 || check_parents(w, c, err) < 0)
		return -1;
	if (damaged || fsck_is_found(w, &c->id, OBJECT_COMMIT, loc))
		return 0;
	return fsck_note_at(w->f, FSCK_NOTE, loc, err, "the index does not have a commit that stands here");
}

int fsck_check_tag(struct fsck_worker *w, const struct record *r, uint64_t loc, struct drift_error *err)
{
	struct fsck_missing target = { .from = loc, .loc = LOC_UNKNOWN };
	struct drift_error why = { .code = DRIFT_OK };
	auto_tag *tag = NULL;
	struct fsck_fact fact;

	buf_clear(&w->content);
	if (record_content(r, w->z, NULL, 0, NULL, &w->content, &why) < 0 ||
	    tag_decode(w->content.data, w->content.len, &tag, &why) < 0)
		return fsck_is_fault(&why) ? fsck_note_at(w->f, FSCK_DAMAGE, loc, err, "%s", why.message) :
					     error_set(err, why.code, "%s", why.message);
	if (!oid_equal(&tag->id, &r->id))
		return fsck_note_at(w->f, FSCK_DAMAGE, loc, err, "the tag does not match its id");
	w->tally.tags++;
	w->tally.content_bytes += w->content.len;
	fact = fsck_fact(OBJECT_TAG, loc, &tag->id);
	fsck_known_put(w->f->known, &fact);
	target.kind = tag->target_kind;
	target.id = tag->target;
	target.fact = fsck_fact(tag->target_kind, LOC_UNKNOWN, &tag->target);
	return fsck_expect(w, &target, err);
}

static int check_log(struct fsck_worker *w, const struct txn *t, struct drift_error *err)
{
	struct txn_log log;
	size_t i;
	int r = 0;

	if (txn_log_parse(t, &log, NULL) <= 0)
		return 0; /* told by the first pass */
	for (i = 0; i < log.update_count && !r; i++) {
		const struct object_ref *to = &log.updates[i].object;
		struct fsck_missing ref = { .from = t->self, .loc = to->loc, .id = to->id };

		if (log.updates[i].value != TXN_OBJECT)
			continue;
		/* Of any kind: the mask is empty. */
		ref.fact = fsck_fact(OBJECT_COMMIT, to->loc, &to->id);
		ref.fact.mask = 0;
		r = fsck_expect(w, &ref, err);
	}
	txn_log_release(&log);
	return r;
}

struct head_check {
	struct fsck_worker *w;
	const struct txn *t;
};

/* Does the index lead to the newest change of each path? */
static int check_head(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct head_check *h = data;
	struct fsck *f = h->w->f;
	uint64_t loc = h->t->self | record, head, marker;

	if (!change || fsck_chain_path(&f->chains, &change->path) != loc)
		return 0;
	if (!odb_change_head(f->odb, &change->path, &head, &marker, NULL) && head >= loc)
		return 0;
	return fsck_note_at(f, FSCK_NOTE, loc, err, "the index does not lead to the newest change of '%.*s/%.*s'",
			    (int)change->path.collection_len, change->path.collection, (int)change->path.key_len,
			    change->path.key);
}

int fsck_check_entry(struct fsck_worker *w, const struct txn *t, bool packed, struct drift_error *err)
{
	struct head_check h = { w, t };

	if (t->has_log && !packed && check_log(w, t, err) < 0)
		return -1;
	return t->has_changes ? txn_each_change(t, check_head, &h, err) : 0;
}
