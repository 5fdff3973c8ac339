#include "sync/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/loc.h"
#include "refs/refname.h"
#include "refs/refs.h"
#include "sync/ancestry.h"

struct fetch {
	struct repo *repo;
	struct client *client;
	const struct fetch_options *o;
	struct refspec_list own;         /* made where the caller's specs do not say all */
	const struct refspec_list *specs;
	struct message_words asked;      /* of texts in `texts` */
	char **texts;
	size_t text_count, text_capacity;
	size_t spec_start;               /* the first row of the spec at hand, whose names are unlike each other */
	struct received *received;       /* NULL: nothing was sent */
	struct ref_snapshot ours;        /* as they stand when the answer is there */
	struct fetch_result result;
};

static void fetch_release(struct fetch *f)
{
	refspec_list_release(&f->own);
	free(f->asked.items);
	for (size_t i = 0; i < f->text_count; i++)
		free(f->texts[i]);
	free(f->texts);
	received_free(f->received);
	ref_snapshot_release(&f->ours);
	fetch_result_release(&f->result);
}
#define auto_fetch __attribute__((cleanup(fetch_release))) struct fetch

void fetch_result_release(struct fetch_result *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->refs[i].source);
		free(r->refs[i].destination);
	}
	free(r->refs);
	client_refs_release(&r->theirs);
	*r = (struct fetch_result){ .refs = NULL };
}

/* ---- what to ask for ---- */

static int ask_for(struct fetch *f, struct buf *text, struct drift_error *err)
{
	if (mem_grow(&f->texts, &f->text_capacity, f->text_count + 1, sizeof(*f->texts)))
		return error_no_memory(err);
	if (buf_check(text, err))
		return -1;
	f->texts[f->text_count] = buf_take(text, NULL);
	if (!f->texts[f->text_count])
		return error_no_memory(err);
	return message_words_add(&f->asked, f->texts[f->text_count++], err);
}

/* A short name may stand for several; those that are not there cost a few bytes. */
static int ask_spec(struct fetch *f, const struct refspec *spec, struct drift_error *err)
{
	auto_buf text = BUF_INIT;

	if (spec->pattern || refname_valid(spec->source, strlen(spec->source))) {
		buf_addf(&text, "%s%s", spec->exclude ? "^" : "", spec->source);
		return ask_for(f, &text, err);
	}
	for (size_t i = 0; i < REFNAME_RULE_COUNT && !spec->exclude; i++) {
		auto_buf full = BUF_INIT;

		if (refname_expand(spec->source, strlen(spec->source), i, &full) && ask_for(f, &full, err))
			return -1;
	}
	return 0;
}

static int choose_specs(struct fetch *f, struct drift_error *err)
{
	const struct remote *remote = f->o->remote;

	f->specs = f->o->specs && f->o->specs->count ? f->o->specs : &remote->fetch;
	if (f->specs->count)
		return 0;
	f->specs = &f->own;
	return refspec_add(&f->own, REF_HEAD, REFSPEC_FETCH, err);
}

static int ask_all(struct fetch *f, struct drift_error *err)
{
	auto_buf tags = BUF_INIT;

	for (size_t i = 0; i < f->specs->count; i++) {
		if (ask_spec(f, &f->specs->items[i], err))
			return -1;
	}
	buf_addf(&tags, "%s*", REF_TAGS);
	return f->o->tags == REMOTE_TAGS_ALL ? ask_for(f, &tags, err) : 0;
}

/* ---- what becomes of what ---- */

static struct fetched_ref *add_row(struct fetch *f, struct drift_error *err)
{
	struct fetch_result *r = &f->result;

	if (mem_grow(&r->refs, &r->capacity, r->count + 1, sizeof(*r->refs))) {
		error_no_memory(err);
		return NULL;
	}
	r->refs[r->count] = (struct fetched_ref){ .source = NULL };
	return &r->refs[r->count++];
}

static bool is_destination(const struct fetch *f, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++) {
		if (f->result.refs[i].destination && !strcmp(f->result.refs[i].destination, name))
			return true;
	}
	return false;
}

/* destination NULL or "": none. A ref of ours gets one value alone. */
static int add_ref(struct fetch *f, const struct client_ref *ref, const char *destination, bool force, bool asked,
		   struct drift_error *err)
{
	struct fetched_ref *row;

	if (destination && *destination && is_destination(f, f->spec_start, destination))
		return 0;
	row = add_row(f, err);
	if (!row)
		return -1;
	row->source = mem_dup_str(ref->name, strlen(ref->name));
	if (destination && *destination)
		row->destination = mem_dup_str(destination, strlen(destination));
	if (!row->source || (destination && *destination && !row->destination))
		return error_no_memory(err);
	row->kind = ref->kind;
	row->new.id = ref->id;
	row->new.loc = LOC_UNKNOWN;
	row->asked = asked;
	/* Until it is known what is there, the status says what a move that is no fast-forward would be. */
	row->status = force || f->o->force ? FETCH_FORCED : FETCH_REJECTED;
	return 0;
}

/* "main:other" makes a branch of a branch, a tag of a tag. */
static int full_destination(const struct refspec *spec, const struct client_ref *ref, struct buf *out, struct drift_error *err)
{
	const char *name = spec->destination;

	if (!name)
		return 0;
	if (!strncmp(name, "refs/", 5))
		buf_add_str(out, name);
	else
		buf_addf(out, "%s%s", strncmp(ref->name, REF_TAGS, strlen(REF_TAGS)) ? REF_HEADS : REF_TAGS, name);
	if (buf_check(out, err) || refname_check(out->data, out->len, err))
		return -1;
	if (refname_is_branch(out->data) && ref->kind != OBJECT_COMMIT)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' is a tag: a branch cannot stand there", ref->name);
	return 0;
}

/* What a named ref of the remote is tracked by, whatever was typed. */
static int track(struct fetch *f, const struct client_ref *ref, struct drift_error *err)
{
	auto_buf tracking = BUF_INIT;
	int r = remote_tracking(f->o->remote, ref->name, &tracking, err);

	return r > 0 ? add_ref(f, ref, tracking.data, true, false, err) : r;
}

static int map_named(struct fetch *f, const struct refspec *spec, struct drift_error *err)
{
	const struct client_ref *ref = client_refs_find(&f->result.theirs, spec->source);
	auto_buf destination = BUF_INIT;

	for (size_t i = 0; i < REFNAME_RULE_COUNT && !ref; i++) {
		auto_buf full = BUF_INIT;

		if (refname_expand(spec->source, strlen(spec->source), i, &full) && !full.failed)
			ref = client_refs_find(&f->result.theirs, full.data);
	}
	if (!ref && f->o->lenient)
		return 0;
	if (!ref)
		return error_set(err, DRIFT_ERR_NOT_FOUND, "the other end has no ref '%s'", spec->source);
	if (full_destination(spec, ref, &destination, err) ||
	    add_ref(f, ref, destination.data, spec->force, true, err))
		return -1;
	return f->o->remote->name ? track(f, ref, err) : 0;
}

static int map_many(struct fetch *f, const struct refspec *spec, struct drift_error *err)
{
	for (size_t i = 0; i < f->result.theirs.count; i++) {
		const struct client_ref *ref = &f->result.theirs.items[i];
		auto_buf destination = BUF_INIT;

		if (refspec_excluded(f->specs, ref->name) || !refspec_map(spec, ref->name, &destination))
			continue;
		if (buf_check(&destination, err) || (destination.len && refname_check(destination.data, destination.len, err)) ||
		    add_ref(f, ref, destination.data, spec->force, true, err))
			return -1;
	}
	return 0;
}

/* Tags come under their own names, and take no place that is taken unless they were asked for. */
static int map_tags(struct fetch *f, struct drift_error *err)
{
	for (size_t i = 0; i < f->result.theirs.count; i++) {
		const struct client_ref *ref = &f->result.theirs.items[i];
		bool all = f->o->tags == REMOTE_TAGS_ALL;

		if (strncmp(ref->name, REF_TAGS, strlen(REF_TAGS)))
			continue;
		if ((all || !ref_snapshot_find(&f->ours, ref->name)) && add_ref(f, ref, ref->name, false, all, err))
			return -1;
	}
	return 0;
}

static int map_all(struct fetch *f, struct drift_error *err)
{
	if (ref_snapshot_take(repo_odb(f->repo), "", &f->ours, err))
		return -1;
	for (size_t i = 0; i < f->specs->count; i++) {
		const struct refspec *spec = &f->specs->items[i];

		f->spec_start = f->result.count;
		if (!spec->exclude && (spec->pattern ? map_many(f, spec, err) : map_named(f, spec, err)))
			return -1;
	}
	f->spec_start = f->result.count;
	return f->o->tags == REMOTE_TAGS_NONE ? 0 : map_tags(f, err);
}

/* ---- what is there, and may be moved ---- */

static int find_new(struct fetch *f, struct fetched_ref *row, struct drift_error *err)
{
	enum object_kind kind;
	char hex[OID_HEX_LEN + 1];
	int found;

	if (f->received)
		found = received_find(f->received, &row->new.id, &kind, &row->new, err);
	else
		found = client_told(f->client, &row->new.id) ?
				odb_find(repo_odb(f->repo), &row->new.id, &kind, &row->new.loc, err) :
				0;
	if (found < 0)
		return -1;
	if (!found)
		return error_set(err, DRIFT_ERR_CORRUPT, "the other end told of %s (%s) and did not send it",
				 oid_to_hex(&row->new.id, hex), row->source);
	if (kind != row->kind)
		return error_set(err, DRIFT_ERR_CORRUPT, "the other end calls %s a %s, and it is a %s",
				 oid_to_hex(&row->new.id, hex), object_kind_name(row->kind), object_kind_name(kind));
	return 0;
}

/* Is it a move forward? Tags go nowhere. */
static int is_forward(struct fetch *f, const struct fetched_ref *row, struct drift_error *err)
{
	enum object_kind kind;
	struct object_ref old = row->old;
	int found = odb_find(repo_odb(f->repo), &old.id, &kind, &old.loc, err);

	if (found < 0 || !strncmp(row->destination, REF_TAGS, strlen(REF_TAGS)))
		return found < 0 ? -1 : 0;
	if (!found || kind != OBJECT_COMMIT || row->kind != OBJECT_COMMIT)
		return 0;
	return received_is_ancestor(f->repo, f->received, &old, &row->new, err);
}

static int judge(struct fetch *f, struct fetched_ref *row, struct drift_error *err)
{
	const struct ref_value *ours;
	int forward;

	if (!f->o->dry_run && find_new(f, row, err))
		return -1;
	if (!row->destination) {
		row->status = FETCH_NEW;
		return 0;
	}
	ours = ref_snapshot_find(&f->ours, row->destination);
	if (!ours) {
		row->status = FETCH_NEW;
		return 0;
	}
	if (ours->kind == REF_SYMBOLIC)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' points to '%s' here", row->destination, ours->target);
	row->old = ours->object;
	if (oid_equal(&row->old.id, &row->new.id)) {
		row->status = FETCH_SAME;
		return 0;
	}
	if (f->o->dry_run) {
		row->status = FETCH_MOVED;
		return 0;
	}
	forward = is_forward(f, row, err);
	if (forward > 0)
		row->status = FETCH_FORWARD;
	return forward < 0 ? -1 : 0;
}

/* Does one of the specs make this ref of ours, of a ref that the remote does not have? */
static bool is_orphan(const struct fetch *f, const char *name)
{
	for (size_t i = 0; i < f->specs->count; i++) {
		auto_buf source = BUF_INIT;

		if (f->specs->items[i].pattern && refspec_map_back(&f->specs->items[i], name, &source) && !source.failed &&
		    !client_refs_find(&f->result.theirs, source.data))
			return true;
	}
	return false;
}

static int add_orphan(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct fetch *f = data;
	struct fetched_ref *row;

	if (value->kind != REF_OBJECT || !is_orphan(f, name) || is_destination(f, f->result.count, name))
		return 0;
	row = add_row(f, err);
	if (!row)
		return -1;
	row->source = mem_dup_str("", 0);
	row->destination = mem_dup_str(name, strlen(name));
	row->old = value->object;
	row->status = FETCH_PRUNED;
	return row->source && row->destination ? 0 : error_no_memory(err);
}

/* ---- moving ---- */

static void add_change(const struct fetched_ref *row, struct ref_change *change)
{
	*change = (struct ref_change){ .name = row->destination, .expect = REF_EXPECT_ABSENT };
	if (!oid_is_zero(&row->old.id)) {
		change->expect = REF_EXPECT_OBJECT;
		change->old = row->old.id;
	}
	if (row->status != FETCH_PRUNED) {
		change->value.kind = REF_OBJECT;
		change->value.object = row->new;
	}
}

static bool moves(const struct fetched_ref *row)
{
	return row->destination && row->status != FETCH_SAME && row->status != FETCH_REJECTED;
}

/* Was it asked for, and has nothing of ours that it becomes? */
static bool is_homeless(const struct fetch *f, const struct fetched_ref *row)
{
	if (row->destination || !row->asked)
		return false;
	for (size_t i = 0; i < f->result.count; i++) {
		if (f->result.refs[i].destination && !strcmp(f->result.refs[i].source, row->source))
			return false;
	}
	return true;
}

/* Changes for all refs that move; the first that has no place goes to REF_FETCHED. */
static size_t plan(const struct fetch *f, struct ref_change *changes)
{
	size_t count = 0, incoming_count = 0;
	const struct ref_change *incoming = f->received ? received_incoming(f->received, &incoming_count) : NULL;
	bool fetched = false;

	for (size_t i = 0; i < f->result.count; i++) {
		const struct fetched_ref *row = &f->result.refs[i];

		if (moves(row))
			add_change(row, &changes[count++]);
		if (fetched || !is_homeless(f, row))
			continue;
		fetched = true;
		changes[count] = (struct ref_change){ .name = REF_FETCHED, .value = { .kind = REF_OBJECT } };
		changes[count++].value.object = row->new;
	}
	for (size_t i = 0; i < incoming_count; i++)
		changes[count++] = incoming[i];
	return count;
}

static int move_refs(struct fetch *f, struct drift_error *err)
{
	size_t incoming_count = 0;
	auto_free struct ref_change *changes = NULL;
	auto_buf reason = BUF_INIT;
	struct ref_transaction t = {
		.batch = f->received ? received_batch(f->received) : NULL, .actor = f->o->actor, .time_usec = f->o->time_usec,
	};

	if (f->received)
		(void)received_incoming(f->received, &incoming_count);
	changes = mem_calloc(f->result.count + incoming_count + 2, sizeof(*changes));
	if (!changes)
		return error_no_memory(err);
	buf_addf(&reason, "fetch: from %.200s", f->o->remote->name ? f->o->remote->name : f->o->remote->url);
	if (buf_check(&reason, err))
		return -1;
	t.changes = changes;
	t.change_count = plan(f, changes);
	t.reason = reason.data;
	return t.change_count ? refs_apply(repo_odb(f->repo), &t, err) : 0;
}

static int perform(struct fetch *f, struct drift_error *err)
{
	struct client_request request = { .refs = &f->asked, .list_only = f->o->dry_run };
	bool data_follows = false;

	request.follow_tags = f->o->tags == REMOTE_TAGS_FOLLOW;
	if (choose_specs(f, err) || ask_all(f, err) ||
	    client_fetch(f->client, &request, &f->result.theirs, &data_follows, err) ||
	    (data_follows && client_receive(f->client, f->o->progress, &f->received, err)))
		return -1;
	f->result.received = data_follows;
	if (f->received)
		received_counts(f->received, &f->result.counts);
	if (map_all(f, err))
		return -1;
	for (size_t i = 0; i < f->result.count; i++) {
		if (judge(f, &f->result.refs[i], err))
			return -1;
	}
	if (f->o->prune && odb_ref_each(repo_odb(f->repo), "refs/", add_orphan, f, err))
		return -1;
	return f->o->dry_run ? 0 : move_refs(f, err);
}

int fetch_run(struct repo *repo, struct client *client, const struct fetch_options *options, struct fetch_result *out,
	      struct drift_error *err)
{
	auto_fetch f = { .repo = repo, .client = client, .o = options };

	if (perform(&f, err))
		return -1;
	*out = f.result;
	f.result = (struct fetch_result){ .refs = NULL };
	return 0;
}
