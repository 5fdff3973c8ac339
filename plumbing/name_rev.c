#include "plumbing/plumbing.h"

#include <inttypes.h>
#include <string.h>

#include "cli/input_lines.h"
#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/ref_list.h"

#define HOP_MAX 64

struct name_rev_options {
	bool name_only, tags, from_stdin, no_undefined;
	struct option_list refs;
};

#define AT(field) OPTION_AT(struct name_rev_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "by tags only" },
	{ .kind = OPTION_LIST,
	  .long_name = "refs",
	  .value = AT(refs),
	  .argument = "PATTERN",
	  .help = "by refs that match only" },
	{ .kind = OPTION_FLAG, .long_name = "name-only", .value = AT(name_only), .help = "print the name alone" },
	{ .kind = OPTION_FLAG,
	  .long_name = "no-undefined",
	  .value = AT(no_undefined),
	  .help = "fail where there is no name" },
	{ .kind = OPTION_FLAG, .long_name = "stdin", .value = AT(from_stdin), .help = "commits on standard input" },
};

static const char *const usage[] = {
	"drift name-rev [--tags] [--refs PATTERN]... [--name-only] [--no-undefined] COMMIT...",
	"drift name-rev [--tags] [--refs PATTERN]... [--name-only] [--no-undefined] --stdin",
	NULL,
};

/* A way from a ref down to a commit: "main~3^2~1". */
struct way {
	const char *ref;
	struct buf steps;
	unsigned merges;   /* entered from the side */
	uint64_t distance; /* of first parents */
};

/*
 * The oldest commit on tip's first-parent line from which c is reached: seq decides, for what one reaches the ones above do,
 * too.
 */
static int find_lowest(struct repo *repo, struct commit *tip, struct commit *c, struct commit **out,
		       struct drift_error *err)
{
	uint64_t low = 1, high = tip->seq;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		auto_commit *at = NULL;
		int reached = graph_at_seq(repo, tip, middle, &at, err);

		if (reached > 0)
			reached = graph_is_ancestor(repo, c, at, err);
		if (reached < 0)
			return -1;
		if (reached)
			high = middle;
		else
			low = middle + 1;
	}
	return graph_at_seq(repo, tip, low, out, err) < 0 ? -1 : 0;
}

/* The first parent other than the first from which c is reached: its number from 1, 0 if there is none, -1. */
static int find_side(struct repo *repo, struct commit *merge, struct commit *c, struct commit **out,
		     struct drift_error *err)
{
	for (size_t i = 1; i < merge->parent_count; i++) {
		auto_commit *parent = NULL;
		int reached = graph_parent(repo, merge, i, &parent, err);

		if (reached > 0)
			reached = graph_is_ancestor(repo, c, parent, err);
		if (reached < 0)
			return -1;
		if (reached) {
			*out = commit_ref(parent);
			return (int)i + 1;
		}
	}
	return 0;
}

/* 1 / 0 there is none / -1 */
static int find_way(struct repo *repo, struct commit *tip, struct commit *c, struct way *way, struct drift_error *err)
{
	auto_commit *from = commit_ref(tip);
	int side = graph_is_ancestor(repo, c, tip, err);

	if (side <= 0)
		return side;
	while (way->merges <= HOP_MAX) {
		auto_commit *low = NULL;
		auto_commit *next = NULL;

		if (find_lowest(repo, from, c, &low, err))
			return -1;
		if (from->seq > low->seq)
			buf_addf(&way->steps, "~%" PRIu64, from->seq - low->seq);
		way->distance += from->seq - low->seq;
		if (oid_equal(&low->id, &c->id))
			return buf_check(&way->steps, err) ? -1 : 1;
		side = find_side(repo, low, c, &next, err);
		if (side <= 0)
			return side;
		buf_addf(&way->steps, "^%d", side);
		way->merges++;
		commit_unref(from);
		from = commit_ref(next);
	}
	return 0;
}

static bool is_tag(const char *name)
{
	return !strncmp(name, REF_TAGS, strlen(REF_TAGS));
}

/* Few merges, then tags, then a short way, then the order of names. */
static bool is_better(const struct way *a, const struct way *b)
{
	if (!b->ref || a->merges != b->merges)
		return !b->ref || a->merges < b->merges;
	if (is_tag(a->ref) != is_tag(b->ref))
		return is_tag(a->ref);
	return a->distance < b->distance;
}

static bool is_allowed(const struct name_rev_options *o, const char *name)
{
	if (o->tags && !is_tag(name))
		return false;
	for (size_t i = 0; i < o->refs.count; i++) {
		const char *rest = name;

		/* A pattern may leave out "refs/", "refs/heads/" and the like. */
		for (unsigned part = 0; part < 3 && rest; part++) {
			if (ref_pattern_matches(o->refs.items[i], rest))
				return true;
			rest = strchr(rest, '/');
			rest = rest ? rest + 1 : NULL;
		}
	}
	return !o->refs.count;
}

static int try_ref(struct cmd_context *ctx, const struct listed_ref *ref, struct commit *c, struct way *best)
{
	struct way way = { .ref = ref->name, .steps = BUF_INIT };
	auto_commit *tip = NULL;
	enum object_kind kind;
	struct object_ref to;
	int found;

	if (ref_peel(ctx, ref, &to, &kind, &ctx->err))
		return -1;
	if (kind != OBJECT_COMMIT)
		return 0;
	if (odb_commit(repo_odb(ctx->repo), &to.id, to.loc, &tip, &ctx->err))
		return -1;
	found = find_way(ctx->repo, tip, c, &way, &ctx->err);
	if (found > 0 && is_better(&way, best)) {
		struct way worse = *best;

		*best = way;
		way = worse;
	}
	buf_release(&way.steps);
	return found < 0 ? -1 : 0;
}

static int print_way(struct cmd_context *ctx, const char *text, const struct oid *id, const struct way *way)
{
	const struct name_rev_options *o = ctx->options;
	struct json_line line;
	auto_buf name = BUF_INIT;

	if (way->ref) {
		const char *from = way->ref + strlen("refs/");

		if (!strncmp(way->ref, REF_HEADS, strlen(REF_HEADS)))
			from = way->ref + strlen(REF_HEADS);
		buf_addf(&name, "%s%s", from, way->steps.data);
	} else if (o->no_undefined) {
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no ref reaches it");
	} else {
		buf_add_str(&name, "undefined");
	}
	if (buf_check(&name, &ctx->err))
		return -1;
	if (ctx->common.json) {
		out_json_begin(&line);
		out_json_id(&line.w, "id", id);
		json_writer_key(&line.w, "name");
		if (way->ref)
			json_writer_string(&line.w, name.data, name.len);
		else
			json_writer_null(&line.w);
		return out_json_end(&line, &ctx->err);
	}
	if (!o->name_only)
		out_printf("%s ", text);
	out_text_line(ctx, name.data);
	return 0;
}

static int name_one(struct cmd_context *ctx, const struct ref_list *list, const char *text)
{
	const struct name_rev_options *o = ctx->options;
	struct way best = { .steps = BUF_INIT };
	auto_commit *c = NULL;
	int failed = plumbing_commit(ctx, text, &c, &ctx->err);

	for (size_t i = 0; !failed && i < list->count; i++) {
		if (is_allowed(o, list->items[i].name))
			failed = try_ref(ctx, &list->items[i], c, &best);
	}
	if (!failed)
		failed = print_way(ctx, text, &c->id, &best);
	buf_release(&best.steps);
	return failed ? ctx_fail(ctx, "name '%s'", text) : EXIT_DONE;
}

static int name_listed(struct cmd_context *ctx, const struct ref_list *list)
{
	auto_input_lines in;
	struct text line;
	enum input_result r;

	input_lines_init(&in, 0, '\n');
	while ((r = input_lines_next(&in, true, &line, &ctx->err)) == INPUT_LINE) {
		int code = name_one(ctx, list, line.data);

		if (code)
			return code;
	}
	return r == INPUT_END ? EXIT_DONE : ctx_die(ctx, "read commits");
}

static int name_rev(struct cmd_context *ctx, int argc, char **argv)
{
	const struct name_rev_options *o = ctx->options;
	auto_ref_list list = REF_LIST_INIT(ctx);
	int code = EXIT_DONE;

	if (o->from_stdin ? argc > 0 : !argc)
		return ctx_usage(ctx, argc ? "the commits come on standard input" : "which commit?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ref_list_add(&list, "refs/", &ctx->err))
		return ctx_die(ctx, "list refs");
	if (o->from_stdin)
		return name_listed(ctx, &list);
	for (int i = 0; i < argc && !code; i++)
		code = name_one(ctx, &list, argv[i]);
	return code;
}

const struct command cmd_name_rev = {
	.name = "name-rev",
	.summary = "name commits by the refs that reach them",
	.usage = usage,
	.run = name_rev,
	COMMAND_OPTIONS(struct name_rev_options, specs),
	.common = COMMON_JSON | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
