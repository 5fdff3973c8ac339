#include "cli/change_set.h"

#include <stdlib.h>

#include "base/mem.h"

struct kept_change {
	struct buf path, data;
	struct document document;
};

void change_set_release(struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		buf_release(&set->kept[i]->path);
		buf_release(&set->kept[i]->data);
		free(set->kept[i]);
	}
	free(set->kept);
	free(set->changes);
}

int change_set_add(struct change_set *set, const struct path *path, const struct document *doc, struct drift_error *err)
{
	struct kept_change *kept;
	struct tree_change *change;

	if (mem_grow(&set->changes, &set->capacity, set->count + 1, sizeof(*set->changes)) ||
	    mem_grow(&set->kept, &set->kept_capacity, set->count + 1, sizeof(struct kept_change *)))
		return error_no_memory(err);
	kept = mem_calloc(1, sizeof(*kept));
	if (!kept)
		return error_no_memory(err);
	buf_init(&kept->path);
	buf_init(&kept->data);
	set->kept[set->count] = kept;
	change = &set->changes[set->count++];
	path_format(path, &kept->path);
	path_split(kept->path.data, kept->path.len, &change->path);
	change->document = NULL;
	change->collection = NULL;
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

int change_set_apply(const struct change_set *set, struct node_store *nodes, struct tree_root *root,
		     struct drift_error *err)
{
	return set->count ? tree_edit_array(nodes, root, set->changes, set->count, root, err) : 0;
}
