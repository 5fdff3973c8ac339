#include "sync/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "refs/refname.h"
#include "repo/graph.h"
#include "repo/point.h"

#define TRACKING_ACTOR "drift" /* nothing that a person did and might want to undo */

struct push {
	struct repo *repo;
	struct client *client;
	const struct push_options *o;
	struct client_refs asked;
	const struct client_refs *theirs;
	struct push_result result;
};

static void push_release(struct push *p)
{
	client_refs_release(&p->asked);
	push_result_release(&p->result);
}
#define auto_push __attribute__((cleanup(push_release))) struct push

void push_result_release(struct push_result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->refs[i].source);
		free(r->refs[i].destination);
		free(r->refs[i].sentence);
	}
	free(r->refs);
	*r = (struct push_result){ .refs = NULL };
}

bool push_status_failed(enum push_status status)
{
	return status >= PUSH_DIVERGED;
}

/* ---- what is to become of what ---- */

static int add_row(struct push *p, const char *source, const char *destination, const struct oid *id, bool force,
		   struct drift_error *err)
{
	struct push_result *r = &p->result;
	struct pushed_ref *row;

	for (size_t i = 0; i < r->count; i++) {
		if (!strcmp(r->refs[i].destination, destination))
			return id && r->refs[i].has_new && oid_equal(id, &r->refs[i].new) ?
				       0 :
				       error_set(err, DRIFT_ERR_INVALID, "two things are to become '%s'", destination);
	}
	if (mem_grow(&r->refs, &r->capacity, r->count + 1, sizeof(*r->refs)))
		return error_no_memory(err);
	row = &r->refs[r->count++];
	*row = (struct pushed_ref){ .has_new = id != NULL, .status = force ? PUSH_FORCED : PUSH_DIVERGED };
	if (id)
		row->new = *id;
	row->source = mem_dup_str(source, strlen(source));
	row->destination = mem_dup_str(destination, strlen(destination));
	row->sentence = mem_dup_str("", 0);
	return row->source && row->destination && row->sentence ? 0 : error_no_memory(err);
}

/* What the source is: the full name of a ref of ours in `name`, or "" for a commit by another way of saying. */
static int resolve_source(struct push *p, const char *source, char name[REF_NAME_MAX + 1], struct oid *id,
			  struct drift_error *err)
{
	struct odb *odb = repo_odb(p->repo);
	auto_point point = POINT_INIT;
	struct ref_resolved at;
	int found = refs_expand(odb, source, strlen(source), name, err);

	if (found < 0)
		return -1;
	if (found) {
		if (refs_resolve(odb, name, false, &at, err))
			return -1;
		if (!at.exists)
			return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' has no commit yet", source);
		memcpy(name, at.name, sizeof(at.name));
		*id = at.object.id;
		return 0;
	}
	*name = '\0';
	if (point_resolve(p->repo, source, strlen(source), NULL, &point, err))
		return -1;
	if (!point.commit)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' is no commit", source);
	*id = point.commit->id;
	return 0;
}

/* A short destination is the remote's ref of that name, if it has one; else it is of the kind that the source is. */
static int full_destination(struct push *p, const char *destination, const char *source, struct buf *out,
			    struct drift_error *err)
{
	if (!strncmp(destination, "refs/", 5)) {
		buf_add_str(out, destination);
		return buf_check(out, err);
	}
	for (size_t i = 1; i < REFNAME_RULE_COUNT; i++) {
		buf_clear(out);
		if (refname_expand(destination, strlen(destination), i, out) && !out->failed &&
		    client_refs_find(p->theirs, out->data))
			return 0;
	}
	buf_clear(out);
	buf_addf(out, "%s%s", strncmp(source, REF_TAGS, strlen(REF_TAGS)) ? REF_HEADS : REF_TAGS, destination);
	return buf_check(out, err) || refname_check(out->data, out->len, err) ? -1 : 0;
}

static int map_removal(struct push *p, const struct refspec *spec, struct drift_error *err)
{
	auto_buf full = BUF_INIT;

	if (full_destination(p, spec->destination, "", &full, err))
		return -1;
	if (!client_refs_find(p->theirs, full.data))
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the other end has no ref '%s'", spec->destination);
	return add_row(p, "", full.data, NULL, true, err);
}

static int map_named(struct push *p, const struct refspec *spec, struct drift_error *err)
{
	char name[REF_NAME_MAX + 1];
	auto_buf full = BUF_INIT;
	struct oid id;

	if (!*spec->source)
		return map_removal(p, spec, err);
	if (resolve_source(p, spec->source, name, &id, err))
		return -1;
	if (!spec->destination && !*name)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is no ref: say what it is to become ('%s:refs/heads/NAME')",
				 spec->source, spec->source);
	if (spec->destination ? full_destination(p, spec->destination, name, &full, err) : 0)
		return -1;
	return add_row(p, *name ? name : spec->source, spec->destination ? full.data : name, &id, spec->force, err);
}

struct many {
	struct push *push;
	const struct refspec *spec;
};

static int map_one(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct many *m = data;
	auto_buf full = BUF_INIT;

	if (value->kind != REF_OBJECT || refspec_excluded(m->push->o->specs, name) || !refspec_map(m->spec, name, &full))
		return 0;
	if (buf_check(&full, err))
		return -1;
	return add_row(m->push, name, full.len ? full.data : name, &value->object.id, m->spec->force, err);
}

static int map_all(struct push *p, struct drift_error *err)
{
	for (size_t i = 0; i < p->o->specs->count; i++) {
		const struct refspec *spec = &p->o->specs->items[i];
		struct many m = { p, spec };

		if (spec->exclude)
			continue;
		if (spec->pattern ? odb_ref_each(repo_odb(p->repo), "refs/", map_one, &m, err) : map_named(p, spec, err))
			return -1;
	}
	return 0;
}

/* ---- may it be moved? ---- */

/* What the ref must hold for us to force it: 1 with it / 0 nothing is said / -1 */
static int lease_of(struct push *p, const struct pushed_ref *row, struct ref_value *out, struct drift_error *err)
{
	auto_buf tracking = BUF_INIT;

	for (size_t i = 0; i < p->o->lease_count; i++) {
		const struct push_lease *lease = &p->o->leases[i];
		auto_buf full = BUF_INIT;

		if (lease->name && full_destination(p, lease->name, row->source, &full, err))
			return -1;
		if (lease->name && strcmp(full.data, row->destination) != 0)
			continue;
		out->kind = lease->absent ? REF_ABSENT : REF_OBJECT;
		out->object.id = lease->id;
		return 1;
	}
	if (!p->o->lease_all)
		return 0;
	if (remote_tracking(p->o->remote, row->destination, &tracking, err) < 0)
		return -1;
	if (!tracking.len)
		return error_set(err, DRIFT_ERR_INVALID, "nothing is known of what '%s' held: give a value (--force-with-lease=REF:OLD)",
				 row->destination);
	return odb_ref_read(repo_odb(p->repo), tracking.data, false, out, err) ? -1 : 1;
}

/* Does it go forward, as far as we can tell? */
static int compare(struct push *p, struct pushed_ref *row, struct drift_error *err)
{
	struct odb *odb = repo_odb(p->repo);
	auto_commit *old = NULL, *new = NULL;
	enum object_kind old_kind, new_kind;
	uint64_t old_loc, new_loc;
	bool force = row->status == PUSH_FORCED;
	int found = odb_find(odb, &row->old, &old_kind, &old_loc, err), ahead = 0;

	if (found < 0 || odb_find(odb, &row->new, &new_kind, &new_loc, err) < 0)
		return -1;
	if (!found) {
		row->status = force ? PUSH_FORCED : PUSH_UNKNOWN;
		return 0;
	}
	if (old_kind == OBJECT_COMMIT && new_kind == OBJECT_COMMIT && refname_is_branch(row->destination)) {
		if (odb_commit(odb, &row->old, old_loc, &old, err) || odb_commit(odb, &row->new, new_loc, &new, err))
			return -1;
		ahead = graph_is_ancestor(p->repo, old, new, err);
	} else if (strncmp(row->destination, REF_TAGS, strlen(REF_TAGS)) && !refname_is_branch(row->destination)) {
		ahead = 1;
	}
	if (ahead > 0)
		row->status = PUSH_FORWARD;
	return ahead < 0 ? -1 : 0;
}

static int judge(struct push *p, struct pushed_ref *row, struct drift_error *err)
{
	const struct client_ref *there = client_refs_find(p->theirs, row->destination);
	struct ref_value lease = { .kind = REF_ABSENT };
	int leased = lease_of(p, row, &lease, err);

	if (leased < 0)
		return -1;
	row->has_old = there != NULL;
	if (there)
		row->old = there->id;
	if (p->o->force || leased)
		row->status = PUSH_FORCED;
	if (there && row->has_new && oid_equal(&row->old, &row->new)) {
		row->status = PUSH_SAME;
		return 0;
	}
	if (leased &&
	    (there ? lease.kind != REF_OBJECT || !oid_equal(&lease.object.id, &row->old) : lease.kind == REF_OBJECT)) {
		row->status = PUSH_STALE;
		return 0;
	}
	if (!row->has_new)
		row->status = PUSH_REMOVED;
	else if (!there)
		row->status = PUSH_NEW;
	return row->has_new && there ? compare(p, row, err) : 0;
}

/* All or none: what could be done is not, where another cannot. */
static void settle(struct push *p)
{
	struct push_result *r = &p->result;
	bool failed = false;

	for (size_t i = 0; i < r->count; i++)
		failed |= push_status_failed(r->refs[i].status);
	for (size_t i = 0; i < r->count && failed && !p->o->independent; i++) {
		if (!push_status_failed(r->refs[i].status) && r->refs[i].status != PUSH_SAME)
			r->refs[i].status = PUSH_NOT_TRIED;
	}
}

/* ---- doing it ---- */

static bool is_sent(const struct pushed_ref *row)
{
	return row->status != PUSH_SAME && !push_status_failed(row->status);
}

struct parcel {
	struct message_push push;
	struct oid *wants, *haves;
	size_t want_count, have_count;
};

static void parcel_release(struct parcel *parcel)
{
	message_push_release(&parcel->push);
	free(parcel->wants);
	free(parcel->haves);
}
#define auto_parcel __attribute__((cleanup(parcel_release))) struct parcel

static void add_want(struct parcel *parcel, const struct oid *id)
{
	for (size_t i = 0; i < parcel->want_count; i++) {
		if (oid_equal(&parcel->wants[i], id))
			return;
	}
	parcel->wants[parcel->want_count++] = *id;
}

static int pack(struct push *p, struct parcel *out, struct drift_error *err)
{
	struct push_result *r = &p->result;

	buf_init(&out->push.memory);
	out->push.updates = mem_calloc(r->count + 1, sizeof(*out->push.updates));
	out->wants = mem_calloc(r->count + 1, sizeof(*out->wants));
	out->haves = mem_calloc(p->theirs->count + p->theirs->incoming_count + 1, sizeof(*out->haves));
	if (!out->push.updates || !out->wants || !out->haves)
		return error_no_memory(err);
	for (size_t i = 0; i < r->count; i++) {
		const struct pushed_ref *row = &r->refs[i];

		if (!is_sent(row))
			continue;
		if (row->has_new)
			add_want(out, &row->new);
		out->push.updates[out->push.count++] = (struct message_update){
			.name = { row->destination, strlen(row->destination) }, .has_old = row->has_old, .has_new = row->has_new,
			.old = row->old, .new = row->new, .force = row->status == PUSH_FORCED,
		};
	}
	for (size_t i = 0; i < p->theirs->count; i++)
		out->haves[out->have_count++] = p->theirs->items[i].id;
	for (size_t i = 0; i < p->theirs->incoming_count; i++)
		out->haves[out->have_count++] = p->theirs->incoming[i];
	out->push.has_data = out->want_count > 0;
	out->push.independent = p->o->independent;
	out->push.actor = (struct text){ p->o->actor, strlen(p->o->actor) };
	return 0;
}

static enum push_status status_of(enum update_status outcome, enum push_status meant)
{
	switch (outcome) {
	case UPDATE_DONE:
		return meant;
	case UPDATE_STALE:
		return PUSH_STALE;
	case UPDATE_DIVERGED:
		return PUSH_DIVERGED;
	case UPDATE_NOT_TRIED:
		return PUSH_NOT_TRIED;
	case UPDATE_REFUSED:
		break;
	}
	return PUSH_REFUSED;
}

static int take_outcomes(struct push *p, const struct message_result *outcomes, struct drift_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < p->result.count; i++) {
		struct pushed_ref *row = &p->result.refs[i];
		const struct message_outcome *outcome;
		char *sentence;

		if (!is_sent(row))
			continue;
		outcome = &outcomes->outcomes[n++];
		sentence = mem_dup_str(outcome->sentence.data, outcome->sentence.len);
		if (!sentence)
			return error_no_memory(err);
		free(row->sentence);
		row->sentence = sentence;
		row->status = status_of(outcome->status, row->status);
	}
	return 0;
}

static int send_all(struct push *p, struct drift_error *err)
{
	auto_parcel parcel = { .wants = NULL };
	struct sync_send_options what = { .progress = p->o->progress };
	struct message_result outcomes;
	int r;

	if (pack(p, &parcel, err))
		return -1;
	if (!parcel.push.count)
		return 0;
	what.wants = parcel.wants;
	what.want_count = parcel.want_count;
	what.haves = parcel.haves;
	what.have_count = parcel.have_count;
	if (client_push(p->client, &parcel.push, &what, &outcomes, &p->result.counts, err))
		return -1;
	p->result.sent = true;
	r = take_outcomes(p, &outcomes, err);
	message_result_release(&outcomes);
	return r;
}

/* The remote has what we sent: our memory of it follows. */
static int move_tracking(struct push *p, struct drift_error *err)
{
	struct push_result *r = &p->result;
	auto_free struct ref_change *changes = mem_calloc(r->count + 1, sizeof(*changes));
	auto_free struct buf *names = mem_calloc(r->count + 1, sizeof(*names));
	struct ref_transaction t = {
		.changes = changes, .actor = TRACKING_ACTOR, .reason = "push: what the remote has now", .time_usec = p->o->time_usec,
	};
	int failed = 0;

	if (!changes || !names)
		return error_no_memory(err);
	for (size_t i = 0; i < r->count && !failed; i++) {
		const struct pushed_ref *row = &r->refs[i];
		struct ref_change *change = &changes[t.change_count];
		struct ref_value now;
		int tracked;

		buf_init(&names[i]);
		if (push_status_failed(row->status))
			continue;
		tracked = remote_tracking(p->o->remote, row->destination, &names[i], err);
		failed = tracked < 0 || (tracked && odb_ref_read(repo_odb(p->repo), names[i].data, false, &now, err)) ? -1 : 0;
		if (tracked <= 0 || failed || (row->has_new ? now.kind == REF_OBJECT && oid_equal(&now.object.id, &row->new) :
							      now.kind == REF_ABSENT))
			continue;
		*change = (struct ref_change){ .name = names[i].data };
		if (row->has_new)
			change->value = (struct ref_value){ .kind = REF_OBJECT, .object = { .id = row->new } };
		t.change_count++;
	}
	if (!failed && t.change_count)
		failed = refs_apply(repo_odb(p->repo), &t, err);
	for (size_t i = 0; i < r->count; i++)
		buf_release(&names[i]);
	return failed;
}

static int ask_refs(struct push *p, struct drift_error *err)
{
	struct message_words words = { .items = NULL };
	const struct client_request request = { .refs = &words, .list_only = true };
	bool data_follows;
	int r;

	p->theirs = p->o->theirs;
	if (p->theirs)
		return 0;
	p->theirs = &p->asked;
	r = message_words_add(&words, "refs/*", err);
	if (!r)
		r = client_fetch(p->client, &request, &p->asked, &data_follows, err);
	free(words.items);
	return r;
}

static int perform(struct push *p, struct drift_error *err)
{
	struct push_result *r = &p->result;

	if (ask_refs(p, err) || map_all(p, err))
		return -1;
	for (size_t i = 0; i < r->count; i++) {
		if (judge(p, &r->refs[i], err))
			return -1;
	}
	settle(p);
	if (!p->o->dry_run && (send_all(p, err) || move_tracking(p, err)))
		return -1;
	for (size_t i = 0; i < r->count; i++)
		r->failed_count += push_status_failed(r->refs[i].status);
	return 0;
}

int push_run(struct repo *repo, struct client *client, const struct push_options *options, struct push_result *out,
	     struct drift_error *err)
{
	auto_push p = { .repo = repo, .client = client, .o = options };

	if (perform(&p, err))
		return -1;
	*out = p.result;
	p.result = (struct push_result){ .refs = NULL };
	return 0;
}
