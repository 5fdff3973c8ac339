/* What arrived of a transfer, kept for the next attempt. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "sync/receive_internal.h"

#define ACTOR "drift"
#define REASON "transfer: what has arrived"

static int add_change(struct received *r, const char *name, const struct object_ref *object, struct drift_error *err)
{
	struct ref_change *change;
	char *copy;

	if (mem_grow(&r->incoming, &r->incoming_capacity, r->incoming_count + 1, sizeof(*r->incoming)))
		return error_no_memory(err);
	copy = mem_dup_str(name, strlen(name));
	if (!copy)
		return error_no_memory(err);
	change = &r->incoming[r->incoming_count++];
	memset(change, 0, sizeof(*change));
	change->name = copy;
	change->expect = REF_EXPECT_ANYTHING;
	change->value.kind = object ? REF_OBJECT : REF_ABSENT;
	if (object)
		change->value.object = *object;
	return 0;
}

void incoming_release(struct received *r)
{
	while (r->incoming_count)
		free((void *)(uintptr_t)r->incoming[--r->incoming_count].name);
	free(r->incoming);
	r->incoming = NULL;
	r->incoming_capacity = 0;
}

static int drop(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	(void)value;
	return add_change(data, name, NULL, err);
}

int incoming_list(struct received *r, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;

	incoming_release(r);
	if (!*r->peer)
		return 0;
	buf_addf(&prefix, REF_INCOMING "%s/", r->peer);
	return buf_check(&prefix, err) || odb_ref_each(r->odb, prefix.data, drop, r, err) ? -1 : 0;
}

static int count_one(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	size_t *count = data;

	(void)name;
	(void)value;
	(void)err;
	(*count)++;
	return 0;
}

/* Behind what an earlier attempt left, which may hold what this one does not come by. */
static int plan(struct received *r, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	size_t first = 0, prefix_len;

	incoming_release(r);
	buf_addf(&name, REF_INCOMING "%s/", r->peer);
	prefix_len = name.len;
	if (buf_check(&name, err) || (!r->own_slots && odb_ref_each(r->odb, name.data, count_one, &first, err)))
		return -1;
	if (!r->own_slots)
		r->first_slot = first;
	r->own_slots = true;
	for (size_t i = 0; i < r->checked_count; i++) {
		auto_commit *c = NULL;
		struct object_ref object;

		if (received_commit_at(r, r->checked[i], &c, err))
			return -1;
		object = (struct object_ref){ c->id, r->places[r->checked[i]] };
		buf_truncate(&name, prefix_len);
		buf_addf(&name, "%zu", (r->first_slot + i) % INCOMING_TIPS_MAX);
		if (buf_check(&name, err) || add_change(r, name.data, &object, err))
			return -1;
	}
	return 0;
}

int incoming_keep(struct received *r, struct drift_error *err)
{
	struct ref_transaction t = { .batch = r->batch, .actor = ACTOR, .reason = REASON };

	if (!*r->peer || plan(r, err))
		return *r->peer ? -1 : 0;
	t.changes = r->incoming;
	t.change_count = r->incoming_count;
	if (refs_apply(r->odb, &t, err))
		return -1;
	for (; r->first_waiting < r->place_count; r->first_waiting++)
		r->places[r->first_waiting] = odb_batch_loc(r->batch, r->places[r->first_waiting]);
	for (size_t i = 0; i < r->object_count; i++)
		r->objects[i].object.loc = odb_batch_loc(r->batch, r->objects[i].object.loc);
	odb_batch_clear(r->batch);
	r->unkept = false;
	r->kept_len = r->counts.stream_len;
	r->kept_usec = date_now_us();
	return 0;
}

/* --- of any peer --- */

struct visit {
	int (*each)(void *data, const struct oid *id, struct drift_error *err);
	void *data;
};

static int visit_one(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct visit *v = data;

	(void)name;
	return value->kind == REF_OBJECT ? v->each(v->data, &value->object.id, err) : 0;
}

int incoming_each(struct repo *repo, int (*each)(void *data, const struct oid *id, struct drift_error *err), void *data,
		  struct drift_error *err)
{
	struct visit v = { each, data };

	return odb_ref_each(repo_odb(repo), REF_INCOMING, visit_one, &v, err);
}
