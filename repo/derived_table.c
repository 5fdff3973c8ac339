#include "repo/derived_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/mem.h"

#define TABLE_MAGIC_LEN 8
#define TABLE_VERSION 2
#define MARK_AT 16
#define MARK_LEN 72 /* store id, from, to, newest commit */
#define CRC_AT (DERIVED_BLOCK_LEN - 4)
#define ENTRY_LEN 16
#define BLOCK_ENTRIES 255
#define WRITE_LEN ((size_t)1 << 20)

static const char *const magics[] = { [DERIVED_BLOBS] = "DRIFTBLB", [DERIVED_GRAPH] = "DRIFTGRF" };

struct derived_table {
	int fd; /* -1: in memory */
	struct buf memory;
	struct derived_mark mark;
	uint64_t count;
	uint32_t seed;
	uint64_t number; /* of the block at hand, 0: none */
	unsigned char block[DERIVED_BLOCK_LEN];
};

static int corrupt(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "a derived table is damaged");
}

static uint32_t block_sum(uint32_t seed, uint64_t number, const unsigned char *block)
{
	unsigned char n[8];

	for (size_t i = 0; i < 8; i++)
		n[i] = (unsigned char)(number >> (8 * i));
	return crc32c(crc32c(seed, n, sizeof(n)), block, CRC_AT);
}

static uint32_t stated_sum(const unsigned char *block)
{
	struct cursor in;

	cursor_init(&in, block + CRC_AT, 4);
	return cursor_u32(&in);
}

static int read_bytes(struct derived_table *t, uint64_t number, struct drift_error *err)
{
	uint64_t offset = number * DERIVED_BLOCK_LEN;

	t->number = 0;
	if (t->fd >= 0)
		return file_read_at(t->fd, t->block, DERIVED_BLOCK_LEN, offset, err);
	if (offset + DERIVED_BLOCK_LEN > t->memory.len)
		return corrupt(err);
	memcpy(t->block, t->memory.data + offset, DERIVED_BLOCK_LEN);
	return 0;
}

static int read_block(struct derived_table *t, uint64_t number, struct drift_error *err)
{
	if (t->number == number)
		return 0;
	if (read_bytes(t, number, err))
		return -1;
	if (block_sum(t->seed, number, t->block) != stated_sum(t->block))
		return corrupt(err);
	t->number = number;
	return 0;
}

static void get_bytes(struct cursor *in, void *out, size_t len)
{
	const unsigned char *bytes = cursor_bytes(in, len);

	if (bytes)
		memcpy(out, bytes, len);
}

static int read_head(struct derived_table *t, uint64_t file_len, struct drift_error *err)
{
	unsigned char magic[TABLE_MAGIC_LEN] = { 0 };
	struct cursor in;
	uint64_t blocks;

	if (file_len < DERIVED_BLOCK_LEN || read_bytes(t, 0, err))
		return corrupt(err);
	cursor_init(&in, t->block, CRC_AT);
	get_bytes(&in, magic, sizeof(magic));
	t->mark.kind = memcmp(magic, magics[DERIVED_GRAPH], sizeof(magic)) ? DERIVED_BLOBS : DERIVED_GRAPH;
	if (memcmp(magic, magics[t->mark.kind], sizeof(magic)) != 0 || cursor_u32(&in) != TABLE_VERSION ||
	    cursor_u32(&in) != 0 || crc32c(0, t->block, CRC_AT) != stated_sum(t->block))
		return corrupt(err);
	t->seed = crc32c(0, t->block + MARK_AT, MARK_LEN);
	get_bytes(&in, t->mark.store_id, sizeof(t->mark.store_id));
	t->mark.from = cursor_u64(&in);
	t->mark.to = cursor_u64(&in);
	get_bytes(&in, t->mark.newest.id.bytes, OID_LEN);
	t->mark.newest.loc = cursor_u64(&in);
	t->count = cursor_u64(&in);
	while (cursor_ok(&in) && cursor_left(&in)) {
		if (cursor_u8(&in))
			return corrupt(err);
	}
	blocks = t->count / BLOCK_ENTRIES + (t->count % BLOCK_ENTRIES != 0);
	if (blocks >= UINT64_MAX / DERIVED_BLOCK_LEN || (blocks + 1) * DERIVED_BLOCK_LEN != file_len)
		return corrupt(err);
	return 0;
}

int derived_table_open(const char *path, struct derived_table **out, struct drift_error *err)
{
	struct derived_table *t = mem_calloc(1, sizeof(*t));
	struct file_info info;

	if (!t)
		return error_no_memory(err);
	t->fd = -1;
	if (file_open_read(path, &t->fd, err) || file_info(t->fd, &info, err) || read_head(t, info.size, err)) {
		derived_table_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

int derived_table_from_memory(struct buf *bytes, struct derived_table **out, struct drift_error *err)
{
	struct derived_table *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return error_no_memory(err);
	t->fd = -1;
	t->memory = *bytes;
	if (read_head(t, bytes->len, err)) {
		free(t);
		return -1;
	}
	buf_init(bytes);
	*out = t;
	return 0;
}

void derived_table_free(struct derived_table *t)
{
	if (!t)
		return;
	mem_cleanup_close(&t->fd);
	buf_release(&t->memory);
	free(t);
}

const struct derived_mark *derived_table_mark(const struct derived_table *t)
{
	return &t->mark;
}

uint64_t derived_table_count(const struct derived_table *t)
{
	return t->count;
}

int derived_table_get(struct derived_table *t, uint64_t i, struct derived_entry *out, struct drift_error *err)
{
	struct cursor in;

	if (read_block(t, i / BLOCK_ENTRIES + 1, err))
		return -1;
	cursor_init(&in, t->block + i % BLOCK_ENTRIES * ENTRY_LEN, ENTRY_LEN);
	out->key = cursor_u64(&in);
	out->value = cursor_u64(&in);
	return 0;
}

int derived_table_check(struct derived_table *t, struct drift_error *err)
{
	struct derived_entry e, last = { .key = 0 };

	for (uint64_t i = 0; i < t->count; i++) {
		if (derived_table_get(t, i, &e, err))
			return -1;
		if (i && (e.key < last.key || (e.key == last.key && e.value <= last.value)))
			return corrupt(err);
		last = e;
	}
	return 0;
}

int derived_table_search(struct derived_table *t, uint64_t print, uint64_t *i_out, struct drift_error *err)
{
	uint64_t low = 0, high = t->count;
	struct derived_entry e;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		/* The first of a block as long as there are several: each is read once. */
		if (low / BLOCK_ENTRIES != middle / BLOCK_ENTRIES)
			middle -= middle % BLOCK_ENTRIES;
		if (derived_table_get(t, middle, &e, err))
			return -1;
		if (e.key < print)
			low = middle + 1;
		else
			high = middle;
	}
	*i_out = low;
	return 0;
}

/* ---- writing ---- */

struct table_writer {
	int fd; /* -1: in memory */
	struct buf temp, bytes;
	uint64_t written; /* bytes in the file */
	uint64_t count, number;
	size_t in_block;
	uint32_t seed;
};

static void writer_release(struct table_writer *w)
{
	mem_cleanup_close(&w->fd);
	if (w->temp.len)
		(void)!file_unlink(w->temp.data, NULL);
	buf_release(&w->temp);
	buf_release(&w->bytes);
}
#define auto_writer __attribute__((cleanup(writer_release))) struct table_writer

static void add_zeros(struct buf *out, size_t n)
{
	while (n--)
		buf_add_byte(out, 0);
}

static void put_head(const struct derived_mark *mark, uint64_t count, struct buf *out)
{
	size_t start = out->len;

	buf_add(out, magics[mark->kind], TABLE_MAGIC_LEN);
	buf_add_u32(out, TABLE_VERSION);
	buf_add_u32(out, 0);
	buf_add(out, mark->store_id, sizeof(mark->store_id));
	buf_add_u64(out, mark->from);
	buf_add_u64(out, mark->to);
	buf_add(out, mark->newest.id.bytes, OID_LEN);
	buf_add_u64(out, mark->newest.loc);
	buf_add_u64(out, count);
	add_zeros(out, CRC_AT - (out->len - start));
	if (!out->failed)
		buf_add_u32(out, crc32c(0, out->data + start, CRC_AT));
}

static int flush(struct table_writer *w, struct drift_error *err)
{
	if (buf_check(&w->bytes, err))
		return -1;
	if (w->fd < 0)
		return 0;
	if (file_write_at(w->fd, w->bytes.data, w->bytes.len, w->written, err))
		return -1;
	w->written += w->bytes.len;
	buf_clear(&w->bytes);
	return 0;
}

static int end_block(struct table_writer *w, struct drift_error *err)
{
	if (!w->in_block)
		return 0;
	add_zeros(&w->bytes, CRC_AT - w->in_block * ENTRY_LEN);
	if (buf_check(&w->bytes, err))
		return -1;
	buf_add_u32(&w->bytes, block_sum(w->seed, ++w->number,
					 (const unsigned char *)w->bytes.data + w->bytes.len - CRC_AT));
	w->in_block = 0;
	return w->bytes.len >= WRITE_LEN ? flush(w, err) : 0;
}

static int write_entries(struct table_writer *w, struct derived_source *source, struct drift_error *err)
{
	struct derived_entry e, last = { .value = 0 };
	int r;

	while ((r = source->next(source, &e, err)) > 0) {
		if (w->count && e.key == last.key && e.value == last.value)
			continue;
		buf_add_u64(&w->bytes, e.key);
		buf_add_u64(&w->bytes, e.value);
		w->count++;
		last = e;
		if (++w->in_block == BLOCK_ENTRIES && end_block(w, err))
			return -1;
	}
	return r ? -1 : end_block(w, err);
}

/* The head comes last: only then the count is known. */
static int finish(struct table_writer *w, const char *path, const struct derived_mark *mark, struct derived_table **out,
		  struct drift_error *err)
{
	auto_buf head = BUF_INIT;

	put_head(mark, w->count, &head);
	if (buf_check(&head, err) || flush(w, err))
		return -1;
	if (w->fd < 0) {
		memcpy(w->bytes.data, head.data, head.len);
		return derived_table_from_memory(&w->bytes, out, err);
	}
	if (file_write_at(w->fd, head.data, head.len, 0, err))
		return -1;
	if (file_close(w->fd, err)) {
		w->fd = -1;
		return -1;
	}
	w->fd = -1;
	/* Ours, even if another process puts its own there next. */
	if (derived_table_open(w->temp.data, out, err))
		return -1;
	if (file_rename(w->temp.data, path, err)) {
		derived_table_free(*out);
		return -1;
	}
	buf_clear(&w->temp);
	return 0;
}

int derived_table_write(const char *path, const struct derived_mark *mark, struct derived_source *source,
		     struct derived_table **out, struct drift_error *err)
{
	auto_writer w = { .fd = -1 };

	if (path && file_create_temp(path, &w.temp, &w.fd, err))
		return -1;
	put_head(mark, 0, &w.bytes);
	if (buf_check(&w.bytes, err))
		return -1;
	w.seed = crc32c(0, w.bytes.data + MARK_AT, MARK_LEN);
	if (write_entries(&w, source, err))
		return -1;
	return finish(&w, path, mark, out, err);
}

struct merge_source {
	struct derived_source base;
	struct derived_table *tables[2];
	uint64_t at[2];
};

static int next_merged(struct derived_source *self, struct derived_entry *out, struct drift_error *err)
{
	struct merge_source *m = (struct merge_source *)self;
	struct derived_entry e[2];
	bool has[2];
	int pick;

	for (int i = 0; i < 2; i++) {
		has[i] = m->at[i] < m->tables[i]->count;
		if (has[i] && derived_table_get(m->tables[i], m->at[i], &e[i], err))
			return -1;
	}
	if (!has[0] && !has[1])
		return 0;
	pick = !has[0] ||
	       (has[1] && (e[1].key != e[0].key ? e[1].key < e[0].key : e[1].value < e[0].value));
	m->at[pick]++;
	*out = e[pick];
	return 1;
}

int derived_table_merge(const char *path, struct derived_table *a, struct derived_table *b, struct derived_table **out,
		     struct drift_error *err)
{
	struct merge_source m = { .base = { next_merged }, .tables = { a, b } };
	struct derived_mark mark = a->mark;

	if (b->mark.to > mark.to)
		mark.to = b->mark.to;
	if (!oid_is_zero(&b->mark.newest.id) && b->mark.newest.loc > mark.newest.loc)
		mark.newest = b->mark.newest;
	return derived_table_write(path, &mark, &m.base, out, err);
}
