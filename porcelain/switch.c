#include "porcelain/porcelain.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/ref_move.h"
#include "refs/refname.h"

struct switch_options {
	bool create;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'c', .long_name = "create", .value = OPTION_AT(struct switch_options, create),
	  .help = "make the branch" },
};

static const char *const usage[] = { "drift switch [-q] NAME", "drift switch [-q] -c NAME [POINT]", NULL };

/* The new branch and HEAD in one transaction. On a store without commits there is nothing yet to stand at. */
static int prepare(struct cmd_context *ctx, const char *full, const char *from, struct ref_change *changes,
		   size_t *count)
{
	const struct switch_options *o = ctx->options;
	auto_point point = POINT_INIT;
	struct ref_value there;

	if (!o->create)
		return ctx_ref_value(ctx, full, "branch", &there, &ctx->err);
	if (odb_ref_read(repo_odb(ctx->repo), full, false, &there, &ctx->err) || ctx_point(ctx, from, &point, &ctx->err))
		return -1;
	if (there.kind != REF_ABSENT)
		return error_set(&ctx->err, DRIFT_ERR_EXISTS, "it exists already");
	if (!point.commit && from)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "there is no commit at '%s'", from);
	if (point.commit) {
		struct ref_change *made = &changes[(*count)++];

		made->name = full;
		made->expect = REF_EXPECT_ABSENT;
		made->value.kind = REF_OBJECT;
		made->value.object = (struct object_ref){ .id = point.commit->id, .loc = point.commit->loc };
	}
	return 0;
}

static int switch_to(struct cmd_context *ctx, const char *name, const char *from)
{
	auto_buf full = BUF_INIT, reason = BUF_INIT, said = BUF_INIT;
	struct ref_change changes[2] = { { .name = REF_HEAD, .value = { .kind = REF_SYMBOLIC } } };
	size_t count = 1;

	buf_addf(&reason, "switch: to %s", name);
	if (refname_branch(name, strlen(name), &full, &ctx->err) || buf_check(&full, &ctx->err))
		return -1;
	memcpy(changes[0].value.target, full.data, full.len + 1);
	if (prepare(ctx, full.data, from, changes, &count) ||
	    ctx_move_refs(ctx, changes, count, NULL, reason.data, &ctx->err))
		return -1;
	if (ctx->common.quiet)
		return 0;
	buf_add_str(&said, "on branch ");
	out_append_text(ctx, &said, name, strlen(name), false);
	buf_add_byte(&said, '\n');
	out_buf(&said);
	return 0;
}

static int switch_command(struct cmd_context *ctx, int argc, char **argv)
{
	const struct switch_options *o = ctx->options;
	bool unknown;
	int code;

	if (!argc || argc > (o->create ? 2 : 1))
		return ctx_usage(ctx, argc ? "one branch at a time" : "to which branch?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (!switch_to(ctx, argv[0], argc > 1 ? argv[1] : NULL))
		return EXIT_DONE;
	unknown = ctx->err.code == DRIFT_ERR_NOT_FOUND && !o->create;
	if (unknown)
		ctx->sought = argv[0];
	code = ctx_fail(ctx, "switch to '%s'", argv[0]);
	if (unknown)
		ctx_hint(ctx, "-c makes the branch");
	return code;
}

const struct command cmd_switch = {
	.name = "switch",
	.summary = "go to another branch",
	.usage = usage,
	.run = switch_command,
	COMMAND_OPTIONS(struct switch_options, specs),
	.common = COMMON_QUIET | COMMON_CACHE,
	.writes = true,
};
