#include <stdlib.h>

#include "base/mem.h"
#include "objects/odb_internal.h"

static struct commit **cache_slot(struct odb *odb, uint64_t loc)
{
	return &odb->commits[(loc * UINT64_C(0x9e3779b97f4a7c15)) >> 54 & (COMMIT_CACHE_COUNT - 1)];
}

static struct commit *odb_commit_cached(struct odb *odb, uint64_t loc)
{
	struct commit *c;

	pthread_mutex_lock(&odb->commit_mutex);
	c = *cache_slot(odb, loc);
	c = c && c->loc == loc ? commit_ref(c) : NULL;
	pthread_mutex_unlock(&odb->commit_mutex);
	return c;
}

void odb_commit_keep(struct odb *odb, uint64_t loc, struct commit *c)
{
	struct commit **slot = cache_slot(odb, loc), *old;

	if (loc == LOC_UNKNOWN || loc_file(loc) == LOC_PENDING)
		return;
	pthread_mutex_lock(&odb->commit_mutex);
	old = *slot;
	*slot = commit_ref(c);
	pthread_mutex_unlock(&odb->commit_mutex);
	commit_unref(old);
}

/* What refers to a lost commit proves by its own id that this is the other's. */
static int id_of_lost(struct odb *odb, struct object_ref *ref)
{
	struct txn_lost lost;

	if (odb_lost(odb, ref->loc, &lost, NULL) <= 0 || oid_is_zero(&lost.id))
		return -1;
	ref->id = lost.id;
	return 0;
}

/* The id of the commit stored at ref->loc, where only that is known. */
static int resolve_id(struct odb *odb, struct object_ref *ref, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct object_ref tree;
	struct commit *c;
	struct record r;
	int result;

	if (ref->loc == LOC_UNKNOWN || !oid_is_zero(&ref->id))
		return 0;
	c = odb_commit_cached(odb, ref->loc);
	if (c) {
		ref->id = c->id;
		commit_unref(c);
		return 0;
	}
	result = odb_record(odb, ref->loc, &payload, &r, err);
	if (!result)
		result = commit_record_ids(&r, &ref->id, &tree, err);
	else
		result = id_of_lost(odb, ref);
	buf_release(&payload.bytes);
	return result;
}

static int who_from_record(struct odb *odb, uint64_t loc, struct compressor *z, struct buf *out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct commit_record cr;
	const struct text *who;
	struct record r;
	int result = odb_record(odb, loc, &payload, &r, err);

	if (!result && (r.kind != OBJECT_COMMIT || r.storage != RECORD_COMPACT))
		result = error_set(err, DRIFT_ERR_CORRUPT, "a commit was expected where there is none");
	if (!result)
		result = commit_record_parse(&r, z, &cr, err);
	if (!result) {
		who = commit_record_spelled(&cr);
		if (who) {
			buf_add(out, who->data, who->len);
			memo_put(odb, &odb->who_memo, who->data, who->len, loc, 0);
		} else {
			result = error_set(err, DRIFT_ERR_CORRUPT, "a commit names its author by one that does not spell it out");
		}
		commit_record_release(&cr);
	}
	buf_release(&payload.bytes);
	return result;
}

static int resolve_who(struct odb *odb, uint64_t loc, struct compressor *z, struct buf *out, struct text *who,
		       struct drift_error *err)
{
	if (!memo_find(odb, &odb->who_memo, loc, 0, out) && who_from_record(odb, loc, z, out, err) < 0)
		return -1;
	if (buf_check(out, err) < 0)
		return -1;
	who->data = out->data;
	who->len = out->len;
	return 0;
}

static int resolve_texts(struct odb *odb, struct commit_record *cr, struct compressor *z, struct buf *committer,
			 struct buf *author, struct drift_error *err)
{
	struct commit *c = &cr->commit;

	if ((cr->flags & COMMIT_RECORD_COMMITTER_REF) &&
	    resolve_who(odb, cr->committer_loc, z, committer, &c->committer.who, err) < 0)
		return -1;
	if (cr->flags & COMMIT_RECORD_AUTHOR_REF)
		return resolve_who(odb, cr->author_loc, z, author, &c->author.who, err);
	if (!(cr->flags & COMMIT_RECORD_AUTHOR_WHO))
		c->author.who = c->committer.who;
	return 0;
}

/* Packs have zeros for the id of a tree whose location is known; what is found there is proven by the commit's id. */
static int resolve_tree(struct odb *odb, struct object_ref *tree, struct drift_error *err)
{
	struct node *node;

	if (tree->loc == LOC_UNKNOWN || !oid_is_zero(&tree->id))
		return 0;
	if (odb_node_at(odb, tree->loc, &node, err) < 0)
		return -1;
	tree->id = node->id;
	node_unref(node);
	return 0;
}

static int finish_commit(struct odb *odb, struct commit_record *cr, uint64_t loc, struct compressor *z,
			 struct commit **out, struct drift_error *err)
{
	struct commit *c = &cr->commit, *made;
	auto_buf committer = BUF_INIT;
	auto_buf author = BUF_INIT;
	const struct text *who = commit_record_spelled(cr);
	size_t i;

	for (i = 0; i < c->parent_count; i++)
		if (resolve_id(odb, &c->parents[i], err) < 0)
			return -1;
	if (c->parent_count && !(cr->flags & COMMIT_RECORD_JUMP))
		c->jump = c->parents[0];
	if (resolve_tree(odb, &c->tree, err) < 0 || resolve_id(odb, &c->jump, err) < 0 ||
	    resolve_texts(odb, cr, z, &committer, &author, err) < 0)
		return -1;
	c->loc = loc;
	if (c->parent_count > 1)
		c->last_merge_loc = loc;
	if (commit_new(c, &made, err) < 0)
		return error_prefix(err, DRIFT_ERR_CORRUPT, "a stored commit");
	if (!oid_equal(&made->id, &c->id)) {
		commit_unref(made);
		return error_set(err, DRIFT_ERR_CORRUPT, "a commit does not match its id");
	}
	if (who)
		memo_put(odb, &odb->who_memo, who->data, who->len, loc, 0);
	*out = made;
	return 0;
}

static int read_commit(struct odb *odb, uint64_t loc, struct compressor *z, struct commit **out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct commit_record cr;
	struct record r;
	int result = odb_record(odb, loc, &payload, &r, err);

	if (!result && (r.kind != OBJECT_COMMIT || r.storage != RECORD_COMPACT))
		result = error_set(err, DRIFT_ERR_CORRUPT, "a commit was expected where there is none");
	if (!result)
		result = commit_record_parse(&r, z, &cr, err);
	if (!result) {
		result = finish_commit(odb, &cr, loc, z, out, err);
		commit_record_release(&cr);
	}
	buf_release(&payload.bytes);
	return result;
}

int odb_commit_at(struct odb *odb, uint64_t loc, struct commit **out, struct drift_error *err)
{
	struct commit *c = odb_commit_cached(odb, loc);
	struct compressor *z;
	int result;

	if (c) {
		*out = c;
		return 0;
	}
	z = odb_compressor_take(odb, err);
	if (!z)
		return -1;
	result = read_commit(odb, loc, z, out, err);
	odb_compressor_give(odb, z);
	if (!result)
		odb_commit_keep(odb, loc, *out);
	return result;
}

static struct step_slot *step_slot(struct odb *odb, uint64_t loc)
{
	return &odb->steps[(loc * UINT64_C(0x9e3779b97f4a7c15)) >> 49 & (STEP_CACHE_COUNT - 1)];
}

static bool step_cached(struct odb *odb, uint64_t loc, struct commit_step *out)
{
	bool found = false;

	pthread_mutex_lock(&odb->commit_mutex);
	if (odb->steps && step_slot(odb, loc)->loc == loc) {
		*out = step_slot(odb, loc)->step;
		found = true;
	}
	pthread_mutex_unlock(&odb->commit_mutex);
	return found;
}

/* Many walks begin alike. */
static void step_keep(struct odb *odb, uint64_t loc, const struct commit_step *step)
{
	pthread_mutex_lock(&odb->commit_mutex);
	if (!odb->steps)
		odb->steps = mem_calloc(STEP_CACHE_COUNT, sizeof(*odb->steps));
	if (odb->steps)
		*step_slot(odb, loc) = (struct step_slot){ loc, *step };
	pthread_mutex_unlock(&odb->commit_mutex);
}

static int read_step(struct odb *odb, uint64_t loc, struct payload *payload, struct commit_step *out,
		     struct drift_error *err)
{
	struct record r;

	if (step_cached(odb, loc, out))
		return 0;
	if (odb_record(odb, loc, payload, &r, err) < 0 || commit_record_step(&r, out, err) < 0)
		return -1;
	step_keep(odb, loc, out);
	return 0;
}

int odb_commit_back(struct odb *odb, uint64_t loc, uint64_t seq, uint64_t *loc_out)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct commit_step step = { .seq = 0 };
	uint64_t expected = 0;
	bool found = false;

	/* Each is stored before the one that leads to it, so this ends. */
	while (loc != LOC_UNKNOWN && !read_step(odb, loc, &payload, &step, NULL) && step.seq >= seq &&
	       (!expected || step.seq == expected)) {
		found = step.seq == seq;
		if (found)
			break;
		expected = commit_jump_seq(step.seq);
		loc = expected >= seq ? step.jump_loc : step.parent_loc;
		expected = expected >= seq ? expected : step.seq - 1;
	}
	buf_release(&payload.bytes);
	if (!found)
		return 0;
	*loc_out = loc;
	return 1;
}

int odb_commit(struct odb *odb, const struct oid *id, uint64_t loc, struct commit **commit_out, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	char hex[OID_HEX_LEN + 1];
	enum object_kind kind;
	struct commit *c;
	int r;

	if (!id)
		return odb_commit_at(odb, loc, commit_out, err);
	if (loc != LOC_UNKNOWN && !odb_commit_at(odb, loc, &c, &why)) {
		if (oid_equal(&c->id, id)) {
			*commit_out = c;
			return 0;
		}
		commit_unref(c);
	}
	r = odb_find(odb, id, &kind, &loc, err);
	if (r < 0)
		return -1;
	if (!r && why.code)
		return error_set(err, why.code, "commit %s: %s", oid_to_hex(id, hex), why.message);
	if (!r)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "no commit %s", oid_to_hex(id, hex));
	if (kind != OBJECT_COMMIT)
		return error_set(err, DRIFT_ERR_INVALID, "%s is a %s, not a commit", oid_to_hex(id, hex), object_kind_name(kind));
	return odb_commit_at(odb, loc, commit_out, err);
}

int odb_tag(struct odb *odb, const struct oid *id, struct tag **tag_out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	auto_buf content = BUF_INIT;
	auto_tag *tag = NULL;
	char hex[OID_HEX_LEN + 1];
	struct compressor *z;
	enum object_kind kind;
	struct record record;
	uint64_t loc;
	int r = odb_find(odb, id, &kind, &loc, err);

	if (r < 0)
		return -1;
	if (!r || kind != OBJECT_TAG)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "no tag object %s", oid_to_hex(id, hex));
	z = odb_compressor_take(odb, err);
	if (!z)
		return -1;
	r = odb_record(odb, loc, &payload, &record, err);
	if (!r)
		r = record_content(&record, z, NULL, 0, NULL, &content, err);
	odb_compressor_give(odb, z);
	buf_release(&payload.bytes);
	if (r || tag_decode(content.data, content.len, &tag, err) < 0)
		return -1;
	if (!oid_equal(&tag->id, id))
		return error_set(err, DRIFT_ERR_CORRUPT, "tag %s does not match its id", oid_to_hex(id, hex));
	*tag_out = take_ptr(tag);
	return 0;
}
