#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/odb_internal.h"
#include "objects/stub.h"

bool odb_is_visible(struct odb *odb, uint64_t loc)
{
	struct index_head *h = index_head(odb_index(odb));

	/* What is synced is visible, so either number makes up for one that was damaged. */
	return loc_file(loc) < h->journal || loc_offset(loc) < atomic_load(&h->visible) || loc_offset(loc) < atomic_load(&h->synced);
}

/* The log entry at loc, with the transaction that it is in: 1, log_out is released by txn_log_release / 0 none / -1. */
static int read_log(struct odb *odb, uint64_t loc, struct payload *payload, struct txn *txn_out, struct txn_log *log_out,
		    struct drift_error *err)
{
	return odb_txn(odb, loc, payload, txn_out, err) ? -1 : txn_log_parse(txn_out, log_out, err);
}

int odb_update_name(struct odb *odb, const struct txn_update *u, struct buf *out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct txn_log log;
	struct txn t;
	int r;

	if (u->name_loc == LOC_UNKNOWN) {
		buf_add(out, u->name.data, u->name.len);
		return buf_check(out, err);
	}
	if (memo_find(odb, &odb->name_memo, u->name_loc, u->name_index, out))
		return buf_check(out, err);
	r = read_log(odb, u->name_loc, &payload, &t, &log, err);
	if (r > 0) {
		const struct txn_update *there = u->name_index < log.update_count ? &log.updates[u->name_index] : NULL;

		r = 0;
		if (!there || there->name_loc != LOC_UNKNOWN) {
			r = error_set(err, DRIFT_ERR_CORRUPT, "a log entry names a ref by one that does not spell it out");
		} else {
			buf_add(out, there->name.data, there->name.len);
			memo_put(odb, &odb->name_memo, there->name.data, there->name.len, u->name_loc, u->name_index);
		}
		txn_log_release(&log);
	} else if (!r) {
		r = error_set(err, DRIFT_ERR_CORRUPT, "a log entry names a ref by one that is none");
	}
	buf_release(&payload.bytes);
	return r ? r : buf_check(out, err);
}

static int value_of_update(const struct txn *t, const struct txn_update *u, struct ref_value *out, struct drift_error *err)
{
	struct object_ref tree;
	struct record r;

	memset(out, 0, sizeof(*out));
	switch (u->value) {
	case TXN_ABSENT:
		return 0;
	case TXN_OBJECT:
		out->kind = REF_OBJECT;
		out->object = u->object;
		return 0;
	case TXN_SYMBOLIC:
		if (memchr(u->target.data, '\0', u->target.len))
			return error_set(err, DRIFT_ERR_CORRUPT, "a symbolic ref has a NUL in its target");
		out->kind = REF_SYMBOLIC;
		memcpy(out->target, u->target.data, u->target.len);
		out->target[u->target.len] = '\0';
		return 0;
	case TXN_COMMIT:
		out->kind = REF_OBJECT;
		out->object.loc = t->self | u->record;
		if (record_parse(t->record[u->record], t->record_len[u->record], t->self, &r, err) < 0)
			return -1;
		return commit_record_ids(&r, &out->object.id, &tree, err);
	}
	return error_set(err, DRIFT_ERR_CORRUPT, "a ref has an unknown kind of value");
}

/* The update of `name` in the log entry at loc: its value and the entry before. 1 / 0 not in there / -1. */
static int read_update(struct odb *odb, uint64_t loc, const char *name, struct ref_value *value_out,
		       uint64_t *previous_out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	auto_buf spelled = BUF_INIT;
	size_t i, len = strlen(name);
	struct txn_log log;
	struct txn t;
	int r = read_log(odb, loc, &payload, &t, &log, err), found = 0;

	if (r > 0) {
		for (i = 0; i < log.update_count && !found; i++) {
			const struct txn_update *u = &log.updates[i];

			buf_clear(&spelled);
			found = odb_update_name(odb, u, &spelled, err) < 0 ? -1 : spelled.len == len && !memcmp(spelled.data, name, len);
			if (found > 0) {
				*previous_out = u->previous_loc;
				if (value_out && value_of_update(&t, u, value_out, err) < 0)
					found = -1;
				if (u->name_loc == LOC_UNKNOWN)
					memo_put(odb, &odb->name_memo, name, len, loc, (unsigned)i);
			}
		}
		txn_log_release(&log);
	}
	buf_release(&payload.bytes);
	return r < 0 ? -1 : found;
}

/* Has the append that loc is in come to its end? */
static bool is_appended(struct odb *odb, uint64_t loc)
{
	struct index_head *h = index_head(odb_index(odb));

	return loc_file(loc) < h->journal || loc_offset(loc) < atomic_load(&h->end);
}

int odb_index_ref(struct odb *odb, const char *name, size_t len, uint64_t *loc_out, struct drift_error *err)
{
	struct store_index *index;
	uint64_t loc;
	int r;

	do {
		index = odb_index(odb);
		loc = name ? index_get_ref(index, index_hash(index, name, len, "", 0)) : index_log_head(index);
		r = odb_index_mended(odb, index, err);
	} while (r > 0);
	*loc_out = loc;
	return r;
}

/* The newest entry of a ref that the reader may see: 1 / 0 / -1. */
static int ref_head(struct odb *odb, const char *name, bool locked, uint64_t *loc_out, struct drift_error *err)
{
	uint64_t loc;

	if ((!locked && odb_refresh(odb, false, err) < 0) || odb_index_ref(odb, name, strlen(name), &loc, err) < 0)
		return -1;
	while (loc != LOC_UNKNOWN && !locked && !odb_is_visible(odb, loc)) {
		uint64_t previous = LOC_UNKNOWN;

		if (read_update(odb, loc, name, NULL, &previous, err) <= 0)
			return -1;
		loc = previous;
	}
	if (loc != LOC_UNKNOWN && locked && !odb_is_owner(odb) && !is_appended(odb, loc))
		return error_set(err, DRIFT_ERR_CLASH, "it is just being changed");
	*loc_out = loc;
	return loc != LOC_UNKNOWN;
}

int odb_ref_read(struct odb *odb, const char *name, bool locked, struct ref_value *value_out, struct drift_error *err)
{
	uint64_t loc, previous;
	int r = ref_head(odb, name, locked, &loc, err);

	if (r > 0 && !ref_memo_get(odb, name, loc, value_out)) {
		r = read_update(odb, loc, name, value_out, &previous, err);
		if (r > 0)
			ref_memo_put(odb, name, loc, value_out);
		else if (!r)
			r = error_set(err, DRIFT_ERR_CORRUPT, "the index names a log entry that is about others");
	} else if (!r) {
		memset(value_out, 0, sizeof(*value_out));
	}
	if (r < 0)
		return error_prefix(err, DRIFT_OK, "ref '%s'", name);
	return 0;
}

int odb_ref_log_head(struct odb *odb, const char *name, uint64_t *loc_out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct txn_log log;
	struct txn t;
	uint64_t loc;
	int r = 0;

	if (name)
		return ref_head(odb, name, false, loc_out, err);
	if (odb_refresh(odb, false, err) < 0 || odb_index_ref(odb, NULL, 0, &loc, err) < 0)
		return -1;
	while (r >= 0 && loc != LOC_UNKNOWN && !odb_is_visible(odb, loc)) {
		r = read_log(odb, loc, &payload, &t, &log, err);
		if (r > 0) {
			loc = log.previous_loc;
			txn_log_release(&log);
		} else if (!r) {
			r = error_set(err, DRIFT_ERR_CORRUPT, "a log entry was expected where there is none");
		}
	}
	buf_release(&payload.bytes);
	*loc_out = loc;
	return r < 0 ? r : loc != LOC_UNKNOWN;
}

/* --- all refs --- */

struct ref_slot {
	uint64_t loc, hash;
};

struct ref_item {
	char *name;
	struct ref_value value;
};

struct ref_list {
	struct ref_slot *slots;
	size_t slot_count, slot_capacity;
	struct ref_item *items;
	size_t item_count, item_capacity;
};

static int compare_slots(const void *a, const void *b)
{
	const struct ref_slot *x = a, *y = b;

	if (x->loc != y->loc)
		return x->loc > y->loc ? 1 : -1;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

static int compare_items(const void *a, const void *b)
{
	const struct ref_item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int collect_slots(struct odb *odb, struct ref_list *list, struct drift_error *err)
{
	struct store_index *index;
	uint64_t hash, loc;
	size_t i;
	int r;

	do {
		index = odb_index(odb);
		list->slot_count = 0;
		for (i = 0; index_ref_slot(index, i, &hash, &loc); i++) {
			if (loc == LOC_UNKNOWN)
				continue;
			if (mem_grow(&list->slots, &list->slot_capacity, list->slot_count + 1, sizeof(*list->slots)) < 0)
				return error_no_memory(err);
			list->slots[list->slot_count++] = (struct ref_slot){ loc, hash };
		}
		r = index_refs_hold(index) ? 0 : odb_index_mended(odb, index, err);
	} while (r > 0);
	if (r < 0)
		return -1;
	if (list->slot_count)
		qsort(list->slots, list->slot_count, sizeof(*list->slots), compare_slots);
	return 0;
}

static int add_item(struct ref_list *list, const char *name, size_t len, const struct ref_value *value, struct drift_error *err)
{
	char *copy = mem_dup_str(name, len);

	if (!copy || mem_grow(&list->items, &list->item_capacity, list->item_count + 1, sizeof(*list->items)) < 0) {
		free(copy);
		return error_no_memory(err);
	}
	list->items[list->item_count].name = copy;
	list->items[list->item_count++].value = *value;
	return 0;
}

/* They share the location, so they are in order of hash. */
static bool slot_in(const struct ref_slot *slots, size_t count, uint64_t hash)
{
	const struct ref_slot wanted = { slots[0].loc, hash };

	return bsearch(&wanted, slots, count, sizeof(*slots), compare_slots) != NULL;
}

/* One update of an entry that is still the newest of its ref. */
static int collect_update(struct odb *odb, const struct txn *t, const struct txn_update *u, const struct ref_slot *slots,
			  size_t slot_count, struct ref_list *list, struct drift_error *err)
{
	struct store_index *index = odb_index(odb);
	auto_buf name = BUF_INIT;
	struct ref_value value;

	if (odb_update_name(odb, u, &name, err) < 0)
		return -1;
	if (!slot_in(slots, slot_count, index_hash(index, name.data, name.len, "", 0)))
		return 0;
	/* Who holds the append lock sees what is appended. */
	if (!odb_is_owner(odb) && !odb_is_visible(odb, t->self)) {
		if (odb_ref_read(odb, name.data, false, &value, err) < 0)
			return -1;
	} else if (value_of_update(t, u, &value, err) < 0) {
		return -1;
	}
	return value.kind == REF_ABSENT ? 0 : add_item(list, name.data, name.len, &value, err);
}

/* All refs whose newest entry is the one that the slots share. */
static int collect_entry(struct odb *odb, const struct ref_slot *slots, size_t slot_count, struct ref_list *list,
			 struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct txn_log log;
	struct txn t;
	size_t i;
	int r = read_log(odb, slots[0].loc, &payload, &t, &log, err);

	if (r > 0) {
		r = 0;
		for (i = 0; i < log.update_count && !r; i++)
			r = collect_update(odb, &t, &log.updates[i], slots, slot_count, list, err);
		txn_log_release(&log);
	}
	buf_release(&payload.bytes);
	return r;
}

static int collect_refs(struct odb *odb, struct ref_list *list, struct drift_error *err)
{
	size_t i, n;

	if (odb_refresh(odb, false, err) < 0 || collect_slots(odb, list, err) < 0)
		return -1;
	for (i = 0; i < list->slot_count; i += n) {
		for (n = 1; i + n < list->slot_count && list->slots[i + n].loc == list->slots[i].loc; n++)
			;
		if (collect_entry(odb, &list->slots[i], n, list, err) < 0)
			return -1;
	}
	if (list->item_count)
		qsort(list->items, list->item_count, sizeof(*list->items), compare_items);
	return 0;
}

int odb_ref_each(struct odb *odb, const char *prefix,
		 int (*each)(void *data, const char *name, const struct ref_value *value, struct drift_error *err),
		 void *data, struct drift_error *err)
{
	struct ref_list list = { .slots = NULL };
	size_t i;
	int r = collect_refs(odb, &list, err);

	for (i = 0; i < list.item_count; i++) {
		if (!r && !strncmp(list.items[i].name, prefix, strlen(prefix)))
			r = each(data, list.items[i].name, &list.items[i].value, err);
		free(list.items[i].name);
	}
	free(list.items);
	free(list.slots);
	return r;
}

/* --- log entries --- */

static int take_text(struct buf *from, struct text *to, struct drift_error *err)
{
	to->data = buf_take(from, &to->len);
	return to->data ? 0 : error_no_memory(err);
}

static int fill_head(struct odb *odb, const struct txn *t, const struct txn_log *log, struct ref_log_entry *e,
		     struct drift_error *err)
{
	auto_buf actor = BUF_INIT;
	auto_buf reason = BUF_INIT;
	struct drift_error why;
	struct commit *c;

	e->time_usec = log->time_usec;
	if (log->of_commit && odb_commit_at(odb, t->self | log->record, &c, &why) < 0) {
		/* The entry leads on all the same. */
		if (why.code != DRIFT_ERR_CORRUPT && why.code != DRIFT_ERR_NOT_FOUND)
			return error_set(err, why.code, "%s", why.message);
		e->time_usec = 0;
		buf_add_str(&reason, "commit: it cannot be read");
	} else if (log->of_commit) {
		e->time_usec = c->committer.time_usec;
		buf_add(&actor, c->committer.who.data, c->committer.who.len);
		stub_reason(c, &reason);
		commit_unref(c);
	} else {
		buf_add(&actor, log->actor.data, log->actor.len);
		buf_add(&reason, log->reason.data, log->reason.len);
	}
	return take_text(&actor, &e->actor, err) < 0 ? -1 : take_text(&reason, &e->reason, err);
}

static int fill_update(struct odb *odb, const struct txn *t, const struct txn_update *from,
		       struct ref_log_update *to, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	uint64_t before;

	if (odb_update_name(odb, from, &name, err) < 0 || take_text(&name, &to->name, err) < 0 ||
	    value_of_update(t, from, &to->new, err) < 0)
		return -1;
	to->previous_loc = from->previous_loc;
	if (from->previous_loc == LOC_UNKNOWN)
		return 0;
	return read_update(odb, from->previous_loc, to->name.data, &to->old, &before, err) < 0 ? -1 : 0;
}

static int fill_entry(struct odb *odb, const struct txn *t, const struct txn_log *log, struct ref_log_entry *e,
		      struct drift_error *err)
{
	size_t i;

	e->loc = t->self;
	e->previous_loc = log->previous_loc;
	if (fill_head(odb, t, log, e, err) < 0)
		return -1;
	e->updates = mem_calloc(log->update_count, sizeof(*e->updates));
	if (!e->updates)
		return error_no_memory(err);
	e->update_count = log->update_count;
	for (i = 0; i < log->update_count; i++)
		if (fill_update(odb, t, &log->updates[i], &e->updates[i], err) < 0)
			return -1;
	return 0;
}

int odb_ref_log_read(struct odb *odb, uint64_t loc, struct ref_log_entry *entry_out, struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	struct ref_log_entry e = { .loc = loc };
	struct txn_log log;
	struct txn t;
	int r = read_log(odb, loc, &payload, &t, &log, err);

	if (r > 0) {
		r = fill_entry(odb, &t, &log, &e, err);
		txn_log_release(&log);
	} else if (!r) {
		r = error_set(err, DRIFT_ERR_CORRUPT, "a log entry was expected where there is none");
	}
	buf_release(&payload.bytes);
	if (r) {
		ref_log_release(&e);
		return -1;
	}
	*entry_out = e;
	return 0;
}

static void free_text(struct text *t)
{
	void *p;

	memcpy(&p, &t->data, sizeof(p));
	free(p);
	t->data = NULL;
	t->len = 0;
}

void ref_log_release(struct ref_log_entry *entry)
{
	size_t i;

	for (i = 0; i < entry->update_count; i++)
		free_text(&entry->updates[i].name);
	free_text(&entry->actor);
	free_text(&entry->reason);
	free(entry->updates);
	entry->updates = NULL;
	entry->update_count = 0;
}

/* --- change lists --- */

static int parent_in(const struct txn *t, uint64_t commit_loc, uint64_t *loc_out, struct drift_error *err)
{
	unsigned record = loc_record(commit_loc);
	struct record r;

	if (record >= t->record_count)
		return error_set(err, DRIFT_ERR_CORRUPT, "a commit was expected where there is none");
	if (!t->record_len[record])
		return odb_was_removed(commit_loc, err);
	if (record_parse(t->record[record], t->record_len[record], commit_loc, &r, err) < 0)
		return -1;
	return commit_record_parent(&r, loc_out, err);
}

/* parent_loc_out may be NULL. */
static int read_change_list(struct odb *odb, uint64_t commit_loc, struct change_list *list_out, uint64_t *parent_loc_out,
			    struct drift_error *err)
{
	struct payload payload = { .bytes = BUF_INIT };
	auto_file_list *list = odb_list(odb);
	struct odb_file file;
	struct txn t;
	int r;

	if (!odb_list_find(list, loc_file(commit_loc)))
		return 0;
	if (odb_list_open(odb, &list, loc_file(commit_loc), &file, err) < 0)
		return -1;
	if (file.pack) {
		r = odb_pack_stub(file.pack, commit_loc, &payload.bytes, err);
		payload.kind = r > 0 ? FRAME_TXN : FRAME_OBJECT;
		r = r < 0 ? -1 : 0;
	} else {
		r = journal_read(file.journal, loc_offset(commit_loc), &payload.bytes, &payload.kind, err);
	}
	if (!r && payload.kind == FRAME_TXN) {
		r = txn_parse(payload.bytes.data, payload.bytes.len, loc_frame(commit_loc), &t, err);
		if (!r && parent_loc_out)
			r = parent_in(&t, commit_loc, parent_loc_out, err);
		if (!r)
			r = txn_changes_parse(&t, loc_record(commit_loc), list_out, err);
	}
	buf_release(&payload.bytes);
	return r;
}

int odb_change_list(struct odb *odb, uint64_t commit_loc, struct change_list *list_out, struct drift_error *err)
{
	return read_change_list(odb, commit_loc, list_out, NULL, err);
}

int odb_change_step(struct odb *odb, uint64_t commit_loc, struct change_list *list_out, uint64_t *parent_loc_out,
		    struct drift_error *err)
{
	return read_change_list(odb, commit_loc, list_out, parent_loc_out, err);
}

int odb_change_head(struct odb *odb, const struct path *path, uint64_t *commit_loc_out, uint64_t *marker_loc_out,
		    struct drift_error *err)
{
	struct store_index *index;
	uint64_t loc, marker;
	int r;

	if (!odb_is_owner(odb) && odb_refresh(odb, false, err) < 0)
		return -1;
	do {
		index = odb_index(odb);
		loc = index_get_path(index, index_hash(index, path->collection, path->collection_len, path->key, path->key_len));
		marker = index_marker_head(index);
		r = odb_index_mended(odb, index, err);
	} while (r > 0);
	if (r < 0)
		return -1;
	if (loc == LOC_UNKNOWN && odb_packed_path(odb, path, &loc, err) < 0)
		return -1;
	*commit_loc_out = loc;
	*marker_loc_out = marker;
	return 0;
}
