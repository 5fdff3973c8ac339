#include "objects/pack_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/extsort.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "objects/pack_block_internal.h"
#include "objects/pack_map.h"

#define WRITE_STEP ((size_t)256 << 10)
#define STUB_GROUP_LEN ((size_t)64 << 10) /* commits near one another are read together */
#define SORT_MEMORY ((size_t)8 << 20)
#define HEADS_LEVEL 9

/* A line of what is sorted for the map: location, ordinal; a stub stands before the records of its frame. */
#define PLACE_LEN 17
enum { PLACE_STUB = 0, PLACE_RECORD = 1 };
/* For the index: location, what it is, its hash or the first bytes of its id. */
#define NAME_LEN 17
enum { NAME_ID = 0, NAME_PATH = 1 };

struct groups {
	struct buf lines; /* as in the block GROUPS */
	uint64_t group_count, item_count;
};

struct pack_writer {
	char *dir;
	struct buf temp, temp_index; /* paths; empty: not there */
	struct buf final, final_index;
	unsigned char store_id[16];
	uint32_t seed;
	uint64_t first, last;
	int fd;
	struct buf pending; /* bytes of the file that are not written yet */
	uint64_t len;       /* of the file, with them */
	struct sha256 sha;
	struct compressor *z;
	struct compress_dict *dict;
	struct groups stubs, objects;
	struct buf stub_bytes, raw, stored;
	uint32_t *stub_lens;
	size_t stub_count, stub_capacity;
	int stub_level;
	uint64_t last_stub;
	struct extsort *places, *names;
	bool finished;
};

static int flush(struct pack_writer *w, struct drift_error *err)
{
	if (buf_check(&w->pending, err) < 0 ||
	    file_write_at(w->fd, w->pending.data, w->pending.len, w->len - w->pending.len, err) < 0)
		return -1;
	buf_clear(&w->pending);
	return 0;
}

/* What is not hashed is read again when it is complete. */
static int put(struct pack_writer *w, const void *data, size_t len, bool hashed, struct drift_error *err)
{
	if (hashed)
		sha256_update(&w->sha, data, len);
	buf_add(&w->pending, data, len);
	w->len += len;
	return w->pending.len < WRITE_STEP ? 0 : flush(w, err);
}

static int put_block(struct pack_writer *w, struct pack_block *block, const void *stored, struct drift_error *err)
{
	unsigned char head[PACK_BLOCK_HEAD_LEN];

	pack_block_encode(block, head);
	block->crc = crc32c(pack_block_crc_start(w->seed, w->len, head), stored, block->stored_len);
	pack_block_encode(block, head);
	if (put(w, head, sizeof(head), true, err) < 0)
		return -1;
	return put(w, stored, block->stored_len, true, err);
}

static int open_temp(struct pack_writer *w, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT;

	file_join(&prefix, w->dir, "tmp-pack-");
	if (buf_check(&prefix, err) < 0)
		return -1;
	return file_create_temp(prefix.data, &w->temp, &w->fd, err);
}

static int put_head(struct pack_writer *w, struct drift_error *err)
{
	static const unsigned char zeros[16];
	auto_buf head = BUF_INIT;

	buf_add(&head, PACK_MAGIC, 8);
	buf_add_u32(&head, PACK_VERSION);
	buf_add_u32(&head, 0);
	buf_add(&head, w->store_id, sizeof(w->store_id));
	buf_add_u64(&head, w->first);
	buf_add_u64(&head, w->last);
	buf_add(&head, zeros, sizeof(zeros));
	if (buf_check(&head, err) < 0)
		return -1;
	return put(w, head.data, head.len, true, err);
}

int pack_writer_new(const char *dir, const unsigned char store_id[16], uint64_t first, uint64_t last,
		    struct pack_writer **out, struct drift_error *err)
{
	struct pack_writer *w;

	if (!first || first > last || last >= LOC_PENDING)
		return error_set(err, DRIFT_ERR_INVALID, "a pack cannot hold journals %llu to %llu",
				 (unsigned long long)first, (unsigned long long)last);
	w = mem_calloc(1, sizeof(*w));
	if (!w)
		return error_no_memory(err);
	memcpy(w->store_id, store_id, sizeof(w->store_id));
	w->seed = crc32c(0, store_id, sizeof(w->store_id));
	w->first = first;
	w->last = last;
	w->fd = -1;
	buf_init(&w->temp), buf_init(&w->temp_index), buf_init(&w->final), buf_init(&w->final_index);
	buf_init(&w->pending), buf_init(&w->stubs.lines), buf_init(&w->objects.lines);
	buf_init(&w->stub_bytes), buf_init(&w->raw), buf_init(&w->stored);
	sha256_init(&w->sha);
	w->dir = mem_dup_str(dir, strlen(dir));
	if ((!w->dir && error_no_memory(err) < 0) || compressor_create(&w->z, err) < 0 ||
	    extsort_new(dir, PLACE_LEN, SORT_MEMORY, &w->places, err) < 0 ||
	    extsort_new(dir, NAME_LEN, SORT_MEMORY, &w->names, err) < 0 || open_temp(w, err) < 0 || put_head(w, err) < 0) {
		pack_writer_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

void pack_writer_free(struct pack_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		(void)!file_close(w->fd, NULL);
	if (w->temp.len)
		(void)!file_unlink(w->temp.data, NULL);
	if (w->temp_index.len)
		(void)!file_unlink(w->temp_index.data, NULL);
	buf_release(&w->temp), buf_release(&w->temp_index), buf_release(&w->final), buf_release(&w->final_index);
	buf_release(&w->pending), buf_release(&w->stubs.lines), buf_release(&w->objects.lines);
	buf_release(&w->stub_bytes), buf_release(&w->raw), buf_release(&w->stored);
	extsort_free(w->places);
	extsort_free(w->names);
	compress_dict_free(w->dict);
	compressor_free(w->z);
	free(w->stub_lens);
	free(w->dir);
	free(w);
}

int pack_writer_dict(struct pack_writer *w, const void *dict, size_t len, int level, struct drift_error *err)
{
	struct pack_block block = { .kind = PACK_DICT, .codec = PACK_RAW };

	if (w->dict || w->len != PACK_HEAD_LEN || w->stub_count)
		return error_set(err, DRIFT_ERR_INVALID, "a pack has one dictionary, before all groups");
	if (!len || len > PACK_DICT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the dictionary of a pack has 1 to %zu bytes", PACK_DICT_MAX);
	if (compress_dict_create(dict, len, level, &w->dict, err) < 0)
		return -1;
	block.stored_len = block.raw_len = (uint32_t)len;
	return put_block(w, &block, dict, err);
}

int pack_group_compress(struct pack_writer *w, const struct pack_items *items, int level, bool use_dict, struct buf *out,
			struct drift_error *err)
{
	struct compress_job job = { .level = level, .dict = use_dict ? w->dict : NULL };
	enum pack_codec codec;

	buf_clear(&w->raw);
	if (pack_group_encode(items, &w->raw, err) < 0)
		return -1;
	job.src = w->raw.data;
	job.src_len = w->raw.len;
	return pack_block_compress(w->z, &job, out, &codec, err);
}

/* What is in w->raw, compressed. */
static int put_raw(struct pack_writer *w, enum pack_block_kind kind, const struct compress_job *how,
		   struct drift_error *err)
{
	struct pack_block block = { .kind = kind, .raw_len = (uint32_t)w->raw.len };
	struct compress_job job = *how;

	job.src = w->raw.data;
	job.src_len = w->raw.len;
	buf_clear(&w->stored);
	if (pack_block_compress(w->z, &job, &w->stored, &block.codec, err) < 0)
		return -1;
	block.stored_len = (uint32_t)w->stored.len;
	return put_block(w, &block, w->stored.data, err);
}

static int put_group(struct pack_writer *w, enum pack_block_kind kind, const struct pack_items *items,
		     const struct compress_job *how, struct drift_error *err)
{
	struct groups *groups = kind == PACK_STUBS ? &w->stubs : &w->objects;

	buf_clear(&w->raw);
	if (pack_group_encode(items, &w->raw, err) < 0)
		return -1;
	buf_add_u64(&groups->lines, w->len);
	buf_add_u64(&groups->lines, groups->item_count);
	if (buf_check(&groups->lines, err) < 0)
		return -1;
	groups->group_count++;
	groups->item_count += items->count;
	return put_raw(w, kind, how, err);
}

static int add_line(struct extsort *sort, uint64_t loc, unsigned char what, uint64_t value, struct drift_error *err)
{
	unsigned char line[PLACE_LEN];

	extsort_put_number(line, loc);
	line[8] = what;
	extsort_put_number(line + 9, value);
	return extsort_add(sort, line, err);
}

static int flush_stubs(struct pack_writer *w, struct drift_error *err)
{
	struct pack_items items = { .lens = w->stub_lens, .count = w->stub_count };
	struct compress_job how = { .level = w->stub_level };

	if (!w->stub_count)
		return 0;
	if (buf_check(&w->stub_bytes, err) < 0)
		return -1;
	items.bytes = (const unsigned char *)w->stub_bytes.data;
	if (put_group(w, PACK_STUBS, &items, &how, err) < 0)
		return -1;
	buf_clear(&w->stub_bytes);
	w->stub_count = 0;
	return 0;
}

static int check_loc(const struct pack_writer *w, uint64_t loc, struct drift_error *err)
{
	if (!w->finished && loc_file(loc) >= w->first && loc_file(loc) <= w->last && loc_record(loc) != LOC_RECORD_MAX)
		return 0;
	return error_set(err, DRIFT_ERR_INVALID, "%llx is no place of this pack's", (unsigned long long)loc);
}

int pack_writer_stub(struct pack_writer *w, uint64_t frame_loc, const void *stub, size_t len, int level,
		     struct drift_error *err)
{
	if (check_loc(w, frame_loc, err) < 0)
		return -1;
	if (w->objects.group_count || loc_record(frame_loc) || frame_loc <= w->last_stub)
		return error_set(err, DRIFT_ERR_INVALID, "stubs come in order, before objects");
	if (len > PACK_GROUP_RAW_MAX - 32)
		return error_set(err, DRIFT_ERR_LIMIT, "a stub of %zu bytes is too long", len);
	if (w->stub_count &&
	    (w->stub_bytes.len + len > STUB_GROUP_LEN || w->stub_count == PACK_GROUP_COUNT_MAX) && flush_stubs(w, err) < 0)
		return -1;
	if (mem_grow(&w->stub_lens, &w->stub_capacity, w->stub_count + 1, sizeof(*w->stub_lens)) < 0)
		return error_no_memory(err);
	if (add_line(w->places, frame_loc, PLACE_STUB, 0, err) < 0)
		return -1;
	w->stub_lens[w->stub_count++] = (uint32_t)len;
	buf_add(&w->stub_bytes, stub, len);
	w->stub_level = level;
	w->last_stub = frame_loc;
	return buf_check(&w->stub_bytes, err);
}

int pack_writer_objects(struct pack_writer *w, const struct pack_items *items, const uint64_t *locs, int level,
			bool use_dict, struct drift_error *err)
{
	struct compress_job how = { .level = level, .dict = use_dict ? w->dict : NULL };
	size_t i;

	for (i = 0; i < items->count; i++)
		if (check_loc(w, locs[i], err) < 0 ||
		    add_line(w->places, locs[i], PLACE_RECORD, w->objects.item_count + i, err) < 0)
			return -1;
	if (flush_stubs(w, err) < 0)
		return -1;
	return put_group(w, PACK_OBJECTS, items, &how, err);
}

int pack_writer_id(struct pack_writer *w, const struct oid *id, uint64_t loc, struct drift_error *err)
{
	if (check_loc(w, loc, err) < 0)
		return -1;
	return add_line(w->names, loc, NAME_ID, extsort_number(id->bytes), err);
}

int pack_writer_path(struct pack_writer *w, uint64_t hash, uint64_t loc, struct drift_error *err)
{
	if (check_loc(w, loc, err) < 0)
		return -1;
	return add_line(w->names, loc, NAME_PATH, hash, err);
}

/* What turns places into a map, and names into an index, side by side. */
struct join {
	struct pack_writer *w;
	struct pack_map_builder *map;
	struct pack_index_builder *index;
	struct buf out;
	uint64_t number;           /* of the frame */
	const unsigned char *name; /* the next one, or NULL */
	bool has_stub;
	uint8_t record[256];
	uint64_t ordinal[256];
	size_t record_count;
};

static int next_name(struct join *j, struct drift_error *err)
{
	const void *line;
	int r = extsort_next(j->w->names, &line, err);

	j->name = r > 0 ? line : NULL;
	return r < 0 ? -1 : 0;
}

static int add_names(struct join *j, uint64_t frame, struct drift_error *err)
{
	while (j->name && loc_frame(extsort_number(j->name)) == frame) {
		uint64_t value = j->number << 8 | loc_record(extsort_number(j->name)), hash = extsort_number(j->name + 9);
		int r;

		if (j->name[8] == NAME_ID) {
			struct oid id = { { 0 } };

			extsort_put_number(id.bytes, hash);
			r = pack_index_builder_id(j->index, &id, value, err);
		} else {
			r = pack_index_builder_path(j->index, hash, value, err);
		}
		if (r < 0 || next_name(j, err) < 0)
			return -1;
	}
	return 0;
}

static int end_frame(struct join *j, uint64_t frame, struct drift_error *err)
{
	struct pack_map_frame f = { frame, j->has_stub, j->record_count, j->record, j->ordinal };

	if (pack_map_builder_add(j->map, &f, &j->out, err) < 0 || add_names(j, frame, err) < 0 ||
	    put(j->w, j->out.data, j->out.len, false, err) < 0)
		return -1;
	buf_clear(&j->out);
	j->number++;
	j->has_stub = false;
	j->record_count = 0;
	return 0;
}

static int join_all(struct join *j, struct drift_error *err)
{
	const unsigned char *line;
	uint64_t frame = 0;
	const void *next;
	int r;

	if (extsort_rewind(j->w->places, err) < 0 || extsort_rewind(j->w->names, err) < 0 || next_name(j, err) < 0)
		return -1;
	while ((r = extsort_next(j->w->places, &next, err)) > 0) {
		uint64_t loc;

		line = next;
		loc = extsort_number(line);
		if (frame && loc_frame(loc) != frame && end_frame(j, frame, err) < 0)
			return -1;
		frame = loc_frame(loc);
		if (line[8] == PLACE_STUB) {
			j->has_stub = true;
			continue;
		}
		if (j->record_count && j->record[j->record_count - 1] >= loc_record(loc))
			return error_set(err, DRIFT_ERR_INVALID, "%llx is twice in a pack", (unsigned long long)loc);
		j->record[j->record_count] = (uint8_t)loc_record(loc);
		j->ordinal[j->record_count++] = extsort_number(line + 9);
	}
	if (r < 0 || (frame && end_frame(j, frame, err) < 0))
		return -1;
	if (j->name)
		return error_set(err, DRIFT_ERR_INVALID, "%llx is named but not in the pack",
				 (unsigned long long)extsort_number(j->name));
	return 0;
}

/* The map's length is known only now: its head is written, and then both are read for the hash. */
static int close_map(struct pack_writer *w, uint64_t at, struct drift_error *err)
{
	struct pack_block block = { .kind = PACK_MAP, .codec = PACK_RAW };
	unsigned char head[PACK_BLOCK_HEAD_LEN];
	uint64_t start = at + PACK_BLOCK_HEAD_LEN, len = w->len - start, done;
	auto_buf step = BUF_INIT;
	int pass;

	if (len > UINT32_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "the map of a pack grew beyond 4 GiB");
	if (flush(w, err) < 0)
		return -1;
	if (!buf_reserve(&step, WRITE_STEP))
		return error_no_memory(err);
	block.stored_len = block.raw_len = (uint32_t)len;
	pack_block_encode(&block, head);
	block.crc = pack_block_crc_start(w->seed, at, head);
	for (pass = 0; pass < 2; pass++) {
		for (done = 0; done < len;) {
			size_t n = len - done < WRITE_STEP ? (size_t)(len - done) : WRITE_STEP;

			if (file_read_at(w->fd, step.data, n, start + done, err) < 0)
				return -1;
			if (pass)
				sha256_update(&w->sha, step.data, n);
			else
				block.crc = crc32c(block.crc, step.data, n);
			done += n;
		}
		if (pass)
			break;
		pack_block_encode(&block, head);
		if (file_write_at(w->fd, head, sizeof(head), at, err) < 0)
			return -1;
		sha256_update(&w->sha, head, sizeof(head));
	}
	return 0;
}

static int put_map(struct pack_writer *w, struct pack_index_builder *index, struct drift_error *err)
{
	static const unsigned char no_head[PACK_BLOCK_HEAD_LEN];
	struct join j = { .w = w, .index = index, .out = BUF_INIT };
	uint64_t at = w->len;
	int r = -1;

	if (pack_map_builder_new(w->objects.item_count, &j.map, err) < 0)
		return -1;
	if (put(w, no_head, sizeof(no_head), false, err) == 0 && join_all(&j, err) == 0 &&
	    pack_map_builder_finish(j.map, &j.out, err) == 0 && put(w, j.out.data, j.out.len, false, err) == 0)
		r = close_map(w, at, err);
	buf_release(&j.out);
	pack_map_builder_free(j.map);
	return r;
}

static int put_heads(struct pack_writer *w, const struct pack_heads *heads, struct drift_error *err)
{
	const struct compress_job job = { .level = HEADS_LEVEL };

	buf_clear(&w->raw);
	if (pack_heads_encode(heads, &w->raw, err) < 0)
		return -1;
	if (w->raw.len > PACK_HEADS_RAW_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "too many refs for a pack");
	return put_raw(w, PACK_HEADS, &job, err);
}

/* stubs_end: where the last group of stubs ends; objects_end likewise. */
static int put_groups(struct pack_writer *w, uint64_t stubs_end, uint64_t objects_end, struct drift_error *err)
{
	struct pack_block block = { .kind = PACK_GROUPS, .codec = PACK_RAW };

	buf_add_u64(&w->stubs.lines, stubs_end);
	buf_add_u64(&w->stubs.lines, w->stubs.item_count);
	buf_add(&w->stubs.lines, w->objects.lines.data, w->objects.lines.len);
	buf_add_u64(&w->stubs.lines, objects_end);
	buf_add_u64(&w->stubs.lines, w->objects.item_count);
	if (buf_check(&w->objects.lines, err) < 0 || buf_check(&w->stubs.lines, err) < 0)
		return -1;
	if (w->stubs.lines.len > UINT32_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "too many groups for a pack");
	block.stored_len = block.raw_len = (uint32_t)w->stubs.lines.len;
	return put_block(w, &block, w->stubs.lines.data, err);
}

static int put_trailer(struct pack_writer *w, const uint64_t at[3], unsigned char sha_out[PACK_SHA_LEN],
		       struct drift_error *err)
{
	auto_buf trailer = BUF_INIT;
	int i;

	for (i = 0; i < 3; i++)
		buf_add_u64(&trailer, at[i]);
	buf_add_u64(&trailer, w->stubs.item_count);
	buf_add_u64(&trailer, w->objects.item_count);
	buf_add_u64(&trailer, w->stubs.group_count);
	buf_add_u64(&trailer, w->objects.group_count);
	buf_add_u32(&trailer, crc32c(0, trailer.data, trailer.len));
	buf_add_u32(&trailer, 0);
	if (buf_check(&trailer, err) < 0 || put(w, trailer.data, trailer.len, true, err) < 0)
		return -1;
	sha256_final(&w->sha, sha_out);
	if (put(w, sha_out, PACK_SHA_LEN, false, err) < 0)
		return -1;
	return flush(w, err);
}

static int finish_pack(struct pack_writer *w, const struct pack_heads *heads, struct pack_index_builder *index,
		       unsigned char sha_out[PACK_SHA_LEN], struct drift_error *err)
{
	uint64_t at[3], stubs_end;
	int fd;

	if (flush_stubs(w, err) < 0)
		return -1;
	at[0] = w->len;
	stubs_end = at[0];
	if (w->objects.group_count) {
		struct cursor in;

		cursor_init(&in, w->objects.lines.data, 8);
		stubs_end = cursor_u64(&in);
	}
	if (put_heads(w, heads, err) < 0)
		return -1;
	at[1] = w->len;
	if (put_map(w, index, err) < 0)
		return -1;
	at[2] = w->len;
	if (put_groups(w, stubs_end, at[0], err) < 0 || put_trailer(w, at, sha_out, err) < 0 || file_sync(w->fd, err) < 0)
		return -1;
	fd = w->fd;
	w->fd = -1;
	return file_close(fd, err);
}

static int name_files(struct pack_writer *w, const unsigned char sha[PACK_SHA_LEN], struct drift_error *err)
{
	file_join(&w->final, w->dir, "pack-");
	hex_append(&w->final, sha, PACK_SHA_LEN);
	buf_add(&w->final_index, w->final.data, w->final.len);
	buf_add_str(&w->final, ".pack");
	buf_add_str(&w->final_index, ".idx");
	buf_add(&w->temp_index, w->temp.data, w->temp.len);
	buf_add_str(&w->temp_index, ".idx");
	if (buf_check(&w->final, err) < 0 || buf_check(&w->final_index, err) < 0)
		return -1;
	return buf_check(&w->temp_index, err);
}

int pack_writer_finish(struct pack_writer *w, const struct pack_heads *heads, struct pack_name *name_out,
		       uint64_t *len_out, struct drift_error *err)
{
	struct pack_name name = { .first = w->first, .last = w->last };
	struct pack_index_builder *builder;
	struct pack_index *index = NULL;
	int r;

	if (w->finished)
		return error_set(err, DRIFT_ERR_INVALID, "a pack is finished once");
	w->finished = true;
	if (pack_index_builder_new(w->dir, &builder, err) < 0)
		return -1;
	r = finish_pack(w, heads, builder, name.sha, err);
	if (r == 0)
		r = name_files(w, name.sha, err);
	if (r == 0)
		r = pack_index_builder_finish(builder, name.sha, w->temp_index.data, &index, err);
	pack_index_builder_free(builder);
	if (r < 0)
		return -1;
	if (heads->source_count)
		name.sealed_sec = heads->sources[heads->source_count - 1].sealed_sec;
	*name_out = name;
	*len_out = w->len + pack_index_size(index);
	pack_index_close(index);
	return 0;
}

int pack_writer_publish(struct pack_writer *w, struct drift_error *err)
{
	if (!w->final.len)
		return error_set(err, DRIFT_ERR_INVALID, "a pack is published when it is finished");
	if (file_rename(w->temp_index.data, w->final_index.data, err) < 0)
		return -1;
	buf_clear(&w->temp_index);
	if (file_rename(w->temp.data, w->final.data, err) < 0)
		return -1;
	buf_clear(&w->temp);
	return file_sync_directory(w->dir, err);
}
