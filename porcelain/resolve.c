#include "porcelain/porcelain.h"

#include <string.h>

#include "base/json.h"
#include "cli/apply.h"
#include "cli/conflict_output.h"
#include "cli/view.h"
#include "repo/history.h"
#include "repo/reflog.h"

#define MOVES_MAX 1000 /* of the branch, to be gone back over */

struct resolve_options {
	const char *json;
	bool ours, theirs, base;
	int64_t side;
};

#define AT(field) OPTION_AT(struct resolve_options, field)

static const struct option_spec specs[] = {
	{ .kind = OPTION_FLAG,
	  .long_name = "ours",
	  .value = AT(ours),
	  .help = "take what the branch had before the merge" },
	{ .kind = OPTION_FLAG, .long_name = "theirs", .value = AT(theirs), .help = "take what was merged into it" },
	{ .kind = OPTION_FLAG, .long_name = "base", .value = AT(base), .help = "take what both came from" },
	{ .kind = OPTION_INT,
	  .long_name = "side",
	  .value = AT(side),
	  .argument = "N",
	  .help = "take side N, as 'drift conflicts -l' numbers them" },
	{ .kind = OPTION_STRING, .short_name = 'j', .value = AT(json), .argument = "JSON", .help = "this document" },
};

static const char *const usage[] = { "drift resolve [OPTION...] (--ours|--theirs|--base|--side N) PATH...",
				     "drift resolve [OPTION...] (PATH FILE|-|-j JSON PATH)", NULL };

/* The merge that brought the conflict about: the last commit that put one of its terms. 1 / 0 / -1 */
static int find_merge(struct cmd_context *ctx, const struct point *point, const struct path *path,
		      const struct conflict *c, struct commit **out)
{
	auto_history *h = NULL;
	auto_buf term = BUF_INIT;
	struct history_event event;
	int r;

	buf_add_str(&term, TREE_RESERVED "/");
	term_prefix_format(path, &term);
	term_name_format(&c->terms[0].term, &term);
	if (buf_check(&term, &ctx->err) || history_open(ctx->repo, point, term.data, term.len, &h, &ctx->err))
		return -1;
	while ((r = history_next(h, &event, &ctx->err)) > 0) {
		if (event.commit->parent_count < 2)
			continue;
		*out = commit_ref(event.commit);
		return 1;
	}
	return r;
}

/* Which parent of the merge the branch was at before; the first, where the log does not tell: it came from elsewhere. */
static int find_ours(struct cmd_context *ctx, const struct commit *merge, size_t *out)
{
	const char *branch = ctx_branch_name(ctx);
	struct reflog_walk w;
	int64_t time_usec;
	int r = reflog_open(repo_odb(ctx->repo), branch ? branch : REF_HEAD, &w, &ctx->err);

	*out = 0;
	for (int i = 0; i < MOVES_MAX && r > 0; i++) {
		bool made = w.value.kind == REF_OBJECT && oid_equal(&w.value.object.id, &merge->id);

		r = reflog_back(&w, &time_usec, &ctx->err);
		if (r <= 0 || !made || w.value.kind != REF_OBJECT)
			continue;
		if (oid_equal(&w.value.object.id, &merge->parents[1].id))
			*out = 1;
		return 0;
	}
	return r < 0 ? -1 : 0;
}

/* Which of the sides a parent of that merge has: 1 / 0 none / -1. */
static int side_of_parent(struct cmd_context *ctx, const struct point *point, const struct path *path,
			  const struct conflict *c, bool theirs, size_t *side_out)
{
	auto_commit *merge = NULL;
	auto_commit *from = NULL;
	auto_node *node = NULL;
	struct document doc;
	struct tree_root root;
	struct term term;
	size_t ours;
	int r = find_merge(ctx, point, path, c, &merge);

	if (r > 0 && find_ours(ctx, merge, &ours))
		return -1;
	if (r > 0)
		r = graph_parent(ctx->repo, merge, theirs ? 1 - ours : ours, &from, &ctx->err);
	if (r <= 0)
		return r;
	root = (struct tree_root){ from->tree.id, from->tree.loc };
	r = tree_get(repo_nodes(ctx->repo), &root, path, &node, &doc, &ctx->err);
	if (r < 0)
		return -1;
	term_of(TERM_SIDE, r ? &doc : NULL, &term);
	for (size_t i = 0; i < c->side_count; i++) {
		if (term_compare(&c->terms[i].term, &term) != 0)
			continue;
		*side_out = i;
		return 1;
	}
	return 0;
}

/* The number of the version that was asked for. */
static int choose(struct cmd_context *ctx, const struct point *point, const struct path *path, const struct conflict *c,
		  size_t *out)
{
	const struct resolve_options *o = ctx->options;
	struct drift_error *err = &ctx->err;
	int r;

	if (o->base && c->base_count != 1)
		return error_set(err, DRIFT_ERR_NOT_FOUND,
				 c->base_count ? "its sides come from %zu versions" :
						 "its sides have no version in common",
				 c->base_count);
	if (o->base) {
		*out = c->side_count;
		return 0;
	}
	if (o->side) {
		if (o->side < 1 || (uint64_t)o->side > c->side_count)
			return error_set(err, DRIFT_ERR_NOT_FOUND, "it has sides 1 to %zu", c->side_count);
		*out = (size_t)o->side - 1;
		return 0;
	}
	r = side_of_parent(ctx, point, path, c, o->theirs, out);
	if (r)
		return r < 0 ? -1 : 0;
	return error_set(err, DRIFT_ERR_NOT_FOUND, "what %s had is none of its sides any more: choose by --side N",
			 o->theirs ? "they" : "we");
}

static int resolve_by_version(struct cmd_context *ctx, struct edits *e, const struct point *point, const char *name)
{
	auto_conflict c = CONFLICT_INIT;
	struct path path;
	const struct conflict_term *t;
	size_t i = 0;
	int r;

	if (path_parse(name, strlen(name), &path, &ctx->err))
		return -1;
	r = conflict_read(repo_nodes(ctx->repo), &point->tree, &path, &c, &ctx->err);
	if (r <= 0)
		return r < 0 ? -1 : error_set(&ctx->err, DRIFT_ERR_NOT_FOUND, "it is not in conflict");
	if (choose(ctx, point, &path, &c, &i))
		return -1;
	t = &c.terms[i];
	if (t->term.absent)
		return edits_remove(e, name, strlen(name), true, &ctx->err);
	return edits_put_document(e, name, strlen(name), &t->document, &ctx->err);
}

static int resolve_by_bytes(struct cmd_context *ctx, struct edits *e, const struct point *point, const char *name,
			    const char *file)
{
	const struct resolve_options *o = ctx->options;
	struct drift_error *err = &ctx->err;
	auto_buf data = BUF_INIT;
	struct path path;
	int has;

	if (path_parse(name, strlen(name), &path, err))
		return -1;
	has = term_has(repo_nodes(ctx->repo), &point->tree, &path, err);
	if (has <= 0)
		return has < 0 ? -1 : error_set(err, DRIFT_ERR_NOT_FOUND, "it is not in conflict");
	if (o->json)
		buf_add_str(&data, o->json);
	else if (ctx_read_file(ctx, file, DOCUMENT_LEN_MAX, &data, err))
		return -1;
	if (buf_check(&data, err) || (o->json && json_validate(data.data, data.len, err)))
		return -1;
	return edits_put(e, name, strlen(name), data.data, data.len, DOCUMENT_NO_MODE, err);
}

static int resolve(struct cmd_context *ctx, int argc, char **argv)
{
	const struct resolve_options *o = ctx->options;
	int versions = o->ours + o->theirs + o->base + (o->side != 0);
	bool from_file = !versions && !o->json;
	auto_edits *e = NULL;
	auto_point point = POINT_INIT;
	auto_buf what = BUF_INIT;

	if (versions + (o->json != NULL) > 1)
		return ctx_usage(ctx, "one of --ours, --theirs, --base, --side and -j");
	if (from_file ? argc != 2 : o->json ? argc != 1 : !argc)
		return ctx_usage(ctx, argc ? "to what? Say --ours, --theirs, --base, --side N, or give the document" :
					     "which document?");
	if (!ctx_repo(ctx))
		return EXIT_FAILED;
	if (ctx_branch(ctx, &ctx->err) < 0 || ctx_point(ctx, NULL, &point, &ctx->err) ||
	    edits_new(ctx->repo, &e, &ctx->err))
		return ctx_fail(ctx, "resolve");
	for (int i = 0; i < (from_file ? 1 : argc); i++) {
		int r = versions ? resolve_by_version(ctx, e, &point, argv[i]) :
				   resolve_by_bytes(ctx, e, &point, argv[i], from_file ? argv[1] : NULL);

		if (r)
			return ctx_fail(ctx, "resolve '%s'", argv[i]);
	}
	buf_addf(&what, "resolve '%s'", argv[0]);
	if (buf_check(&what, &ctx->err))
		return ctx_die(ctx, "resolve");
	return ctx_apply(ctx, e, NULL, what.data);
}

const struct command cmd_resolve = {
	.name = "resolve",
	.summary = "settle a document that is in conflict",
	.usage = usage,
	.run = resolve,
	COMMAND_OPTIONS(struct resolve_options, specs),
	.common = COMMON_WRITER,
	.writes = true,
};
