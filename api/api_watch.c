#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "base/date.h"
#include "base/mem.h"
#include "refs/refs.h"
#include "repo/feed.h"

#define SLICE_MS 75 /* so long what no process says is not noticed */

struct drift_watch {
	struct drift_repo *repo;
	struct feed *feed;
	drift_watch_fn each;
	void *data;
	bool told; /* something, by the run at hand */
	char ref[REF_NAME_MAX + 1];
};

static enum drift_change_kind kind_of(enum change_kind kind)
{
	return kind == CHANGE_ADD ? DRIFT_ADD : kind == CHANGE_DELETE ? DRIFT_DELETE : DRIFT_MODIFY;
}

static int tell(void *data, const struct feed_event *event, struct drift_error *err)
{
	static const enum drift_watch_kind kinds[] = {
		[FEED_CHANGE] = DRIFT_WATCH_CHANGE, [FEED_BACK] = DRIFT_WATCH_BACK, [FEED_RESET] = DRIFT_WATCH_RESET,
	};
	struct drift_watch *w = data;
	auto_buf path = BUF_INIT, next = BUF_INIT;
	struct drift_watch_event e = { .kind = kinds[event->kind], .has_commit = event->commit != NULL };

	w->told = true;
	if (event->kind != FEED_RESET) {
		path_format(&event->path, &path);
		e.change = kind_of(event->change);
	}
	feed_position_format(&event->next, &next);
	if (buf_check(&path, err) || buf_check(&next, err))
		return -1;
	if (event->commit)
		api_commit_of(event->commit, &e.commit);
	e.path = path.data;
	e.path_len = path.len;
	e.next = next.data;
	return w->each(w->data, &e, err);
}

/* What `next` of an event was, or a point. */
static int find_start(struct drift_watch *w, const char *since, const char *branch, struct feed_position *out,
		      struct drift_error *err)
{
	struct odb *odb = repo_odb(w->repo->repo);
	auto_point point = POINT_INIT;
	auto_commit *tip = NULL;
	struct ref_resolved at;
	int r;

	if (refs_resolve(odb, branch ? branch : REF_HEAD, false, &at, err))
		return -1;
	memcpy(w->ref, at.name, sizeof(at.name));
	*out = (struct feed_position){ .told = 0 };
	if (!since) {
		r = refs_commit(odb, w->ref, false, &tip, err);
		if (r > 0)
			out->id = tip->id;
		return r < 0 ? -1 : 0;
	}
	if (feed_position_parse(since, out) && out->told)
		return 0;
	*out = (struct feed_position){ .told = 0 };
	if (point_resolve(w->repo->repo, since, strlen(since), branch, &point, err))
		return -1;
	if (point.bare_tree)
		return error_set(err, DRIFT_ERR_INVALID, "'%.200s' is a tree, of no commit", since);
	if (point.commit)
		out->id = point.commit->id;
	return 0;
}

int drift_watch_open(struct drift_repo *repo, const struct drift_watch_options *options, struct drift_watch **watch_out,
		     struct drift_error *err)
{
	struct drift_watch *w = mem_calloc(1, sizeof(*w));
	struct feed_options how = { .each = tell, .data = w };
	auto_buf storage = BUF_INIT;
	const char *branch;

	if (!w)
		return error_no_memory(err);
	w->repo = api_repo_ref(repo);
	w->each = options->each;
	w->data = options->data;
	how.ref = w->ref;
	if (api_branch(options->branch, &storage, &branch, err) || find_start(w, options->since, branch, &how.since, err) ||
	    feed_open(repo->repo, &how, &w->feed, err)) {
		drift_watch_close(w);
		return -1;
	}
	*watch_out = w;
	return 0;
}

int drift_watch_run(struct drift_watch *w, int timeout_ms, struct drift_error *err)
{
	struct odb *odb = repo_odb(w->repo->repo);
	int64_t until = date_monotonic_us() + (int64_t)timeout_ms * 1000;

	w->told = false;
	for (;;) {
		uint32_t turn = odb_turn(odb);
		int r = feed_run(w->feed, err), slice = SLICE_MS;
		int64_t left = until - date_monotonic_us();

		if (r || w->told || !timeout_ms || (timeout_ms > 0 && left <= 0))
			return r;
		if (timeout_ms > 0 && left < (int64_t)slice * 1000)
			slice = (int)((left + 999) / 1000);
		odb_wait(odb, turn, slice);
	}
}

void drift_watch_close(struct drift_watch *w)
{
	if (!w)
		return;
	feed_free(w->feed);
	drift_close(w->repo);
	free(w);
}
