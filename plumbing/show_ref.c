#include "plumbing/plumbing.h"

#include <string.h>

#include "cli/output.h"
#include "plumbing/object_reader.h"
#include "plumbing/ref_list.h"

struct show_ref_options {
	bool heads, branches, tags, head, dereference, verify, exists, hash_only;
	int64_t hash_len;
};

#define AT(field) OPTION_AT(struct show_ref_options, field)

static int parse_hash(void *value, const char *argument, bool no, struct drift_error *err)
{
	struct show_ref_options *o = value;

	(void)no;
	o->hash_only = true;
	return argument && *argument ? plumbing_number(argument, 4, OID_HEX_LEN, &o->hash_len, err) : 0;
}

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .long_name = "heads", .value = AT(heads), .help = "branches only" },
	{ .kind = OPTION_FLAG, .long_name = "branches", .value = AT(branches) },
	{ .kind = OPTION_FLAG, .long_name = "tags", .value = AT(tags), .help = "tags only" },
	{ .kind = OPTION_FLAG, .long_name = "head", .value = AT(head), .help = "HEAD, too" },
	{ .kind = OPTION_FLAG,
	  .short_name = 'd',
	  .long_name = "dereference",
	  .value = AT(dereference),
	  .help = "also what tags lead to, as NAME^{}" },
	{ .kind = OPTION_CALLBACK,
	  .short_name = 's',
	  .long_name = "hash",
	  .value = (void *)0,
	  .argument = "N",
	  .argument_optional = true,
	  .callback = parse_hash,
	  .help = "ids alone, with N digits" },
	{ .kind = OPTION_FLAG, .long_name = "verify", .value = AT(verify), .help = "the arguments are whole names" },
	{ .kind = OPTION_FLAG,
	  .long_name = "exists",
	  .value = AT(exists),
	  .help = "say by the exit code if REF is there" },
};

static const char *const usage[] = {
	"drift show-ref [--heads] [--tags] [--head] [-d] [-s[N]] [-q] [PATTERN...]",
	"drift show-ref --verify [-d] [-s[N]] [-q] REF...",
	"drift show-ref --exists REF",
	NULL,
};

static int print_json(struct cmd_context *ctx, const struct listed_ref *ref)
{
	struct json_line line;
	enum object_kind kind;
	struct object_ref to;

	out_json_begin(&line);
	json_writer_text(&line.w, "name", ref->name, strlen(ref->name));
	out_json_id(&line.w, "id", &ref->object.id);
	json_writer_member_str(&line.w, "type", object_kind_name(ref->kind));
	if (ref->target)
		json_writer_text(&line.w, "target", ref->target, strlen(ref->target));
	if (ref->kind == OBJECT_TAG && !ref_peel(ctx, ref, &to, &kind, NULL))
		out_json_id(&line.w, "peeled", &to.id);
	return out_json_end(&line, &ctx->err);
}

static void print_line(const struct cmd_context *ctx, const struct oid *id, const char *name, const char *suffix)
{
	const struct show_ref_options *o = ctx->options;
	char hex[OID_HEX_LEN + 1];
	auto_buf line = BUF_INIT;

	oid_to_hex(id, hex);
	if (o->hash_len)
		hex[o->hash_len] = '\0';
	buf_add_str(&line, hex);
	if (!o->hash_only) {
		buf_add_byte(&line, ' ');
		out_append_text(ctx, &line, name, strlen(name), false);
		buf_add_str(&line, suffix);
	}
	buf_add_byte(&line, '\n');
	out_buf(&line);
}

static int print_ref(struct cmd_context *ctx, const struct listed_ref *ref)
{
	const struct show_ref_options *o = ctx->options;
	enum object_kind kind;
	struct object_ref to;

	if (ctx->common.quiet)
		return 0;
	if (ctx->common.json)
		return print_json(ctx, ref);
	print_line(ctx, &ref->object.id, ref->name, "");
	if (!o->dereference || ref->kind != OBJECT_TAG)
		return 0;
	if (ref_peel(ctx, ref, &to, &kind, &ctx->err))
		return -1;
	print_line(ctx, &to.id, ref->name, "^{}");
	return 0;
}

/* A pattern is the end of a name, from a slash on. */
static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern), name_len = strlen(name);

	if (len > name_len || strcmp(name + name_len - len, pattern) != 0)
		return false;
	return len == name_len || name[name_len - len - 1] == '/';
}

static bool is_wanted(const struct cmd_context *ctx, const struct listed_ref *ref, int argc, char **argv)
{
	const struct show_ref_options *o = ctx->options;
	bool heads = o->heads || o->branches;
	bool in_heads = !strncmp(ref->name, REF_HEADS, strlen(REF_HEADS));
	bool in_tags = !strncmp(ref->name, REF_TAGS, strlen(REF_TAGS));

	if (!strcmp(ref->name, REF_HEAD))
		return true;
	if ((heads || o->tags) && !(heads && in_heads) && !(o->tags && in_tags))
		return false;
	for (int i = 0; i < argc; i++) {
		if (matches(argv[i], ref->name))
			return true;
	}
	return !argc;
}

static int show_matching(struct cmd_context *ctx, int argc, char **argv)
{
	const struct show_ref_options *o = ctx->options;
	auto_ref_list list = REF_LIST_INIT(ctx);
	bool any = false;

	if ((o->head && ref_list_add_one(&list, REF_HEAD, &ctx->err) < 0) || ref_list_add(&list, "refs/", &ctx->err))
		return ctx_die(ctx, "list refs");
	for (size_t i = 0; i < list.count; i++) {
		if (!is_wanted(ctx, &list.items[i], argc, argv))
			continue;
		if (print_ref(ctx, &list.items[i]))
			return ctx_die(ctx, "list refs");
		any = true;
	}
	return any ? EXIT_DONE : EXIT_NO;
}

static int show_named(struct cmd_context *ctx, int argc, char **argv)
{
	const struct show_ref_options *o = ctx->options;
	auto_ref_list list = REF_LIST_INIT(ctx);

	for (int i = 0; i < argc; i++) {
		int found = ref_list_add_one(&list, argv[i], &ctx->err);

		if (found < 0)
			return ctx_die(ctx, "read '%s'", argv[i]);
		if (!found && (ctx->common.quiet || o->exists))
			return EXIT_NO;
		if (!found) {
			error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no such ref");
			return ctx_fail(ctx, "show '%s'", argv[i]);
		}
	}
	for (size_t i = 0; i < list.count && !o->exists; i++) {
		if (print_ref(ctx, &list.items[i]))
			return ctx_die(ctx, "list refs");
	}
	return EXIT_DONE;
}

static int show_ref(struct cmd_context *ctx, int argc, char **argv)
{
	const struct show_ref_options *o = ctx->options;

	if ((o->verify || o->exists) && !argc)
		return ctx_usage(ctx, "which ref?");
	if (o->exists && argc > 1)
		return ctx_usage(ctx, "--exists takes one ref");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	return o->verify || o->exists ? show_named(ctx, argc, argv) : show_matching(ctx, argc, argv);
}

const struct command cmd_show_ref = {
	.name = "show-ref",
	.task = "list refs",
	.summary = "list refs and the ids that they hold",
	.usage = usage,
	.run = show_ref,
	COMMAND_OPTIONS(struct show_ref_options, specs),
	.common = COMMON_JSON | COMMON_QUIET,
	.group = COMMAND_PLUMBING,
};
