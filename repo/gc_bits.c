#include "repo/gc_bits.h"

#include <stdlib.h>

#include "base/mem.h"

#define BLOCK_FRAMES 32

/* Where every 32nd frame is found; the first of a file begins a block. */
struct block {
	uint64_t loc;
	uint64_t bit; /* of its first record */
	size_t at;    /* in frames */
};

struct gc_bits {
	struct gc_source *source;
	struct block *blocks;
	size_t block_count, block_capacity;
	struct buf frames; /* varint offset behind the frame before (of a block's first: 0), u8 count of records */
	uint64_t last_loc;
	unsigned in_block;
	uint64_t bit_count;
	unsigned char *bits;
	unsigned char **packed; /* for each file of the source: of the objects of its pack, or NULL */
	size_t packed_count;    /* the source may be released before */
};

static int add_frame(void *data, const struct gc_frame *frame, struct drift_error *err)
{
	struct gc_bits *b = data;
	uint64_t records = 1;
	struct cursor in;

	if (frame->is_txn) {
		cursor_init(&in, frame->payload, frame->len);
		records = cursor_varint(&in);
		if (!cursor_ok(&in) || records > TXN_RECORD_MAX)
			return error_set(err, DRIFT_ERR_CORRUPT, "the record table of a transaction is malformed");
	}
	if (!b->block_count || b->in_block == BLOCK_FRAMES || loc_file(b->last_loc) != loc_file(frame->loc)) {
		if (mem_grow(&b->blocks, &b->block_capacity, b->block_count + 1, sizeof(*b->blocks)) < 0)
			return error_no_memory(err);
		b->blocks[b->block_count++] = (struct block){ frame->loc, b->bit_count, b->frames.len };
		b->in_block = 0;
		b->last_loc = frame->loc;
	}
	buf_add_varint(&b->frames, loc_offset(frame->loc) - loc_offset(b->last_loc));
	buf_add_byte(&b->frames, (unsigned char)records);
	b->last_loc = frame->loc;
	b->bit_count += records;
	b->in_block++;
	return buf_check(&b->frames, err);
}

static unsigned char *bits_alloc(uint64_t count)
{
	return mem_calloc((size_t)(count / 8 + 1), 1);
}

static int make_bits(struct gc_bits *b)
{
	const struct gc_source *s = b->source;

	b->bits = bits_alloc(b->bit_count);
	b->packed = mem_calloc(s->files.count + 1, sizeof(*b->packed));
	if (!b->bits || !b->packed)
		return -1;
	b->packed_count = s->files.count;
	for (size_t i = 0; i < s->files.count; i++) {
		const struct odb_file *file = &s->files.items[i];

		if (!file->pack || file->first < s->first || file->last > s->last)
			continue;
		b->packed[i] = bits_alloc(pack_record_count(file->pack));
		if (!b->packed[i])
			return -1;
	}
	return 0;
}

int gc_bits_new(struct gc_source *source, struct gc_bits **out, struct drift_error *err)
{
	struct gc_bits *b = mem_calloc(1, sizeof(*b));
	int r;

	if (!b)
		return error_no_memory(err);
	b->source = source;
	buf_init(&b->frames);
	r = gc_source_taken(source, add_frame, b, err);
	if (!r && make_bits(b) < 0)
		r = error_no_memory(err);
	if (r) {
		gc_bits_free(b);
		return -1;
	}
	*out = b;
	return 0;
}

void gc_bits_free(struct gc_bits *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->packed_count; i++)
		free(b->packed[i]);
	free(b->packed);
	free(b->bits);
	free(b->blocks);
	buf_release(&b->frames);
	free(b);
}

/* The bit of a record that stands in a frame. */
static bool frame_bit(const struct gc_bits *b, uint64_t loc, uint64_t *bit_out)
{
	size_t low = 0, high = b->block_count;
	uint64_t at, bit;
	struct cursor in;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->blocks[middle].loc <= loc_frame(loc))
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || loc_file(b->blocks[low - 1].loc) != loc_file(loc))
		return false;
	at = loc_offset(b->blocks[low - 1].loc);
	bit = b->blocks[low - 1].bit;
	cursor_init(&in, b->frames.data + b->blocks[low - 1].at,
		    (low < b->block_count ? b->blocks[low].at : b->frames.len) - b->blocks[low - 1].at);
	while (cursor_left(&in)) {
		unsigned records;

		at += cursor_varint(&in);
		records = cursor_u8(&in);
		if (at == loc_offset(loc)) {
			*bit_out = bit + loc_record(loc);
			return loc_record(loc) < records;
		}
		bit += records;
	}
	return false;
}

/* The byte and the mask of a record's bit: 1 / 0 / -1. */
static int find_bit(const struct gc_bits *b, uint64_t loc, unsigned char **byte_out, unsigned char *mask_out,
		    struct drift_error *err)
{
	const struct odb_file *file = gc_source_takes(b->source, loc) ? gc_source_file(b->source, loc_file(loc)) : NULL;
	unsigned char *bits = b->bits;
	struct pack_place place;
	uint64_t bit = 0;
	int r;

	if (!file)
		return 0;
	if (file->pack) {
		r = pack_find(file->pack, loc, &place, err);
		if (r <= 0)
			return r;
		if (place.kind == PACK_OBJECTS) {
			bit = place.ordinal;
			bits = b->packed[file - b->source->files.items];
		}
	}
	if (bits == b->bits && !frame_bit(b, loc, &bit))
		return 0;
	*byte_out = bits + bit / 8;
	*mask_out = (unsigned char)(1U << bit % 8);
	return 1;
}

int gc_bits_set(struct gc_bits *b, uint64_t loc, struct drift_error *err)
{
	unsigned char *byte, mask;
	int r = find_bit(b, loc, &byte, &mask, err);

	if (r <= 0)
		return r < 0 ? -1 :
			       error_set(err, DRIFT_ERR_NOT_FOUND, "what stood at %llu of journal %u is not there",
					 (unsigned long long)loc_offset(loc), loc_file(loc));
	if (*byte & mask)
		return 0;
	*byte = (unsigned char)(*byte | mask);
	return 1;
}

int gc_bits_get(const struct gc_bits *b, uint64_t loc, struct drift_error *err)
{
	unsigned char *byte, mask;
	int r = find_bit(b, loc, &byte, &mask, err);

	return r <= 0 ? r : (*byte & mask) != 0;
}
