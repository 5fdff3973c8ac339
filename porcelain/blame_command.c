#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "cli/hint.h"
#include "cli/output.h"
#include "cli/view.h"
#include "merge/blame.h"
#include "repo/documents.h"
#include "repo/history.h"

static const char *const usage[] = { "drift blame [--at POINT] [OPTION...] PATH", NULL };

/* The versions fed so far; blame knows them by their number here. */
struct blame_run {
	struct cmd_context *ctx;
	struct blame *blame;
	struct commit **commits;
	size_t count, capacity;
	bool absent; /* the document is not there at the point */
};

static int feed(struct blame_run *run, struct history *history, const struct history_event *event)
{
	struct drift_error *err = &run->ctx->err;
	struct document document;
	auto_buf data = BUF_INIT;
	struct text version;
	int present = history_document(history, &document, err);

	if (present < 0 || (present && document_read(run->ctx->repo, &document, &data, err)))
		return -1;
	version = (struct text){ .data = data.data, .len = data.len };
	if (mem_grow(&run->commits, &run->capacity, run->count + 1, sizeof(*run->commits)))
		return error_no_memory(err);
	run->commits[run->count++] = commit_ref(event->commit);
	return blame_feed(run->blame, run->count - 1, present ? &version : NULL, err);
}

static int feed_all(struct blame_run *run, struct history *history)
{
	struct history_event event;
	int more;

	while ((more = history_next(history, &event, &run->ctx->err)) > 0) {
		if (!run->count && !event.present) {
			run->absent = true;
			return 0;
		}
		if (feed(run, history, &event))
			return -1;
		if (blame_done(run->blame))
			return 0;
	}
	run->absent = !run->count;
	return more;
}

static int print_json(struct blame_run *run, const struct blame_part *part)
{
	const struct commit *c = run->commits[part->commit];
	enum doc_kind kind = blame_kind(run->blame);
	struct json_line line;

	out_json_begin(&line);
	json_writer_member_str(&line.w, "kind", doc_kind_name(kind));
	if (kind == DOC_JSON) {
		json_writer_text(&line.w, "pointer", part->pointer.data, part->pointer.len);
		json_writer_key(&line.w, "value");
		json_writer_raw(&line.w, part->value.data, part->value.len);
	} else if (kind == DOC_TEXT) {
		json_writer_member_uint(&line.w, "line", part->line);
		json_writer_text(&line.w, "text", part->value.data, part->value.len);
	}
	out_json_id(&line.w, "commit", &c->id);
	json_writer_member_uint(&line.w, "seq", c->seq);
	json_writer_text(&line.w, "author", c->author.who.data, c->author.who.len);
	out_json_time(&line.w, "time", c->time_usec, 0);
	json_writer_text(&line.w, "message", c->message.data, c->message.len);
	return out_json_end(&line, &run->ctx->err);
}

static void print_line(const struct blame_run *run, const struct blame_part *part)
{
	const struct cmd_context *ctx = run->ctx;
	const struct commit *c = run->commits[part->commit];
	struct date date = { .us = c->author.time_usec, .zone_min = out_zone_min(c->author.zone) };
	struct text subject = out_subject(c), name, mail;
	size_t value_len = part->value.len;
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	who_split(&c->author.who, &name, &mail);
	buf_addf(&b, "%s%s%s (", out_colour(ctx, COLOUR_COMMIT), out_short_id(&c->id, hex), out_colour(ctx, COLOUR_NONE));
	out_append_text(ctx, &b, name.data, name.len, false);
	buf_add_byte(&b, ' ');
	date_append_iso(&b, date);
	buf_add_str(&b, ", ");
	out_append_text(ctx, &b, subject.data, subject.len, false);
	buf_add_str(&b, ") ");
	if (blame_kind(run->blame) == DOC_JSON) {
		out_append_text(ctx, &b, part->pointer.data, part->pointer.len, false);
		buf_add_str(&b, part->pointer.len ? ": " : "");
	} else if (blame_kind(run->blame) == DOC_TEXT) {
		buf_addf(&b, "%zu: ", part->line);
	} else {
		buf_add_str(&b, "the whole document");
	}
	if (value_len && part->value.data[value_len - 1] == '\n')
		value_len--;
	out_append_text(ctx, &b, part->value.data, value_len, false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
}

static int print_all(struct blame_run *run)
{
	for (size_t i = 0; i < blame_count(run->blame) && !ctx_reader_gone(run->ctx); i++) {
		struct blame_part part;

		blame_part(run->blame, i, &part);
		if (!run->ctx->common.json)
			print_line(run, &part);
		else if (print_json(run, &part))
			return -1;
	}
	return 0;
}

static int blame_path(struct blame_run *run, const char *path)
{
	struct cmd_context *ctx = run->ctx;
	auto_point point = POINT_INIT;
	struct history *history;
	int failed;

	if (ctx_point(ctx, NULL, &point, &ctx->err) || blame_new(&run->blame, &ctx->err) ||
	    history_open(ctx->repo, &point, path, strlen(path), &history, &ctx->err))
		return -1;
	failed = feed_all(run, history);
	history_free(history);
	if (!failed && run->absent)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no document");
	return failed ? -1 : print_all(run);
}

static int blame_command(struct cmd_context *ctx, int argc, char **argv)
{
	struct blame_run run = { .ctx = ctx };
	int code = EXIT_DONE;

	if (argc != 1)
		return ctx_usage(ctx, argc ? "one document at a time" : "which document?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (blame_path(&run, argv[0])) {
		code = ctx_fail(ctx, "blame '%s'", argv[0]);
		if (run.absent)
			hint_document(ctx, argv[0]);
	}
	blame_free(run.blame);
	for (size_t i = 0; i < run.count; i++)
		commit_unref(run.commits[i]);
	free(run.commits);
	return code;
}

const struct command cmd_blame = {
	.name = "blame",
	.summary = "show who set each field or line of a document",
	.usage = usage,
	.run = blame_command,
	.common = COMMON_READER,
	.paged = true,
};
