#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "cli/change_output.h"
#include "cli/hint.h"
#include "cli/view.h"
#include "merge/docdiff.h"
#include "objects/term.h"
#include "repo/documents.h"
#include "repo/history.h"

#define CONTEXT_LINES 3

struct history_options {
	int64_t count;
	bool patch;
};

static const struct history_options defaults = { .count = -1 };

static const struct option_spec specs[] = {
	{ .kind = OPTION_INT, .short_name = 'n', .long_name = "max-count", .argument = "N", .bare_number = true,
	  .value = OPTION_AT(struct history_options, count), .help = "at most N versions" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .long_name = "patch", .value = OPTION_AT(struct history_options, patch),
	  .help = "with what changed, field by field" },
};

static const char *const usage[] = { "drift history [OPTION...] PATH", NULL };

static const char *word_of(enum change_kind kind)
{
	return kind == CHANGE_ADD ? "add" : kind == CHANGE_DELETE ? "delete" : "modify";
}

/* Did a merge leave the document in conflict there? 1 / 0 / -1 */
static int in_conflict(struct cmd_context *ctx, const char *path, const struct commit *c)
{
	const struct tree_root root = { c->tree.id, c->tree.loc };
	struct path cut;

	if (c->parent_count < 2)
		return 0;
	path_split(path, strlen(path), &cut);
	return term_has(repo_nodes(ctx->repo), &root, &cut, &ctx->err);
}

static int print_json(struct cmd_context *ctx, const char *path, struct history *history,
		      const struct history_event *event)
{
	const struct commit *c = event->commit;
	struct document document;
	auto_buf data = BUF_INIT;
	struct json_line line;
	struct oid id;
	int present = history_document(history, &document, &ctx->err), failed = 0;
	int conflict = present < 0 ? -1 : in_conflict(ctx, path, c);

	if (conflict < 0 || (present && document_read(ctx->repo, &document, &data, &ctx->err)))
		return -1;
	out_json_begin(&line);
	out_json_path(&line.w, path, strlen(path));
	json_writer_member_str(&line.w, "change", word_of(event->kind));
	if (conflict)
		json_writer_member_bool(&line.w, "conflict", true);
	out_json_id(&line.w, "commit", &c->id);
	json_writer_member_uint(&line.w, "seq", c->seq);
	out_json_time(&line.w, "time", c->time_usec, 0);
	json_writer_text(&line.w, "author", c->author.who.data, c->author.who.len);
	json_writer_text(&line.w, "message", c->message.data, c->message.len);
	if (present) {
		document_id(&document, &id);
		out_json_id(&line.w, "id", &id);
		json_writer_member_uint(&line.w, "size", document.len);
		failed = view_write_json(&line.w, document.form, &data, &ctx->err);
	}
	if (!failed)
		return out_json_end(&line, &ctx->err);
	out_json_drop(&line);
	return -1;
}

static int print_line(struct cmd_context *ctx, const char *path, const struct history_event *event)
{
	const struct commit *c = event->commit;
	struct date date = { .us = c->author.time_usec, .zone_min = out_zone_min(c->author.zone) };
	struct text subject = out_subject(c);
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;
	int conflict = in_conflict(ctx, path, c);

	if (conflict < 0)
		return -1;
	buf_addf(&b, "%s%s%s seq %" PRIu64 " ", out_colour(ctx, COLOUR_COMMIT), out_short_id(&c->id, hex),
		 out_colour(ctx, COLOUR_NONE), c->seq);
	date_append_iso(&b, date);
	buf_addf(&b, " %-6s ", word_of(event->kind));
	out_append_text(ctx, &b, c->author.who.data, c->author.who.len, false);
	buf_add_str(&b, ": ");
	out_append_text(ctx, &b, subject.data, subject.len, false);
	buf_add_str(&b, conflict ? " (in conflict)\n" : "\n");
	out_buf(&b);
	return 0;
}

/* Against the first parent, which holds what the event changed. */
static int print_patch(struct cmd_context *ctx, const char *path, struct history *history,
		       const struct history_event *event)
{
	const struct docdiff_style style = { .context = CONTEXT_LINES, .colour = ctx->colour, .escape = ctx->terminal };
	auto_buf before = BUF_INIT, after = BUF_INIT, out = BUF_INIT;
	auto_commit *parent = NULL;
	struct document document;
	struct text from, to;
	struct docdiff *diff;
	int found = graph_parent(ctx->repo, event->commit, 0, &parent, &ctx->err), present, failed;

	if (found > 0) {
		struct tree_root tree = { .id = parent->tree.id, .loc = parent->tree.loc };

		found = documents_get(ctx->repo, &tree, path, strlen(path), &before, NULL, &ctx->err);
	}
	present = found < 0 ? -1 : history_document(history, &document, &ctx->err);
	if (present < 0 || (present && document_read(ctx->repo, &document, &after, &ctx->err)))
		return -1;
	from = (struct text){ .data = before.data, .len = before.len };
	to = (struct text){ .data = after.data, .len = after.len };
	if (docdiff_new(found ? &from : NULL, present ? &to : NULL, &diff, &ctx->err))
		return -1;
	failed = docdiff_render(diff, &style, &out, &ctx->err) || buf_check(&out, &ctx->err);
	docdiff_free(diff);
	if (failed)
		return -1;
	out_buf(&out);
	return 0;
}

static int print_all(struct cmd_context *ctx, const char *path, struct history *history, uint64_t *count_out)
{
	const struct history_options *o = ctx->options;
	struct history_event event;
	int more = 1;

	*count_out = 0;
	while ((o->count < 0 || *count_out < (uint64_t)o->count) && !ctx_reader_gone(ctx)) {
		more = history_next(history, &event, &ctx->err);
		if (more <= 0)
			break;
		++*count_out;
		if (ctx->common.json) {
			more = print_json(ctx, path, history, &event);
		} else {
			more = print_line(ctx, path, &event);
			if (!more && o->patch)
				more = print_patch(ctx, path, history, &event);
		}
		if (more)
			break;
	}
	return more < 0 ? -1 : 0;
}

static int history_command(struct cmd_context *ctx, int argc, char **argv)
{
	const struct history_options *o = ctx->options;
	auto_point point = POINT_INIT;
	struct history *history;
	uint64_t count;
	int failed;

	if (argc != 1)
		return ctx_usage(ctx, argc ? "one document at a time" : "which document?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_point(ctx, NULL, &point, &ctx->err) ||
	    history_open(ctx->repo, &point, argv[0], strlen(argv[0]), &history, &ctx->err))
		return ctx_fail(ctx, "show the history of '%s'", argv[0]);
	failed = print_all(ctx, argv[0], history, &count);
	history_free(history);
	if (!failed && (count || !o->count))
		return EXIT_DONE;
	if (failed)
		return ctx_fail(ctx, "show the history of '%s'", argv[0]);
	error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there never was such a document");
	ctx_fail(ctx, "show the history of '%s'", argv[0]);
	hint_document(ctx, argv[0]);
	return EXIT_NO;
}

const struct command cmd_history = {
	.name = "history",
	.task = "show the history",
	.summary = "show every version of a document, newest first",
	.usage = usage,
	.run = history_command,
	COMMAND_OPTIONS(struct history_options, specs),
	.defaults = &defaults,
	.common = COMMON_READER,
	.paged = true,
};
