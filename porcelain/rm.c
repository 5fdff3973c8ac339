#include "porcelain/porcelain.h"

#include <string.h>

#include "cli/apply.h"
#include "cli/view.h"

struct rm_options {
	bool recursive, force;
};

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG, .short_name = 'r', .long_name = "recursive", .value = OPTION_AT(struct rm_options, recursive),
	  .help = "remove all documents under PREFIX/" },
	{ .kind = OPTION_FLAG, .short_name = 'f', .long_name = "force", .value = OPTION_AT(struct rm_options, force),
	  .help = "do not mind documents that are not there" },
};

static const char *const usage[] = { "drift rm [OPTION...] PATH...", "drift rm -r [OPTION...] PREFIX/...", NULL };

static int remove_under(struct cmd_context *ctx, struct edits *e, const struct view *view, const char *prefix)
{
	auto_buf full = BUF_INIT, name = BUF_INIT;
	struct tree_cursor *cursor;
	struct document doc;
	struct path path;
	size_t before = edits_count(e);
	int more;

	if (!*prefix)
		return error_set(&ctx->err, DRIFT_ERR_INVALID, "an empty prefix means everything: name each collection");
	view_prefix(prefix, &full);
	if (buf_check(&full, &ctx->err) ||
	    tree_cursor_open(view->nodes, &view->root, full.data, full.len, &cursor, &ctx->err))
		return -1;
	while ((more = tree_cursor_next(cursor, &path, &doc, &ctx->err)) > 0) {
		buf_clear(&name);
		path_format(&path, &name);
		if (buf_check(&name, &ctx->err) || edits_remove(e, name.data, name.len, true, &ctx->err)) {
			more = -1;
			break;
		}
	}
	tree_cursor_free(cursor);
	if (!more && edits_count(e) == before && !((const struct rm_options *)ctx->options)->force)
		return error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "no documents");
	return more;
}

static int collect_recursive(struct cmd_context *ctx, struct edits *e, int argc, char **argv)
{
	auto_view view = VIEW_INIT;

	if (view_open(ctx, &view, &ctx->err))
		return ctx_fail(ctx, "remove");
	for (int i = 0; i < argc; i++) {
		if (remove_under(ctx, e, &view, argv[i]))
			return ctx_fail(ctx, "remove '%s'", argv[i]);
	}
	return EXIT_DONE;
}

static int collect(struct cmd_context *ctx, struct edits *e, int argc, char **argv)
{
	const struct rm_options *o = ctx->options;

	if (o->recursive)
		return collect_recursive(ctx, e, argc, argv);
	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]);

		if (ctx_if_match(ctx, e, argv[i], len, &ctx->err) || edits_remove(e, argv[i], len, o->force, &ctx->err)) {
			int code = ctx_die(ctx, "remove '%s'", argv[i]);

			if (len && argv[i][len - 1] == '/')
				ctx_hint(ctx, "-r removes all documents under a prefix");
			return code;
		}
	}
	return EXIT_DONE;
}

static int rm(struct cmd_context *ctx, int argc, char **argv)
{
	const struct rm_options *o = ctx->options;
	auto_edits *e = NULL;
	auto_buf what = BUF_INIT;
	int code;

	if (!argc)
		return ctx_usage(ctx, "which documents?");
	if (ctx->common.if_match && (argc > 1 || o->recursive))
		return ctx_usage(ctx, "--if-match is for one document");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (edits_new(ctx->repo, &e, &ctx->err))
		return ctx_die(ctx, "rm");
	code = collect(ctx, e, argc, argv);
	if (code || !edits_count(e))
		return code;
	if (argc == 1)
		buf_addf(&what, "remove '%s'", argv[0]);
	else
		buf_addf(&what, "remove %zu documents", edits_count(e));
	return ctx_apply(ctx, e, what.data, what.data);
}

const struct command cmd_rm = {
	.name = "rm",
	.task = "remove",
	.summary = "remove documents",
	.usage = usage,
	.run = rm,
	COMMAND_OPTIONS(struct rm_options, specs),
	.common = COMMON_WRITER | COMMON_IF_MATCH,
	.writes = true,
};
