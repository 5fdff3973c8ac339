#include "cli/rollback.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Differences of one prefix, kept until the tree is edited. */
struct change_set {
	const struct path_filter *filter;
	struct tree_change *changes;
	size_t count, capacity;
	struct kept_change {
		struct buf path, data;
		struct document document;
	} **kept;
	size_t kept_capacity;
};

static void change_set_release(struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		buf_release(&set->kept[i]->path);
		buf_release(&set->kept[i]->data);
		free(set->kept[i]);
	}
	free(set->kept);
	free(set->changes);
}

static int keep(struct change_set *set, const struct buf *path, const struct document *doc, struct drift_error *err)
{
	struct kept_change *kept;
	struct tree_change *change;

	if (mem_grow(&set->changes, &set->capacity, set->count + 1, sizeof(*set->changes)) ||
	    mem_grow(&set->kept, &set->kept_capacity, set->count + 1, sizeof(*set->kept)))
		return error_no_memory(err);
	kept = mem_calloc(1, sizeof(*kept));
	if (!kept)
		return error_no_memory(err);
	buf_init(&kept->path);
	buf_init(&kept->data);
	set->kept[set->count] = kept;
	change = &set->changes[set->count++];
	buf_add(&kept->path, path->data, path->len);
	path_split(kept->path.data, kept->path.len, &change->path);
	change->document = NULL;
	if (doc) {
		kept->document = *doc;
		if (doc->form != DOCUMENT_BLOB) {
			buf_add(&kept->data, doc->data, (size_t)doc->len);
			kept->document.data = (const unsigned char *)kept->data.data;
		}
		change->document = &kept->document;
	}
	return buf_check(&kept->path, err) || buf_check(&kept->data, err) ? -1 : 0;
}

/* a is what is there, b what was. */
static int keep_difference(void *data, const struct path *path, const struct document *a, const struct document *b,
			   struct drift_error *err)
{
	struct change_set *set = data;
	auto_buf name = BUF_INIT;

	(void)a;
	path_format(path, &name);
	if (buf_check(&name, err))
		return -1;
	return path_filter_takes(set->filter, name.data, name.len) ? keep(set, &name, b, err) : 0;
}

static int take_prefix(struct rollback *r, struct node_store *nodes, const char *prefix, struct tree_root *root,
		       struct drift_error *err)
{
	const struct path_filter one = { .prefixes = &prefix, .count = 1 };
	struct change_set set = { .filter = &one };
	struct tree_diff_options options = {
		.prefix = prefix, .prefix_len = strlen(prefix), .each = keep_difference, .data = &set,
	};
	int failed = tree_diff(nodes, root, &r->to, &options, err);

	if (!failed && set.count)
		failed = tree_edit_array(nodes, root, set.changes, set.count, root, err);
	change_set_release(&set);
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
	if (!r->filter.count)
		root = r->to;
	for (size_t i = 0; i < r->filter.count; i++) {
		if (take_named(r, nodes, r->filter.prefixes[i], &root, err))
			return -1;
	}
	*root_out = root;
	return 0;
}

void rollback_init(struct rollback *r, struct repo *repo, const struct tree_root *to, const struct path_filter *filter)
{
	*r = (struct rollback){ .builder = { .build = build }, .repo = repo, .to = *to, .filter = *filter };
}
