#include <string.h>

#include "api/api_internal.h"
#include "base/date.h"
#include "refs/refname.h"
#include "sync/reconcile.h"

/* What the three calls have in common: a connection, and the branch at hand. */
struct meeting {
	struct repo *repo;
	const struct drift_remote_options *o;
	struct remote *remote;
	struct client *client;
	struct buf branch; /* full name */
	int64_t time_usec;
	struct drift_remote_result result;
};

static void meeting_release(struct meeting *m)
{
	client_close(m->client);
	remote_free(m->remote);
	buf_release(&m->branch);
}
#define auto_meeting __attribute__((cleanup(meeting_release))) struct meeting

static int find_remote(struct meeting *m, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };

	if (!remote_load(m->repo, m->o->remote, &m->remote, &why))
		return 0;
	if (why.code == DRIFT_ERR_NOT_FOUND && strpbrk(m->o->remote, ":/"))
		return remote_of_url(m->o->remote, &m->remote, err);
	return error_set(err, why.code, "%s", why.message);
}

static int find_branch(struct meeting *m, struct drift_error *err)
{
	struct ref_resolved head;
	const char *name;

	if (api_branch(m->o->branch, &m->branch, &name, err))
		return -1;
	if (name)
		return 0;
	if (refs_resolve(repo_odb(m->repo), REF_HEAD, false, &head, err))
		return -1;
	buf_add_str(&m->branch, head.name);
	return buf_check(&m->branch, err);
}

static int check_options(const struct drift_remote_options *o, struct drift_error *err)
{
	if (!o->remote || !o->actor)
		return error_set(err, DRIFT_ERR_INVALID, "a remote and an actor are needed");
	return who_check(o->actor, strlen(o->actor), err) ? error_prefix(err, DRIFT_OK, "actor") : 0;
}

static int meet(struct meeting *m, bool push, struct drift_error *err)
{
	struct client_options how = { .push = push };

	if (check_options(m->o, err) || find_remote(m, err) || !m->remote || find_branch(m, err))
		return -1;
	how.remote = m->remote;
	m->time_usec = date_now_us();
	return client_open(m->repo, &how, &m->client, err);
}

static void part(struct meeting *m, struct drift_remote_result *result_out)
{
	struct wire_counts counts;

	client_counts(m->client, &counts);
	m->result.bytes_in = counts.in_len;
	m->result.bytes_out = counts.out_len;
	m->result.round_trips = counts.turns;
	if (result_out)
		*result_out = m->result;
}

int drift_remote_fetch(struct drift_repo *repo, const struct drift_remote_options *options,
		       struct drift_remote_result *result_out, struct drift_error *err)
{
	auto_meeting m = { .repo = repo->repo, .o = options, .branch = BUF_INIT };
	struct fetch_options how = { .actor = options->actor, .force = options->force };
	auto_fetch_result result = { .refs = NULL };
	auto_refspecs specs = { .items = NULL };
	const char *rejected = NULL;

	if (meet(&m, false, err) || (options->branch && refspec_add(&specs, m.branch.data, REFSPEC_FETCH, err)))
		return -1;
	how.remote = m.remote;
	how.specs = &specs;
	how.tags = m.remote->tags;
	how.prune = m.remote->prune;
	how.time_usec = m.time_usec;
	if (fetch_run(m.repo, m.client, &how, &result, err))
		return -1;
	for (size_t i = 0; i < result.count; i++) {
		if (result.refs[i].status == FETCH_REJECTED)
			rejected = result.refs[i].destination;
	}
	m.result.commits_in = result.counts.commit_count;
	part(&m, result_out);
	return rejected ? error_set(err, DRIFT_ERR_CLASH, "'%s' would not go forward", refname_short(rejected)) : 0;
}

static int refused(const struct pushed_ref *ref, struct drift_error *err)
{
	const char *why = *ref->sentence ? ref->sentence : ref->status == PUSH_STALE ? "it moved meanwhile" : "it would not go forward";

	return error_set(err, DRIFT_ERR_CLASH, "'%s' was not moved: %s", refname_short(ref->destination), why);
}

int drift_remote_push(struct drift_repo *repo, const struct drift_remote_options *options,
		      struct drift_remote_result *result_out, struct drift_error *err)
{
	auto_meeting m = { .repo = repo->repo, .o = options, .branch = BUF_INIT };
	struct push_options how = { .actor = options->actor, .force = options->force };
	auto_push_result result = { .refs = NULL };
	auto_refspecs specs = { .items = NULL };

	if (meet(&m, true, err) || refspec_add(&specs, m.branch.data, REFSPEC_PUSH, err))
		return -1;
	how.remote = m.remote;
	how.specs = &specs;
	how.time_usec = m.time_usec;
	if (push_run(m.repo, m.client, &how, &result, err))
		return -1;
	m.result.commits_out = result.counts.commit_count;
	part(&m, result_out);
	return result.failed_count ? refused(&result.refs[0], err) : 0;
}

int drift_remote_sync(struct drift_repo *repo, const struct drift_remote_options *options,
		      struct drift_remote_result *result_out, struct drift_error *err)
{
	auto_meeting m = { .repo = repo->repo, .o = options, .branch = BUF_INIT };
	struct reconcile_branch branch = { .joined = false };
	struct reconcile_options how = {
		.branches = &branch, .count = 1, .no_conflicts = options->no_conflicts, .actor = options->actor,
	};
	struct reconcile_result result;

	if (meet(&m, true, err))
		return -1;
	branch.ours = branch.theirs = m.branch.data;
	how.remote = m.remote;
	how.tags = m.remote->tags;
	how.time_usec = m.time_usec;
	if (reconcile_run(m.repo, m.client, &how, &result, err))
		return -1;
	m.result.commits_in = result.received.commit_count;
	m.result.commits_out = result.sent.commit_count;
	m.result.conflict_count = branch.joined ? branch.join.conflict_count : 0;
	part(&m, result_out);
	if (result.failed_count)
		return error_set(err, DRIFT_ERR_CLASH, "'%s' was not moved: %s", refname_short(branch.theirs), branch.sentence);
	return 0;
}
