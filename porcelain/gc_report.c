#include "porcelain/gc_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/size_text.h"

/* The bar of the step at work. */
struct bar {
	struct cmd_context *ctx;
	struct progress *progress;
	const char *what;
};

static void step(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct bar *bar = data;

	if (bar->what != what) {
		progress_finish(bar->progress);
		bar->progress = ctx_progress(bar->ctx, what, PROGRESS_ITEMS, total);
		bar->what = what;
	}
	progress_update(bar->progress, done);
}

static void waits(void *data)
{
	const struct bar *bar = data;
	const struct common_options *common = &bar->ctx->common;

	if (!common->quiet && (common->progress || terminal_is(STDERR_FILENO)))
		fputs("drift: another gc is at work: waiting for it\n", stderr);
}

int gc_report_run(struct cmd_context *ctx, struct gc_options *options, struct gc_result *out, struct drift_error *err)
{
	struct bar bar = { .ctx = ctx };
	const struct gc_progress progress = { step, waits, &bar };
	int r;

	options->progress = &progress;
	options->wait = true;
	r = gc_run(ctx_repo(ctx), options, out, err);
	progress_finish(bar.progress);
	options->progress = NULL;
	return r;
}

static int print_json(const struct gc_options *options, const struct gc_result *r, const char *table,
		      struct drift_error *err)
{
	struct json_line line;

	out_json_begin(&line);
	if (table)
		json_writer_text(&line.w, "table", table, strlen(table));
	json_writer_member_bool(&line.w, "ran", r->ran);
	json_writer_member_bool(&line.w, "dry_run", options->dry_run);
	json_writer_member_uint(&line.w, "files_before", r->files_before);
	json_writer_member_uint(&line.w, "files_after", r->files_after);
	json_writer_member_uint(&line.w, "bytes_before", r->bytes_before);
	json_writer_member_uint(&line.w, "bytes_after", r->bytes_after);
	json_writer_member_uint(&line.w, "commits", r->commits_kept);
	json_writer_member_uint(&line.w, "objects", r->objects_kept);
	json_writer_member_uint(&line.w, "removed", r->objects_dropped);
	return out_json_end(&line, err);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void append_objects(struct buf *out, const struct gc_result *r, bool dry_run)
{
	buf_addf(out, "%" PRIu64 " object%s %s, %" PRIu64 " of them commits", r->objects_kept, plural(r->objects_kept),
		 dry_run ? "would be kept" : "kept", r->commits_kept);
	if (r->objects_dropped)
		buf_addf(out, "; %" PRIu64 " that nothing needs %s", r->objects_dropped,
			 dry_run ? "would be removed" : "removed");
	buf_add_byte(out, '\n');
}

/* What is missing, and what could not be removed, is said even with -q. */
static int end_code(struct cmd_context *ctx, const struct gc_result *r)
{
	if (r->stuck.code != DRIFT_OK)
		ctx_warn(ctx, "%s: nothing needs that file any more, and the next gc tries again to remove it", r->stuck.message);
	if (r->lost.code == DRIFT_OK)
		return EXIT_DONE;
	ctx_warn(ctx, "%s, though it is needed: nothing was removed", r->lost.message);
	ctx_hint(ctx, "'drift fsck' names all that is damaged, 'drift repair' mends what can be mended");
	return EXIT_NO;
}

int gc_report_print(struct cmd_context *ctx, const struct gc_options *options, const struct gc_result *r,
		    const char *table)
{
	auto_buf out = BUF_INIT;

	if (ctx->common.json)
		return print_json(options, r, table, &ctx->err) ? ctx_die(ctx, "say what was done") :
								  end_code(ctx, r);
	if (ctx->common.quiet)
		return end_code(ctx, r);
	if (options->dry_run && r->objects_kept + r->objects_dropped) {
		append_objects(&out, r, true);
	} else if (!r->ran) {
		buf_add_str(&out, "nothing to do\n");
	} else {
		size_append(&out, r->bytes_before);
		buf_add_str(&out, " before, ");
		size_append(&out, r->bytes_after);
		buf_add_str(&out, " after");
		if (table) {
			buf_add_str(&out, " (the whole store, with ");
			out_append_text(ctx, &out, table, strlen(table), false);
			buf_add_byte(&out, ')');
		}
		buf_add_byte(&out, '\n');
		append_objects(&out, r, false);
	}
	out_buf(&out);
	return end_code(ctx, r);
}

static int find_table(struct cmd_context *ctx, const char *table, struct drift_error *err)
{
	auto_point point = { .commit = NULL };
	struct descriptor descriptor;
	int r;

	if (ctx_point(ctx, NULL, &point, err) < 0)
		return -1;
	r = tree_collection(repo_nodes(ctx->repo), &point.tree, table, strlen(table), &descriptor, err);
	return r ? r : error_set(err, DRIFT_ERR_NOT_FOUND, "there is no collection '%s'", table);
}

int gc_report_table(struct cmd_context *ctx, int argc, char **argv, const char *table, struct gc_options *options)
{
	struct gc_result result;

	if (argc > 1 || (argc && table))
		return ctx_usage(ctx, "it takes one table");
	if (argc)
		table = argv[0];
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (table && find_table(ctx, table, &ctx->err) < 0)
		return ctx_fail(ctx, "%s '%s'", command_task(ctx->command), table);
	if (gc_report_run(ctx, options, &result, &ctx->err) < 0)
		return ctx_fail(ctx, "%s", command_task(ctx->command));
	return gc_report_print(ctx, options, &result, table);
}
