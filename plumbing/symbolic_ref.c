#include "plumbing/plumbing.h"

#include <string.h>

#include "cli/output.h"
#include "plumbing/write_refs.h"
#include "refs/refname.h"

struct symbolic_ref_options {
	bool delete, brief;
	const char *reason;
};

#define AT(field) OPTION_AT(struct symbolic_ref_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .short_name = 'd',
	  .long_name = "delete",
	  .value = AT(delete),
	  .help = "delete the symbolic ref" },
	{ .kind = OPTION_FLAG, .long_name = "short", .value = AT(brief), .help = "print the short name" },
	{ .kind = OPTION_STRING,
	  .short_name = 'm',
	  .value = AT(reason),
	  .argument = "REASON",
	  .help = "what the reflog says" },
};

static const char *const usage[] = {
	"drift symbolic-ref [--short] [-q] NAME",
	"drift symbolic-ref [-m REASON] NAME REF",
	"drift symbolic-ref -d NAME",
	NULL,
};

/* 1 it is symbolic / 0 after saying that it is not / -1 */
static int read_symbolic(struct cmd_context *ctx, const char *name, struct ref_value *value)
{
	if (refname_check(name, strlen(name), &ctx->err) ||
	    odb_ref_read(repo_odb(ctx->repo), name, false, value, &ctx->err))
		return -1;
	if (value->kind == REF_SYMBOLIC)
		return 1;
	error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "it is not a symbolic ref");
	return 0;
}

static int print_one(struct cmd_context *ctx, const char *name)
{
	const struct symbolic_ref_options *o = ctx->options;
	struct ref_value value;
	int found = read_symbolic(ctx, name, &value);

	if (!found && ctx->common.quiet)
		return EXIT_NO;
	if (found <= 0)
		return ctx_fail(ctx, "read '%s'", name);
	out_text_line(ctx, o->brief ? refname_short(value.target) : value.target);
	return EXIT_DONE;
}

static int write_one(struct cmd_context *ctx, const char *name, const char *target)
{
	const struct symbolic_ref_options *o = ctx->options;
	struct ref_edits edits = { .ctx = ctx, .reason = o->reason ? o->reason : "symbolic-ref" };
	struct ref_edit *edit = ref_edits_add(&edits, name, strlen(name), &ctx->err);
	struct ref_value value;
	int failed = !edit;

	if (!failed && target)
		failed = refname_check(target, strlen(target), &ctx->err);
	else if (!failed)
		failed = read_symbolic(ctx, name, &value) <= 0;
	if (!failed && target && !strcmp(name, REF_HEAD) && !refname_is_branch(target))
		failed = error_set(&ctx->err, DRIFT_ERR_INVALID, "HEAD names a branch, and '%s' is none", target);
	if (!failed) {
		edit->no_deref = true;
		edit->kind = target ? REF_SYMBOLIC : REF_ABSENT;
		if (target)
			memcpy(edit->target, target, strlen(target) + 1);
		failed = ref_edits_apply(&edits, &ctx->err);
	}
	ref_edits_release(&edits);
	return failed ? ctx_fail(ctx, "%s '%s'", target ? "set" : "delete", name) : EXIT_DONE;
}

static int symbolic_ref(struct cmd_context *ctx, int argc, char **argv)
{
	const struct symbolic_ref_options *o = ctx->options;

	if (argc < 1 || argc > (o->delete ? 1 : 2))
		return ctx_usage(ctx, argc ? "there are too many arguments" : "which ref?");
	if (o->delete &&!strcmp(argv[0], REF_HEAD))
		return ctx_usage(ctx, "HEAD cannot be deleted");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (argc == 1 && !o->delete)
		return print_one(ctx, argv[0]);
	return write_one(ctx, argv[0], o->delete ? NULL : argv[1]);
}

const struct command cmd_symbolic_ref = {
	.name = "symbolic-ref",
	.summary = "read and set refs that name refs",
	.usage = usage,
	.run = symbolic_ref,
	COMMAND_OPTIONS(struct symbolic_ref_options, specs),
	.common = COMMON_QUIET,
	.group = COMMAND_PLUMBING,
	.writes = true,
};
