#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api_internal.h"
#include "base/mem.h"
#include "base/random.h"
#include "repo/writer.h"

#define ATTEMPTS_DEFAULT 100
#define WAIT_MIN_US 50U
#define WAIT_MAX_US 20000U
#define FILE_TYPE 0170000U
#define FILE_REGULAR 0100000U

struct drift_txn {
	struct drift_repo *repo;
	struct buf branch_storage;
	const char *branch; /* full name, or NULL */
	struct edits *edits;
	struct drift_snapshot *base;
	bool ended;
};

int drift_txn_begin(struct drift_repo *repo, const char *branch, struct drift_txn **txn_out, struct drift_error *err)
{
	struct drift_txn *t = mem_calloc(1, sizeof(*t));

	if (!t) {
		error_no_memory(err);
		return -1;
	}
	t->repo = api_repo_ref(repo);
	buf_init(&t->branch_storage);
	if (api_branch(branch, &t->branch_storage, &t->branch, err) || edits_new(repo->repo, &t->edits, err) ||
	    drift_snapshot_open(repo, NULL, t->branch, &t->base, err)) {
		drift_txn_free(t);
		return -1;
	}
	*txn_out = t;
	return 0;
}

void drift_txn_free(struct drift_txn *t)
{
	if (!t)
		return;
	edits_free(t->edits);
	drift_snapshot_release(t->base);
	buf_release(&t->branch_storage);
	drift_close(t->repo);
	free(t);
}

int drift_txn_reset(struct drift_txn *t, struct drift_error *err)
{
	struct drift_snapshot *base;

	if (drift_snapshot_open(t->repo, NULL, t->branch, &base, err))
		return -1;
	drift_snapshot_release(t->base);
	t->base = base;
	t->ended = false;
	edits_clear(t->edits);
	return 0;
}

static int check_open(const struct drift_txn *t, struct drift_error *err)
{
	return t->ended ? error_set(err, DRIFT_ERR_INVALID, "the transaction has ended: reset it for another") : 0;
}

int drift_txn_put(struct drift_txn *t, const char *path, const void *data, size_t len, struct drift_error *err)
{
	if (check_open(t, err))
		return -1;
	return edits_put(t->edits, path, strlen(path), len ? data : "", len, DOCUMENT_NO_MODE, err);
}

int drift_txn_delete(struct drift_txn *t, const char *path, struct drift_error *err)
{
	return check_open(t, err) ? -1 : edits_remove(t->edits, path, strlen(path), true, err);
}

int drift_txn_patch(struct drift_txn *t, const char *path, enum drift_patch kind, const void *patch, size_t len,
		    struct drift_error *err)
{
	if (check_open(t, err))
		return -1;
	if (kind != DRIFT_MERGE_PATCH && kind != DRIFT_JSON_PATCH)
		return error_set(err, DRIFT_ERR_INVALID, "there is no kind of patch %d", (int)kind);
	return edits_patch(t->edits, path, strlen(path), kind == DRIFT_JSON_PATCH ? PATCH_JSON : PATCH_MERGE,
			   len ? patch : "", len, err);
}

int drift_txn_require(struct drift_txn *t, const char *path, const struct drift_id *id, struct drift_error *err)
{
	struct oid oid;

	if (check_open(t, err))
		return -1;
	if (id)
		oid = api_oid(id);
	return edits_if_match(t->edits, path, strlen(path), id ? &oid : NULL, err);
}

struct drift_snapshot *drift_txn_snapshot(struct drift_txn *t)
{
	return t->base;
}

/* What the edits make of a path, as a value with the mode that a put leaves to it; `before` may be NULL. */
static int preview(struct drift_txn *t, const char *path, const struct drift_value *before, struct drift_value *out,
		   struct drift_error *err)
{
	auto_buf bytes = BUF_INIT;
	int found = edits_preview(t->edits, &t->base->point.tree, path, strlen(path), &bytes, err);

	if (found <= 0)
		return found;
	if (api_value_take(&bytes, NULL, out, err))
		return -1;
	if (before && (before->mode & FILE_TYPE) == FILE_REGULAR)
		out->mode = before->mode;
	return 1;
}

int drift_txn_get(struct drift_txn *t, const char *path, struct drift_value *value_out, struct drift_error *err)
{
	struct drift_value before = { .data = NULL }, after = { .data = NULL };
	int had, has;

	if (check_open(t, err))
		return -1;
	had = drift_get(t->base, path, &before, err);
	if (had < 0)
		return -1;
	if (!edits_count(t->edits)) {
		if (had)
			*value_out = before;
		return had;
	}
	has = preview(t, path, had ? &before : NULL, &after, err);
	if (has > 0 && had && before.len == after.len && !memcmp(before.data, after.data, before.len)) {
		*value_out = before;
		drift_value_release(&after);
		return 1;
	}
	if (has > 0)
		*value_out = after;
	drift_value_release(&before);
	return has;
}

int drift_txn_get_for_update(struct drift_txn *t, const char *path, struct drift_value *value_out,
			     struct drift_error *err)
{
	struct drift_value before = { .data = NULL };
	struct drift_id id;
	int had, r;

	if (check_open(t, err))
		return -1;
	had = drift_get(t->base, path, &before, err);
	if (had < 0)
		return -1;
	if (had)
		drift_value_id(&before, &id);
	drift_value_release(&before);
	r = drift_txn_get(t, path, value_out, err);
	if (r < 0)
		return -1;
	if (!drift_txn_require(t, path, had ? &id : NULL, err))
		return r;
	if (r)
		drift_value_release(value_out);
	return -1;
}

int drift_txn_commit(struct drift_txn *t, const struct drift_commit_options *options,
		     struct drift_commit_result *result_out, struct drift_error *err)
{
	struct commit_options o = { .branch = t->branch,
				    .author = options->author,
				    .committer = options->committer,
				    .message = options->message ? options->message : "",
				    .has_time = options->has_time || options->time_us,
				    .time_usec = options->time_us,
				    .allow_empty = options->allow_empty,
				    .no_wait = options->no_wait };
	struct commit_result r = { .seq = 0 };

	if (check_open(t, err))
		return -1;
	o.message_len = strlen(o.message);
	if (options->expect) {
		o.has_expect = true;
		o.expect = api_oid(options->expect);
	}
	if (edits_commit(t->edits, &o, &r, err))
		return -1;
	t->ended = true;
	if (t->repo->maintainer)
		maintainer_look(t->repo->maintainer);
	if (result_out)
		*result_out = (struct drift_commit_result){
			.id = api_id(&r.id),
			.seq = r.seq,
			.changed_count = r.changed_count,
			.ticket = r.ticket,
			.rebased = r.seq != (t->base->point.commit ? t->base->point.commit->seq + 1 : 1),
		};
	return 0;
}

int drift_sync(struct drift_repo *repo, uint64_t ticket, struct drift_error *err)
{
	return odb_sync(repo_odb(repo->repo), ticket, err);
}

/* Longer each time, and not as long as others wait. */
static void wait_a_little(unsigned attempt)
{
	unsigned most_us = attempt < 9 ? WAIT_MIN_US << attempt : WAIT_MAX_US;
	struct timespec t = { .tv_sec = 0 };
	uint32_t number = 0;

	if (random_bytes(&number, sizeof(number), NULL))
		number = attempt;
	t.tv_nsec = (long)(number % most_us) * 1000;
	nanosleep(&t, NULL);
}

int drift_txn_retry(struct drift_repo *repo, const struct drift_retry *retry, struct drift_commit_result *result_out,
		    struct drift_error *err)
{
	unsigned attempt_max = retry->attempt_max ? retry->attempt_max : ATTEMPTS_DEFAULT;
	struct drift_error why = { DRIFT_OK, "" };
	struct drift_txn *t = NULL;
	int r;

	if (drift_txn_begin(repo, retry->branch, &t, err))
		return -1;
	for (unsigned attempt = 0;; attempt++) {
		r = retry->body(t, retry->data, err);
		if (r)
			break;
		r = drift_txn_commit(t, &retry->commit, result_out, &why);
		if (!r)
			break;
		if (why.code != DRIFT_ERR_CLASH || attempt + 1 >= attempt_max) {
			error_set(err, why.code, "%s", why.message);
			break;
		}
		wait_a_little(attempt);
		r = drift_txn_reset(t, err);
		if (r)
			break;
	}
	drift_txn_free(t);
	return r ? -1 : 0;
}
