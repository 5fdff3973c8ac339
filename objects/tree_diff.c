#include "objects/tree_internal.h"

struct tree_diff {
	struct node_store *store;
	const struct tree_diff_options *options;
	const struct tree_range *range;
	bool named; /* the range is that of one collection */
	const struct node_entry *collection; /* the one that is compared */
};

static int diff_document(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	const struct tree_diff *diff = data;
	const struct node_entry *any = a ? a : b;
	struct document left, right;
	struct path path = { .collection = (const char *)diff->collection->key,
			     .collection_len = diff->collection->key_len,
			     .key = (const char *)any->key,
			     .key_len = any->key_len };

	if (a && document_decode(a->value, a->value_len, a->loc, &left, err) < 0)
		return -1;
	if (b && document_decode(b->value, b->value_len, b->loc, &right, err) < 0)
		return -1;
	return diff->options->each(diff->options->data, &path, a ? &left : NULL, b ? &right : NULL, err);
}

static int decode(const struct node_entry *entry, struct descriptor *out, struct drift_error *err)
{
	*out = (struct descriptor){ .has_root = false };
	return entry ? descriptor_decode(entry->value, entry->value_len, entry->loc, out, err) : 0;
}

/* Of a collection that is not here: its documents may be the same. */
static int diff_absent(struct tree_diff *diff, const struct node_entry *any, const struct descriptor *a,
		       const struct descriptor *b, struct drift_error *err)
{
	const char *name = (const char *)any->key;

	if (a->has_root == b->has_root && oid_equal(&a->root, &b->root))
		return 0;
	if (diff->options->each_absent)
		return diff->options->each_absent(diff->options->data, name, any->key_len, a->has_root ? a : NULL,
						  b->has_root ? b : NULL, err);
	return diff->named ? tree_absent(name, any->key_len, err) : 0;
}

static int diff_collection(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	struct tree_diff *diff = data;
	const struct key_range *keys = &diff->range->keys;
	struct map_diff_options options = { .from = keys->from,
					    .from_len = keys->from_len,
					    .to = keys->to,
					    .to_len = keys->to_len,
					    .each = diff_document,
					    .data = diff };
	struct descriptor old, new;
	struct map_root left, right;

	diff->collection = a ? a : b;
	if (decode(a, &old, err) < 0 || decode(b, &new, err) < 0)
		return -1;
	if (!tree_has_documents(diff->store, (const char *)diff->collection->key, diff->collection->key_len) ||
	    !collection_set_has(diff->options->only, (const char *)diff->collection->key, diff->collection->key_len))
		return diff_absent(diff, diff->collection, &old, &new, err);
	descriptor_map(&old, &left);
	descriptor_map(&new, &right);
	return map_diff(diff->store, &left, &right, &options, err);
}

int tree_diff(struct node_store *store, const struct tree_root *a, const struct tree_root *b,
	      const struct tree_diff_options *options, struct drift_error *err)
{
	struct tree_diff diff = { .store = store, .options = options };
	auto_tree_ranges ranges = { .count = 0 };
	struct map_root left, right;
	size_t i;
	int ret = 0;

	if (oid_equal(&a->id, &b->id))
		return 0;
	if (tree_ranges_init(&ranges, options->prefix, options->prefix ? options->prefix_len : 0, err) < 0 ||
	    tree_open_map(store, a, &left, err) < 0 || tree_open_map(store, b, &right, err) < 0)
		return -1;
	for (i = 0; i < ranges.count && !ret; i++) {
		const struct key_range *names = &ranges.items[i].names;
		struct map_diff_options collections = { .from = names->from,
							.from_len = names->from_len,
							.to = names->to,
							.to_len = names->to_len,
							.each = diff_collection,
							.data = &diff };

		diff.range = &ranges.items[i];
		diff.named = ranges.named;
		ret = map_diff(store, &left, &right, &collections, err);
	}
	return ret;
}

static int pass_over(void *data, const struct path *path, const struct document *a, const struct document *b,
		     struct drift_error *err)
{
	(void)data, (void)path, (void)a, (void)b, (void)err;
	return 0;
}

int tree_refuse_absent(void *data, const char *name, size_t name_len, const struct descriptor *a,
		       const struct descriptor *b, struct drift_error *err)
{
	(void)data, (void)a, (void)b;
	return tree_absent(name, name_len, err);
}

static int check_absent(void *data, const char *name, size_t name_len, const struct descriptor *a,
			const struct descriptor *b, struct drift_error *err)
{
	(void)a, (void)b;
	return tree_has_documents(data, name, name_len) ? 0 : tree_absent(name, name_len, err);
}

int tree_check_absent(struct node_store *store, const struct tree_root *a, const struct tree_root *b, struct drift_error *err)
{
	const struct collection_set none = { .items = NULL };
	/* So each collection is looked at by its root alone; terms are the reserved collection's, which is here. */
	const struct tree_diff_options options = { .each = pass_over, .data = store, .each_absent = check_absent, .only = &none };

	return store->only ? tree_diff(store, a, b, &options, err) : 0;
}
