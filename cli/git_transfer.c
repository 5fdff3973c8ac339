#include "cli/git_transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "repo/git_export.h"
#include "repo/git_import.h"

/* --- import --- */

struct file_source {
	struct git_source source;
	int fd;
};

static int64_t read_file(struct git_source *self, void *data, size_t len, struct drift_error *err)
{
	return file_read_stream(((struct file_source *)self)->fd, data, len, err);
}

struct import_output {
	struct cmd_context *ctx;
	struct progress *progress;
};

static void warn(void *data, const char *sentence)
{
	struct import_output *o = data;

	ctx_warn(o->ctx, "%s", sentence);
}

static void say(void *data, struct text progress)
{
	struct import_output *o = data;

	if (!o->ctx->common.quiet && !o->ctx->common.json)
		out_printf("progress %s\n", progress.data);
}

static void advance(void *data, uint64_t bytes_read)
{
	struct import_output *o = data;

	progress_update(o->progress, bytes_read);
}

static int report(struct cmd_context *ctx, const struct git_import_result *result)
{
	struct json_line line;

	if (ctx->common.quiet)
		return EXIT_DONE;
	if (!ctx->common.json) {
		out_printf("imported %" PRIu64 " commit%s, %" PRIu64 " blob%s, %" PRIu64 " tag%s; moved %" PRIu64 " ref%s\n",
			   result->commit_count, result->commit_count == 1 ? "" : "s", result->blob_count,
			   result->blob_count == 1 ? "" : "s", result->tag_count, result->tag_count == 1 ? "" : "s",
			   result->ref_count, result->ref_count == 1 ? "" : "s");
		return EXIT_DONE;
	}
	out_json_begin(&line);
	json_writer_member_uint(&line.w, "commits", result->commit_count);
	json_writer_member_uint(&line.w, "blobs", result->blob_count);
	json_writer_member_uint(&line.w, "tags", result->tag_count);
	json_writer_member_uint(&line.w, "refs", result->ref_count);
	return out_json_end(&line, &ctx->err) ? ctx_die(ctx, "report the import") : EXIT_DONE;
}

static int import_from(struct cmd_context *ctx, int fd, struct git_import_options *options)
{
	struct import_output output = { .ctx = ctx };
	struct file_source source = { .source = { .read = read_file }, .fd = fd };
	struct git_import_result result;
	struct file_info info;
	int r;

	if (file_info(fd, &info, &ctx->err))
		return ctx_die(ctx, "import");
	output.progress = ctx_progress(ctx, "importing", PROGRESS_BYTES, info.kind == FILE_REGULAR ? info.size : 0);
	options->warn = warn;
	options->say = say;
	options->advance = advance;
	options->data = &output;
	r = git_import(ctx->repo, &source.source, options, &result, &ctx->err);
	progress_finish(output.progress);
	if (!r)
		return report(ctx, &result);
	/* Whatever the stream lacks, the import failed; only what the refs hold is an answer. */
	return ctx->err.code == DRIFT_ERR_CLASH ? ctx_fail(ctx, "import") : ctx_die(ctx, "import");
}

int ctx_import_git(struct cmd_context *ctx, const char *file, const struct git_transfer_options *options)
{
	struct git_import_options o = { .force = options && options->force };
	auto_close int fd = -1;
	int code;

	if (options) {
		o.import_marks = options->import_marks;
		o.export_marks = options->export_marks;
	}
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_author(ctx, &o.actor, &ctx->err))
		return ctx_die(ctx, "import");
	if (!strcmp(file, "-"))
		return import_from(ctx, 0, &o);
	if (file_open_read_user(file, &fd, &ctx->err))
		return ctx_die(ctx, "import");
	code = import_from(ctx, fd, &o);
	return code;
}

/* --- export --- */

struct export_output {
	struct cmd_context *ctx;
	struct progress *progress;
};

static int write_out(void *data, const void *bytes, size_t len, struct drift_error *err)
{
	const struct export_output *o = data;

	out_bytes(bytes, len);
	if (ctx_reader_gone(o->ctx))
		return error_set(err, DRIFT_ERR_IO, "the stream cannot be written");
	return 0;
}

static void count_commits(void *data, uint64_t commit_count)
{
	struct export_output *o = data;

	progress_update(o->progress, commit_count);
}

void ctx_warn_partial(struct cmd_context *ctx)
{
	if (odb_only(repo_odb(ctx->repo)))
		ctx_warn(ctx, "this is a partial clone: collections that are not here are left out");
}

int ctx_export_git(struct cmd_context *ctx, int argc, char **argv, const struct git_transfer_options *options)
{
	struct export_output output = { .ctx = ctx };
	struct git_export_options o = {
		.revisions = (const char *const *)argv, .revision_count = (size_t)argc, .write = write_out,
		.advance = count_commits, .data = &output,
	};
	int r;

	if (options) {
		o.import_marks = options->import_marks;
		o.export_marks = options->export_marks;
		o.use_done = options->use_done;
		o.no_data = options->no_data;
	}
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_branch(ctx, &ctx->err) < 0)
		return ctx_fail(ctx, "export");
	o.branch = ctx_branch_name(ctx);
	ctx_warn_partial(ctx);
	output.progress = ctx_progress(ctx, "exporting commits", PROGRESS_ITEMS, 0);
	r = git_export(ctx->repo, &o, &ctx->err);
	progress_finish(output.progress);
	return r ? ctx_fail(ctx, "export") : EXIT_DONE;
}
