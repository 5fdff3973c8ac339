#include "porcelain/porcelain.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "cli/commit_output.h"
#include "cli/document_log.h"
#include "cli/log_format.h"
#include "cli/log_graph.h"
#include "cli/revision_args.h"
#include "repo/history.h"

struct log_options {
	int64_t count;
	bool oneline, graph, stat, patch, name_status, name_only, reverse, first_parent, ignore_case;
	const char *author, *grep, *since, *until, *format;
};

static const struct log_options defaults = { .count = -1 };

#define AT(field) OPTION_AT(struct log_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_INT, .short_name = 'n', .long_name = "max-count", .value = AT(count), .argument = "N",
	  .bare_number = true, .help = "at most N commits" },
	{ .kind = OPTION_FLAG, .long_name = "oneline", .value = AT(oneline), .help = "a line a commit" },
	{ .kind = OPTION_FLAG, .long_name = "graph", .value = AT(graph), .help = "draw the lines of history" },
	{ .kind = OPTION_FLAG, .long_name = "stat", .value = AT(stat), .help = "what changed, and how much" },
	{ .kind = OPTION_FLAG, .short_name = 'p', .long_name = "patch", .value = AT(patch),
	  .help = "what changed, field by field" },
	{ .kind = OPTION_FLAG, .long_name = "name-status", .value = AT(name_status), .help = "which documents changed, and how" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "which documents changed" },
	{ .kind = OPTION_STRING, .long_name = "author", .value = AT(author), .argument = "RE",
	  .help = "only commits whose author matches" },
	{ .kind = OPTION_STRING, .long_name = "grep", .value = AT(grep), .argument = "RE",
	  .help = "only commits whose message matches" },
	{ .kind = OPTION_FLAG, .short_name = 'i', .long_name = "ignore-case", .value = AT(ignore_case),
	  .help = "in --author and --grep" },
	{ .kind = OPTION_STRING, .long_name = "since", .value = AT(since), .argument = "T", .help = "only at T and later" },
	{ .kind = OPTION_STRING, .long_name = "until", .value = AT(until), .argument = "T", .help = "only at T and before" },
	{ .kind = OPTION_FLAG, .long_name = "reverse", .value = AT(reverse), .help = "oldest first" },
	{ .kind = OPTION_FLAG, .long_name = "first-parent", .value = AT(first_parent),
	  .help = "do not enter what was merged" },
	{ .kind = OPTION_STRING, .long_name = "format", .value = AT(format), .argument = "F",
	  .help = "such as '%h %an %s': see the manual" },
};

static const char *const usage[] = { "drift log [OPTION...] [POINT|A..B] [PATH|PREFIX/...]", NULL };

/* All that a run of log holds. */
struct log_run {
	struct cmd_context *ctx;
	const struct log_options *o;
	struct revision_args args;
	struct commit_style style;
	struct revwalk *walk;
	struct document_log *documents; /* instead of the walk, where that is enough */
	struct log_graph graph;
	struct oid_table within; /* --graph of a range: its commits */
	regex_t author, grep;
	bool has_author, has_grep, has_since, has_until, past_since;
	int64_t since_usec, until_usec;
	struct commit **kept; /* --reverse; or the commits in `within` */
	size_t kept_count, kept_capacity;
	uint64_t shown;
};

static int compile(regex_t *re, bool *has, const char *pattern, bool ignore_case, struct drift_error *err)
{
	char why[256];
	int failed;

	if (!pattern)
		return 0;
	failed = regcomp(re, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE | (ignore_case ? REG_ICASE : 0));
	if (failed) {
		regerror(failed, re, why, sizeof(why));
		return error_set(err, DRIFT_ERR_INVALID, "'%s': %s", pattern, why);
	}
	*has = true;
	return 0;
}

static int parse_time(const char *text, bool *has, int64_t *usec, struct drift_error *err)
{
	struct date date;

	if (!text)
		return 0;
	if (date_parse(text, strlen(text), date_now_us(), &date, err))
		return -1;
	*usec = date.us;
	*has = true;
	return 0;
}

static int parse_filters(struct log_run *run)
{
	const struct log_options *o = run->o;
	struct drift_error *err = &run->ctx->err;

	if (compile(&run->author, &run->has_author, o->author, o->ignore_case, err) ||
	    compile(&run->grep, &run->has_grep, o->grep, o->ignore_case, err) ||
	    parse_time(o->since, &run->has_since, &run->since_usec, err) ||
	    parse_time(o->until, &run->has_until, &run->until_usec, err))
		return -1;
	return 0;
}

static int choose_style(struct log_run *run)
{
	const struct log_options *o = run->o;
	const char *format = o->format;
	struct commit_style *style = &run->style;

	style->oneline = o->oneline;
	if (format && (!strncmp(format, "format:", 7) || !strncmp(format, "tformat:", 8)))
		format = strchr(format, ':') + 1;
	else if (format && !strcmp(format, "oneline")) {
		style->oneline = true;
		format = NULL;
	}
	style->format = format;
	style->filter = run->args.paths;
	if (o->patch)
		style->changes = CHANGES_PATCH;
	else if (o->stat)
		style->changes = CHANGES_STAT;
	else if (o->name_status)
		style->changes = CHANGES_NAME_STATUS;
	else if (o->name_only)
		style->changes = CHANGES_NAME_ONLY;
	return format ? log_format_check(format, &run->ctx->err) : 0;
}

static int start_walk(struct log_run *run, struct revwalk **walk_out)
{
	struct cmd_context *ctx = run->ctx;
	const struct revwalk_options options = {
		.order = run->o->graph ? REVWALK_TOPOLOGICAL : REVWALK_TIME, .first_parent = run->o->first_parent,
	};
	auto_point tip = POINT_INIT;

	if (revwalk_new(ctx->repo, &options, walk_out, &ctx->err))
		return -1;
	for (size_t i = 0; i < run->args.point_count; i++) {
		const char *text = run->args.points[i];

		if (point_range(ctx->repo, text, strlen(text), ctx_branch_name(ctx), *walk_out, &ctx->err))
			return -1;
	}
	if (run->args.point_count)
		return 0;
	if (ctx_point(ctx, NULL, &tip, &ctx->err))
		return -1;
	return tip.commit ? revwalk_include(*walk_out, tip.commit, &ctx->err) : 0;
}

static int keep_commit(struct log_run *run, struct commit *c)
{
	if (mem_grow(&run->kept, &run->kept_capacity, run->kept_count + 1, sizeof(*run->kept)))
		return error_no_memory(&run->ctx->err);
	run->kept[run->kept_count++] = commit_ref(c);
	return 0;
}

static bool has_range(const struct log_run *run)
{
	for (size_t i = 0; i < run->args.point_count; i++) {
		if (*run->args.points[i] == '^' || strstr(run->args.points[i], ".."))
			return true;
	}
	return false;
}

/* Where a range begins lines end, so what is in it has to be known before the first is drawn. */
static int collect_range(struct log_run *run)
{
	struct drift_error *err = &run->ctx->err;
	auto_revwalk *walk = NULL;
	int more;

	if (!run->o->graph || !has_range(run))
		return 0;
	if (start_walk(run, &walk))
		return -1;
	for (;;) {
		auto_commit *c = NULL;

		more = revwalk_next(walk, &c, err);
		if (more <= 0)
			break;
		if (keep_commit(run, c) || oid_table_put(&run->within, &c->id, c, err))
			return -1;
	}
	run->graph.within = &run->within;
	return more;
}

static bool text_matches(const regex_t *re, const struct text *text)
{
	/* Texts of commits are followed by a NUL; REG_STARTEND would also see behind those inside. */
	return !regexec(re, text->data, 0, NULL, 0);
}

/* 1 show it, 0 not, -1 */
static int is_wanted(struct log_run *run, struct commit *c)
{
	const struct path_filter *paths = &run->args.paths;

	if (run->has_since && c->time_usec < run->since_usec) {
		/* By time, nothing that comes later is younger. */
		run->past_since = !run->o->graph;
		return 0;
	}
	if ((run->has_until && c->time_usec > run->until_usec) ||
	    (run->has_author && !text_matches(&run->author, &c->author.who)) ||
	    (run->has_grep && !text_matches(&run->grep, &c->message)))
		return 0;
	if (run->documents)
		return 1;
	return paths->count ? history_touches(run->ctx->repo, c, paths->prefixes, paths->count, &run->ctx->err) : 1;
}

static int show_commit(struct log_run *run, struct commit *c)
{
	struct cmd_context *ctx = run->ctx;
	const struct log_options *o = run->o;
	auto_buf text = BUF_INIT, drawn = BUF_INIT;

	if (ctx->common.json)
		return commit_output_json(ctx, &run->style, c, &ctx->err);
	if (run->shown++ && !run->style.oneline && !run->style.format && !o->graph)
		buf_add_byte(&text, '\n');
	if (commit_output(ctx, &run->style, c, o->graph, &text, &ctx->err))
		return -1;
	if (!o->graph) {
		out_buf(&text);
		return 0;
	}
	if (!run->style.oneline && !run->style.format)
		buf_add_byte(&text, '\n');
	if (log_graph_add(&run->graph, c, &text, &drawn, &ctx->err))
		return -1;
	out_buf(&drawn);
	return 0;
}

static void skip_commit(struct log_run *run, const struct commit *c)
{
	auto_buf drawn = BUF_INIT;

	log_graph_skip(&run->graph, c, &drawn);
	out_buf(&drawn);
}

/* Where commits come from. */
static int start_source(struct log_run *run)
{
	struct cmd_context *ctx = run->ctx;

	if (!run->o->graph && document_log_open(ctx, &run->args, run->o->first_parent, &run->documents, &ctx->err))
		return -1;
	return run->documents ? 0 : start_walk(run, &run->walk);
}

static int next_commit(struct log_run *run, struct commit **out)
{
	struct drift_error *err = &run->ctx->err;

	return run->documents ? document_log_next(run->documents, out, err) : revwalk_next(run->walk, out, err);
}

static int walk_all(struct log_run *run)
{
	struct cmd_context *ctx = run->ctx;
	int64_t left = run->o->count;
	int more = 1;

	while (left && !run->past_since && !ctx_reader_gone(ctx)) {
		auto_commit *c = NULL;
		int wanted;

		more = next_commit(run, &c);
		if (more <= 0)
			break;
		wanted = is_wanted(run, c);
		if (wanted < 0 || (wanted && (run->o->reverse ? keep_commit(run, c) : show_commit(run, c))))
			return -1;
		if (!wanted && run->o->graph)
			skip_commit(run, c);
		if (wanted && left > 0)
			left--;
	}
	return more < 0 ? -1 : 0;
}

static int show_kept(struct log_run *run)
{
	for (size_t i = run->o->reverse ? run->kept_count : 0; i-- > 0 && !ctx_reader_gone(run->ctx);) {
		if (show_commit(run, run->kept[i]))
			return -1;
	}
	return 0;
}

static void log_run_release(struct log_run *run)
{
	for (size_t i = 0; i < run->kept_count; i++)
		commit_unref(run->kept[i]);
	free(run->kept);
	oid_table_release(&run->within);
	if (run->has_author)
		regfree(&run->author);
	if (run->has_grep)
		regfree(&run->grep);
	log_graph_release(&run->graph);
	revwalk_free(run->walk);
	document_log_free(run->documents);
}

static int log_command(struct cmd_context *ctx, int argc, char **argv)
{
	struct log_run run = {
		.ctx = ctx, .o = ctx->options, .graph = LOG_GRAPH_INIT,
	};
	int code = EXIT_DONE;

	if (run.o->graph && run.o->reverse)
		return ctx_usage(ctx, "--graph and --reverse exclude each other");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	run.graph.first_parent = run.o->first_parent;
	if (revision_args_split(ctx, argc, argv, (size_t)argc, &run.args, &ctx->err) || choose_style(&run) ||
	    parse_filters(&run) || collect_range(&run) || start_source(&run) || walk_all(&run) || show_kept(&run))
		code = ctx_fail(ctx, "show the log");
	log_run_release(&run);
	return code;
}

const struct command cmd_log = {
	.name = "log",
	.task = "show the log",
	.summary = "show commits, newest first",
	.usage = usage,
	.run = log_command,
	COMMAND_OPTIONS(struct log_options, specs),
	.defaults = &defaults,
	.common = COMMON_JSON | COMMON_NUL | COMMON_BRANCH | COMMON_AT | COMMON_CACHE,
	.paged = true,
};
