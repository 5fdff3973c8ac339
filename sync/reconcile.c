#include "sync/reconcile.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/random.h"
#include "refs/refname.h"

#define PAUSE_MIN_MS 2U
#define PAUSE_MAX_MS 500U

struct reconcile {
	struct repo *repo;
	struct client *client;
	const struct reconcile_options *o;
	struct reconcile_result *out;
};

/* Who lost a race waits for a time of his own, lest the same two meet again. */
static void pause_before(unsigned attempt)
{
	unsigned limit_ms = attempt < 8 ? PAUSE_MIN_MS << attempt : PAUSE_MAX_MS;
	struct timespec pause;
	uint32_t random;

	if (random_bytes(&random, sizeof(random), NULL))
		random = attempt;
	pause.tv_sec = 0;
	pause.tv_nsec = (long)(random % (limit_ms * 1000)) * 1000;
	nanosleep(&pause, NULL);
}

static void add_counts(struct sync_counts *to, const struct sync_counts *from)
{
	to->commit_count += from->commit_count;
	to->change_count += from->change_count;
	to->tag_count += from->tag_count;
	to->content_len += from->content_len;
	to->stream_len += from->stream_len;
}

/* What the remote is set to fetch, and the branches at hand where that leaves them out. */
static int fetch_specs(struct reconcile *r, struct refspec_list *out, struct drift_error *err)
{
	const struct remote *remote = r->o->remote;

	for (size_t i = 0; i < remote->fetch.count; i++) {
		const struct refspec *spec = &remote->fetch.items[i];
		auto_buf text = BUF_INIT;

		buf_addf(&text, "%s%s%s%s", spec->exclude ? "^" : spec->force ? "+" : "", spec->source,
			 spec->destination ? ":" : "", spec->destination ? spec->destination : "");
		if (buf_check(&text, err) || refspec_add(out, text.data, REFSPEC_FETCH, err))
			return -1;
	}
	for (size_t i = 0; i < r->o->count; i++) {
		const char *name = r->o->branches[i].theirs;
		auto_buf tracking = BUF_INIT;
		int tracked = remote_tracking(remote, name, &tracking, err);

		if (tracked < 0 || (!tracked && refspec_add(out, name, REFSPEC_FETCH, err)))
			return -1;
	}
	return 0;
}

static int fetch(struct reconcile *r, struct fetch_result *result, struct drift_error *err)
{
	auto_refspecs specs = { .items = NULL };
	const struct fetch_options options = {
		.remote = r->o->remote, .specs = &specs, .tags = r->o->tags, .prune = r->o->remote->prune,
		.lenient = true, .actor = r->o->actor, .time_usec = r->o->time_usec, .progress = r->o->progress,
	};

	if (fetch_specs(r, &specs, err) || fetch_run(r->repo, r->client, &options, result, err))
		return -1;
	add_counts(&r->out->received, &result->counts);
	if (r->o->fetched)
		r->o->fetched(r->o->data, result);
	return 0;
}

static int join(struct reconcile *r, struct reconcile_branch *b, const struct client_ref *theirs, struct drift_error *err)
{
	const struct remote *remote = r->o->remote;
	const struct join_options options = {
		.branch = b->ours, .with = &theirs->id, .from = remote->name ? remote->name : remote->url,
		.no_conflicts = r->o->no_conflicts, .actor = r->o->actor, .time_usec = r->o->time_usec,
	};
	struct join_result result;

	if (theirs->kind != OBJECT_COMMIT)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' of the other end is a tag", theirs->name);
	if (branch_join(r->repo, &options, &result, err))
		return error_prefix(err, DRIFT_OK, "cannot merge '%s'", refname_short(b->ours));
	if (result.kind != MERGE_NOTHING || !b->joined) {
		/* What it held before the first attempt is what people want to know. */
		if (b->joined && !b->join.created)
			result.old = b->join.old;
		b->join = result;
	}
	b->joined = true;
	return 0;
}

static int join_all(struct reconcile *r, const struct fetch_result *fetched, struct drift_error *err)
{
	for (size_t i = 0; i < r->o->count; i++) {
		struct reconcile_branch *b = &r->o->branches[i];
		const struct client_ref *theirs = client_refs_find(&fetched->theirs, b->theirs);
		struct ref_resolved ours;

		b->old = b->new = theirs ? theirs->id : (struct oid){ { 0 } };
		if (theirs && join(r, b, theirs, err))
			return -1;
		if (theirs)
			continue;
		if (refs_resolve(repo_odb(r->repo), b->ours, false, &ours, err))
			return -1;
		if (!ours.exists)
			return error_set(err, DRIFT_ERR_NOT_FOUND, "neither has a branch '%s'", refname_short(b->theirs));
	}
	return 0;
}

static int push_specs(struct reconcile *r, struct refspec_list *out, struct drift_error *err)
{
	for (size_t i = 0; i < r->o->count; i++) {
		const struct reconcile_branch *b = &r->o->branches[i];
		struct ref_resolved ours;
		auto_buf text = BUF_INIT;

		if (refs_resolve(repo_odb(r->repo), b->ours, false, &ours, err))
			return -1;
		if (oid_equal(&ours.object.id, &b->old))
			continue;
		buf_addf(&text, "%s:%s", b->ours, b->theirs);
		if (buf_check(&text, err) || refspec_add(out, text.data, REFSPEC_PUSH, err))
			return -1;
	}
	return 0;
}

/* Notes what became of each; the number of those that lost a race. */
static size_t note_pushed(struct reconcile *r, const struct push_result *result)
{
	size_t lost = 0;

	r->out->failed_count = 0;
	for (size_t i = 0; i < result->count; i++) {
		const struct pushed_ref *ref = &result->refs[i];

		lost += ref->status == PUSH_STALE || ref->status == PUSH_UNKNOWN || ref->status == PUSH_DIVERGED;
		r->out->failed_count += push_status_failed(ref->status);
		for (size_t k = 0; k < r->o->count; k++) {
			struct reconcile_branch *b = &r->o->branches[k];

			if (strcmp(b->theirs, ref->destination) != 0)
				continue;
			b->pushed = true;
			b->push = ref->status;
			if (!push_status_failed(ref->status))
				b->new = ref->new;
			snprintf(b->sentence, sizeof(b->sentence), "%s", ref->sentence);
		}
	}
	return lost;
}

/* 1 done / 0 again / -1 */
static int attempt(struct reconcile *r, struct drift_error *err)
{
	auto_fetch_result fetched = { .refs = NULL };
	auto_refspecs specs = { .items = NULL };
	auto_push_result pushed = { .refs = NULL };
	struct push_options options = {
		.remote = r->o->remote, .specs = &specs, .theirs = &fetched.theirs, .independent = true,
		.actor = r->o->actor, .time_usec = r->o->time_usec, .progress = r->o->progress,
	};

	if (fetch(r, &fetched, err) || join_all(r, &fetched, err) || push_specs(r, &specs, err))
		return -1;
	r->out->failed_count = 0;
	if (!specs.count)
		return 1;
	if (push_run(r->repo, r->client, &options, &pushed, err))
		return -1;
	add_counts(&r->out->sent, &pushed.counts);
	return note_pushed(r, &pushed) ? 0 : 1;
}

int reconcile_run(struct repo *repo, struct client *client, const struct reconcile_options *options,
		  struct reconcile_result *out, struct drift_error *err)
{
	struct reconcile_result result = { .attempts = 0 };
	struct reconcile r = { repo, client, options, &result };
	int done = 0;

	while (!done && result.attempts < RECONCILE_ATTEMPTS_MAX) {
		if (result.attempts)
			pause_before(result.attempts);
		result.attempts++;
		done = attempt(&r, err);
	}
	if (!done)
		return error_set(err, DRIFT_ERR_CLASH, "others were quicker %d times", RECONCILE_ATTEMPTS_MAX);
	if (done < 0)
		return -1;
	*out = result;
	return 0;
}
