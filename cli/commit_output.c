#include "cli/commit_output.h"

#include <inttypes.h>

#include "cli/log_format.h"
#include "merge/conflict.h"
#include "repo/history.h"

static int add_changes(struct cmd_context *ctx, const struct commit_style *style, struct commit *c,
		       struct change_printer *printer, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;
	struct tree_diff_options options = { .each = change_printer_each, .data = printer };
	int result;

	printer->ctx = ctx;
	printer->style = style->changes;
	printer->filter = style->filter;
	options.prefix = change_printer_prefix(printer, &prefix);
	options.prefix_len = prefix.len;
	if (buf_check(&prefix, err))
		return -1;
	result = history_changes(ctx->repo, c, &options, err);
	if (result >= 0)
		change_printer_finish(printer);
	return result < 0 ? -1 : 0;
}

/* What cannot be read is complained about where it is wanted. */
static uint64_t count_conflicts(struct cmd_context *ctx, const struct commit *c)
{
	const struct tree_root root = { c->tree.id, c->tree.loc };
	uint64_t count = 0;

	if (c->parent_count < 2 || conflict_count(repo_nodes(ctx->repo), &root, &count, NULL))
		return 0;
	return count;
}

static void append_line(struct cmd_context *ctx, struct commit *c, struct buf *out)
{
	uint64_t conflicts = count_conflicts(ctx, c);

	out_commit_line(ctx, out, c);
	if (!conflicts || !out->len)
		return;
	buf_truncate(out, out->len - 1);
	buf_addf(out, " (%" PRIu64 " in conflict)\n", conflicts);
}

int commit_output(struct cmd_context *ctx, const struct commit_style *style, struct commit *c, bool hold,
		  struct buf *out, struct drift_error *err)
{
	struct change_printer printer = { .out = out, .hold = hold };

	if (style->format) {
		log_format_append(ctx, style->format, c, out);
		buf_add_byte(out, '\n');
	} else if (style->oneline) {
		append_line(ctx, c, out);
	} else {
		out_commit_head(ctx, out, c, count_conflicts(ctx, c));
	}
	if (style->changes == CHANGES_NONE)
		return buf_check(out, err);
	if (!style->oneline)
		buf_add_byte(out, '\n');
	if (add_changes(ctx, style, c, &printer, err))
		return -1;
	return buf_check(out, err);
}

int commit_output_json(struct cmd_context *ctx, const struct commit_style *style, struct commit *c,
		       struct drift_error *err)
{
	struct json_line line;
	uint64_t conflicts;
	struct change_printer printer = { .json = &line.w };
	int failed = 0;

	out_json_begin(&line);
	out_json_commit(&line.w, c);
	conflicts = count_conflicts(ctx, c);
	if (conflicts)
		json_writer_member_uint(&line.w, "conflicts", conflicts);
	if (style->changes != CHANGES_NONE) {
		json_writer_key(&line.w, "changes");
		json_writer_begin_array(&line.w);
		failed = add_changes(ctx, style, c, &printer, err);
		json_writer_end_array(&line.w);
	}
	if (!failed)
		return out_json_end(&line, err);
	out_json_drop(&line);
	return -1;
}
