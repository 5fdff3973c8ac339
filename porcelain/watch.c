#include "porcelain/porcelain.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "cli/change_output.h"
#include "cli/view.h"
#include "repo/documents.h"
#include "repo/feed.h"

#define SLICE_MS 75                /* so long a word that nobody says, or a reader who goes away, is not noticed */
#define HELD_LEN ((size_t)64 << 10) /* of lines, while there are more to come */
#define PIECE_LEN 4096             /* a pipe that says it takes something takes so much (PIPE_BUF) */

struct watch_options {
	const char *since;
	int64_t count;
	bool once, content, tips;
};

static const struct watch_options defaults = { .count = -1 };

#define AT(field) OPTION_AT(struct watch_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_STRING, .long_name = "since", .value = AT(since), .argument = "POINT",
	  .help = "begin behind POINT, or what 'next' of a line said; else now" },
	{ .kind = OPTION_FLAG, .long_name = "once", .value = AT(once), .help = "stop where the branch ends now" },
	{ .kind = OPTION_INT, .short_name = 'n', .long_name = "max-count", .value = AT(count), .argument = "N",
	  .bare_number = true, .help = "stop after N changes" },
	{ .kind = OPTION_FLAG, .long_name = "content", .value = AT(content), .help = "with each document as it is then" },
	{ .kind = OPTION_FLAG, .long_name = "tips", .value = AT(tips),
	  .help = "a line also where all up to the tip was told" },
};

static const char *const usage[] = { "drift watch [OPTION...] [PATH|PREFIX/...]", NULL };

/* Why it ends before the branch does. */
enum watch_end { WATCH_ON, WATCH_ENOUGH, WATCH_STOPPED, WATCH_READER_GONE };

struct watch_run {
	struct cmd_context *ctx;
	const struct watch_options *o;
	struct path_filter filter;
	struct buf out;
	int64_t left;        /* -1: no end */
	enum watch_end end;
	struct oid tip_told; /* --tips */
	bool tip_said;
};

/* ---- ending: signals wait until we look, so that no line is cut ---- */

static int hold_signals(struct drift_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? error_from_errno(err, "cannot block signals") : 0;
}

static bool is_stopped(struct watch_run *run)
{
	sigset_t set;

	if (run->end == WATCH_ON && !sigpending(&set) && (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM)))
		run->end = WATCH_STOPPED;
	return run->end == WATCH_STOPPED || run->end == WATCH_READER_GONE;
}

/* Waits for the reader, but not for one who is gone. */
static bool can_write(struct watch_run *run)
{
	while (!is_stopped(run)) {
		struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };
		int ready = poll(&fd, 1, SLICE_MS);

		if (ready > 0 && fd.revents & POLLERR)
			run->end = WATCH_READER_GONE;
		else if (ready > 0)
			return true;
	}
	return false;
}

static int flush(struct watch_run *run, struct drift_error *err)
{
	size_t done = 0;

	if (buf_check(&run->out, err))
		return -1;
	while (done < run->out.len && can_write(run)) {
		size_t len = run->out.len - done < PIECE_LEN ? run->out.len - done : PIECE_LEN;

		if (file_write_stream(STDOUT_FILENO, run->out.data + done, len, err))
			return error_prefix(err, DRIFT_OK, "cannot write to standard output");
		done += len;
	}
	buf_clear(&run->out);
	return 0;
}

static bool reader_is_gone(struct watch_run *run)
{
	struct pollfd fd = { .fd = STDOUT_FILENO };

	if (poll(&fd, 1, 0) > 0 && fd.revents & (POLLERR | POLLHUP))
		run->end = WATCH_READER_GONE;
	return run->end == WATCH_READER_GONE;
}

/* ---- lines ---- */

static int line_end(struct watch_run *run, struct json_line *line, struct drift_error *err)
{
	int r;

	json_writer_end_object(&line->w);
	r = json_writer_finish(&line->w, err);
	if (!r && run->ctx->terminal)
		text_escape_json(&run->out, line->text.data, line->text.len);
	else if (!r)
		buf_add(&run->out, line->text.data, line->text.len);
	buf_add_byte(&run->out, '\n');
	buf_release(&line->text);
	return r;
}

static void add_next(struct json_writer *w, const struct feed_position *next)
{
	auto_buf text = BUF_INIT;

	feed_position_format(next, &text);
	json_writer_member_str(w, "next", text.data);
}

static void add_commit_id(struct json_writer *w, const char *key, const struct commit *c)
{
	if (c)
		out_json_id(w, key, &c->id);
	else
		json_writer_member_null(w, key);
}

static const char *word_of(enum change_kind kind)
{
	return kind == CHANGE_ADD ? "add" : kind == CHANGE_DELETE ? "delete" : "modify";
}

/* Of a merge: its parents, and what the document is to each: null is the same. */
static void add_parents(struct json_writer *w, const struct feed_event *event)
{
	const struct commit *c = event->commit;
	char hex[OID_HEX_LEN + 1];

	json_writer_key(w, "parents");
	json_writer_begin_array(w);
	for (size_t i = 0; i < c->parent_count; i++)
		json_writer_str(w, oid_to_hex(&c->parents[i].id, hex));
	json_writer_end_array(w);
	json_writer_key(w, "against");
	json_writer_begin_array(w);
	for (size_t i = 0; i < c->parent_count && i < 32; i++) {
		enum change_kind kind = (enum change_kind)(event->kinds >> 2 * i & 3);

		if (kind == CHANGE_NONE)
			json_writer_null(w);
		else
			json_writer_str(w, word_of(kind));
	}
	json_writer_end_array(w);
}

static int add_content(struct watch_run *run, struct json_writer *w, const struct feed_event *event,
		       struct drift_error *err)
{
	struct repo *repo = run->ctx->repo;
	const struct tree_root root = { .id = event->commit->tree.id, .loc = event->commit->tree.loc };
	struct node *node = NULL;
	struct document doc;
	auto_buf data = BUF_INIT;
	struct oid id;
	int r = tree_get(repo_nodes(repo), &root, &event->path, &node, &doc, err);

	if (r > 0) {
		r = document_read(repo, &doc, &data, err);
		document_id(&doc, &id);
		node_unref(node);
		out_json_id(w, "id", &id);
		json_writer_member_uint(w, "size", doc.len);
		if (!r)
			r = view_write_json(w, doc.form, &data, err);
	}
	return r;
}

static int add_change(struct watch_run *run, struct json_writer *w, const struct feed_event *event, const struct buf *path,
		      struct drift_error *err)
{
	const struct commit *c = event->commit;

	out_json_path(w, path->data, path->len);
	json_writer_member_str(w, "change", word_of(event->change));
	if (event->kind == FEED_BACK)
		json_writer_member_bool(w, "back", true);
	add_commit_id(w, "commit", c);
	if (!c)
		return 0;
	json_writer_member_uint(w, "seq", c->seq);
	out_json_time(w, "time", c->time_usec, 0);
	json_writer_text(w, "author", c->author.who.data, c->author.who.len);
	json_writer_text(w, "message", c->message.data, c->message.len);
	if (event->kind == FEED_CHANGE && c->parent_count > 1)
		add_parents(w, event);
	return run->o->content && event->change != CHANGE_DELETE ? add_content(run, w, event, err) : 0;
}

static int tell_change(struct watch_run *run, const struct feed_event *event, struct drift_error *err)
{
	auto_buf path = BUF_INIT;
	struct json_line line;

	path_format(&event->path, &path);
	if (buf_check(&path, err))
		return -1;
	if (!path_filter_takes(&run->filter, path.data, path.len))
		return 0;
	out_json_begin(&line);
	if (add_change(run, &line.w, event, &path, err)) {
		out_json_drop(&line);
		return -1;
	}
	add_next(&line.w, &event->next);
	if (run->left > 0 && !--run->left)
		run->end = WATCH_ENOUGH;
	return line_end(run, &line, err);
}

static int tell_reset(struct watch_run *run, const struct feed_event *event, struct drift_error *err)
{
	struct json_line line;

	out_json_begin(&line);
	json_writer_key(&line.w, "reset");
	json_writer_begin_object(&line.w);
	add_commit_id(&line.w, "from", event->from);
	add_commit_id(&line.w, "to", event->to);
	add_commit_id(&line.w, "base", event->commit);
	json_writer_member_uint(&line.w, "seq", event->commit ? event->commit->seq : 0);
	json_writer_end_object(&line.w);
	add_next(&line.w, &event->next);
	return line_end(run, &line, err);
}

static int tell(void *data, const struct feed_event *event, struct drift_error *err)
{
	struct watch_run *run = data;

	if ((event->kind == FEED_RESET ? tell_reset(run, event, err) : tell_change(run, event, err)) ||
	    (run->out.len >= HELD_LEN && flush(run, err)))
		return -1;
	return is_stopped(run) || run->end != WATCH_ON;
}

static int tell_tip(struct watch_run *run, const struct feed *feed, struct drift_error *err)
{
	struct feed_position at = feed_at(feed);
	const struct commit *c = feed_commit(feed);
	struct json_line line;

	if (!run->o->tips || (run->tip_said && oid_equal(&run->tip_told, &at.id)))
		return 0;
	run->tip_said = true;
	run->tip_told = at.id;
	out_json_begin(&line);
	add_commit_id(&line.w, "tip", c);
	json_writer_member_uint(&line.w, "seq", c ? c->seq : 0);
	add_next(&line.w, &at);
	return line_end(run, &line, err);
}

/* ---- the loop ---- */

static int follow(struct watch_run *run, struct feed *feed, struct drift_error *err)
{
	struct odb *odb = repo_odb(run->ctx->repo);

	for (;;) {
		uint32_t turn = odb_turn(odb);
		int r = run->left ? feed_run(feed, err) : 0;

		if (r < 0 || (!r && tell_tip(run, feed, err)) || flush(run, err))
			return -1;
		if (run->end != WATCH_ON || !run->left || run->o->once || is_stopped(run) || reader_is_gone(run))
			return 0;
		odb_wait(odb, turn, SLICE_MS);
	}
}

/* What `next` of a line said, or a point. */
static int find_start(struct watch_run *run, struct feed_position *out, char ref[REF_NAME_MAX + 1], struct drift_error *err)
{
	struct cmd_context *ctx = run->ctx;
	const char *since = run->o->since;
	struct ref_resolved tip;
	auto_point point = POINT_INIT;

	if (ctx_branch(ctx, err) < 0 ||
	    refs_resolve(repo_odb(ctx->repo), ctx_branch_name(ctx) ? ctx_branch_name(ctx) : REF_HEAD, false, &tip, err))
		return -1;
	memcpy(ref, tip.name, sizeof(tip.name));
	if (since && feed_position_parse(since, out) && out->told)
		return 0;
	if (ctx_point(ctx, since, &point, err))
		return -1;
	if (point.bare_tree)
		return error_set(err, DRIFT_ERR_INVALID, "'%.200s' is a tree, of no commit", since);
	*out = (struct feed_position){ .told = 0 };
	if (point.commit)
		out->id = point.commit->id;
	return 0;
}

static int watch(struct cmd_context *ctx, int argc, char **argv)
{
	const struct watch_options *o = ctx->options;
	struct watch_run run = {
		.ctx = ctx, .o = o, .filter = { (const char *const *)argv, (size_t)argc }, .out = BUF_INIT, .left = o->count,
	};
	char ref[REF_NAME_MAX + 1];
	struct feed_options options = { .ref = ref, .each = tell, .data = &run };
	auto_feed *feed = NULL;
	int r;

	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	r = find_start(&run, &options.since, ref, &ctx->err) || feed_open(ctx->repo, &options, &feed, &ctx->err) ||
	    hold_signals(&ctx->err) || follow(&run, feed, &ctx->err);
	buf_release(&run.out);
	return r ? ctx_fail(ctx, "watch") : EXIT_DONE;
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "tell every change of a branch, and those to come",
	.usage = usage,
	.run = watch,
	COMMAND_OPTIONS(struct watch_options, specs),
	.defaults = &defaults,
	.common = COMMON_JSON | COMMON_BRANCH | COMMON_CACHE,
};
