#include <string.h>

#include "repo/history.h"

struct names {
	const char *const *items;
	size_t count;
};

static bool is_prefix(const char *name, size_t len)
{
	return !len || name[len - 1] == '/';
}

static bool names_path(const char *name, size_t len, const char *path, size_t path_len)
{
	if (is_prefix(name, len))
		return path_len >= len && !memcmp(path, name, len);
	if (path_len == len && !memcmp(path, name, len))
		return true;
	return !memchr(name, '/', len) && path_len > len && path[len] == '/' && !memcmp(path, name, len);
}

static int any_names(const struct names *names, const struct path *path, struct drift_error *err)
{
	auto_buf text = BUF_INIT;

	if (!names->count)
		return 1;
	path_format(path, &text);
	if (buf_check(&text, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		if (names_path(names->items[i], strlen(names->items[i]), text.data, text.len))
			return 1;
	}
	return 0;
}

/* By the record: is there for every parent a change of something named? */
static int touches_by_list(const struct names *names, const struct commit *c, const struct change_list *list,
			   struct drift_error *err)
{
	uint64_t changed = 0;
	size_t parent_count = c->parent_count ? c->parent_count : 1;

	for (size_t i = 0; i < list->count; i++) {
		int rc = any_names(names, &list->changes[i].path, err);

		if (rc < 0)
			return -1;
		if (rc)
			changed |= list->changes[i].kinds;
	}
	for (size_t i = 0; i < parent_count; i++) {
		if (!(changed >> 2 * i & 3))
			return 0;
	}
	return 1;
}

static int stop_at_first(void *data, const struct path *path, const struct document *a, const struct document *b,
			 struct drift_error *err)
{
	(void)a;
	(void)b;
	return any_names(data, path, err);
}

static int differs(struct repo *repo, const struct tree_root *a, const struct tree_root *b, const char *name,
		   struct drift_error *err)
{
	struct names one = { .items = &name, .count = 1 };
	struct tree_diff_options options = {
		.prefix = name, .prefix_len = strlen(name), .each = stop_at_first, .data = &one
	};

	return tree_diff(repo_nodes(repo), a, b, &options, err);
}

static int touches_by_trees(struct repo *repo, const struct names *names, struct commit *c, struct commit *parent,
			    struct drift_error *err)
{
	struct tree_root a, b = { .id = c->tree.id, .loc = c->tree.loc };
	int rc = 0;

	tree_empty(&a);
	if (parent)
		a = (struct tree_root){ .id = parent->tree.id, .loc = parent->tree.loc };
	if (oid_equal(&a.id, &b.id))
		return 0;
	if (!names->count)
		return 1;
	for (size_t i = 0; !rc && i < names->count; i++)
		rc = differs(repo, &a, &b, names->items[i], err);
	return rc;
}

int history_touches(struct repo *repo, struct commit *c, const char *const *names, size_t name_count,
		    struct drift_error *err)
{
	struct names asked = { .items = names, .count = name_count };
	struct change_list list = { .memory = BUF_INIT };
	int rc = c->loc == LOC_UNKNOWN ? 0 : odb_change_list(repo_odb(repo), c->loc, &list, err);

	if (rc < 0)
		return -1;
	if (rc) {
		bool complete = list.complete;

		rc = complete ? touches_by_list(&asked, c, &list, err) : 0;
		change_list_release(&list);
		if (complete)
			return rc;
	}
	if (!c->parent_count)
		return touches_by_trees(repo, &asked, c, NULL, err);
	for (size_t i = 0; i < c->parent_count; i++) {
		auto_commit *parent = NULL;

		if (graph_parent(repo, c, i, &parent, err) < 0)
			return -1;
		rc = touches_by_trees(repo, &asked, c, parent, err);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* The record of changes would spare nothing: the documents of both sides are read from the trees anyway. */
int history_changes(struct repo *repo, struct commit *c, const struct tree_diff_options *options,
		    struct drift_error *err)
{
	struct tree_root a, b = { .id = c->tree.id, .loc = c->tree.loc };
	auto_commit *parent = NULL;

	tree_empty(&a);
	if (graph_parent(repo, c, 0, &parent, err) < 0)
		return -1;
	if (parent)
		a = (struct tree_root){ .id = parent->tree.id, .loc = parent->tree.loc };
	return tree_diff(repo_nodes(repo), &a, &b, options, err);
}
