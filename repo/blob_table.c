#include "repo/blob_index_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/mem.h"

#define TABLE_MAGIC "DRIFTBLB"
#define TABLE_MAGIC_LEN 8
#define TABLE_VERSION 1
#define NODE_ENTRY_LEN (OID_LEN + 8)
#define BLOB_ENTRY_LEN (OID_LEN + 8)
#define PRINT_LEN 8
#define CRC_LEN 4

void blob_table_release(struct blob_table *t)
{
	free(t->nodes);
	free(t->entries);
	free(t->prints);
	memset(t, 0, sizeof(*t));
}

uint64_t blob_print(const struct oid *id)
{
	struct cursor in;

	cursor_init(&in, id->bytes, OID_LEN);
	return cursor_u64(&in);
}

void blob_table_encode(const struct blob_table *t, struct buf *out)
{
	size_t start = out->len;

	buf_add(out, TABLE_MAGIC, TABLE_MAGIC_LEN);
	buf_add_u32(out, TABLE_VERSION);
	buf_add_u64(out, t->mark.file_count);
	buf_add_u64(out, t->mark.used_bytes);
	buf_add(out, t->mark.newest.id.bytes, OID_LEN);
	buf_add_u64(out, t->mark.newest.loc);
	buf_add_u64(out, t->node_count);
	buf_add_u64(out, t->entry_count);
	buf_add_u64(out, t->print_count);
	for (size_t i = 0; i < t->node_count; i++) {
		buf_add(out, t->nodes[i].id.bytes, OID_LEN);
		buf_add_u64(out, t->nodes[i].loc);
	}
	for (size_t i = 0; i < t->entry_count; i++) {
		buf_add(out, t->entries[i].id.bytes, OID_LEN);
		buf_add_u32(out, t->entries[i].node);
		buf_add_u32(out, t->entries[i].slot);
	}
	for (size_t i = 0; i < t->print_count; i++)
		buf_add_u64(out, t->prints[i]);
	if (!out->failed)
		buf_add_u32(out, crc32c(0, out->data + start, out->len - start));
}

static void get_oid(struct cursor *in, struct oid *id)
{
	const unsigned char *bytes = cursor_bytes(in, OID_LEN);

	if (bytes)
		memcpy(id->bytes, bytes, OID_LEN);
}

static bool get_entries(struct cursor *in, struct blob_table *t)
{
	for (size_t i = 0; i < t->node_count; i++) {
		get_oid(in, &t->nodes[i].id);
		t->nodes[i].loc = cursor_u64(in);
	}
	for (size_t i = 0; i < t->entry_count; i++) {
		struct blob_entry *e = &t->entries[i];

		get_oid(in, &e->id);
		e->node = cursor_u32(in);
		e->slot = cursor_u32(in);
		if (e->node >= t->node_count || (i && oid_compare(&e[-1].id, &e->id) >= 0))
			return false;
	}
	for (size_t i = 0; i < t->print_count; i++)
		t->prints[i] = cursor_u64(in);
	return cursor_done(in);
}

static bool get_head(struct cursor *in, struct blob_table *t)
{
	const unsigned char *magic = cursor_bytes(in, TABLE_MAGIC_LEN);
	uint64_t nodes, entries, prints;

	if (!magic || memcmp(magic, TABLE_MAGIC, TABLE_MAGIC_LEN) != 0 || cursor_u32(in) != TABLE_VERSION)
		return false;
	t->mark.file_count = cursor_u64(in);
	t->mark.used_bytes = cursor_u64(in);
	get_oid(in, &t->mark.newest.id);
	t->mark.newest.loc = cursor_u64(in);
	nodes = cursor_u64(in);
	entries = cursor_u64(in);
	prints = cursor_u64(in);
	/* What is left bounds each of them, so that the sum cannot overflow. */
	if (!cursor_ok(in) || nodes > cursor_left(in) / NODE_ENTRY_LEN || entries > cursor_left(in) / BLOB_ENTRY_LEN ||
	    prints > cursor_left(in) / PRINT_LEN ||
	    nodes * NODE_ENTRY_LEN + entries * BLOB_ENTRY_LEN + prints * PRINT_LEN != cursor_left(in))
		return false;
	t->print_count = (size_t)prints;
	t->node_count = (size_t)nodes;
	t->entry_count = (size_t)entries;
	return true;
}

int blob_table_decode(const void *data, size_t len, struct blob_table *t, struct drift_error *err)
{
	struct blob_table read = { .nodes = NULL };
	struct cursor in, tail;

	/* Capacities stay 0: a table that was read does not grow. */
	if (len < CRC_LEN)
		return error_set(err, DRIFT_ERR_CORRUPT, "the index of documents is cut short");
	cursor_init(&in, data, len - CRC_LEN);
	cursor_init(&tail, (const char *)data + len - CRC_LEN, CRC_LEN);
	if (cursor_u32(&tail) != crc32c(0, data, len - CRC_LEN) || !get_head(&in, &read))
		return error_set(err, DRIFT_ERR_CORRUPT, "the index of documents is damaged");
	read.nodes = mem_calloc(read.node_count + 1, sizeof(*read.nodes));
	read.entries = mem_calloc(read.entry_count + 1, sizeof(*read.entries));
	read.prints = mem_calloc(read.print_count + 1, sizeof(*read.prints));
	if (!read.nodes || !read.entries || !read.prints) {
		blob_table_release(&read);
		return error_no_memory(err);
	}
	if (!get_entries(&in, &read)) {
		blob_table_release(&read);
		return error_set(err, DRIFT_ERR_CORRUPT, "the index of documents is damaged");
	}
	*t = read;
	return 0;
}
