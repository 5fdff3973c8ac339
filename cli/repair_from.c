#include "cli/repair_from.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/transfer.h"
#include "sync/backup.h"
#include "sync/url.h"

static int read_other(void *data, const struct oid *id, enum object_kind *kind_out, struct buf *out,
		      struct drift_error *err)
{
	return odb_read(repo_odb(data), id, kind_out, out, err);
}

void repair_from_release(struct repair_from *from)
{
	repo_close(from->other);
	scratch_repo_release(&from->scratch);
	buf_release(&from->name);
}

/* ---- backups ---- */

/* The newest, with those it continues: 1, or 0 if the place has none. */
static int take_backups(struct cmd_context *ctx, const char *place, struct repair_from *out, struct drift_error *err)
{
	auto_backups b = { .items = NULL };
	auto_buf config = BUF_INIT;
	struct transfer_bar bar;
	size_t first;
	int r;

	if (backups_list(place, &b, NULL) || !b.count)
		return 0;
	if (backups_chain(&b, b.count - 1, &first, err) || scratch_repo_make(&out->scratch, err))
		return -1;
	transfer_bar_start(ctx, &bar, "reading backups");
	r = backup_restore(out->scratch.repo, &b, first, b.count - 1, &bar.progress, &config, err);
	transfer_bar_finish(&bar);
	return r ? -1 : 1;
}

/* ---- remotes ---- */

/* The scratch repository stands elsewhere than the one whose remote it is. */
static int make_absolute(struct cmd_context *ctx, struct remote *remote, struct drift_error *err)
{
	const char *dir = repo_dir(ctx->repo), *slash = strrchr(dir, '/');
	bool inside = slash && !strcmp(slash, "/.drift");
	auto_url url = { .kind = URL_PATH };
	auto_buf base = BUF_INIT, whole = BUF_INIT;

	if (!remote->name || url_parse(remote->url, &url, err))
		return remote->name ? -1 : 0;
	if (url.kind == URL_PATH && *url.path != '/') {
		buf_add(&base, dir, inside ? (size_t)(slash - dir) : strlen(dir));
		file_join(&whole, base.data, url.path);
		if (buf_check(&whole, err))
			return -1;
		free(remote->url);
		remote->url = buf_take(&whole, NULL);
	}
	free(remote->name);
	remote->name = NULL;
	return remote->url ? 0 : error_no_memory(err);
}

static int take_remote(struct cmd_context *ctx, const char *from, struct repair_from *out, struct drift_error *err)
{
	auto_fetch_result result = { .refs = NULL };
	auto_refspecs specs = { .items = NULL };
	struct fetch_options options = { .specs = &specs, .tags = REMOTE_TAGS_NONE, .actor = "repair", .time_usec = date_now_us() };
	struct client_options how = { .remote = NULL };
	auto_remote *remote = NULL;
	auto_client *client = NULL;
	struct transfer_bar bar;
	int r;

	if ((remote_load(ctx->repo, from, &remote, NULL) && remote_of_url(from, &remote, err)) ||
	    make_absolute(ctx, remote, err) || refspec_add(&specs, "+refs/*:refs/*", REFSPEC_FETCH, err) ||
	    scratch_repo_make(&out->scratch, err))
		return -1;
	how.remote = remote;
	options.remote = remote;
	if (client_open(out->scratch.repo, &how, &client, err))
		return -1;
	transfer_bar_start(ctx, &bar, "receiving commits");
	options.progress = &bar.progress;
	r = fetch_run(out->scratch.repo, client, &options, &result, err);
	transfer_bar_finish(&bar);
	return r;
}

/* ---- any of them ---- */

static int open_any(struct cmd_context *ctx, const char *from, struct repair_from *out, struct drift_error *err)
{
	const struct repo_options open = { .read_only = true, .exact = true };
	struct drift_error why = { DRIFT_OK, "" };
	int taken;

	if (!repo_open(from, &open, &out->other, &why)) {
		buf_addf(&out->name, "the repository in '%s'", from);
		return buf_check(&out->name, err);
	}
	/* It is one, and cannot be opened. */
	if (why.code != DRIFT_ERR_NOT_FOUND && why.code != DRIFT_ERR_INVALID && why.code != DRIFT_ERR_IO)
		return error_set(err, why.code, "%s", why.message);
	taken = take_backups(ctx, from, out, err);
	if (taken < 0)
		return -1;
	buf_addf(&out->name, taken ? "the backup in '%s'" : "'%s'", from);
	return buf_check(&out->name, err) || (!taken && take_remote(ctx, from, out, err)) ? -1 : 0;
}

int repair_from_open(struct cmd_context *ctx, const char *from, struct repair_from *out, struct drift_error *err)
{
	if (open_any(ctx, from, out, err))
		return error_prefix(err, DRIFT_OK, "cannot read '%.200s'", from);
	out->source = (struct repair_source){
		.name = out->name.data, .read = read_other, .data = out->other ? out->other : out->scratch.repo,
	};
	return 0;
}
