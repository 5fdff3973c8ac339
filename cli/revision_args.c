#include "cli/revision_args.h"

#include <string.h>

/* 1 it is a point or a range, 0 it is not (why says what it lacks), -1 */
static int is_point(struct cmd_context *ctx, const char *text, struct drift_error *why)
{
	auto_point point = POINT_INIT;
	auto_revwalk *walk = NULL;
	const char *branch = ctx_branch_name(ctx);
	size_t len = strlen(text);
	int failed;

	if (strstr(text, "..") || text[0] == '^') {
		if (revwalk_new(ctx->repo, NULL, &walk, why))
			return -1;
		failed = point_range(ctx->repo, text, len, branch, walk, why);
	} else {
		failed = point_resolve(ctx->repo, text, len, branch, &point, why);
	}
	if (!failed)
		return 1;
	return why->code == DRIFT_ERR_NOT_FOUND || why->code == DRIFT_ERR_INVALID ? 0 : -1;
}

/* Is it in the store now? 1 / 0 / -1 */
static int is_path(struct cmd_context *ctx, const char *text, struct drift_error *err)
{
	auto_point tip = POINT_INIT;
	auto_node *node = NULL;
	struct descriptor d;
	struct document doc;
	struct path path;
	int found;

	if (strchr(text, '/'))
		return 1;
	if (ctx_point(ctx, NULL, &tip, err))
		return -1;
	found = tree_collection(repo_nodes(ctx->repo), &tip.tree, text, strlen(text), &d, err);
	if (found || path_parse(text, strlen(text), &path, NULL))
		return found;
	return tree_get(repo_nodes(ctx->repo), &tip.tree, &path, &node, &doc, err);
}

static int check_paths(struct cmd_context *ctx, size_t argc, char **argv, struct drift_error *why, bool *too_many_out,
		       struct drift_error *err)
{
	for (size_t i = 0; i < argc; i++) {
		struct drift_error none = { DRIFT_OK, "" };
		int found = is_path(ctx, argv[i], err);

		if (found < 0)
			return -1;
		if (found)
			continue;
		*too_many_out = !i && !why->code && is_point(ctx, argv[i], &none) > 0;
		if (*too_many_out)
			return error_set(err, DRIFT_ERR_INVALID, "'%s' is a point in time too many", argv[i]);
		ctx->sought = argv[i];
		if (i == 0 && why->code) {
			*err = *why;
			return -1;
		}
		return error_set(err, DRIFT_ERR_NOT_FOUND, "'%s' is no point in time and no path", argv[i]);
	}
	return 0;
}

int revision_args_split(struct cmd_context *ctx, int argc, char **argv, size_t point_max, struct revision_args *out,
			struct drift_error *err)
{
	struct drift_error why = { .code = DRIFT_OK };
	size_t count = (size_t)argc, points = 0;

	out->too_many = false;
	if (ctx_branch(ctx, err) < 0)
		return -1;
	if (ctx->has_separator) {
		points = ctx->separator;
		out->too_many = points > point_max;
		if (out->too_many)
			return error_set(err, DRIFT_ERR_INVALID, "there are too many points before '--'");
	} else {
		int found = 1;

		while (points < count && points < point_max && (found = is_point(ctx, argv[points], &why)) > 0)
			points++;
		if (found < 0) {
			*err = why;
			return -1;
		}
		if (check_paths(ctx, count - points, argv + points, &why, &out->too_many, err))
			return -1;
	}
	out->points = argv;
	out->point_count = points;
	out->paths.prefixes = (const char *const *)(argv + points);
	out->paths.count = count - points;
	return 0;
}
