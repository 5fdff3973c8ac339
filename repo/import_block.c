#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repo/import_internal.h"

struct import_block *import_block_new(struct drift_error *err)
{
	struct import_block *b = mem_calloc(1, sizeof(*b));

	if (!b) {
		error_no_memory(err);
		return NULL;
	}
	buf_init(&b->keys);
	buf_init(&b->data);
	buf_init(&b->bad);
	import_block_clear(b);
	return b;
}

void import_block_clear(struct import_block *b)
{
	b->next = NULL;
	b->count = 0;
	b->ascending = true;
	b->imported = b->skipped = b->input_len = 0;
	buf_clear(&b->keys);
	buf_clear(&b->data);
	buf_clear(&b->bad);
}

void import_block_free(struct import_block *b)
{
	while (b) {
		struct import_block *next = b->next;

		free(b->entries);
		buf_release(&b->keys);
		buf_release(&b->data);
		buf_release(&b->bad);
		free(b);
		b = next;
	}
}

size_t import_block_size(const struct import_block *b)
{
	return sizeof(*b) + b->capacity * sizeof(*b->entries) + b->keys.capacity + b->data.capacity + b->bad.capacity;
}

void import_block_record(const struct import_block *b, size_t i, struct import_record *out)
{
	const struct import_entry *e = &b->entries[i];

	*out = (struct import_record){ .rank = e->rank,
				       .key = b->keys.data + e->key_at,
				       .key_len = e->key_len,
				       .collection_len = e->collection_len,
				       .data = b->data.data + e->data_at,
				       .data_len = e->data_len,
				       .mode = e->mode,
				       .gitlink = e->gitlink };
}

int import_record_compare(const struct import_record *a, const struct import_record *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return key_compare(a->key, a->key_len, b->key, b->key_len);
}

void import_record_path(const struct import_record *r, struct path *path_out)
{
	*path_out = (struct path){ .collection = r->key,
				   .collection_len = r->collection_len,
				   .key = r->key + r->collection_len + 1,
				   .key_len = r->key_len - r->collection_len - 1 };
}
