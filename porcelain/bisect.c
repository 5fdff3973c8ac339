#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spawn.h"
#include "cli/bisection_marks.h"
#include "cli/commit_output.h"

enum { RUN_SKIP = 125, RUN_NOT_EXECUTABLE = 126, RUN_NOT_FOUND = 127, RUN_ABORT = 128 };

struct bisect_options {
	bool first_parent;
};

#define AT(field) OPTION_AT(struct bisect_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "first-parent", .value = AT(first_parent),
	  .help = "start: do not enter what was merged" },
};

static const char *const usage[] = {
	"drift bisect start [--first-parent] [BAD [GOOD...]]",
	"drift bisect good|bad|skip [POINT...]",
	"drift bisect run COMMAND [ARGUMENT...]",
	"drift bisect log [--json]",
	"drift bisect reset",
	NULL,
};

static const char *const words[] = { "start", "good", "bad", "skip", "run", "log", "reset", NULL };

/* --- telling what comes next --- */

static void print_testing(struct cmd_context *ctx, const struct bisection_step *step)
{
	struct text subject = out_subject(step->commit);
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	if (ctx->common.quiet) {
		out_printf("%s\n", oid_to_hex(&step->commit->id, hex));
		return;
	}
	buf_addf(&b, "Bisecting: %" PRIu64 " commit%s left to test after this (about %u step%s)\n", step->left,
		 step->left == 1 ? "" : "s", step->steps, step->steps == 1 ? "" : "s");
	buf_addf(&b, "[%s%s%s seq %" PRIu64 "] ", out_colour(ctx, COLOUR_COMMIT),
		 out_short_id(&step->commit->id, hex), out_colour(ctx, COLOUR_NONE), step->commit->seq);
	out_append_text(ctx, &b, subject.data, subject.len, false);
	buf_add_byte(&b, '\n');
	out_buf(&b);
}

static int print_found(struct cmd_context *ctx, const struct bisection_step *step)
{
	const struct commit_style style = { .changes = CHANGES_NAME_STATUS };
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	oid_to_hex(&step->commit->id, hex);
	if (ctx->common.quiet) {
		out_printf("%s\n", hex);
		return 0;
	}
	buf_addf(&b, "%s is the first bad commit\n", hex);
	if (commit_output(ctx, &style, step->commit, false, &b, &ctx->err))
		return -1;
	out_buf(&b);
	return 0;
}

static void print_skipped(struct cmd_context *ctx, const struct bisection_step *step)
{
	auto_buf b = BUF_INIT;

	if (!ctx->common.quiet)
		buf_add_str(&b, "Only skipped commits are left; one of these is the first bad commit:\n");
	for (size_t i = 0; i < step->suspects.count; i++)
		out_commit_line(ctx, &b, step->suspects.items[i]);
	out_buf(&b);
}

static int print_json(struct cmd_context *ctx, const struct bisection_step *step)
{
	static const char *const states[] = { "waiting", "testing", "found", "skipped" };
	char hex[OID_HEX_LEN + 1];
	struct json_line line;

	out_json_begin(&line);
	json_writer_member_str(&line.w, "state", states[step->state]);
	if (step->commit)
		out_json_commit(&line.w, step->commit);
	if (step->state == BISECTION_TESTING) {
		json_writer_member_uint(&line.w, "left", step->left);
		json_writer_member_uint(&line.w, "steps", step->steps);
	}
	if (step->state == BISECTION_SKIPPED) {
		json_writer_key(&line.w, "suspects");
		json_writer_begin_array(&line.w);
		for (size_t i = 0; i < step->suspects.count; i++)
			json_writer_str(&line.w, oid_to_hex(&step->suspects.items[i]->id, hex));
		json_writer_end_array(&line.w);
	}
	return out_json_end(&line, &ctx->err);
}

static int print_step(struct cmd_context *ctx, const struct bisection *b, const struct bisection_step *step)
{
	int failed = 0;

	if (ctx->common.json)
		failed = print_json(ctx, step);
	else if (step->state == BISECTION_TESTING)
		print_testing(ctx, step);
	else if (step->state == BISECTION_FOUND)
		failed = print_found(ctx, step);
	else if (step->state == BISECTION_SKIPPED)
		print_skipped(ctx, step);
	else if (!ctx->common.quiet)
		out_printf("Bisecting: waiting for %s\n", b->bad || b->good.count ?
			   b->bad ? "a good commit" : "a bad commit" : "a bad and a good commit");
	if (failed)
		return ctx_die(ctx, "bisect");
	return step->state == BISECTION_SKIPPED ? EXIT_NO : EXIT_DONE;
}

static int add_point(struct cmd_context *ctx, const char *text, struct commit_list *list)
{
	auto_point point = POINT_INIT;

	if (ctx_point(ctx, text, &point, &ctx->err))
		return -1;
	if (!point.commit)
		return error_set(&ctx->err, DRIFT_ERR_INVALID, "'%s' is not a commit", text);
	return commit_list_add(list, point.commit, &ctx->err);
}

static int no_search(struct cmd_context *ctx, const char *word)
{
	int code;

	error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no search is under way");
	code = ctx_fail(ctx, "bisect %s", word);
	ctx_hint(ctx, "'drift bisect start BAD GOOD' begins one");
	return code;
}

/* 1 / 0 / -1 */
static int is_under_way(struct cmd_context *ctx)
{
	struct ref_value value;

	if (odb_ref_read(repo_odb(ctx->repo), REF_BISECT_START, false, &value, &ctx->err))
		return -1;
	return value.kind != REF_ABSENT;
}

/* Whether a commit was chosen to be tested: 1 / 0 / -1. */
static int is_testing(struct cmd_context *ctx)
{
	struct ref_value value;

	if (odb_ref_read(repo_odb(ctx->repo), REF_BISECT_HEAD, false, &value, &ctx->err))
		return -1;
	return value.kind != REF_ABSENT;
}

/* For those who expect that the search moves HEAD, at the first commit to be tested. */
static void hint_testing(struct cmd_context *ctx, const struct bisection_step *step)
{
	if (step->state == BISECTION_TESTING && !ctx->common.quiet && !ctx->common.json)
		ctx_hint(ctx, "'drift get --at %s PATH' reads a document as it was then; HEAD stays", REF_BISECT_HEAD);
}

static struct commit_list *list_of(struct bisection_marks *marks, const char *word)
{
	return !strcmp(word, "good") ? &marks->good : !strcmp(word, "bad") ? &marks->bad : &marks->skipped;
}

/* The commit that was to be tested, or, before there is one, the tip. */
static int add_tested(struct cmd_context *ctx, struct commit_list *list)
{
	int tested = is_testing(ctx);

	return tested < 0 ? -1 : add_point(ctx, tested ? REF_BISECT_HEAD : REF_HEAD, list);
}

static int mark_points(struct cmd_context *ctx, const char *word, int argc, char **argv)
{
	auto_bisection_marks marks = BISECTION_MARKS_INIT;
	auto_bisection after = { .start = NULL };
	auto_bisection_step step = BISECTION_STEP_INIT;
	struct commit_list *list = list_of(&marks, word);
	auto_buf reason = BUF_INIT;
	int under_way = is_under_way(ctx), tested = is_testing(ctx), failed = under_way < 0 || tested < 0;

	if (!under_way)
		return no_search(ctx, word);
	if (list == &marks.bad && argc > 1)
		return ctx_usage(ctx, "one commit is the bad one");
	buf_addf(&reason, "bisect: %s", word);
	if (!argc && !failed)
		failed = add_tested(ctx, list);
	for (int i = 0; i < argc && !failed; i++)
		failed = add_point(ctx, argv[i], list);
	if (failed || buf_check(&reason, &ctx->err) || bisection_mark(ctx, &marks, reason.data, &after, &step))
		return ctx_fail(ctx, "bisect %s", word);
	failed = print_step(ctx, &after, &step);
	if (!tested && !failed)
		hint_testing(ctx, &step);
	return failed;
}

/* --- the words --- */

static int start(struct cmd_context *ctx, bool first_parent, int argc, char **argv)
{
	auto_bisection_marks marks = BISECTION_MARKS_INIT;
	auto_bisection after = { .repo = ctx->repo, .first_parent = first_parent };
	auto_bisection_step step = BISECTION_STEP_INIT;
	auto_point from = POINT_INIT;
	int code;

	for (int i = 0; i < argc; i++) {
		if (add_point(ctx, argv[i], i ? &marks.good : &marks.bad))
			return ctx_fail(ctx, "bisect start");
	}
	if (ctx_point(ctx, NULL, &from, &ctx->err))
		return ctx_fail(ctx, "bisect start");
	if (!from.commit) {
		error_set(&ctx->err, DRIFT_ERR_NOTHING, "there is no commit yet");
		return ctx_fail(ctx, "bisect start");
	}
	if (bisection_begin(ctx, from.commit, &marks, &after, &step))
		return ctx_fail(ctx, "bisect start");
	code = print_step(ctx, &after, &step);
	if (!code)
		hint_testing(ctx, &step);
	return code;
}

static int reset(struct cmd_context *ctx)
{
	int ended = bisection_end(ctx);

	if (ended < 0)
		return ctx_fail(ctx, "bisect reset");
	if (!ended && !ctx->common.quiet)
		ctx_hint(ctx, "no search was under way");
	return EXIT_DONE;
}

static int print_log(struct cmd_context *ctx)
{
	auto_bisection b = { .start = NULL };

	if (bisection_load(ctx->repo, &b, &ctx->err))
		return ctx_fail(ctx, "bisect log");
	if (!b.start)
		return no_search(ctx, "log");
	return bisection_print_log(ctx, &b) ? ctx_fail(ctx, "bisect log") : EXIT_DONE;
}

/* Run the command at a commit: the word for its answer; NULL if there is none, in ctx->err. */
static const char *ask(struct cmd_context *ctx, const struct commit *c, char **argv)
{
	char hex[OID_HEX_LEN + 1];
	const char *const *args;
	int status;

	/* Nobody writes into the words. */
	memcpy(&args, &argv, sizeof(args));
	fflush(stdout);
	if (setenv("DRIFT_BISECT_HEAD", oid_to_hex(&c->id, hex), 1)) {
		error_from_errno(&ctx->err, "cannot set DRIFT_BISECT_HEAD");
		return NULL;
	}
	if (spawn_wait(args, &status, &ctx->err))
		return NULL;
	if (status == RUN_NOT_EXECUTABLE || status == RUN_NOT_FOUND || status >= RUN_ABORT) {
		error_set(&ctx->err, DRIFT_ERR_INVALID, "'%s' ended with status %d, which is no answer", argv[0], status);
		return NULL;
	}
	return !status ? "good" : status == RUN_SKIP ? "skip" : "bad";
}

static int ask_and_mark(struct cmd_context *ctx, struct commit *c, char **argv)
{
	auto_bisection_marks marks = BISECTION_MARKS_INIT;
	auto_bisection after = { .start = NULL };
	auto_bisection_step step = BISECTION_STEP_INIT;
	const char *word = ask(ctx, c, argv);
	auto_buf reason = BUF_INIT;

	if (!word)
		return -1;
	buf_addf(&reason, "bisect: %s", word);
	if (buf_check(&reason, &ctx->err) || commit_list_add(list_of(&marks, word), c, &ctx->err))
		return -1;
	return bisection_mark(ctx, &marks, reason.data, &after, &step);
}

/* One round: EXIT_DONE with *again_out, or the end. */
static int run_round(struct cmd_context *ctx, char **argv, bool *again_out)
{
	auto_bisection b = { .start = NULL };
	auto_bisection_step step = BISECTION_STEP_INIT;
	int code;

	*again_out = false;
	if (bisection_load(ctx->repo, &b, &ctx->err) || bisection_next(&b, &step, &ctx->err))
		return ctx_fail(ctx, "bisect run");
	if (!b.start)
		return no_search(ctx, "run");
	if (step.state == BISECTION_WAITING) {
		error_set(&ctx->err, DRIFT_ERR_INVALID, "a bad and a good commit have to be known first");
		return ctx_fail(ctx, "bisect run");
	}
	if (step.state != BISECTION_TESTING)
		return print_step(ctx, &b, &step);
	code = ctx->common.quiet ? EXIT_DONE : print_step(ctx, &b, &step);
	if (code)
		return code;
	*again_out = true;
	/* The program may have printed what says why. */
	return ask_and_mark(ctx, step.commit, argv) ? ctx_die(ctx, "bisect run") : EXIT_DONE;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
	bool again = true;
	int code = EXIT_DONE;

	if (!argc)
		return ctx_usage(ctx, "which command is to be run?");
	while (again && !code)
		code = run_round(ctx, argv, &again);
	return code;
}

/* What follows the word may be options, unless they are those of the command to run. */
static int dispatch(struct cmd_context *ctx, const char *word, int argc, char **argv)
{
	const struct bisect_options *o = ctx->options;

	if (!strcmp(word, "start"))
		return start(ctx, o->first_parent, argc, argv);
	if (!strcmp(word, "good") || !strcmp(word, "bad") || !strcmp(word, "skip"))
		return mark_points(ctx, word, argc, argv);
	if (!strcmp(word, "run"))
		return run(ctx, argc, argv);
	if (argc)
		return ctx_usage(ctx, "%s takes no arguments", word);
	return !strcmp(word, "log") ? print_log(ctx) : reset(ctx);
}

static int parse_rest(struct cmd_context *ctx, int *argc, char **argv)
{
	struct bisect_options *o = ctx->options;
	const struct option_spec rest[] = {
		{ .kind = OPTION_FLAG, .long_name = "first-parent", .value = &o->first_parent },
		{ .kind = OPTION_FLAG, .long_name = "json", .value = &ctx->common.json },
		{ .kind = OPTION_FLAG, .short_name = 'q', .long_name = "quiet", .value = &ctx->common.quiet },
		{ .kind = OPTION_STRING, .long_name = "branch", .value = &ctx->common.branch, .argument = "B" },
	};
	const struct option_table table = { .usage = usage, .specs = rest, .spec_count = ARRAY_SIZE(rest) };
	struct option_result result = { .help = false };
	int failed = options_parse(&table, *argc, argv, &result, &ctx->err);

	if (!failed) {
		*argc = (int)result.arguments.count;
		for (size_t i = 0; i < result.arguments.count; i++)
			memcpy(&argv[i], &result.arguments.items[i], sizeof(*argv));
	}
	option_result_release(&result);
	return failed;
}

static int bisect(struct cmd_context *ctx, int argc, char **argv)
{
	const struct bisect_options *o = ctx->options;
	const char *word = argc ? argv[0] : "";
	bool known = false;

	for (size_t i = 0; words[i]; i++)
		known = known || !strcmp(words[i], word);
	if (!known)
		return ctx_usage(ctx, argc ? "'%s' is none of start, good, bad, skip, run, log and reset" :
				 "one of start, good, bad, skip, run, log and reset%s", word);
	argc--;
	argv++;
	if (strcmp(word, "run") != 0 && parse_rest(ctx, &argc, argv))
		return ctx_usage(ctx, "%s", ctx->err.message);
	if (o->first_parent && strcmp(word, "start") != 0)
		return ctx_usage(ctx, "--first-parent is for start");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	return dispatch(ctx, word, argc, argv);
}

const struct command cmd_bisect = {
	.name = "bisect",
	.summary = "find the commit that broke something, by halves",
	.usage = usage,
	.run = bisect,
	COMMAND_OPTIONS(struct bisect_options, specs),
	.common = COMMON_JSON | COMMON_QUIET | COMMON_BRANCH,
	.writes = true,
	.stop_at_argument = true,
	.words = words,
};
