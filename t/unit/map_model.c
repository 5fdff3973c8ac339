#include "t/unit/map_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "objects/boundary.h"

static unsigned char *copy(const void *data, size_t len)
{
	unsigned char *p = malloc(len + 1);

	assert(p);
	memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

void map_model_release(struct map_model *m)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		free(m->entries[i].key);
		free(m->entries[i].value);
	}
	free(m->entries);
	*m = (struct map_model){ .count = 0 };
}

size_t map_model_search(const struct map_model *m, const void *key, size_t key_len, bool *equal_out)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct model_entry *entry = &m->entries[middle];

		if (key_compare(entry->key, entry->key_len, key, key_len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*equal_out = low < m->count && !key_compare(m->entries[low].key, m->entries[low].key_len, key, key_len);
	return low;
}

void map_model_put(struct map_model *m, const void *key, size_t key_len, const void *value, size_t value_len)
{
	bool equal;
	size_t i = map_model_search(m, key, key_len, &equal);

	if (equal) {
		free(m->entries[i].value);
	} else {
		int ret = mem_grow(&m->entries, &m->capacity, m->count + 1, sizeof(*m->entries));

		assert(!ret);
		(void)ret;
		memmove(m->entries + i + 1, m->entries + i, (m->count - i) * sizeof(*m->entries));
		m->count++;
		m->entries[i].key = copy(key, key_len);
		m->entries[i].key_len = key_len;
	}
	m->entries[i].value = copy(value, value_len);
	m->entries[i].value_len = value_len;
}

void map_model_remove(struct map_model *m, const void *key, size_t key_len)
{
	bool equal;
	size_t i = map_model_search(m, key, key_len, &equal);

	if (!equal)
		return;
	free(m->entries[i].key);
	free(m->entries[i].value);
	m->count--;
	memmove(m->entries + i, m->entries + i + 1, (m->count - i) * sizeof(*m->entries));
}

void map_model_copy(const struct map_model *m, struct map_model *out)
{
	size_t i;

	*out = (struct map_model){ .count = 0 };
	for (i = 0; i < m->count; i++)
		map_model_put(out, m->entries[i].key, m->entries[i].key_len, m->entries[i].value,
			      m->entries[i].value_len);
}

/* One row of the tree: what its parent's entries say. */
struct row {
	struct item {
		const unsigned char *key;
		size_t key_len;
		struct oid id;
		uint64_t count, bytes;
	} * items;
	size_t count, capacity;
};

struct plain_node {
	struct buf entries;
	size_t entry_count;
	uint64_t count, bytes;
};

static void plain_finish(struct plain_node *node, enum map_kind kind, unsigned level, const unsigned char *key,
			 size_t key_len, struct row *up)
{
	auto_buf whole = BUF_INIT;
	struct item *item;
	int ret = mem_grow(&up->items, &up->capacity, up->count + 1, sizeof(*up->items));

	assert(!ret);
	(void)ret;
	buf_add_byte(&whole, NODE_VERSION);
	buf_add_byte(&whole, (unsigned char)kind);
	buf_add_byte(&whole, (unsigned char)level);
	buf_add_varint(&whole, node->entry_count);
	buf_add(&whole, node->entries.data, node->entries.len);
	item = &up->items[up->count++];
	item->key = key;
	item->key_len = key_len;
	item->count = node->count;
	item->bytes = node->bytes;
	object_hash(OBJECT_TREE, whole.data, whole.len, &item->id);
	buf_clear(&node->entries);
	node->entry_count = 0;
	node->count = 0;
	node->bytes = 0;
}

static void plain_leaves(const struct map_model *m, enum map_kind kind, struct row *up)
{
	struct plain_node node = { .entries = BUF_INIT };
	size_t i;

	for (i = 0; i < m->count; i++) {
		const struct model_entry *entry = &m->entries[i];
		size_t before = node.entries.len;

		buf_add_varint(&node.entries, entry->key_len);
		buf_add(&node.entries, entry->key, entry->key_len);
		buf_add_varint(&node.entries, entry->value_len);
		buf_add(&node.entries, entry->value, entry->value_len);
		node.entry_count++;
		node.count++;
		node.bytes += entry->value_len;
		if (i + 1 == m->count ||
		    boundary_after(0, entry->key, entry->key_len, before, node.entries.len, node.entry_count))
			plain_finish(&node, kind, 0, entry->key, entry->key_len, up);
	}
	buf_release(&node.entries);
}

static void plain_inner(const struct row *row, enum map_kind kind, unsigned level, struct row *up)
{
	struct plain_node node = { .entries = BUF_INIT };
	size_t i;

	for (i = 0; i < row->count; i++) {
		const struct item *item = &row->items[i];
		size_t before = node.entries.len;

		buf_add_varint(&node.entries, item->key_len);
		buf_add(&node.entries, item->key, item->key_len);
		buf_add(&node.entries, item->id.bytes, OID_LEN);
		buf_add_varint(&node.entries, item->count);
		buf_add_varint(&node.entries, item->bytes);
		node.entry_count++;
		node.count += item->count;
		node.bytes += item->bytes;
		if (i + 1 == row->count ||
		    boundary_after(level, item->key, item->key_len, before, node.entries.len, node.entry_count))
			plain_finish(&node, kind, level, item->key, item->key_len, up);
	}
	buf_release(&node.entries);
}

void map_model_root(const struct map_model *m, enum map_kind kind, struct map_root *root_out)
{
	struct row row = { .count = 0 };
	unsigned level;

	*root_out = (struct map_root){ .count = 0 };
	if (!m->count)
		return;
	plain_leaves(m, kind, &row);
	for (level = 1; row.count > 1; level++) {
		struct row up = { .count = 0 };

		plain_inner(&row, kind, level, &up);
		free(row.items);
		row = up;
	}
	root_out->id = row.items[0].id;
	root_out->count = row.items[0].count;
	root_out->bytes = row.items[0].bytes;
	free(row.items);
}

uint64_t dice_next(struct dice *d)
{
	/* splitmix64 (Steele, Lea, Flood 2014) */
	uint64_t z = d->state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

size_t dice_below(struct dice *d, size_t bound)
{
	return (size_t)(dice_next(d) % bound);
}

uint64_t dice_seed(void)
{
	const char *text = getenv("DRIFT_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);

	printf("# DRIFT_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}
