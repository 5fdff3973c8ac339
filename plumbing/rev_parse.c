#include "plumbing/plumbing.h"

#include <string.h>

#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/ref_list.h"
#include "refs/refname.h"

struct rev_parse_options {
	bool verify, abbrev_ref, full_name, drift_dir, git_dir, show_toplevel, is_bare, all, branches, tags;
	bool is_short;
	int64_t short_len;
};

#define AT(field) OPTION_AT(struct rev_parse_options, field)

static int parse_short(void *value, const char *argument, bool no, struct drift_error *err)
{
	struct rev_parse_options *o = value;

	(void)no;
	o->is_short = true;
	o->short_len = SHORT_ID_LEN;
	return argument && *argument ? plumbing_number(argument, 4, OID_HEX_LEN, &o->short_len, err) : 0;
}

static const struct option_spec specs[] = {
	{ .kind = OPTION_CALLBACK,
	  .long_name = "short",
	  .value = (void *)0,
	  .argument = "N",
	  .argument_optional = true,
	  .callback = parse_short,
	  .help = "the shortest id of N digits or more that is unique" },
	{ .kind = OPTION_FLAG, .long_name = "verify", .value = AT(verify), .help = "exactly one object, or fail" },
	{ .kind = OPTION_FLAG, .long_name = "abbrev-ref", .value = AT(abbrev_ref), .help = "short names of refs" },
	{ .kind = OPTION_FLAG,
	  .long_name = "symbolic-full-name",
	  .value = AT(full_name),
	  .help = "full names of refs" },
	{ .kind = OPTION_FLAG, .long_name = "all", .value = AT(all), .help = "all refs" },
	{ .kind = OPTION_FLAG, .long_name = "branches", .value = AT(branches), .help = "all branches" },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "all tags" },
	{ .kind = OPTION_FLAG, .long_name = "drift-dir", .value = AT(drift_dir), .help = "the folder of the store" },
	{ .kind = OPTION_FLAG, .long_name = "git-dir", .value = AT(git_dir) },
	{ .kind = OPTION_FLAG,
	  .long_name = "show-toplevel",
	  .value = AT(show_toplevel),
	  .help = "the folder that holds the store" },
	{ .kind = OPTION_FLAG, .long_name = "is-bare-repository", .value = AT(is_bare), .help = "print true or false" },
};

static const char *const usage[] = {
	"drift rev-parse [--short[=N]] [--abbrev-ref|--symbolic-full-name] (OBJECT|A..B|^A)...",
	"drift rev-parse --verify [-q] [--short[=N]] OBJECT",
	"drift rev-parse --all|--branches|--tags",
	"drift rev-parse --drift-dir|--show-toplevel|--is-bare-repository",
	NULL,
};

static int print_id(struct cmd_context *ctx, const struct oid *id, bool excluded)
{
	const struct rev_parse_options *o = ctx->options;
	auto_buf b = BUF_INIT;
	char hex[OID_HEX_LEN + 1];

	if (excluded)
		buf_add_byte(&b, '^');
	if (!o->is_short)
		buf_add_str(&b, oid_to_hex(id, hex));
	else if (plumbing_short_id(ctx, id, (size_t)o->short_len, &b, &ctx->err))
		return -1;
	buf_add_byte(&b, '\n');
	out_buf(&b);
	return 0;
}

/* The ref that text names, symbolic ones followed: 1 / 0 / -1. */
static int find_ref(struct cmd_context *ctx, const char *text, struct ref_resolved *out)
{
	char name[REF_NAME_MAX + 1];
	int found;

	if (!strcmp(text, REF_HEAD) || !strcmp(text, "@"))
		return refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, out, &ctx->err) ? -1 : 1;
	found = refs_expand(repo_odb(ctx->repo), text, strlen(text), name, &ctx->err);
	if (found <= 0)
		return found;
	return refs_resolve(repo_odb(ctx->repo), name, false, out, &ctx->err) ? -1 : 1;
}

static int print_name(struct cmd_context *ctx, const char *text, bool brief)
{
	struct ref_resolved ref;
	int found = find_ref(ctx, text, &ref);

	if (found < 0)
		return -1;
	if (!found)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no such ref");
	out_text_line(ctx, brief ? refname_short(ref.name) : ref.name);
	return 0;
}

static int print_object(struct object_reader *reader, const char *text, size_t len, bool excluded)
{
	auto_object_name name = OBJECT_NAME_INIT;

	if (object_reader_find(reader, text, len, &name, &reader->ctx->err))
		return -1;
	return print_id(reader->ctx, &name.id, excluded);
}

/* A side that is left out is HEAD. */
static int print_side(struct object_reader *reader, const char *text, size_t len, bool excluded)
{
	return print_object(reader, len ? text : REF_HEAD, len ? len : strlen(REF_HEAD), excluded);
}

static int print_symmetric(struct object_reader *reader, const char *text, const char *dots)
{
	struct cmd_context *ctx = reader->ctx;
	auto_buf left = BUF_INIT;
	auto_commit *a = NULL;
	auto_commit *b = NULL;
	struct commit **bases;
	size_t count;
	int failed;

	buf_add(&left, text, (size_t)(dots - text));
	if (buf_check(&left, &ctx->err) || plumbing_commit(ctx, left.len ? left.data : REF_HEAD, &a, &ctx->err) ||
	    plumbing_commit(ctx, dots[3] ? dots + 3 : REF_HEAD, &b, &ctx->err) ||
	    graph_merge_bases(ctx->repo, a, b, &bases, &count, &ctx->err))
		return -1;
	failed = print_id(ctx, &a->id, false) || print_id(ctx, &b->id, false);
	for (size_t i = 0; !failed && i < count; i++)
		failed = print_id(ctx, &bases[i]->id, true);
	graph_free_list(bases, count);
	return failed ? -1 : 0;
}

static int print_argument(struct object_reader *reader, const char *text)
{
	const struct rev_parse_options *o = reader->ctx->options;
	const char *dots;

	if (o->abbrev_ref || o->full_name)
		return print_name(reader->ctx, text, o->abbrev_ref);
	dots = o->verify || strchr(text, ':') ? NULL : strstr(text, "..");
	if (dots && dots[2] == '.')
		return print_symmetric(reader, text, dots);
	if (dots)
		return print_side(reader, dots + 2, strlen(dots + 2), false) ||
				       print_side(reader, text, (size_t)(dots - text), true) ?
			       -1 :
			       0;
	if (text[0] == '^' && !o->verify)
		return print_object(reader, text + 1, strlen(text + 1), true);
	return print_object(reader, text, strlen(text), false);
}

static int print_refs(struct cmd_context *ctx, const char *prefix)
{
	auto_ref_list list = REF_LIST_INIT(ctx);

	if (ref_list_add(&list, prefix, &ctx->err))
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		if (print_id(ctx, &list.items[i].object.id, false))
			return -1;
	}
	return 0;
}

/* A store in a work folder is called ".drift". */
static bool is_bare(struct cmd_context *ctx)
{
	const char *name = strrchr(repo_dir(ctx->repo), '/');

	return strcmp(name ? name + 1 : repo_dir(ctx->repo), ".drift") != 0;
}

static int print_toplevel(struct cmd_context *ctx)
{
	const char *dir = repo_dir(ctx->repo), *end = strrchr(dir, '/');

	if (is_bare(ctx))
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "the repository is bare");
	out_printf("%.*s\n", end == dir ? 1 : (int)(end - dir), dir);
	return 0;
}

static int print_about(struct cmd_context *ctx)
{
	const struct rev_parse_options *o = ctx->options;

	if (o->drift_dir || o->git_dir)
		out_printf("%s\n", repo_dir(ctx->repo));
	if (o->show_toplevel && print_toplevel(ctx))
		return -1;
	if (o->is_bare)
		out_printf("%s\n", is_bare(ctx) ? "true" : "false");
	if (o->all)
		return print_refs(ctx, "refs/");
	if (o->branches && print_refs(ctx, REF_HEADS))
		return -1;
	return o->tags ? print_refs(ctx, REF_TAGS) : 0;
}

static int rev_parse(struct cmd_context *ctx, int argc, char **argv)
{
	const struct rev_parse_options *o = ctx->options;
	auto_object_reader reader = OBJECT_READER_INIT(ctx);

	if (o->verify && argc != 1)
		return ctx_usage(ctx, "--verify takes exactly one object");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (print_about(ctx))
		return ctx_fail(ctx, "answer");
	for (int i = 0; i < argc; i++) {
		if (!print_argument(&reader, argv[i]))
			continue;
		if (o->verify && ctx->common.quiet && ctx->err.code == DRIFT_ERR_NOT_FOUND)
			return EXIT_NO;
		return ctx_fail(ctx, "resolve '%s'", argv[i]);
	}
	return EXIT_DONE;
}

const struct command cmd_rev_parse = {
	.name = "rev-parse",
	.task = "resolve",
	.summary = "turn names of objects into ids",
	.usage = usage,
	.run = rev_parse,
	COMMAND_OPTIONS(struct rev_parse_options, specs),
	.common = COMMON_QUIET | COMMON_BRANCH | COMMON_CACHE,
	.group = COMMAND_PLUMBING,
};
