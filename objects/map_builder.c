#include "objects/map_builder_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/boundary.h"
#include "objects/value.h"

static unsigned char *entries(struct node_builder *b)
{
	return b->memory + NODE_HEAD_MAX;
}

void node_builder_reset(struct node_builder *b)
{
	b->count = 0;
	b->len = 0;
	b->last = 0;
	b->has_locs = false;
}

void node_builder_start(struct node_builder *b, enum map_kind kind, unsigned level)
{
	b->kind = kind;
	b->level = level;
	node_builder_reset(b);
}

void node_builder_release(struct node_builder *b)
{
	free(b->locs);
	b->locs = NULL;
	b->locs_capacity = 0;
}

static int reserve(struct node_builder *b, size_t len, struct drift_error *err)
{
	if (b->len + len > NODE_LEN_MAX - NODE_HEAD_MAX)
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node does not end where its keys say that it should");
	return 0;
}

/* Room for the locations of `extra` entries, and zeros for those that came without one. */
static int reserve_locs(struct node_builder *b, size_t extra, struct drift_error *err)
{
	if (mem_grow(&b->locs, &b->locs_capacity, b->count + extra, sizeof(*b->locs)) < 0)
		return error_no_memory(err);
	if (!b->has_locs)
		memset(b->locs, 0, b->count * sizeof(*b->locs));
	b->has_locs = true;
	return 0;
}

int node_builder_copy(struct node_builder *b, const struct node *node, size_t from, size_t to, struct drift_error *err)
{
	size_t start = node->offset[from], len = (size_t)node->offset[to] - start;
	size_t count = to - from;

	if (!count)
		return 0;
	if (reserve(b, len, err) < 0)
		return -1;
	if (node->child_loc || b->has_locs) {
		if (reserve_locs(b, count, err) < 0)
			return -1;
		if (node->child_loc)
			memcpy(b->locs + b->count, node->child_loc + from, count * sizeof(*b->locs));
		else
			memset(b->locs + b->count, 0, count * sizeof(*b->locs));
	}
	memcpy(entries(b) + b->len, node->bytes + start, len);
	b->last = b->len + ((size_t)node->offset[to - 1] - start);
	b->len += len;
	b->count += count;
	return 0;
}

int node_builder_add(struct node_builder *b, const struct node_entry *entry, struct drift_error *err)
{
	unsigned char *p;

	if (reserve(b, entry->key_len + entry->value_len + OID_LEN + 30, err) < 0)
		return -1;
	if (entry->loc != LOC_UNKNOWN || b->has_locs) {
		if (reserve_locs(b, 1, err) < 0)
			return -1;
		b->locs[b->count] = entry->loc;
	}
	p = entries(b) + b->len;
	p += varint_put(p, entry->key_len);
	memcpy(p, entry->key, entry->key_len);
	p += entry->key_len;
	if (entry->child) {
		memcpy(p, entry->child, OID_LEN);
		p += OID_LEN;
		p += varint_put(p, entry->count);
		p += varint_put(p, entry->bytes);
	} else {
		p += varint_put(p, entry->value_len);
		memcpy(p, entry->value, entry->value_len);
		p += entry->value_len;
	}
	b->last = b->len;
	b->len = (size_t)(p - entries(b));
	b->count++;
	return 0;
}

const unsigned char *node_builder_last_key(const struct node_builder *b, size_t *len_out)
{
	const unsigned char *p = b->memory + NODE_HEAD_MAX + b->last;

	*len_out = (size_t)varint_trusted(&p);
	return p;
}

bool node_builder_ends(const struct node_builder *b)
{
	size_t key_len;
	const unsigned char *key = node_builder_last_key(b, &key_len);

	return boundary_after(b->level, key, key_len, b->last, b->len, b->count);
}

const unsigned char *node_builder_finish(struct node_builder *b, size_t *len_out)
{
	unsigned char head[3 + 10] = { NODE_VERSION, (unsigned char)b->kind, (unsigned char)b->level };
	size_t head_len = 3 + varint_put(head + 3, b->count);
	unsigned char *start = entries(b) - head_len;

	memcpy(start, head, head_len);
	*len_out = head_len + b->len;
	return start;
}

void node_builder_sums(const struct node_builder *b, uint64_t *count_out, uint64_t *bytes_out)
{
	const unsigned char *p = b->memory + NODE_HEAD_MAX;
	uint64_t count = 0, bytes = 0;
	size_t i;

	for (i = 0; i < b->count; i++) {
		size_t len = (size_t)varint_trusted(&p);

		p += len;
		if (b->level) {
			p += OID_LEN;
			count += varint_trusted(&p);
			bytes += varint_trusted(&p);
		} else {
			len = (size_t)varint_trusted(&p);
			count++;
			bytes += value_byte_count(b->kind, p, len);
			p += len;
		}
	}
	*count_out = count;
	*bytes_out = bytes;
}

/* ---- changes for the level above ---- */

void child_changes_release(struct child_changes *list)
{
	free(list->items);
	buf_release(&list->keys);
	list->items = NULL;
	list->count = 0;
	list->capacity = 0;
}

void child_changes_clear(struct child_changes *list)
{
	list->count = 0;
	buf_clear(&list->keys);
}

const unsigned char *child_change_key(const struct child_changes *list, const struct child_change *change)
{
	return (const unsigned char *)list->keys.data + change->key;
}

static int compare_item(const struct child_changes *list, size_t i, const void *key, size_t key_len)
{
	const struct child_change *item = &list->items[i];

	return key_compare(child_change_key(list, item), item->key_len, key, key_len);
}

/* Make place for an item at index i, with its key. */
static int insert_item(struct child_changes *list, size_t i, const void *key, const struct child_change *change,
		       struct drift_error *err)
{
	size_t at = list->keys.len;

	if (mem_grow(&list->items, &list->capacity, list->count + 1, sizeof(*list->items)) < 0)
		return error_no_memory(err);
	buf_add(&list->keys, key, change->key_len);
	if (buf_check(&list->keys, err) < 0)
		return -1;
	memmove(list->items + i + 1, list->items + i, (list->count - i) * sizeof(*list->items));
	list->items[i] = *change;
	list->items[i].key = at;
	list->count++;
	return 0;
}

/* Where an item with that key belongs; it is there already if *equal_out. */
static size_t find_item(const struct child_changes *list, const void *key, size_t key_len, bool *equal_out)
{
	size_t i = list->count;
	int order = -1;

	while (i && (order = compare_item(list, i - 1, key, key_len)) > 0)
		i--;
	*equal_out = i && !order;
	return *equal_out ? i - 1 : i;
}

int child_changes_remove(struct child_changes *list, const void *key, size_t key_len, struct drift_error *err)
{
	struct child_change change = { .key_len = (uint32_t)key_len, .remove = true };
	bool equal;
	size_t i = find_item(list, key, key_len, &equal);

	return equal ? 0 : insert_item(list, i, key, &change, err);
}

int child_changes_put(struct child_changes *list, const void *key, const struct child_change *change,
		      struct drift_error *err)
{
	bool equal;
	size_t i = find_item(list, key, change->key_len, &equal);

	if (equal) {
		size_t at = list->items[i].key;

		list->items[i] = *change;
		list->items[i].key = at;
		return 0;
	}
	return insert_item(list, i, key, change, err);
}
