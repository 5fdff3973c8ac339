#include "plumbing/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/patience.h"
#include "cli/error_name.h"
#include "cli/input_lines.h"
#include "cli/output.h"
#include "plumbing/plumbing.h"

struct batch_options {
	bool atomic;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "atomic",
	  .value = OPTION_AT(struct batch_options, atomic),
	  .help = "refuse a commit when a change before it failed" },
};

static const char *const usage[] = { "drift batch [--branch B] [--atomic]", NULL };

static const struct operation {
	const char *name;
	int (*run)(struct batch *b, const struct batch_request *r, struct json_writer *w, struct drift_error *err);
	bool changes;
} operations[] = {
	{ "put", batch_put, true },     { "get", batch_get, false },         { "commit", batch_commit, false },
	{ "patch", batch_patch, true }, { "rm", batch_remove, true },        { "ls", batch_list, false },
	{ "log", batch_log, false },    { "history", batch_history, false }, { "diff", batch_diff, false },
	{ "ref", batch_ref, false },    { "refs", batch_refs, false },       { "abort", batch_abort, false },
	{ "sync", batch_sync, false },
};

/* --- answers --- */

static void append_error(struct buf *out, const struct text *tag, const struct drift_error *why)
{
	size_t len = strlen(why->message);

	/* A sentence may quote what is not UTF-8, cut at any byte: json_quote mends it. */
	buf_addf(out, "{\"code\":\"%s\",\"error\":", error_code_name(why->code));
	json_quote(out, why->message, len);
	buf_add_str(out, ",\"ok\":false");
	if (tag->len) {
		buf_add_str(out, ",\"tag\":");
		buf_add(out, tag->data, tag->len);
	}
	buf_add_str(out, "}\n");
}

static int queue_answer(struct batch *b, const struct text *answer, const struct text *tag, struct drift_error *err)
{
	struct queued_answer *q;

	if (mem_grow(&b->queue, &b->queue_capacity, b->queue_count + 1, sizeof(*b->queue)))
		return error_no_memory(err);
	q = &b->queue[b->queue_count++];
	*q = (struct queued_answer){ .start = b->answers.len, .is_commit = b->request_commits };
	if (q->is_commit) {
		q->tag_start = b->tags.len;
		q->tag_len = tag->len;
		buf_add(&b->tags, tag->data, tag->len);
	}
	buf_add(&b->answers, answer->data, answer->len);
	return buf_check(&b->answers, err) || buf_check(&b->tags, err) ? -1 : 0;
}

/* The commits that wait are void: their answers say so. */
static int replace_commits(struct batch *b, const struct drift_error *why, struct drift_error *err)
{
	struct buf answers = BUF_INIT;

	for (size_t i = 0; i < b->queue_count; i++) {
		const struct queued_answer *q = &b->queue[i];
		size_t end = i + 1 < b->queue_count ? q[1].start : b->answers.len;
		const struct text tag = { .data = b->tags.data + q->tag_start, .len = q->tag_len };

		if (q->is_commit)
			append_error(&answers, &tag, why);
		else
			buf_add(&answers, b->answers.data + q->start, end - q->start);
	}
	buf_release(&b->answers);
	b->answers = answers;
	return buf_check(&b->answers, err);
}

int batch_flush(struct batch *b, struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };

	if (b->pending && odb_sync(repo_odb(b->ctx->repo), b->ticket, &why)) {
		b->sync_failed = true;
		if (replace_commits(b, &why, err))
			return -1;
	}
	b->pending = false;
	out_buf(&b->answers);
	fflush(stdout);
	buf_clear(&b->answers);
	buf_clear(&b->tags);
	b->queue_count = 0;
	return ctx_reader_gone(b->ctx) ? error_set(err, DRIFT_ERR_IO, "nobody reads the answers") : 0;
}

/* --- requests --- */

/* NULL after an error. */
static const struct operation *find_operation(const struct batch_request *r, struct drift_error *err)
{
	auto_buf name = BUF_INIT;
	int found = request_string(r, "op", &name, err);

	for (size_t i = 0; found > 0 && i < ARRAY_SIZE(operations); i++) {
		if (!strcmp(operations[i].name, name.data))
			return &operations[i];
	}
	if (!found)
		error_set(err, DRIFT_ERR_INVALID, "'op' is missing");
	else if (found > 0)
		error_set(err, DRIFT_ERR_INVALID, "there is no op '%s'", name.data);
	return NULL;
}

/* NULL after an error. */
static const struct operation *parse_request(struct batch *b, const struct text *line, struct batch_request *r,
					     struct drift_error *err)
{
	const struct operation *operation = NULL;

	if (!json_members_scan(line->data, line->len, &r->members, err)) {
		r->tag = json_members_get(&r->members, "tag");
		operation = find_operation(r, err);
	} else {
		json_error_drop_line(err);
	}
	if (!operation)
		error_prefix(err, DRIFT_OK, "line %llu", (unsigned long long)b->line_number);
	return operation;
}

/* The members that the operation wrote, between "ok" and the tag. */
static int run_operation(struct batch *b, const struct operation *operation, const struct batch_request *r,
			 struct buf *out, struct drift_error *err)
{
	auto_json_writer w;
	int failed;

	json_writer_init(&w, out);
	json_writer_begin_object(&w);
	json_writer_member_bool(&w, "ok", true);
	failed = operation->run(b, r, &w, err);
	if (failed)
		return -1;
	if (r->tag) {
		json_writer_key(&w, "tag");
		json_writer_raw(&w, r->tag->data, r->tag->len);
	}
	json_writer_end_object(&w);
	if (json_writer_finish(&w, err))
		return -1;
	buf_add_byte(out, '\n');
	return buf_check(out, err);
}

static int answer_failure(struct batch *b, const struct text *tag, const struct drift_error *why,
			  struct drift_error *err)
{
	auto_buf out = BUF_INIT;
	struct text answer;

	b->request_commits = false;
	append_error(&out, tag, why);
	answer = (struct text){ .data = out.data, .len = out.len };
	return buf_check(&out, err) ? -1 : queue_answer(b, &answer, tag, err);
}

static int answer_line(struct batch *b, const struct text *line, struct drift_error *err)
{
	const struct operation *operation;
	struct drift_error why = { .code = DRIFT_OK };
	struct batch_request r = { .tag = NULL };
	struct text tag = { .data = "", .len = 0 }, answer;
	auto_buf out = BUF_INIT;
	int failed;

	b->request_commits = false;
	operation = parse_request(b, line, &r, &why);
	failed = !operation || run_operation(b, operation, &r, &out, &why);
	if (r.tag)
		tag = (struct text){ .data = r.tag->data, .len = r.tag->len };
	if (!failed) {
		answer = (struct text){ .data = out.data, .len = out.len };
		return queue_answer(b, &answer, &tag, err);
	}
	if (!operation || operation->changes)
		b->change_failed = true;
	return answer_failure(b, &tag, &why, err);
}

static bool is_blank(const struct text *line)
{
	for (size_t i = 0; i < line->len; i++) {
		if (!strchr(" \t\r", line->data[i]))
			return false;
	}
	return true;
}

static bool queue_is_full(const struct batch *b)
{
	return b->queue_count >= BATCH_ANSWERS_MAX || b->answers.len >= BATCH_ANSWERS_LEN_MAX;
}

static int answer_all(struct batch *b, struct drift_error *err)
{
	const struct text no_tag = { .data = "", .len = 0 };
	auto_input_lines in;
	struct text line;

	input_lines_init(&in, 0, '\n');
	for (;;) {
		struct drift_error why = { .code = DRIFT_OK };
		enum input_result r = input_lines_next(&in, !b->queue_count, &line, &why);
		int failed = 0;

		b->line_number = in.number;
		if (r == INPUT_LINE && !is_blank(&line))
			failed = answer_line(b, &line, err);
		else if (r == INPUT_FAILED && why.code == DRIFT_ERR_LIMIT)
			failed = answer_failure(b, &no_tag, &why, err);
		if (!failed && (r == INPUT_WAIT || r == INPUT_END || queue_is_full(b)))
			failed = batch_flush(b, err);
		if (failed || r == INPUT_END)
			return failed;
		if (r == INPUT_FAILED && why.code != DRIFT_ERR_LIMIT) {
			if (batch_flush(b, err))
				return -1;
			*err = why;
			return -1;
		}
	}
}

static int batch(struct cmd_context *ctx, int argc, char **argv)
{
	const struct batch_options *o = ctx->options;
	struct batch b = {
		.ctx = ctx,
		.atomic = o->atomic,
		.touched = BUF_INIT,
		.answers = BUF_INIT,
		.tags = BUF_INIT,
	};
	int failed;

	(void)argv;
	if (argc)
		return ctx_usage(ctx, "the requests come on standard input");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	/* Many may run at once, and the one with the lock lets all go on. */
	patience_give_way();
	failed = edits_new(ctx->repo, &b.edits, &ctx->err) || answer_all(&b, &ctx->err);
	edits_free(b.edits);
	buf_release(&b.touched);
	buf_release(&b.answers);
	buf_release(&b.tags);
	free(b.queue);
	if (failed && ctx_reader_gone(ctx))
		return EXIT_DONE;
	return failed ? ctx_die(ctx, "answer") : b.sync_failed ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_batch = {
	.name = "batch",
	.summary = "answer requests in JSON, a line each, in one process",
	.usage = usage,
	.run = batch,
	COMMAND_OPTIONS(struct batch_options, specs),
	.common = COMMON_BRANCH | COMMON_AUTHOR | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
