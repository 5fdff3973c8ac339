#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "base/mem.h"
#include "repo/documents.h"
#include "repo/history.h"

struct drift_log {
	struct drift_repo *repo;
	struct revwalk *walk;
	uint64_t left; /* to be given; UINT64_MAX: all */
	struct commit *commit;
};

static int log_start(struct drift_log *log, const struct drift_log_options *o, struct drift_error *err)
{
	struct revwalk_options walk = { .order = o->topological ? REVWALK_TOPOLOGICAL : REVWALK_TIME,
					.first_parent = o->first_parent };
	auto_buf storage = BUF_INIT;
	auto_commit *tip = NULL;
	const char *branch;
	int r;

	log->left = o->limit ? o->limit : UINT64_MAX;
	if (api_branch(o->branch, &storage, &branch, err) || revwalk_new(log->repo->repo, &walk, &log->walk, err))
		return -1;
	if (o->point)
		return point_range(log->repo->repo, o->point, strlen(o->point), branch, log->walk, err);
	r = refs_commit(repo_odb(log->repo->repo), branch ? branch : REF_HEAD, false, &tip, err);
	return r > 0 ? revwalk_include(log->walk, tip, err) : r;
}

int drift_log_open(struct drift_repo *repo, const struct drift_log_options *options, struct drift_log **log_out,
		   struct drift_error *err)
{
	static const struct drift_log_options defaults;
	struct drift_log *log = mem_calloc(1, sizeof(*log));

	if (!log)
		return error_no_memory(err);
	log->repo = api_repo_ref(repo);
	if (log_start(log, options ? options : &defaults, err)) {
		drift_log_close(log);
		return -1;
	}
	*log_out = log;
	return 0;
}

int drift_log_next(struct drift_log *log, struct drift_commit *commit_out, struct drift_error *err)
{
	int r;

	commit_unref(log->commit);
	log->commit = NULL;
	if (!log->left)
		return 0;
	r = revwalk_next(log->walk, &log->commit, err);
	if (r <= 0)
		return r;
	if (log->left != UINT64_MAX)
		log->left--;
	api_commit_of(log->commit, commit_out);
	return 1;
}

void drift_log_close(struct drift_log *log)
{
	if (!log)
		return;
	commit_unref(log->commit);
	revwalk_free(log->walk);
	drift_close(log->repo);
	free(log);
}

/* --- history --- */

struct drift_history {
	struct drift_repo *repo;
	struct history *history;
};

static enum drift_change_kind kind_of(enum change_kind kind)
{
	return kind == CHANGE_ADD ? DRIFT_ADD : kind == CHANGE_DELETE ? DRIFT_DELETE : DRIFT_MODIFY;
}

int drift_history_open(struct drift_snapshot *snapshot, const char *path, struct drift_history **history_out,
		       struct drift_error *err)
{
	struct drift_history *h = mem_calloc(1, sizeof(*h));

	if (!h)
		return error_no_memory(err);
	h->repo = api_repo_ref(snapshot->repo);
	if (history_open(h->repo->repo, &snapshot->point, path, strlen(path), &h->history, err)) {
		drift_history_close(h);
		return -1;
	}
	*history_out = h;
	return 0;
}

int drift_history_next(struct drift_history *h, struct drift_version_info *version_out, struct drift_error *err)
{
	struct history_event event;
	int r = history_next(h->history, &event, err);

	if (r <= 0)
		return r;
	api_commit_of(event.commit, &version_out->commit);
	version_out->kind = kind_of(event.kind);
	return 1;
}

int drift_history_value(struct drift_history *h, struct drift_value *value_out, struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	struct document document;
	int present = history_document(h->history, &document, err);

	if (present <= 0)
		return present;
	if (document_read(h->repo->repo, &document, &bytes, err))
		return -1;
	return api_value_take(&bytes, &document, value_out, err) ? -1 : 1;
}

void drift_history_close(struct drift_history *h)
{
	if (!h)
		return;
	history_free(h->history);
	drift_close(h->repo);
	free(h);
}

/* --- differences --- */

struct diffing {
	struct drift_repo *repo;
	struct buf path;
	drift_change_fn each;
	void *data;
};

static int give_change(void *data, const struct path *path, const struct document *a, const struct document *b,
		       struct drift_error *err)
{
	struct diffing *d = data;
	struct drift_change change = { .reserved = { d->repo, a, b } };

	buf_clear(&d->path);
	path_format(path, &d->path);
	if (buf_check(&d->path, err))
		return -1;
	change.path = d->path.data;
	change.path_len = d->path.len;
	change.kind = !a ? DRIFT_ADD : !b ? DRIFT_DELETE : DRIFT_MODIFY;
	change.old_len = a ? api_document_len(a) : 0;
	change.new_len = b ? api_document_len(b) : 0;
	return d->each(d->data, &change, err);
}

int drift_diff(struct drift_snapshot *from, struct drift_snapshot *to, const char *prefix, drift_change_fn each,
	       void *data, struct drift_error *err)
{
	struct diffing d = { .repo = to->repo, .path = BUF_INIT, .each = each, .data = data };
	struct tree_diff_options options = {
		.prefix = prefix, .prefix_len = prefix ? strlen(prefix) : 0, .each = give_change, .data = &d
	};
	struct tree_root empty;
	int r;

	tree_empty(&empty);
	r = tree_diff(repo_nodes(to->repo->repo), from ? &from->point.tree : &empty, &to->point.tree, &options, err);
	buf_release(&d.path);
	return r;
}

int drift_change_value(const struct drift_change *change, enum drift_side side, struct drift_value *value_out,
		       struct drift_error *err)
{
	const struct drift_repo *repo = change->reserved[0];
	const struct document *doc = change->reserved[side == DRIFT_OLD ? 1 : 2];
	auto_buf bytes = BUF_INIT;

	if (!doc)
		return 0;
	if (document_read(repo->repo, doc, &bytes, err))
		return -1;
	return api_value_take(&bytes, doc, value_out, err) ? -1 : 1;
}
