#include "objects/pack_index.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/mem.h"
#include "objects/pack_index_internal.h"

/* The ids, or the paths. */
struct section {
	uint64_t count;
	unsigned fan_bits, key_len;
	size_t fan_at, entries_at;
};

struct pack_index {
	unsigned char *data;
	size_t len;
	bool mapped;
	size_t sums_at; /* behind all that they are of */
	unsigned value_len;
	struct section ids, paths;
	atomic_uchar *checked; /* for each page */
};

static int damaged(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_CORRUPT, "the index of a pack is damaged");
}

static uint64_t le_bytes(const unsigned char *p, unsigned len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | p[len];
	return v;
}

static uint64_t be_bytes(const unsigned char *p, unsigned len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static uint64_t section_len(struct section *s, unsigned value_len)
{
	return (((uint64_t)1 << s->fan_bits) + 1) * 4 + s->count * (s->key_len + value_len);
}

/* Counts and places; false if it is none of this pack. */
static bool read_head(struct pack_index *index, const unsigned char sha[PACK_SHA_LEN])
{
	struct section *ids = &index->ids, *paths = &index->paths;
	uint64_t body, pages;
	struct cursor in;

	if (index->len < PACK_INDEX_HEAD_LEN || memcmp(index->data, PACK_INDEX_MAGIC, 8) != 0 ||
	    memcmp(index->data + 16, sha, PACK_SHA_LEN) != 0)
		return false;
	cursor_init(&in, index->data + 8, 8);
	if (cursor_u32(&in) != PACK_INDEX_VERSION || cursor_u32(&in))
		return false;
	cursor_init(&in, index->data + 48, 24);
	ids->count = cursor_u64(&in);
	paths->count = cursor_u64(&in);
	ids->fan_bits = cursor_u8(&in);
	paths->fan_bits = cursor_u8(&in);
	index->value_len = cursor_u8(&in);
	if (cursor_le(&in, 5) || ids->count > PACK_INDEX_COUNT_MAX || paths->count > PACK_INDEX_COUNT_MAX ||
	    ids->fan_bits != pack_index_fan_bits(ids->count) || paths->fan_bits != pack_index_fan_bits(paths->count) ||
	    index->value_len < PACK_INDEX_VALUE_MIN || index->value_len > PACK_INDEX_VALUE_MAX)
		return false;
	ids->key_len = PACK_INDEX_ID_KEY;
	paths->key_len = PACK_INDEX_PATH_KEY;
	body = PACK_INDEX_HEAD_LEN + section_len(ids, index->value_len) + section_len(paths, index->value_len);
	pages = (body + PACK_INDEX_PAGE - 1) / PACK_INDEX_PAGE;
	if (index->len != body + pages * 4 + 4)
		return false;
	index->sums_at = (size_t)body;
	ids->fan_at = PACK_INDEX_HEAD_LEN;
	ids->entries_at = ids->fan_at + (((size_t)1 << ids->fan_bits) + 1) * 4;
	paths->fan_at = PACK_INDEX_HEAD_LEN + (size_t)section_len(ids, index->value_len);
	paths->entries_at = paths->fan_at + (((size_t)1 << paths->fan_bits) + 1) * 4;
	return true;
}

static bool page_is_sound(const struct pack_index *index, size_t page)
{
	size_t at = page * PACK_INDEX_PAGE, len = index->sums_at - at;
	uint32_t sum = (uint32_t)le_bytes(index->data + index->sums_at + page * 4, 4);

	return crc32c(0, index->data + at, len < PACK_INDEX_PAGE ? len : PACK_INDEX_PAGE) == sum;
}

static size_t page_count(const struct pack_index *index)
{
	return (index->sums_at + PACK_INDEX_PAGE - 1) / PACK_INDEX_PAGE;
}

/* 1, 0 if it does not fit, -1 */
static int check(struct pack_index *index, const unsigned char sha[PACK_SHA_LEN], struct drift_error *err)
{
	size_t sums_len;

	if (!read_head(index, sha))
		return 0;
	sums_len = page_count(index) * 4;
	if (crc32c(0, index->data + index->sums_at, sums_len) != le_bytes(index->data + index->len - 4, 4) ||
	    !page_is_sound(index, 0))
		return 0;
	index->checked = mem_calloc(page_count(index), sizeof(*index->checked));
	return index->checked ? 1 : error_no_memory(err);
}

static int map_file(const char *path, struct pack_index *index, struct drift_error *err)
{
	struct drift_error why;
	auto_close int fd = -1;
	uint64_t size;
	void *map;

	if (file_open_read(path, &fd, &why) < 0)
		return why.code == DRIFT_ERR_NOT_FOUND ? 0 : error_set(err, why.code, "%s", why.message);
	if (file_size(fd, &size, err) < 0)
		return -1;
	if (size < PACK_INDEX_HEAD_LEN)
		return 0;
	if (file_map(fd, (size_t)size, false, &map, err) < 0)
		return -1;
	index->data = map;
	index->len = (size_t)size;
	index->mapped = true;
	return 1;
}

int pack_index_open(const char *path, const unsigned char sha[PACK_SHA_LEN], struct pack_index **out,
		    struct drift_error *err)
{
	struct pack_index *index = mem_calloc(1, sizeof(*index));
	int r;

	if (!index)
		return error_no_memory(err);
	r = map_file(path, index, err);
	if (r > 0)
		r = check(index, sha, err);
	if (r > 0)
		*out = index;
	else
		pack_index_close(index);
	return r;
}

int pack_index_adopt(unsigned char *data, size_t len, const unsigned char sha[PACK_SHA_LEN], struct pack_index **out,
		     struct drift_error *err)
{
	struct pack_index *index = mem_calloc(1, sizeof(*index));
	int r;

	if (!index) {
		free(data);
		return error_no_memory(err);
	}
	index->data = data;
	index->len = len;
	r = check(index, sha, err);
	if (r > 0) {
		*out = index;
		return 0;
	}
	pack_index_close(index);
	return r < 0 ? -1 : damaged(err);
}

void pack_index_close(struct pack_index *index)
{
	if (!index)
		return;
	if (index->mapped)
		file_unmap(index->data, index->len);
	else
		free(index->data);
	free(index->checked);
	free(index);
}

uint64_t pack_index_size(const struct pack_index *index)
{
	return index->len;
}

bool pack_index_sound(const struct pack_index *index)
{
	size_t i;

	for (i = 0; i < page_count(index); i++)
		if (!page_is_sound(index, i))
			return false;
	return true;
}

bool pack_index_equal(const struct pack_index *a, const struct pack_index *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/* len > 0 bytes at `at`, whose pages are sound; NULL if they are not. */
static const unsigned char *bytes_at(const struct pack_index *index, size_t at, size_t len)
{
	size_t page;

	for (page = at / PACK_INDEX_PAGE; page <= (at + len - 1) / PACK_INDEX_PAGE; page++) {
		if (atomic_load_explicit(&index->checked[page], memory_order_relaxed))
			continue;
		if (!page_is_sound(index, page))
			return NULL;
		atomic_store_explicit(&index->checked[page], 1, memory_order_relaxed);
	}
	return index->data + at;
}

/* The first entry whose key is not less than `key`, in place_out. */
static int lower_bound(const struct pack_index *index, const struct section *s, uint64_t key, uint64_t *place_out)
{
	unsigned entry_len = s->key_len + index->value_len;
	uint64_t bucket = key >> (8 * s->key_len), rest = key & (((uint64_t)1 << 8 * s->key_len) - 1), low, high;
	const unsigned char *p;

	/* Behind the last one. */
	if (bucket >> s->fan_bits) {
		*place_out = s->count;
		return 0;
	}
	p = bytes_at(index, s->fan_at + (size_t)bucket * 4, 8);
	if (!p)
		return -1;
	low = le_bytes(p, 4);
	high = le_bytes(p + 4, 4);
	if (low > high || high > s->count)
		return -1;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		p = bytes_at(index, s->entries_at + (size_t)middle * entry_len, s->key_len);
		if (!p)
			return -1;
		if (be_bytes(p, s->key_len) < rest)
			low = middle + 1;
		else
			high = middle;
	}
	*place_out = low;
	return 0;
}

/* The entries of keys from low to high. */
static int find(const struct pack_index *index, const struct section *s, uint64_t low, uint64_t high, uint64_t *position,
		uint64_t *value_out, struct drift_error *err)
{
	unsigned entry_len = s->key_len + index->value_len;
	uint64_t place = *position - 1, end;
	const unsigned char *p;

	if ((!*position && lower_bound(index, s, low, &place) < 0) || lower_bound(index, s, high + 1, &end) < 0)
		return damaged(err);
	if (place >= end)
		return 0;
	p = bytes_at(index, s->entries_at + (size_t)place * entry_len + s->key_len, index->value_len);
	if (!p)
		return damaged(err);
	*value_out = le_bytes(p, index->value_len);
	*position = place + 2; /* one more than the next place */
	return 1;
}

int pack_index_find_id(const struct pack_index *index, const struct oid *id, unsigned bits, uint64_t *position,
		       uint64_t *value_out, struct drift_error *err)
{
	unsigned key_bits = index->ids.fan_bits + 8 * PACK_INDEX_ID_KEY;
	uint64_t key = be_bytes(id->bytes, 8) >> (64 - key_bits), open = 0;

	if (bits < key_bits)
		open = ((uint64_t)1 << (key_bits - bits)) - 1;
	return find(index, &index->ids, key & ~open, key | open, position, value_out, err);
}

int pack_index_find_path(const struct pack_index *index, uint64_t hash, uint64_t *position, uint64_t *value_out,
			 struct drift_error *err)
{
	uint64_t key = hash >> (64 - index->paths.fan_bits - 8 * PACK_INDEX_PATH_KEY);

	return find(index, &index->paths, key, key, position, value_out, err);
}
