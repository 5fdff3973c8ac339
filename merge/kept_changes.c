#include "merge/kept_changes.h"

#include <stdlib.h>

#include "base/mem.h"

/* The key stands in the bytes, the value behind it. */
struct kept_change {
	size_t at, key_len, value_len;
	bool removes;
	uint64_t loc;
};

void kept_changes_release(struct kept_changes *k)
{
	free(k->items);
	buf_release(&k->bytes);
}

int kept_changes_add(struct kept_changes *k, struct merge_store *store, const struct text *key,
		     const struct document *doc, struct drift_error *err)
{
	struct kept_change *item;

	if (mem_grow(&k->items, &k->capacity, k->count + 1, sizeof(*k->items)))
		return error_no_memory(err);
	item = &k->items[k->count++];
	*item = (struct kept_change){ .at = k->bytes.len, .key_len = key->len, .removes = !doc };
	buf_add(&k->bytes, key->data, key->len);
	if (doc) {
		struct document own = *doc;

		if (merge_store_adopt(store, &own, err))
			return -1;
		document_encode(&own, &k->bytes);
		item->loc = own.form == DOCUMENT_BLOB ? own.loc : LOC_UNKNOWN;
		item->value_len = k->bytes.len - item->at - item->key_len;
	}
	return buf_check(&k->bytes, err);
}

static int compare(const void *a, const void *b)
{
	const struct map_change *x = a, *y = b;

	return key_compare(x->key, x->key_len, y->key, y->key_len);
}

int kept_changes_apply(struct kept_changes *k, struct node_store *nodes, struct map_root *documents,
		       struct drift_error *err)
{
	struct map_change *changes auto_free = NULL;

	if (!k->count)
		return 0;
	changes = mem_calloc(k->count, sizeof(*changes));
	if (!changes)
		return error_no_memory(err);
	for (size_t i = 0; i < k->count; i++) {
		const struct kept_change *item = &k->items[i];
		const char *key = k->bytes.data + item->at;

		changes[i] = (struct map_change){ .key = key,
						  .key_len = item->key_len,
						  .value = item->removes ? NULL : key + item->key_len,
						  .value_len = item->value_len,
						  .loc = item->loc };
	}
	qsort(changes, k->count, sizeof(*changes), compare);
	return map_edit_array(nodes, MAP_DOCUMENTS, documents, changes, k->count, documents, err);
}
