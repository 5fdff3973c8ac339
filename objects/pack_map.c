#include "objects/pack_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/mem.h"

#define TABLE_LINE_LEN 28
#define TABLE_CHECKED_LEN 24
#define COUNTS_LEN 24
#define SHAPE_STUB 0x80
#define SHAPE_LIST 0x7f
#define RECORDS_MAX 255 /* of a frame: 0xff asks for its stub */
#define COUNT_MAX ((uint64_t)1 << 40)

/* A block whose checksum is right. */
struct block {
	uint64_t first, first_stub;
	unsigned frame_count;
	struct cursor in;
};

struct map_frame {
	uint64_t loc;
	bool has_stub;
	unsigned record_count;
	const unsigned char *records; /* NULL: from 0 on */
};

static int damaged(struct drift_error *err)
{
	error_set(err, DRIFT_ERR_CORRUPT, "the map of a pack is damaged");
	return -1;
}

static unsigned bits_for(uint64_t count)
{
	unsigned bits = 0;

	while (count > (uint64_t)1 << bits)
		bits++;
	return bits;
}

/* One load, as compilers see it. */
static uint64_t le64(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static const unsigned char *line_of(const struct pack_map *map, uint64_t block)
{
	return map->data + map->table_at + block * TABLE_LINE_LEN;
}

int pack_map_init(struct pack_map *map, const void *data, size_t len, uint64_t stub_count, uint64_t record_count,
		  struct drift_error *err)
{
	struct pack_map m = { .data = data, .len = len, .stub_count = stub_count, .record_count = record_count };
	struct cursor in;

	if (len < COUNTS_LEN || stub_count > COUNT_MAX || record_count > COUNT_MAX)
		return damaged(err);
	cursor_init(&in, m.data + len - COUNTS_LEN, COUNTS_LEN);
	m.frame_count = cursor_u64(&in);
	m.block_count = cursor_u64(&in);
	m.ordinal_bits = cursor_u8(&in);
	if (cursor_le(&in, 7) || m.ordinal_bits != bits_for(record_count) || m.frame_count > COUNT_MAX ||
	    m.block_count != (m.frame_count + PACK_MAP_BLOCK - 1) / PACK_MAP_BLOCK ||
	    m.block_count > (len - COUNTS_LEN) / TABLE_LINE_LEN || stub_count > m.frame_count ||
	    record_count > m.frame_count * RECORDS_MAX)
		return damaged(err);
	m.table_at = len - COUNTS_LEN - (size_t)m.block_count * TABLE_LINE_LEN;
	if (!m.block_count && m.table_at)
		return damaged(err);
	*map = m;
	return 0;
}

static bool is_frame(uint64_t loc)
{
	return !loc_record(loc) && loc_file(loc) && loc_file(loc) < LOC_PENDING;
}

static int block_load(const struct pack_map *map, uint64_t number, struct block *block, struct drift_error *err)
{
	const unsigned char *line = line_of(map, number);
	uint64_t start = le64(line + 8), end = map->table_at;
	struct cursor crc;

	if (number + 1 < map->block_count)
		end = le64(line + TABLE_LINE_LEN + 8);
	if (start >= end || end > map->table_at || (!number && start))
		return damaged(err);
	cursor_init(&crc, line + TABLE_CHECKED_LEN, 4);
	if (crc32c(crc32c(0, line, TABLE_CHECKED_LEN), map->data + start, (size_t)(end - start)) != cursor_u32(&crc))
		return damaged(err);
	block->first = le64(line);
	block->first_stub = le64(line + 16);
	block->frame_count = PACK_MAP_BLOCK;
	if (number + 1 == map->block_count)
		block->frame_count = (unsigned)(map->frame_count - number * PACK_MAP_BLOCK);
	cursor_init(&block->in, map->data + start, (size_t)(end - start));
	if (!is_frame(block->first) || block->first_stub > map->stub_count)
		return damaged(err);
	return 0;
}

/* The place of the frame behind `before`. */
static uint64_t read_loc(struct cursor *in, uint64_t before)
{
	uint64_t x = cursor_varint(in), file = loc_file(before), offset = loc_offset(before), step = x >> 1;

	if (x & 1) {
		offset = cursor_varint(in);
		if (!step || step >= LOC_PENDING - file || offset > LOC_OFFSET_MAX)
			cursor_fail(in);
		file += step;
	} else {
		if (!step || step > LOC_OFFSET_MAX - offset)
			cursor_fail(in);
		offset += step;
	}
	return cursor_ok(in) ? loc_make(file, offset, 0) : 0;
}

static void read_list(struct cursor *in, struct map_frame *frame)
{
	unsigned i;
	bool dense = true;

	frame->record_count = cursor_u8(in);
	frame->records = cursor_bytes(in, frame->record_count);
	if (!frame->record_count || !frame->records) {
		cursor_fail(in);
		return;
	}
	for (i = 0; i < frame->record_count; i++) {
		dense = dense && frame->records[i] == i;
		if (frame->records[i] == LOC_RECORD_MAX || (i && frame->records[i] <= frame->records[i - 1]))
			cursor_fail(in);
	}
	/* What has a shorter form has no other. */
	if (dense && frame->record_count < SHAPE_LIST)
		cursor_fail(in);
}

/* Nearly all frames: the same file, less than a mebibyte behind, records without gaps. False: read with more care. */
static inline bool read_usual_frame(struct cursor *in, uint64_t before, struct map_frame *out)
{
	const unsigned char *p = in->pos;
	unsigned x, shape;

	if (!before || cursor_left(in) < 4)
		return false;
	x = *p++;
	if (x & 0x80) {
		x = (x & 0x7f) | (unsigned)*p << 7;
		if (*p++ & 0x80) {
			x = (x & 0x3fff) | (unsigned)*p << 14;
			if (*p++ & 0x80)
				return false;
		}
		/* Not the shortest form. */
		if (!p[-1])
			return false;
	}
	shape = *p++;
	out->loc = before + ((uint64_t)(x >> 1) << 8);
	out->has_stub = shape & SHAPE_STUB;
	out->record_count = shape & SHAPE_LIST;
	out->records = NULL;
	if (x & 1 || x < 2 || !shape || out->record_count == SHAPE_LIST || loc_file(out->loc) != loc_file(before))
		return false;
	in->pos = p;
	return true;
}

/* before: 0 for the first frame of a block, whose place is `first`. */
static inline int read_frame(struct cursor *in, uint64_t first, uint64_t before, struct map_frame *out)
{
	uint8_t shape;

	if (read_usual_frame(in, before, out))
		return 0;
	out->loc = before ? read_loc(in, before) : first;
	shape = cursor_u8(in);
	out->has_stub = shape & SHAPE_STUB;
	out->record_count = shape & SHAPE_LIST;
	out->records = NULL;
	if (out->record_count == SHAPE_LIST)
		read_list(in, out);
	if (!out->record_count && !out->has_stub)
		cursor_fail(in);
	return cursor_ok(in) ? 0 : -1;
}

/* The ordinals are all that is left of a block: count of them, and zeros. */
static bool ordinals_fit(const struct pack_map *map, const struct cursor *in, uint64_t count)
{
	uint64_t bits = count * map->ordinal_bits;

	return cursor_left(in) == (bits + 7) / 8 && (!(bits & 7) || !(in->end[-1] >> (bits & 7)));
}

static uint64_t read_ordinal(const struct pack_map *map, const unsigned char *ordinals, uint64_t bit)
{
	unsigned have = 0, shift = bit & 7;
	uint64_t value = 0;
	const unsigned char *p = ordinals + bit / 8;

	/* At most 40 bits and 7 before them. */
	for (; have < map->ordinal_bits + shift; have += 8)
		value |= (uint64_t)*p++ << have;
	return value >> shift & (((uint64_t)1 << map->ordinal_bits) - 1);
}

/* Which of a frame's records in OBJECTS it is, or -1. */
static int index_of(const struct map_frame *frame, unsigned record)
{
	unsigned i;

	if (!frame->records)
		return record < frame->record_count ? (int)record : -1;
	for (i = 0; i < frame->record_count; i++)
		if (frame->records[i] == record)
			return (int)i;
	return -1;
}

/* What a walk through a block found of one frame. */
struct search {
	bool found;
	unsigned in_block; /* which frame */
	struct map_frame frame;
	uint64_t stub, records_before;
	const unsigned char *ordinals;
};

static int search_block(const struct pack_map *map, struct block *block, uint64_t loc, struct search *s,
			struct drift_error *err)
{
	uint64_t before = 0, stub = block->first_stub, records = 0;
	struct map_frame frame;
	unsigned i;

	s->found = false;
	for (i = 0; i < block->frame_count; i++) {
		if (read_frame(&block->in, block->first, before, &frame) < 0)
			return damaged(err);
		if (frame.loc == loc) {
			*s = (struct search){ .found = true, .in_block = i, .frame = frame, .stub = stub,
					      .records_before = records };
		}
		before = frame.loc;
		stub += frame.has_stub;
		records += frame.record_count;
	}
	if (!ordinals_fit(map, &block->in, records) || stub > map->stub_count)
		return damaged(err);
	s->ordinals = block->in.pos;
	return 0;
}

/* The last block whose first frame is not behind loc; the count of blocks if there is none. */
static uint64_t block_before(const struct pack_map *map, uint64_t loc)
{
	uint64_t low = 0, high = map->block_count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (le64(line_of(map, middle)) <= loc)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : map->block_count;
}

/*
 * What is found is right, for the block's checksum covers its line of the table. What is not found may be so because a
 * damaged line led astray: it is absent only if the block behind is sound, too.
 */
static int search_map(const struct pack_map *map, uint64_t loc, uint64_t *block_out, struct search *s,
		      struct drift_error *err)
{
	uint64_t number = block_before(map, loc), behind = number + 1;
	struct block block;

	s->found = false;
	if (number == map->block_count)
		behind = 0;
	else if (block_load(map, number, &block, err) < 0 || search_block(map, &block, loc, s, err) < 0)
		return -1;
	if (!s->found && behind < map->block_count && block_load(map, behind, &block, err) < 0)
		return -1;
	*block_out = number;
	return 0;
}

int pack_map_find(const struct pack_map *map, uint64_t loc, uint64_t *ordinal_out, struct drift_error *err)
{
	struct search s;
	uint64_t block, ordinal;
	int index;

	if (search_map(map, loc_frame(loc), &block, &s, err) < 0)
		return -1;
	if (!s.found)
		return PACK_MAP_NONE;
	index = index_of(&s.frame, loc_record(loc));
	if (index >= 0) {
		ordinal = read_ordinal(map, s.ordinals, (s.records_before + (unsigned)index) * map->ordinal_bits);
		if (ordinal >= map->record_count)
			return damaged(err);
		*ordinal_out = ordinal;
		return PACK_MAP_RECORD;
	}
	if (!s.frame.has_stub)
		return PACK_MAP_NONE;
	*ordinal_out = s.stub;
	return PACK_MAP_STUB;
}

int pack_map_number(const struct pack_map *map, uint64_t loc, uint64_t *number_out, struct drift_error *err)
{
	struct search s;
	uint64_t block;

	if (search_map(map, loc_frame(loc), &block, &s, err) < 0)
		return -1;
	if (!s.found)
		return 0;
	*number_out = block * PACK_MAP_BLOCK + s.in_block;
	return 1;
}

int pack_map_loc(const struct pack_map *map, uint64_t number, uint64_t *loc_out, struct drift_error *err)
{
	struct map_frame frame = { .loc = 0 };
	struct block block;
	unsigned i;

	if (number >= map->frame_count)
		return error_set(err, DRIFT_ERR_CORRUPT, "a pack has no frame %llu", (unsigned long long)number);
	if (block_load(map, number / PACK_MAP_BLOCK, &block, err) < 0)
		return -1;
	for (i = 0; i <= number % PACK_MAP_BLOCK; i++)
		if (read_frame(&block.in, block.first, frame.loc, &frame) < 0)
			return damaged(err);
	*loc_out = frame.loc;
	return 0;
}

void pack_map_cursor_init(struct pack_map_cursor *cursor, const struct pack_map *map)
{
	cursor->map = map;
	cursor->number = cursor->loc = 0;
	cursor->next = (struct pack_map_position){ .block = 0 };
}

/* Reads the block through to see where its ordinals begin. */
static int enter_block(struct pack_map_cursor *c, struct drift_error *err)
{
	struct pack_map_position *next = &c->next;
	struct block block, ahead;
	struct search s;

	if (block_load(c->map, next->block, &block, err) < 0)
		return -1;
	ahead = block;
	if (block.first_stub != next->stub || (next->block && block.first <= c->loc) ||
	    search_block(c->map, &ahead, 0, &s, NULL) < 0)
		return damaged(err);
	next->in = block.in;
	next->ordinals = s.ordinals;
	next->frame = 0;
	next->frame_count = block.frame_count;
	next->bit = 0;
	c->loc = block.first;
	next->block++;
	return 0;
}

int pack_map_next(struct pack_map_cursor *cursor, struct drift_error *err)
{
	struct pack_map_position *next = &cursor->next;
	struct map_frame frame;
	unsigned i;

	if (next->frame == next->frame_count) {
		if (next->block == cursor->map->block_count)
			return next->stub == cursor->map->stub_count ? 0 : damaged(err);
		if (enter_block(cursor, err) < 0)
			return -1;
	}
	if (read_frame(&next->in, cursor->loc, next->frame ? cursor->loc : 0, &frame) < 0)
		return damaged(err);
	cursor->number = (next->block - 1) * PACK_MAP_BLOCK + next->frame;
	cursor->loc = frame.loc;
	cursor->has_stub = frame.has_stub;
	cursor->stub = next->stub;
	cursor->record_count = frame.record_count;
	for (i = 0; i < frame.record_count; i++, next->bit += cursor->map->ordinal_bits) {
		cursor->record[i] = frame.records ? frame.records[i] : (uint8_t)i;
		cursor->ordinal[i] = read_ordinal(cursor->map, next->ordinals, next->bit);
		if (cursor->ordinal[i] >= cursor->map->record_count)
			return damaged(err);
	}
	next->stub += frame.has_stub;
	next->frame++;
	return 1;
}

struct pack_map_builder {
	uint64_t record_count, frame_count, stub_count, records_added;
	unsigned ordinal_bits, in_block;
	uint64_t last;              /* location of the frame added last */
	uint64_t first, first_stub; /* of the block */
	uint64_t written;           /* bytes of blocks */
	struct buf heads, table;
	uint64_t *ordinals;
	size_t ordinal_count, ordinal_capacity;
};

int pack_map_builder_new(uint64_t record_count, struct pack_map_builder **out, struct drift_error *err)
{
	struct pack_map_builder *b;

	if (record_count > COUNT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a pack holds no more than %llu records",
				 (unsigned long long)COUNT_MAX);
	b = mem_calloc(1, sizeof(*b));
	if (!b)
		return error_no_memory(err);
	b->record_count = record_count;
	b->ordinal_bits = bits_for(record_count);
	buf_init(&b->heads);
	buf_init(&b->table);
	*out = b;
	return 0;
}

void pack_map_builder_free(struct pack_map_builder *b)
{
	if (!b)
		return;
	buf_release(&b->heads);
	buf_release(&b->table);
	free(b->ordinals);
	free(b);
}

static void pack_ordinals(const struct pack_map_builder *b, struct buf *out)
{
	uint64_t value = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < b->ordinal_count; i++) {
		value |= b->ordinals[i] << have;
		for (have += b->ordinal_bits; have >= 8; have -= 8, value >>= 8)
			buf_add_byte(out, (unsigned char)value);
	}
	if (have)
		buf_add_byte(out, (unsigned char)value);
}

static int finish_block(struct pack_map_builder *b, struct buf *out, struct drift_error *err)
{
	size_t line = b->table.len;

	if (!b->in_block)
		return 0;
	pack_ordinals(b, &b->heads);
	buf_add_u64(&b->table, b->first);
	buf_add_u64(&b->table, b->written);
	buf_add_u64(&b->table, b->first_stub);
	if (buf_check(&b->heads, err) < 0 || buf_check(&b->table, err) < 0)
		return -1;
	buf_add_u32(&b->table, crc32c(crc32c(0, b->table.data + line, TABLE_CHECKED_LEN), b->heads.data, b->heads.len));
	buf_add(out, b->heads.data, b->heads.len);
	b->written += b->heads.len;
	buf_clear(&b->heads);
	b->ordinal_count = 0;
	b->in_block = 0;
	return buf_check(out, err);
}

static void put_place(struct pack_map_builder *b, uint64_t loc)
{
	unsigned files = loc_file(loc) - loc_file(b->last);

	if (files) {
		buf_add_varint(&b->heads, (uint64_t)files * 2 + 1);
		buf_add_varint(&b->heads, loc_offset(loc));
	} else {
		buf_add_varint(&b->heads, (loc_offset(loc) - loc_offset(b->last)) * 2);
	}
}

static void put_shape(struct pack_map_builder *b, const struct pack_map_frame *frame)
{
	unsigned char stub = frame->has_stub ? SHAPE_STUB : 0;

	/* Ascending from 0: the last number tells whether there are gaps. */
	if (frame->record_count < SHAPE_LIST &&
	    (!frame->record_count || frame->record[frame->record_count - 1] == frame->record_count - 1)) {
		buf_add_byte(&b->heads, (unsigned char)(stub | frame->record_count));
		return;
	}
	buf_add_byte(&b->heads, stub | SHAPE_LIST);
	buf_add_byte(&b->heads, (unsigned char)frame->record_count);
	buf_add(&b->heads, frame->record, frame->record_count);
}

static int check_frame(const struct pack_map_builder *b, const struct pack_map_frame *frame, struct drift_error *err)
{
	size_t i;
	bool fits = is_frame(frame->loc) && frame->loc > b->last && frame->record_count <= RECORDS_MAX &&
		    (frame->has_stub || frame->record_count);

	for (i = 0; fits && i < frame->record_count; i++)
		fits = frame->ordinal[i] < b->record_count && frame->record[i] < LOC_RECORD_MAX &&
		       (!i || frame->record[i] > frame->record[i - 1]);
	if (fits)
		return 0;
	return error_set(err, DRIFT_ERR_INVALID, "frame %llx does not fit in a map", (unsigned long long)frame->loc);
}

int pack_map_builder_add(struct pack_map_builder *b, const struct pack_map_frame *frame, struct buf *out,
			 struct drift_error *err)
{
	if (check_frame(b, frame, err) < 0)
		return -1;
	if (mem_grow(&b->ordinals, &b->ordinal_capacity, b->ordinal_count + frame->record_count + 1,
		     sizeof(*b->ordinals)) < 0)
		return error_no_memory(err);
	if (b->in_block) {
		put_place(b, frame->loc);
	} else {
		b->first = frame->loc;
		b->first_stub = b->stub_count;
	}
	put_shape(b, frame);
	if (frame->record_count)
		memcpy(b->ordinals + b->ordinal_count, frame->ordinal, frame->record_count * sizeof(*b->ordinals));
	b->ordinal_count += frame->record_count;
	b->records_added += frame->record_count;
	b->last = frame->loc;
	b->frame_count++;
	b->stub_count += frame->has_stub;
	return ++b->in_block < PACK_MAP_BLOCK ? 0 : finish_block(b, out, err);
}

int pack_map_builder_finish(struct pack_map_builder *b, struct buf *out, struct drift_error *err)
{
	if (finish_block(b, out, err) < 0)
		return -1;
	if (b->records_added != b->record_count)
		return error_set(err, DRIFT_ERR_INVALID, "a map of %llu records has %llu",
				 (unsigned long long)b->record_count, (unsigned long long)b->records_added);
	buf_add(out, b->table.data, b->table.len);
	buf_add_u64(out, b->frame_count);
	buf_add_u64(out, (b->frame_count + PACK_MAP_BLOCK - 1) / PACK_MAP_BLOCK);
	buf_add_u64(out, b->ordinal_bits);
	return buf_check(out, err);
}
