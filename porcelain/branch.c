#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/output.h"
#include "cli/ref_move.h"
#include "refs/refname.h"

struct branch_options {
	bool delete, force_delete, move;
};

#define AT(field) OPTION_AT(struct branch_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'd', .long_name = "delete", .value = AT(delete),
	  .help = "delete branches whose commits HEAD has too" },
	{ .kind = OPTION_FLAG, .short_name = 'D', .value = AT(force_delete), .help = "delete branches, merged or not" },
	{ .kind = OPTION_FLAG, .short_name = 'm', .long_name = "move", .value = AT(move), .help = "give a branch another name" },
};

static const char *const usage[] = {
	"drift branch [--json]",
	"drift branch NAME [POINT]",
	"drift branch -d|-D NAME...",
	"drift branch -m [OLD] NEW",
	NULL,
};

struct branch_list {
	struct cmd_context *ctx;
	struct ref_resolved head;
};

static int print_branch(void *data, const char *name, const struct ref_value *value, struct drift_error *err)
{
	struct branch_list *list = data;
	struct cmd_context *ctx = list->ctx;
	bool current = !strcmp(name, list->head.name);
	const char *shown = refname_short(name);
	auto_commit *c = NULL;
	auto_buf b = BUF_INIT;
	struct json_line line;

	if (!ctx->common.json) {
		buf_addf(&b, "%s%s", current ? "* " : "  ", current ? out_colour(ctx, COLOUR_ADDED) : "");
		out_append_text(ctx, &b, shown, strlen(shown), false);
		buf_addf(&b, "%s\n", current ? out_colour(ctx, COLOUR_NONE) : "");
		out_buf(&b);
		return 0;
	}
	out_json_begin(&line);
	json_writer_text(&line.w, "name", shown, strlen(shown));
	json_writer_member_bool(&line.w, "current", current);
	if (value->kind == REF_OBJECT) {
		out_json_id(&line.w, "id", &value->object.id);
		if (refs_commit(repo_odb(ctx->repo), name, false, &c, err) > 0)
			json_writer_member_uint(&line.w, "seq", c->seq);
	}
	return out_json_end(&line, err);
}

static int list_branches(struct cmd_context *ctx)
{
	struct branch_list list = { .ctx = ctx };

	if (refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &list.head, &ctx->err) ||
	    odb_ref_each(repo_odb(ctx->repo), REF_HEADS, print_branch, &list, &ctx->err))
		return ctx_die(ctx, "list the branches");
	return EXIT_DONE;
}

static int create(struct cmd_context *ctx, const char *name, const char *from)
{
	struct ref_change change = { .expect = REF_EXPECT_ABSENT, .value = { .kind = REF_OBJECT } };
	struct ref_value there;
	auto_buf full = BUF_INIT, reason = BUF_INIT;

	buf_addf(&reason, "branch: created from %s", from ? from : REF_HEAD);
	if (refname_branch(name, strlen(name), &full, &ctx->err) || buf_check(&full, &ctx->err) ||
	    odb_ref_read(repo_odb(ctx->repo), full.data, false, &there, &ctx->err))
		return ctx_die(ctx, "make branch '%s'", name);
	if (there.kind != REF_ABSENT) {
		error_set(&ctx->err, DRIFT_ERR_EXISTS, "it exists already");
		return ctx_fail(ctx, "make branch '%s'", name);
	}
	change.name = full.data;
	if (ctx_commit_of(ctx, from, &change.value.object, &ctx->err) ||
	    ctx_move_refs(ctx, &change, 1, NULL, reason.data, &ctx->err))
		return ctx_fail(ctx, "make branch '%s'", name);
	return EXIT_DONE;
}

/* Is all that the branch has in HEAD too? */
static int check_merged(struct cmd_context *ctx, const char *full)
{
	auto_commit *branch = NULL, *head = NULL;
	int found = refs_commit(repo_odb(ctx->repo), full, false, &branch, &ctx->err);

	if (found > 0)
		found = refs_commit(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err);
	if (found > 0)
		found = graph_is_ancestor(ctx->repo, branch, head, &ctx->err);
	if (found < 0)
		return -1;
	return found ? 0 : error_set(&ctx->err, DRIFT_ERR_CLASH, "it has commits that HEAD does not have");
}

static int check_deletable(struct cmd_context *ctx, const char *full, struct ref_value *value)
{
	const struct branch_options *o = ctx->options;
	struct ref_resolved head;

	if (ctx_ref_value(ctx, full, "branch", value, &ctx->err) ||
	    refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err))
		return -1;
	if (!strcmp(head.name, full))
		return error_set(&ctx->err, DRIFT_ERR_CLASH, "it is the current branch");
	return o->force_delete ? 0 : check_merged(ctx, full);
}

static int delete_branch(struct cmd_context *ctx, const char *name)
{
	const struct branch_options *o = ctx->options;
	struct ref_change change = { .expect = REF_EXPECT_OBJECT, .value = { .kind = REF_ABSENT } };
	struct ref_value value;
	auto_buf full = BUF_INIT, reason = BUF_INIT;
	int code;

	if (refname_branch(name, strlen(name), &full, &ctx->err) || buf_check(&full, &ctx->err))
		return ctx_die(ctx, "delete branch '%s'", name);
	if (!check_deletable(ctx, full.data, &value)) {
		change.name = full.data;
		change.old = value.object.id;
		buf_addf(&reason, "branch: deleted %s", name);
		if (!ctx_move_refs(ctx, &change, 1, NULL, reason.data, &ctx->err))
			return EXIT_DONE;
	}
	code = ctx_fail(ctx, "delete branch '%s'", name);
	if (ctx->err.code == DRIFT_ERR_CLASH && !o->force_delete)
		ctx_hint(ctx, "'drift switch' leaves the current branch; -D deletes what is not merged");
	return code;
}

/* The old name goes and the new one comes in one transaction; HEAD goes with it. */
static int rename_branch(struct cmd_context *ctx, const char *from, const char *to)
{
	auto_buf old = BUF_INIT, new = BUF_INIT, reason = BUF_INIT;
	struct ref_change changes[3] = {
		{ .expect = REF_EXPECT_OBJECT, .value = { .kind = REF_ABSENT } },
		{ .expect = REF_EXPECT_ABSENT },
		{ .name = REF_HEAD, .value = { .kind = REF_SYMBOLIC } },
	};
	struct ref_resolved head;
	bool current;

	if (refs_resolve(repo_odb(ctx->repo), REF_HEAD, false, &head, &ctx->err))
		return ctx_die(ctx, "rename the branch");
	if (!from)
		from = refname_short(head.name);
	if (refname_branch(from, strlen(from), &old, &ctx->err) || refname_branch(to, strlen(to), &new, &ctx->err) ||
	    buf_check(&old, &ctx->err) || buf_check(&new, &ctx->err))
		return ctx_die(ctx, "rename branch '%s'", from);
	current = !strcmp(head.name, old.data);
	buf_addf(&reason, "branch: renamed %s to %s", from, to);
	changes[0].name = old.data;
	changes[1].name = new.data;
	if (ctx_ref_value(ctx, old.data, "branch", &changes[1].value, &ctx->err))
		return ctx_fail(ctx, "rename branch '%s'", from);
	changes[0].old = changes[1].value.object.id;
	memcpy(changes[2].value.target, new.data, new.len + 1);
	if (ctx_move_refs(ctx, changes, current ? 3 : 2, NULL, reason.data, &ctx->err))
		return ctx_fail(ctx, "rename branch '%s'", from);
	return EXIT_DONE;
}

static int branch(struct cmd_context *ctx, int argc, char **argv)
{
	const struct branch_options *o = ctx->options;
	bool deletes = o->delete || o->force_delete;
	int code = EXIT_DONE;

	if ((deletes && (o->move || !argc)) || (!deletes && argc > 2) || (o->move && !argc))
		return ctx_usage(ctx, deletes || o->move ? "which branch?" : "one NAME and one POINT");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (o->move)
		return rename_branch(ctx, argc > 1 ? argv[0] : NULL, argv[argc - 1]);
	if (!argc)
		return list_branches(ctx);
	if (!deletes)
		return create(ctx, argv[0], argc > 1 ? argv[1] : NULL);
	for (int i = 0; i < argc && !code; i++)
		code = delete_branch(ctx, argv[i]);
	return code;
}

const struct command cmd_branch = {
	.name = "branch",
	.summary = "list, make, rename and delete branches",
	.usage = usage,
	.run = branch,
	COMMAND_OPTIONS(struct branch_options, specs),
	.common = COMMON_JSON | COMMON_CACHE,
	.writes = true,
};
