#include "cli/rollback.h"

#include <string.h>

#include "cli/change_set.h"

/* Differences of one prefix, kept until the tree is edited. */
struct difference {
	const struct path_filter *filter;
	struct change_set set;
};

/* a is what is there, b what was. */
static int keep_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	struct difference *difference = data;
	auto_buf name = BUF_INIT;

	(void)a;
	path_format(path, &name);
	if (buf_check(&name, err))
		return -1;
	if (!path_filter_takes(difference->filter, name.data, name.len))
		return 0;
	return change_set_add(&difference->set, path, b, err);
}

/* Is there such a document, or one below it? 1 / 0 / -1 */
static int leads_to_any(struct node_store *nodes, const struct tree_root *root, const char *prefix,
			struct drift_error *err)
{
	size_t len = strlen(prefix);
	bool is_folder = !len || prefix[len - 1] == '/';
	struct tree_cursor *cursor;
	auto_buf below = BUF_INIT;
	auto_node *node = NULL;
	struct document doc;
	struct path path;
	int found;

	if (!is_folder && !path_parse(prefix, len, &path, NULL)) {
		found = tree_get(nodes, root, &path, &node, &doc, err);
		if (found)
			return found;
	}
	buf_addf(&below, "%s%s", prefix, is_folder ? "" : "/");
	if (buf_check(&below, err) || tree_cursor_open(nodes, root, below.data, below.len, &cursor, err))
		return -1;
	found = tree_cursor_next(cursor, &path, &doc, err);
	tree_cursor_free(cursor);
	return found;
}

static int check_prefix(const struct rollback *r, struct node_store *nodes, const char *prefix,
			const struct tree_root *root, struct drift_error *err)
{
	int found = leads_to_any(nodes, root, prefix, err);

	if (!found)
		found = leads_to_any(nodes, &r->to, prefix, err);
	if (found)
		return found < 0 ? -1 : 0;
	return error_set(err, DRIFT_ERR_NOT_FOUND, "no document '%s', neither now nor at %s", prefix, r->point);
}

static int take_prefix(struct rollback *r, struct node_store *nodes, const char *prefix, struct tree_root *root,
		       struct drift_error *err)
{
	const struct path_filter one = { .prefixes = &prefix, .count = 1 };
	struct difference difference = { .filter = &one };
	struct tree_diff_options options = {
		.prefix = prefix, .prefix_len = strlen(prefix), .each = keep_difference, .data = &difference,
	};
	int failed = tree_diff(nodes, root, &r->to, &options, err);

	if (!failed && !difference.set.count)
		failed = check_prefix(r, nodes, prefix, root, err);
	if (!failed)
		failed = change_set_apply(&difference.set, nodes, root, err);
	change_set_release(&difference.set);
	return failed;
}

/* "users" and "users/" name a collection: its root is taken over. */
static bool names_collection(const char *prefix, size_t *len_out)
{
	const char *slash = strchr(prefix, '/');

	*len_out = slash ? (size_t)(slash - prefix) : strlen(prefix);
	return *len_out && (!slash || !slash[1]);
}

static int take_named(struct rollback *r, struct node_store *nodes, const char *prefix, struct tree_root *root,
		      struct drift_error *err)
{
	struct descriptor d;
	size_t len;
	int here, there;

	if (!names_collection(prefix, &len))
		return take_prefix(r, nodes, prefix, root, err);
	here = tree_collection(nodes, root, prefix, len, &d, err);
	there = here < 0 ? -1 : tree_collection(nodes, &r->to, prefix, len, &d, err);
	if (here < 0 || there < 0)
		return -1;
	/* A document without a slash may have that name. */
	if (!here && !there)
		return take_prefix(r, nodes, prefix, root, err);
	return tree_take_collection(nodes, root, &r->to, prefix, len, root, err);
}

static int build(struct tree_builder *self, struct odb_batch *batch, const struct commit *tip,
		 const struct tree_root *base, unsigned attempt, struct tree_root *root_out, struct drift_error *err)
{
	struct rollback *r = (struct rollback *)self;
	struct node_store *nodes = odb_batch_nodes(batch);
	struct tree_root root = *base;

	(void)tip;
	(void)attempt;
	if (!r->filter.count && tree_check_absent(nodes, base, &r->to, err))
		return -1;
	if (!r->filter.count)
		root = r->to;
	for (size_t i = 0; i < r->filter.count; i++) {
		if (take_named(r, nodes, r->filter.prefixes[i], &root, err))
			return -1;
	}
	*root_out = root;
	return 0;
}

void rollback_init(struct rollback *r, struct repo *repo, const struct point *to, const char *point,
		   const struct path_filter *filter)
{
	*r = (struct rollback){
		.builder = { .build = build }, .repo = repo, .to = to->tree, .point = point, .filter = *filter,
	};
}
