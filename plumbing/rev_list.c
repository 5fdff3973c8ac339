#include "plumbing/plumbing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/input_lines.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/ref_list.h"

struct rev_list_options {
	int64_t max, skip;
	bool count, first_parent, parents, reverse, topological, all, from_stdin, merges, no_merges;
};

static const struct rev_list_options defaults = { .max = -1 };

#define AT(field) OPTION_AT(struct rev_list_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_INT,
	  .short_name = 'n',
	  .long_name = "max-count",
	  .value = AT(max),
	  .argument = "N",
	  .bare_number = true,
	  .help = "at most N commits" },
	{ .kind = OPTION_INT,
	  .long_name = "skip",
	  .value = AT(skip),
	  .argument = "N",
	  .help = "leave out the first N" },
	{ .kind = OPTION_FLAG, .long_name = "count", .value = AT(count), .help = "print how many there are" },
	{ .kind = OPTION_FLAG,
	  .long_name = "first-parent",
	  .value = AT(first_parent),
	  .help = "do not enter what was merged" },
	{ .kind = OPTION_FLAG, .long_name = "parents", .value = AT(parents), .help = "print the parents, too" },
	{ .kind = OPTION_FLAG, .long_name = "reverse", .value = AT(reverse), .help = "oldest first" },
	{ .kind = OPTION_FLAG,
	  .long_name = "topo-order",
	  .value = AT(topological),
	  .help = "keep lines of history together" },
	{ .kind = OPTION_FLAG, .long_name = "merges", .value = AT(merges), .help = "merges only" },
	{ .kind = OPTION_FLAG, .long_name = "no-merges", .value = AT(no_merges), .help = "no merges" },
	{ .kind = OPTION_FLAG, .long_name = "all", .value = AT(all), .help = "from all refs and HEAD" },
	{ .kind = OPTION_FLAG,
	  .long_name = "stdin",
	  .value = AT(from_stdin),
	  .help = "more commits and ranges on standard input" },
};

static const char *const usage[] = { "drift rev-list [OPTION...] (COMMIT|^COMMIT|A..B|A...B|--all|--stdin)...", NULL };

struct listing {
	struct cmd_context *ctx;
	const struct rev_list_options *o;
	struct revwalk *walk;
	struct commit **kept; /* --reverse */
	size_t kept_count, kept_capacity;
	uint64_t count;
	struct progress *progress;
};

static int add_text(struct listing *l, const char *text, size_t len)
{
	return point_range(l->ctx->repo, text, len, ctx_branch_name(l->ctx), l->walk, &l->ctx->err);
}

static int add_stdin(struct listing *l)
{
	auto_input_lines in;
	struct text line;
	enum input_result r;

	input_lines_init(&in, 0, '\n');
	while ((r = input_lines_next(&in, true, &line, &l->ctx->err)) == INPUT_LINE) {
		if (line.len && add_text(l, line.data, line.len))
			return -1;
	}
	return r == INPUT_END ? 0 : -1;
}

static int add_all(struct listing *l)
{
	struct drift_error *err = &l->ctx->err;
	auto_ref_list list = REF_LIST_INIT(l->ctx);

	if (ref_list_add_one(&list, REF_HEAD, err) < 0 || ref_list_add(&list, "refs/", err))
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		auto_commit *c = NULL;
		enum object_kind kind;
		struct object_ref to;

		if (ref_peel(l->ctx, &list.items[i], &to, &kind, err))
			return -1;
		if (kind == OBJECT_COMMIT &&
		    (odb_commit(repo_odb(l->ctx->repo), &to.id, to.loc, &c, err) || revwalk_include(l->walk, c, err)))
			return -1;
	}
	return 0;
}

static int print_json(struct listing *l, const struct commit *c)
{
	struct json_line line;

	out_json_begin(&line);
	out_json_commit(&line.w, c);
	return out_json_end(&line, &l->ctx->err);
}

static int print_commit(struct listing *l, const struct commit *c)
{
	char hex[OID_HEX_LEN + 1];
	auto_buf b = BUF_INIT;

	if (l->ctx->common.json)
		return print_json(l, c);
	buf_add_str(&b, oid_to_hex(&c->id, hex));
	for (size_t i = 0; l->o->parents && i < c->parent_count; i++)
		buf_addf(&b, " %s", oid_to_hex(&c->parents[i].id, hex));
	buf_add_byte(&b, '\n');
	if (buf_check(&b, &l->ctx->err))
		return -1;
	out_buf(&b);
	return 0;
}

static int take_commit(struct listing *l, struct commit *c)
{
	l->count++;
	if (l->o->count)
		return 0;
	if (!l->o->reverse)
		return print_commit(l, c);
	if (mem_grow(&l->kept, &l->kept_capacity, l->kept_count + 1, sizeof(*l->kept)))
		return error_no_memory(&l->ctx->err);
	l->kept[l->kept_count++] = commit_ref(c);
	return 0;
}

static int walk_all(struct listing *l)
{
	int64_t skip = l->o->skip;
	int more = 1;

	while ((l->o->max < 0 || l->count < (uint64_t)l->o->max) && !ctx_reader_gone(l->ctx)) {
		auto_commit *c = NULL;

		more = revwalk_next(l->walk, &c, &l->ctx->err);
		if (more <= 0)
			break;
		if (c->parent_count > 1 ? l->o->no_merges : l->o->merges)
			continue;
		if (skip > 0)
			skip--;
		else if (take_commit(l, c))
			return -1;
	}
	return more < 0 ? -1 : 0;
}

static void show_progress(void *data, uint64_t files_done, uint64_t files_total)
{
	struct listing *l = data;

	if (!files_done)
		l->progress = ctx_progress(l->ctx, "reading the graph of commits", PROGRESS_ITEMS, files_total);
	progress_update(l->progress, files_done);
}

/* 1 nothing but how many there are was asked / 0 / -1 */
static int count_all(struct listing *l)
{
	const struct rev_list_options *o = l->o;
	struct graph_progress progress = { show_progress, l };
	int r;

	if (!o->count || o->merges || o->no_merges || o->skip || o->max >= 0)
		return 0;
	r = revwalk_count(l->walk, &progress, &l->count, &l->ctx->err);
	progress_finish(l->progress);
	return r ? -1 : 1;
}

static int print_end(struct listing *l)
{
	struct json_line line;

	for (size_t i = l->kept_count; i-- > 0 && !ctx_reader_gone(l->ctx);) {
		if (print_commit(l, l->kept[i]))
			return -1;
	}
	if (l->o->count && l->ctx->common.json) {
		out_json_begin(&line);
		json_writer_member_uint(&line.w, "count", l->count);
		return out_json_end(&line, &l->ctx->err);
	}
	if (l->o->count)
		out_printf("%" PRIu64 "\n", l->count);
	return 0;
}

/* A line of history that has no merge is as long as its last number says: 1 counted / 0 to be walked / -1. */
static int count_line(struct listing *l, int argc, char **argv)
{
	const struct rev_list_options *o = l->o;
	auto_point point = POINT_INIT;

	if (!o->count || argc != 1 || o->all || o->from_stdin || o->merges || o->no_merges || o->skip || o->max >= 0 ||
	    argv[0][0] == '^' || strstr(argv[0], ".."))
		return 0;
	if (ctx_point(l->ctx, argv[0], &point, &l->ctx->err))
		return -1;
	if (!point.commit ||
	    (!o->first_parent && (point.commit->parent_count > 1 || point.commit->last_merge_loc != LOC_UNKNOWN)))
		return 0;
	l->count = point.commit->seq;
	return 1;
}

static int list_commits(struct listing *l, int argc, char **argv)
{
	const struct revwalk_options options = {
		.order = l->o->topological ? REVWALK_TOPOLOGICAL : REVWALK_TIME,
		.first_parent = l->o->first_parent,
	};
	int counted;

	if (ctx_branch(l->ctx, &l->ctx->err) < 0)
		return -1;
	counted = count_line(l, argc, argv);
	if (counted)
		return counted < 0 ? -1 : print_end(l);
	if (revwalk_new(l->ctx->repo, &options, &l->walk, &l->ctx->err))
		return -1;
	for (int i = 0; i < argc; i++) {
		if (add_text(l, argv[i], strlen(argv[i])))
			return -1;
	}
	if ((l->o->from_stdin && add_stdin(l)) || (l->o->all && add_all(l)))
		return -1;
	counted = count_all(l);
	if (counted < 0 || (!counted && walk_all(l)))
		return -1;
	return print_end(l);
}

static int rev_list(struct cmd_context *ctx, int argc, char **argv)
{
	struct listing l = { .ctx = ctx, .o = ctx->options };
	int failed;

	if (!argc && !l.o->all && !l.o->from_stdin)
		return ctx_usage(ctx, "which commits?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	failed = list_commits(&l, argc, argv);
	for (size_t i = 0; i < l.kept_count; i++)
		commit_unref(l.kept[i]);
	free(l.kept);
	revwalk_free(l.walk);
	return failed ? ctx_fail(ctx, "list commits") : EXIT_DONE;
}

const struct command cmd_rev_list = {
	.name = "rev-list",
	.task = "list commits",
	.summary = "list commits, newest first",
	.usage = usage,
	.run = rev_list,
	COMMAND_OPTIONS(struct rev_list_options, specs),
	.defaults = &defaults,
	.common = COMMON_JSON | COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
