#include "objects/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "objects/pack_internal.h"

#define GROUP_LINE_LEN 16
#define TRAILER_CHECKED_LEN 56

/* -1, with the place before the message. */
static int at_offset(const struct pack *pack, uint64_t offset, struct drift_error *err)
{
	error_prefix(err, DRIFT_OK, "'%s' at %llu", pack->path, (unsigned long long)offset);
	return -1;
}

static int damaged(const struct pack *pack, const char *what, struct drift_error *err)
{
	error_set(err, DRIFT_ERR_CORRUPT, "'%s' is damaged: %s", pack->path, what);
	return -1;
}

/* One load, as compilers see it. */
static uint64_t le64(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

const struct pack_part *pack_part(const struct pack *pack, enum pack_block_kind kind)
{
	return kind == PACK_STUBS ? &pack->stubs : &pack->objects;
}

void pack_group_at(const struct pack *pack, enum pack_block_kind kind, uint64_t number, uint64_t *offset_out,
		   uint64_t *ordinal_out)
{
	const unsigned char *line = pack_part(pack, kind)->lines + number * GROUP_LINE_LEN;

	*offset_out = le64(line);
	*ordinal_out = le64(line + 8);
}

/* Groups behind one another from `at` on, none empty; returns where the last ends, or 0. */
static uint64_t check_part(const struct pack_part *part, uint64_t at, uint64_t end)
{
	uint64_t before = 0, i;

	for (i = 0; i <= part->group_count; i++) {
		uint64_t offset = le64(part->lines + i * GROUP_LINE_LEN), ordinal = le64(part->lines + i * GROUP_LINE_LEN + 8);

		if (i ? offset < at + PACK_BLOCK_HEAD_LEN || ordinal <= before || ordinal - before > PACK_GROUP_COUNT_MAX :
			offset != at || ordinal)
			return 0;
		if (offset > end)
			return 0;
		at = offset;
		before = ordinal;
	}
	return before == part->item_count ? at : 0;
}

/* Everything in GROUPS against file and counts; sets the parts. */
static int pack_read_groups(struct pack *pack, struct drift_error *err)
{
	const unsigned char *block = (const unsigned char *)pack->mapping + pack->groups_at;
	uint64_t len = pack->len - PACK_TRAILER_LEN - pack->groups_at, lines, start;
	struct pack_block head;

	if (pack_block_decode(block, &head, NULL) < 0 || head.kind != PACK_GROUPS ||
	    len != PACK_BLOCK_HEAD_LEN + (uint64_t)head.stored_len ||
	    crc32c(pack_block_crc_start(pack->seed, pack->groups_at, block), block + PACK_BLOCK_HEAD_LEN,
		   head.stored_len) != head.crc)
		return damaged(pack, "the table of groups is not what was written", err);
	lines = head.stored_len / GROUP_LINE_LEN;
	if (head.stored_len % GROUP_LINE_LEN || pack->stubs.group_count >= lines ||
	    pack->objects.group_count >= lines - pack->stubs.group_count ||
	    pack->stubs.group_count + pack->objects.group_count + 2 != lines)
		return damaged(pack, "the table of groups has another length", err);
	pack->stubs.lines = block + PACK_BLOCK_HEAD_LEN;
	pack->objects.lines = pack->stubs.lines + (pack->stubs.group_count + 1) * GROUP_LINE_LEN;
	/* A dictionary may stand before them. */
	start = le64(pack->stubs.lines);
	if (start != PACK_HEAD_LEN && (start <= PACK_HEAD_LEN + PACK_BLOCK_HEAD_LEN || start > pack->heads_at))
		return damaged(pack, "groups are not where they should be", err);
	start = check_part(&pack->stubs, start, pack->heads_at);
	if (!start || check_part(&pack->objects, start, pack->heads_at) != pack->heads_at)
		return damaged(pack, "groups are not where they should be", err);
	return 0;
}

static int read_map(struct pack *pack, struct drift_error *err)
{
	const unsigned char *block = (const unsigned char *)pack->mapping + pack->map_at;
	struct pack_block head;

	if (pack_block_decode(block, &head, NULL) < 0 || head.kind != PACK_MAP ||
	    pack->groups_at - pack->map_at != PACK_BLOCK_HEAD_LEN + (uint64_t)head.stored_len ||
	    pack_map_init(&pack->map, block + PACK_BLOCK_HEAD_LEN, head.stored_len, pack->stubs.item_count,
			  pack->objects.item_count, NULL) < 0)
		return damaged(pack, "the map is not what was written", err);
	return 0;
}

static int read_head(struct pack *pack, struct drift_error *err)
{
	unsigned char head[PACK_HEAD_LEN];
	struct cursor in;
	uint32_t version;

	if (file_read_at(pack->fd, head, sizeof(head), 0, err) < 0)
		return -1;
	if (memcmp(head, PACK_MAGIC, 8) != 0)
		return damaged(pack, "it does not begin as a pack", err);
	cursor_init(&in, head + 8, sizeof(head) - 8);
	version = cursor_u32(&in);
	if (version != PACK_VERSION)
		return error_set(err, DRIFT_ERR_UNSUPPORTED, "'%s' has format %u, which this drift does not know", pack->path,
				 version);
	if (cursor_u32(&in) || memcmp(cursor_bytes(&in, 16), pack->store_id, 16) != 0)
		return damaged(pack, "it belongs to another store", err);
	if (cursor_u64(&in) != pack->name.first || cursor_u64(&in) != pack->name.last || cursor_u64(&in) || cursor_u64(&in))
		return damaged(pack, "it holds other journals than it should", err);
	return 0;
}

static int read_trailer(struct pack *pack, struct drift_error *err)
{
	unsigned char trailer[PACK_TRAILER_LEN];
	uint64_t behind;
	struct cursor in;

	if (pack->len < PACK_HEAD_LEN + 3 * PACK_BLOCK_HEAD_LEN + PACK_TRAILER_LEN)
		return damaged(pack, "it is cut short", err);
	if (file_read_at(pack->fd, trailer, sizeof(trailer), pack->len - PACK_TRAILER_LEN, err) < 0)
		return -1;
	cursor_init(&in, trailer, sizeof(trailer));
	pack->heads_at = cursor_u64(&in);
	pack->map_at = cursor_u64(&in);
	pack->groups_at = cursor_u64(&in);
	pack->stubs.item_count = cursor_u64(&in);
	pack->objects.item_count = cursor_u64(&in);
	pack->stubs.group_count = cursor_u64(&in);
	pack->objects.group_count = cursor_u64(&in);
	if (cursor_u32(&in) != crc32c(0, trailer, TRAILER_CHECKED_LEN) || cursor_u32(&in) ||
	    memcmp(cursor_bytes(&in, PACK_SHA_LEN), pack->name.sha, PACK_SHA_LEN) != 0)
		return damaged(pack, "it is cut short, or its end is not what was written", err);
	behind = pack->len - PACK_TRAILER_LEN;
	if (pack->groups_at > behind - PACK_BLOCK_HEAD_LEN || pack->map_at > pack->groups_at ||
	    pack->groups_at - pack->map_at < PACK_BLOCK_HEAD_LEN || pack->heads_at > pack->map_at ||
	    pack->map_at - pack->heads_at < PACK_BLOCK_HEAD_LEN || pack->heads_at < PACK_HEAD_LEN)
		return damaged(pack, "its blocks are not where they should be", err);
	return 0;
}

static int set_paths(struct pack *pack, const char *dir, struct drift_error *err)
{
	auto_buf path = BUF_INIT;

	file_join(&path, dir, "pack-");
	hex_append(&path, pack->name.sha, PACK_SHA_LEN);
	buf_add_str(&path, ".idx");
	if (buf_check(&path, err) < 0)
		return -1;
	pack->dir = mem_dup_str(dir, strlen(dir));
	pack->index_path = mem_dup_str(path.data, path.len);
	buf_truncate(&path, path.len - 4);
	buf_add_str(&path, ".pack");
	pack->path = buf_check(&path, err) < 0 ? NULL : mem_dup_str(path.data, path.len);
	return pack->dir && pack->index_path && pack->path ? 0 : error_no_memory(err);
}

static int open_file(struct pack *pack, struct drift_error *err)
{
	if (file_open_read(pack->path, &pack->fd, err) < 0 || file_size(pack->fd, &pack->len, err) < 0 ||
	    read_trailer(pack, err) < 0 || read_head(pack, err) < 0 ||
	    file_map(pack->fd, (size_t)pack->len, false, &pack->mapping, err) < 0 || pack_read_groups(pack, err) < 0)
		return -1;
	return read_map(pack, err);
}

int pack_open(const struct pack_name *name, const struct pack_options *options, struct pack **pack_out,
	      struct drift_error *err)
{
	struct pack *pack = mem_calloc(1, sizeof(*pack));

	if (!pack)
		return error_no_memory(err);
	pack->name = *name;
	pack->options = *options;
	pack->options.dir = NULL;
	pack->options.store_id = pack->store_id;
	memcpy(pack->store_id, options->store_id, sizeof(pack->store_id));
	pack->seed = crc32c(0, pack->store_id, sizeof(pack->store_id));
	pack->fd = -1;
	pack->owner = group_cache_owner(options->groups);
	pthread_mutex_init(&pack->mutex, NULL);
	pthread_mutex_init(&pack->index_mutex, NULL);
	if (set_paths(pack, options->dir, err) < 0 || open_file(pack, err) < 0) {
		pack_close(pack);
		return -1;
	}
	*pack_out = pack;
	return 0;
}

void pack_close(struct pack *pack)
{
	if (!pack)
		return;
	while (pack->spare_count)
		compressor_free(pack->spare[--pack->spare_count]);
	while (pack->retired_count)
		pack_index_close(pack->retired[--pack->retired_count]);
	pack_index_close(atomic_load(&pack->index));
	compress_dict_free(pack->dict);
	file_unmap(pack->mapping, (size_t)pack->len);
	mem_cleanup_close(&pack->fd);
	pthread_mutex_destroy(&pack->mutex);
	pthread_mutex_destroy(&pack->index_mutex);
	free(pack->path);
	free(pack->index_path);
	free(pack->dir);
	free(pack);
}

const struct pack_name *pack_name(const struct pack *pack)
{
	return &pack->name;
}

const char *pack_path(const struct pack *pack)
{
	return pack->path;
}

uint64_t pack_len(const struct pack *pack)
{
	return pack->len;
}

uint64_t pack_record_count(const struct pack *pack)
{
	return pack->objects.item_count;
}

uint64_t pack_stub_count(const struct pack *pack)
{
	return pack->stubs.item_count;
}

uint64_t pack_group_count(const struct pack *pack, enum pack_block_kind kind)
{
	return pack_part(pack, kind)->group_count;
}

static struct compressor *pack_compressor_take(struct pack *pack, struct drift_error *err)
{
	struct compressor *z = NULL;

	pthread_mutex_lock(&pack->mutex);
	if (pack->spare_count)
		z = pack->spare[--pack->spare_count];
	pthread_mutex_unlock(&pack->mutex);
	if (!z && compressor_create(&z, err) < 0)
		return NULL;
	return z;
}

static void pack_compressor_give(struct pack *pack, struct compressor *z)
{
	pthread_mutex_lock(&pack->mutex);
	if (pack->spare_count < PACK_SPARE_MAX) {
		pack->spare[pack->spare_count++] = z;
		z = NULL;
	}
	pthread_mutex_unlock(&pack->mutex);
	compressor_free(z);
}

/* The dictionary stands before the first group. */
static int load_dict(struct pack *pack, const struct compress_dict **dict_out, struct drift_error *err)
{
	struct pack_block_place place = { .fd = pack->fd, .seed = pack->seed, .offset = PACK_HEAD_LEN, .kind = PACK_DICT };
	struct pack_block head;
	unsigned char *bytes;
	int r = 0;

	place.len = le64(pack->stubs.lines) - PACK_HEAD_LEN;
	pthread_mutex_lock(&pack->mutex);
	if (!pack->dict && place.len) {
		r = pack_block_read(&place, &head, &bytes, err);
		if (r == 0) {
			r = compress_dict_create(bytes, head.raw_len, COMPRESS_DICT_READ, &pack->dict, err);
			free(bytes);
		}
	}
	*dict_out = pack->dict;
	pthread_mutex_unlock(&pack->mutex);
	return r;
}

int pack_block_raw(struct pack *pack, enum pack_block_kind kind, uint64_t offset, uint64_t end, unsigned char **raw_out,
		   size_t *len_out, struct drift_error *err)
{
	struct pack_block_place place = { pack->fd, pack->seed, offset, end - offset, kind };
	const struct compress_dict *dict = NULL;
	unsigned char *stored, *raw = NULL;
	struct compressor *z;
	struct pack_block head;
	int r;

	r = pack_block_read(&place, &head, &stored, err);
	if (r < 0)
		goto failed;
	z = pack_compressor_take(pack, err);
	if (!z || (head.codec == PACK_ZSTD_DICT && load_dict(pack, &dict, err) < 0)) {
		free(stored);
		r = -1;
	} else {
		r = pack_block_expand(&head, stored, z, dict, &raw, err);
	}
	if (z)
		pack_compressor_give(pack, z);
	if (r < 0)
		goto failed;
	*raw_out = raw;
	*len_out = head.raw_len;
	return 0;
failed:
	return at_offset(pack, offset, err);
}

int pack_group_load(struct pack *pack, enum pack_block_kind kind, uint64_t number, struct group **group_out,
		    struct drift_error *err)
{
	uint64_t offset, ordinal, end, next;
	struct group *group;
	unsigned char *raw;
	size_t len;

	if (number >= pack_part(pack, kind)->group_count)
		return damaged(pack, "there is no such group", err);
	pack_group_at(pack, kind, number, &offset, &ordinal);
	pack_group_at(pack, kind, number + 1, &end, &next);
	if (pack_block_raw(pack, kind, offset, end, &raw, &len, err) < 0)
		return -1;
	if (group_adopt(raw, len, &group, err) < 0)
		return at_offset(pack, offset, err);
	if (group->count != next - ordinal) {
		group_unref(group);
		return error_set(err, DRIFT_ERR_CORRUPT, "'%s' at %llu: the group has another count of items than its table says",
				 pack->path, (unsigned long long)offset);
	}
	*group_out = group;
	return 0;
}

int pack_group(struct pack *pack, enum pack_block_kind kind, uint64_t number, struct group **group_out,
	       struct drift_error *err)
{
	uint64_t key = number * 2 + (kind == PACK_OBJECTS);
	struct group *group = group_cache_get(pack->options.groups, pack->owner, key);

	if (!group) {
		if (pack_group_load(pack, kind, number, &group, err) < 0)
			return -1;
		group_cache_put(pack->options.groups, pack->owner, key, group);
	}
	*group_out = group;
	return 0;
}

static void place_of(const struct pack *pack, enum pack_block_kind kind, uint64_t ordinal, struct pack_place *out)
{
	const struct pack_part *part = pack_part(pack, kind);
	uint64_t low = 0, high = part->group_count;

	/* The last group whose first item is not behind it. */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (le64(part->lines + middle * GROUP_LINE_LEN + 8) <= ordinal)
			low = middle;
		else
			high = middle;
	}
	out->kind = kind;
	out->ordinal = ordinal;
	out->group = low;
	out->index = (uint32_t)(ordinal - le64(part->lines + low * GROUP_LINE_LEN + 8));
}

int pack_find(struct pack *pack, uint64_t loc, struct pack_place *place_out, struct drift_error *err)
{
	uint64_t ordinal;
	int r = pack_map_find(&pack->map, loc, &ordinal, err);

	if (r < 0)
		return error_prefix(err, DRIFT_OK, "'%s'", pack->path);
	if (r == PACK_MAP_NONE)
		return 0;
	place_of(pack, r == PACK_MAP_STUB ? PACK_STUBS : PACK_OBJECTS, ordinal, place_out);
	return 1;
}

uint64_t pack_path_hash(const unsigned char store_id[16], const void *collection, size_t collection_len, const void *key,
			size_t key_len)
{
	unsigned char inner[SIPHASH_KEY_LEN];
	uint64_t hash = siphash(store_id, collection, collection_len);
	int i;

	/* The key's is keyed by the collection's: no separator that a name could contain. */
	memcpy(inner, store_id, sizeof(inner));
	for (i = 0; i < 8; i++)
		inner[i] ^= (unsigned char)(hash >> (8 * i));
	return siphash(inner, key, key_len);
}

int pack_read_heads(struct pack *pack, struct pack_heads *heads_out, struct drift_error *err)
{
	unsigned char *raw;
	size_t len;
	int r;

	if (pack_block_raw(pack, PACK_HEADS, pack->heads_at, pack->map_at, &raw, &len, err) < 0)
		return -1;
	r = pack_heads_decode(raw, len, heads_out, err);
	free(raw);
	return r < 0 ? error_prefix(err, DRIFT_OK, "'%s'", pack->path) : 0;
}

static int each_of_frame(struct pack *pack, const struct pack_map_cursor *c,
			 int (*each)(void *data, uint64_t loc, const struct pack_place *place, struct drift_error *err),
			 void *data, struct drift_error *err)
{
	struct pack_place place;
	unsigned i;
	int r = 0;

	if (c->has_stub) {
		place_of(pack, PACK_STUBS, c->stub, &place);
		r = each(data, c->loc, &place, err);
	}
	for (i = 0; !r && i < c->record_count; i++) {
		place_of(pack, PACK_OBJECTS, c->ordinal[i], &place);
		r = each(data, c->loc | c->record[i], &place, err);
	}
	return r;
}

int pack_each(struct pack *pack,
	      int (*each)(void *data, uint64_t loc, const struct pack_place *place, struct drift_error *err), void *data,
	      struct drift_error *err)
{
	struct pack_map_cursor c;
	int r;

	pack_map_cursor_init(&c, &pack->map);
	while ((r = pack_map_next(&c, err)) > 0) {
		r = each_of_frame(pack, &c, each, data, err);
		if (r)
			return r;
	}
	return r < 0 ? error_prefix(err, DRIFT_OK, "'%s'", pack->path) : 0;
}

/* Puts those of a frame that are in [first, end) where they belong. */
static void keep_locs(const struct pack_map_cursor *c, enum pack_block_kind kind, uint64_t first, uint64_t end,
		      uint64_t *locs)
{
	unsigned i;

	if (kind == PACK_STUBS) {
		if (c->has_stub && c->stub >= first && c->stub < end)
			locs[c->stub - first] = c->loc;
		return;
	}
	for (i = 0; i < c->record_count; i++)
		if (c->ordinal[i] >= first && c->ordinal[i] < end)
			locs[c->ordinal[i] - first] = c->loc | c->record[i];
}

int pack_group_locs(struct pack *pack, enum pack_block_kind kind, uint64_t from, uint64_t to, uint64_t **locs_out,
		    size_t *count_out, struct drift_error *err)
{
	uint64_t first, end, offset, i;
	auto_free uint64_t *locs = NULL;
	struct pack_map_cursor c;
	int r;

	if (from > to || to > pack_part(pack, kind)->group_count)
		return error_set(err, DRIFT_ERR_INVALID, "'%s' has no such groups", pack->path);
	pack_group_at(pack, kind, from, &offset, &first);
	pack_group_at(pack, kind, to, &offset, &end);
	locs = mem_calloc((size_t)(end - first) + 1, sizeof(*locs));
	if (!locs)
		return error_no_memory(err);
	pack_map_cursor_init(&c, &pack->map);
	while ((r = pack_map_next(&c, err)) > 0)
		keep_locs(&c, kind, first, end, locs);
	if (r < 0)
		return error_prefix(err, DRIFT_OK, "'%s'", pack->path);
	for (i = 0; i < end - first; i++)
		if (!locs[i])
			return damaged(pack, "an item has no name in the map", err);
	*locs_out = take_ptr(locs);
	*count_out = (size_t)(end - first);
	return 0;
}
