#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

/* Only where somebody looks on, and waits. */
static void show_replay(void *data, uint64_t bytes_done, uint64_t bytes_total)
{
	struct cmd_context *ctx = data;
	struct progress_options options = {
		.title = "reading journals", .unit = PROGRESS_BYTES, .total = bytes_total, .fd = 2, .quiet = ctx->common.quiet,
	};

	if (!ctx->replaying)
		ctx->replay_bar = progress_start(&options);
	ctx->replaying = bytes_done < bytes_total;
	progress_update(ctx->replay_bar, bytes_done);
	if (ctx->replaying)
		return;
	progress_finish(ctx->replay_bar);
	ctx->replay_bar = NULL;
}

struct repo *ctx_try_repo(struct cmd_context *ctx, bool read_only)
{
	const char *named = getenv("DRIFT_DIR"), *dir = named && *named ? named : ".";
	/* A name with a slip must not lead to the repository around it. */
	struct repo_options options = { .read_only = read_only,
					.no_cache = ctx->common.no_cache,
					.exact = dir == named,
					.progress = &ctx->replay };
	struct drift_error first;

	if (ctx->repo)
		return ctx->repo;
	ctx->replay = (struct odb_progress){ show_replay, ctx };
	if (!repo_open(dir, &options, &ctx->repo, &ctx->err)) {
		/* Without one nothing is packed behind this command, and that is all. */
		if (ctx->command->writes && !ctx->command->packs)
			(void)!maintainer_new(ctx->repo, &ctx->maintainer, NULL);
		return ctx->repo;
	}
	if (options.exact && ctx->err.code == DRIFT_ERR_NOT_FOUND)
		error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no repository in '%s' (DRIFT_DIR)", dir);
	first = ctx->err;
	/* A store on read-only media, or of somebody else, can still be read. */
	if (!ctx->command->writes && (first.code == DRIFT_ERR_PERMISSION || first.code == DRIFT_ERR_IO)) {
		options.read_only = true;
		if (!repo_open(dir, &options, &ctx->repo, &ctx->err))
			return ctx->repo;
		ctx->err = first;
	}
	return NULL;
}

struct repo *ctx_repo(struct cmd_context *ctx)
{
	bool absent;

	if (ctx_try_repo(ctx, false))
		return ctx->repo;
	absent = ctx->err.code == DRIFT_ERR_NOT_FOUND;
	ctx_die(ctx, "open the repository");
	if (absent)
		ctx_hint(ctx, "'drift init' makes one here; -C DIR or DRIFT_DIR name one elsewhere");
	return NULL;
}

const char *ctx_branch_name(const struct cmd_context *ctx)
{
	return ctx->branch[0] ? ctx->branch : NULL;
}

/* What a user calls a branch: "main" or "refs/...". */
static int branch_full_name(const char *name, char out[REF_NAME_MAX + 1], struct drift_error *err)
{
	const char *prefix = strncmp(name, "refs/", 5) ? REF_HEADS : "";
	size_t prefix_len = strlen(prefix), len = strlen(name);

	if (prefix_len + len > REF_NAME_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the branch name is longer than %d bytes", REF_NAME_MAX);
	memcpy(out, prefix, prefix_len);
	memcpy(out + prefix_len, name, len + 1);
	return 0;
}

static bool expects_absent(const struct cmd_context *ctx)
{
	const char *expect = ctx->common.expect;

	return expect && (!strcmp(expect, "absent") ||
			  (strlen(expect) == OID_HEX_LEN && strspn(expect, "0") == OID_HEX_LEN));
}

/* The branch that HEAD names may be waiting for its first commit. */
static int branch_check(struct cmd_context *ctx, const char *full, struct drift_error *err)
{
	struct odb *odb = repo_odb(ctx->repo);
	struct ref_resolved named, head;

	if (refs_resolve(odb, full, false, &named, err) || refs_resolve(odb, REF_HEAD, false, &head, err))
		return -1;
	if (named.exists || !strcmp(named.name, head.name) || expects_absent(ctx))
		return 0;
	return error_set(err, DRIFT_ERR_NOT_FOUND, "there is no branch '%s'",
			 strncmp(full, REF_HEADS, strlen(REF_HEADS)) ? full : full + strlen(REF_HEADS));
}

int ctx_branch(struct cmd_context *ctx, struct drift_error *err)
{
	const char *name = ctx->common.branch ? ctx->common.branch : getenv("DRIFT_BRANCH");
	char full[REF_NAME_MAX + 1];

	if (ctx->branch[0])
		return 1;
	if (name && !*name && ctx->common.branch)
		return error_set(err, DRIFT_ERR_INVALID, "the name given with --branch is empty");
	if (!name || !*name || !strcmp(name, REF_HEAD))
		return 0;
	if (branch_full_name(name, full, err))
		return -1;
	if (branch_check(ctx, full, err)) {
		ctx->sought = name;
		return -1;
	}
	memcpy(ctx->branch, full, sizeof(full));
	return 1;
}

int ctx_reads_stage(struct cmd_context *ctx, struct drift_error *err)
{
	struct ref_resolved head;
	int named;

	if (ctx->common.at || ctx_has_message(ctx))
		return 0;
	named = ctx_branch(ctx, err);
	if (named <= 0)
		return named < 0 ? -1 : 1;
	if (refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &head, err))
		return -1;
	return !strcmp(head.name, ctx->branch);
}

/* The tip, or the empty store where there is no commit yet. */
static int point_of_tip(struct cmd_context *ctx, struct point *out, struct drift_error *err)
{
	const char *branch = ctx_branch_name(ctx);
	struct ref_resolved tip;

	if (refs_resolve(repo_odb(ctx->repo), branch ? branch : REF_HEAD, false, &tip, err))
		return -1;
	if (tip.exists)
		return point_resolve(ctx->repo, branch ? branch : REF_HEAD, strlen(branch ? branch : REF_HEAD), branch,
				     out, err);
	out->commit = NULL;
	tree_empty(&out->tree);
	memcpy(out->ref, tip.name, sizeof(out->ref));
	return 0;
}

int ctx_point(struct cmd_context *ctx, const char *text, struct point *out, struct drift_error *err)
{
	if (ctx_branch(ctx, err) < 0)
		return -1;
	if (!text)
		text = ctx->common.at;
	if (!text)
		return point_of_tip(ctx, out, err);
	if (!point_resolve(ctx->repo, text, strlen(text), ctx_branch_name(ctx), out, err))
		return 0;
	ctx->sought = text;
	return -1;
}

int ctx_read_file(struct cmd_context *ctx, const char *path, uint64_t max_len, struct buf *out, struct drift_error *err)
{
	struct drift_error why = { DRIFT_OK, "" };
	auto_close int fd = -1;

	(void)ctx;
	if (!strcmp(path, "-")) {
		if (file_read_all(0, max_len, out, err))
			return error_prefix(err, DRIFT_OK, "cannot read standard input");
		return 0;
	}
	/* A file that is not there is a failure, not an answer as a missing document is. */
	if (file_open_read_user(path, &fd, &why))
		return error_set(err, why.code == DRIFT_ERR_NOT_FOUND ? DRIFT_ERR_IO : why.code, "%s", why.message);
	if (file_read_all(fd, max_len, out, err))
		return error_prefix(err, DRIFT_OK, "cannot read '%s'", path);
	return 0;
}

bool ctx_reader_gone(const struct cmd_context *ctx)
{
	(void)ctx;
	return ferror(stdout) != 0;
}

struct progress *ctx_progress(struct cmd_context *ctx, const char *title, enum progress_unit unit, uint64_t total)
{
	struct progress_options options = {
		.title = title, .unit = unit, .total = total, .fd = 2,
		.force = ctx->common.progress, .quiet = ctx->common.quiet,
	};

	return progress_start(&options);
}
