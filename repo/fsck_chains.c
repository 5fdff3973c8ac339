#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "repo/fsck_internal.h"

/* Only to tell names and paths apart within one run. */
static const unsigned char hash_key[SIPHASH_KEY_LEN] = "drift fsck names";

static uint64_t hash_bytes(const void *data, size_t len)
{
	uint64_t hash = siphash(hash_key, data, len);

	return hash ? hash : 1;
}

static uint64_t hash_path(const struct path *path)
{
	uint64_t word[2];

	word[0] = hash_bytes(path->collection, path->collection_len);
	word[1] = hash_bytes(path->key, path->key_len);
	return hash_bytes(word, sizeof(word));
}

static uint64_t hash_update(uint64_t loc, size_t index)
{
	uint64_t word[2] = { loc, index };

	return hash_bytes(word, sizeof(word));
}

/* The ref of that name, made if need be; NULL without memory. */
static struct fsck_ref *ref_named(struct fsck_chains *c, const struct text *name)
{
	uint64_t *at = place_table_at(&c->names, hash_bytes(name->data, name->len));

	if (!at)
		return NULL;
	if (!*at) {
		struct fsck_ref ref = { .name = mem_dup_str(name->data, name->len) };

		if (!ref.name || mem_grow(&c->refs, &c->ref_capacity, c->ref_count + 1, sizeof(*c->refs)) < 0) {
			free(ref.name);
			return NULL;
		}
		c->refs[c->ref_count++] = ref;
		*at = c->ref_count;
	}
	return &c->refs[*at - 1];
}

/* 1, 0 if its name stands in what is damaged, -1. */
static int ref_of_update(struct fsck_chains *c, const struct txn *t, size_t index, const struct txn_update *u,
			 struct fsck_ref **out, struct drift_error *err)
{
	uint64_t there, *at;

	if (u->name_loc != LOC_UNKNOWN) {
		there = place_table_get(&c->spelled, hash_update(u->name_loc, u->name_index));
		*out = there ? &c->refs[there - 1] : NULL;
		return there > 0;
	}
	*out = ref_named(c, &u->name);
	at = *out ? place_table_at(&c->spelled, hash_update(t->self, index)) : NULL;
	if (!at)
		return error_no_memory(err);
	*at = (uint64_t)(*out - c->refs) + 1;
	return 1;
}

static int set_ref(struct fsck_ref *ref, const struct txn *t, const struct txn_update *u, struct drift_error *err)
{
	ref->entry = t->self;
	ref->loc = LOC_UNKNOWN;
	free(ref->target);
	ref->target = NULL;
	ref->kind = REF_ABSENT;
	ref->damaged = false;
	memset(&ref->id, 0, sizeof(ref->id));
	if (u->value == TXN_SYMBOLIC) {
		ref->kind = REF_SYMBOLIC;
		ref->target = mem_dup_str(u->target.data, u->target.len);
		return ref->target ? 0 : error_no_memory(err);
	}
	if (u->value == TXN_OBJECT || u->value == TXN_COMMIT) {
		ref->kind = REF_OBJECT;
		ref->loc = u->value == TXN_COMMIT ? t->self | u->record : u->object.loc;
		if (u->value == TXN_OBJECT)
			ref->id = u->object.id;
	}
	return 0;
}

static int chain_update(struct fsck *f, const struct txn *t, size_t index, const struct txn_update *u,
			struct drift_error *err)
{
	struct fsck_chains *c = &f->chains;
	struct fsck_ref *ref;
	int r = ref_of_update(c, t, index, u, &ref, err);

	if (r < 0)
		return -1;
	if (!r)
		return c->broken ? 0 :
				   fsck_note_at(f, FSCK_LOST, t->self, err,
						"a log entry names a ref by an entry that does not spell it out");
	if (u->previous_loc != ref->entry && !c->broken &&
	    fsck_note_at(f, FSCK_LOST, t->self, err, "the log of ref '%s' does not go on at the entry before",
			 ref->name) < 0)
		return -1;
	return set_ref(ref, t, u, err);
}

static int chain_log(struct fsck *f, const struct txn *t, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	struct txn_log log;
	size_t i;
	int r = txn_log_parse(t, &log, &why);

	if (r < 0 && !fsck_is_fault(&why))
		return error_set(err, why.code, "%s", why.message);
	if (r <= 0)
		return r < 0 ? fsck_note_at(f, FSCK_LOST, t->self, err, "%s", why.message) : 0;
	r = 0;
	if (log.previous_loc != f->chains.last_log && !f->chains.broken)
		r = fsck_note_at(f, FSCK_LOST, t->self, err, "a log entry does not lead to the one before it");
	f->chains.last_log = t->self;
	for (i = 0; i < log.update_count && !r; i++)
		r = chain_update(f, t, i, &log.updates[i], err);
	txn_log_release(&log);
	return r;
}

struct change_walk {
	struct fsck *f;
	const struct txn *t;
};

static int chain_marker(struct fsck *f, const struct txn *t, unsigned record, struct drift_error *err)
{
	struct change_list list;
	int r = txn_changes_parse(t, record, &list, err);

	if (r <= 0)
		return r;
	r = 0;
	if (list.previous_marker_loc != f->chains.last_marker && !f->chains.broken)
		r = fsck_note_at(f, FSCK_LOST, t->self | record, err,
				 "the chain of commits without a list of changes does not go on at the one before");
	f->chains.last_marker = t->self | record;
	change_list_release(&list);
	return r;
}

static int chain_change(void *data, unsigned record, const struct change *change, struct drift_error *err)
{
	struct change_walk *walk = data;
	struct fsck *f = walk->f;
	uint64_t *at;

	if (!change)
		return chain_marker(f, walk->t, record, err);
	at = place_table_at(&f->chains.paths, hash_path(&change->path));
	if (!at)
		return error_no_memory(err);
	if (change->previous_loc != *at && !f->chains.broken &&
	    fsck_note_at(f, FSCK_LOST, walk->t->self | record, err,
			 "a change of '%.*s/%.*s' does not lead to the one before it", (int)change->path.collection_len,
			 change->path.collection, (int)change->path.key_len, change->path.key) < 0)
		return -1;
	*at = walk->t->self | record;
	return 0;
}

int fsck_chain_damaged(struct fsck *f, const struct txn *t, struct drift_error *err)
{
	struct fsck_ref *ref;
	struct txn_log log;
	size_t i;
	int r = 0;

	if (txn_log_parse(t, &log, NULL) <= 0)
		return 0;
	f->chains.last_log = t->self;
	for (i = 0; i < log.update_count && !r; i++) {
		r = ref_of_update(&f->chains, t, i, &log.updates[i], &ref, err);
		if (r <= 0)
			continue;
		r = set_ref(ref, t, &log.updates[i], err);
		ref->damaged = true;
	}
	txn_log_release(&log);
	return r;
}

int fsck_chain_txn(struct fsck *f, const struct txn *t, struct drift_error *err)
{
	struct change_walk walk = { f, t };
	struct drift_error why = { .code = DRIFT_OK };

	if (t->has_log && chain_log(f, t, err) < 0)
		return -1;
	if (!t->has_changes || txn_each_change(t, chain_change, &walk, &why) >= 0)
		return 0;
	if (!fsck_is_fault(&why))
		return error_set(err, why.code, "%s", why.message);
	return fsck_note_at(f, FSCK_LOST, t->self, err, "%s", why.message);
}

uint64_t fsck_chain_path(const struct fsck_chains *c, const struct path *path)
{
	return place_table_get(&c->paths, hash_path(path));
}

static bool is_same(const struct fsck_ref *ref, const struct ref_value *value)
{
	if (ref->kind != value->kind)
		return false;
	if (ref->kind == REF_SYMBOLIC)
		return !strcmp(ref->target, value->target);
	return ref->kind == REF_ABSENT || ref->loc == value->object.loc;
}

static int note_damaged_ref(struct fsck *f, const struct fsck_ref *ref, struct drift_error *err)
{
	struct drift_error text = { .code = DRIFT_OK };
	struct fsck_fault fault = {
		.severity = FSCK_LOST, .loc = ref->entry, .has_object = true, .kind = OBJECT_COMMIT, .object = ref->id
	};

	error_set(&text, DRIFT_ERR_CORRUPT, "ref '%s' was moved last by an entry that is damaged", ref->name);
	fault.sentence = text.message;
	return fsck_note(f, &fault, err);
}

int fsck_check_refs(struct fsck *f, struct drift_error *err)
{
	struct drift_error why;
	struct ref_value value;
	size_t i;

	for (i = 0; i < f->chains.ref_count; i++) {
		const struct fsck_ref *ref = &f->chains.refs[i];
		uint64_t head;
		int r;

		if (ref->damaged) {
			if (note_damaged_ref(f, ref, err) < 0)
				return -1;
			continue;
		}
		why.code = DRIFT_OK;
		r = odb_ref_log_head(f->odb, ref->name, &head, &why);
		if (r > 0 && head > ref->entry && (!f->end || head >= f->end))
			continue; /* moved since */
		if (r >= 0)
			r = odb_ref_read(f->odb, ref->name, false, &value, &why);
		f->result.refs += ref->kind != REF_ABSENT;
		if (r < 0 && !fsck_is_fault(&why))
			return error_set(err, why.code, "%s", why.message);
		if (r < 0)
			r = fsck_note_at(f, FSCK_LOST, ref->entry, err, "%s", why.message);
		else if (!is_same(ref, &value))
			r = fsck_note_at(f, f->chains.broken ? FSCK_LOST : FSCK_NOTE, ref->entry, err,
					 "ref '%s' is not what its newest log entry says", ref->name);
		if (r < 0)
			return -1;
	}
	return 0;
}

void fsck_chains_release(struct fsck_chains *c)
{
	size_t i;

	for (i = 0; i < c->ref_count; i++) {
		free(c->refs[i].name);
		free(c->refs[i].target);
	}
	free(c->refs);
	place_table_release(&c->spelled);
	place_table_release(&c->names);
	place_table_release(&c->paths);
}
