#include <stdlib.h>

#include "base/mem.h"
#include "repo/gc_encode.h"
#include "repo/gc_internal.h"

/* Items of a stretch; a group may have no more than PACK_GROUP_COUNT_MAX. */
#define STRETCH_COUNT_MAX (PACK_GROUP_COUNT_MAX / 2)
/* Percent of the pieces that the whole stretch may take to be worth reading all of it for one item. */
#define STRETCH_WORTH 88
/* After so many trials in a row with one result, only every TRIAL_EACH-th stretch is tried. */
#define TRIAL_SAME 2
#define TRIAL_EACH 8

struct gc_groups {
	struct pack_writer *w;
	int level;
	size_t stretch_len; /* now */
	size_t stretch_max; /* where stretches are worth it */
	unsigned sort;
	struct gc_unit stretch;
	struct buf ends; /* size_t each: behind which item a unit ends */
	struct buf packed;
	bool whole; /* how the last trial ended */
	unsigned same, untried;
};

void gc_unit_init(struct gc_unit *u)
{
	buf_init(&u->bytes);
	buf_init(&u->lens);
	buf_init(&u->locs);
	u->count = 0;
	u->item_at = 0;
}

void gc_unit_clear(struct gc_unit *u)
{
	buf_clear(&u->bytes);
	buf_clear(&u->lens);
	buf_clear(&u->locs);
	u->count = 0;
	u->item_at = 0;
}

void gc_unit_release(struct gc_unit *u)
{
	buf_release(&u->bytes);
	buf_release(&u->lens);
	buf_release(&u->locs);
}

static const uint32_t *unit_lens(const struct gc_unit *u)
{
	return (const uint32_t *)(const void *)u->lens.data;
}

static const uint64_t *unit_locs(const struct gc_unit *u)
{
	return (const uint64_t *)(const void *)u->locs.data;
}

void gc_unit_item(struct gc_unit *u, uint64_t loc)
{
	uint32_t len = (uint32_t)(u->bytes.len - u->item_at);

	buf_add(&u->lens, &len, sizeof(len));
	buf_add(&u->locs, &loc, sizeof(loc));
	u->item_at = u->bytes.len;
	u->count++;
}

int gc_groups_new(struct pack_writer *w, int level, size_t stretch_len, struct gc_groups **out, struct drift_error *err)
{
	struct gc_groups *g = mem_calloc(1, sizeof(*g));

	if (!g)
		return error_no_memory(err);
	g->w = w;
	g->level = level;
	g->stretch_len = GC_STRETCH_LEN;
	g->stretch_max = stretch_len ? stretch_len : GC_STRETCH_LEN;
	gc_unit_init(&g->stretch);
	buf_init(&g->ends);
	buf_init(&g->packed);
	*out = g;
	return 0;
}

void gc_groups_free(struct gc_groups *g)
{
	if (!g)
		return;
	gc_unit_release(&g->stretch);
	buf_release(&g->ends);
	buf_release(&g->packed);
	free(g);
}

/* Items [from, to) of the stretch, whose bytes begin at `at`. */
static struct pack_items items_of(const struct gc_groups *g, size_t from, size_t to, size_t at)
{
	return (struct pack_items){
		.bytes = (const unsigned char *)g->stretch.bytes.data + at,
		.lens = unit_lens(&g->stretch) + from,
		.count = to - from,
	};
}

static int write_group(struct gc_groups *g, size_t from, size_t to, size_t at, struct drift_error *err)
{
	struct pack_items items = items_of(g, from, to, at);

	return pack_writer_objects(g->w, &items, unit_locs(&g->stretch) + from, g->level, false, err);
}

static int measure(struct gc_groups *g, size_t from, size_t to, size_t at, size_t *len, struct drift_error *err)
{
	struct pack_items items = items_of(g, from, to, at);

	buf_clear(&g->packed);
	if (pack_group_compress(g->w, &items, g->level, false, &g->packed, err) < 0)
		return -1;
	*len += g->packed.len + PACK_BLOCK_HEAD_LEN + 2 * sizeof(uint64_t);
	return 0;
}

/* Pieces end with units: written, or if packed_len is not NULL measured. */
static int each_piece(struct gc_groups *g, size_t *packed_len, struct drift_error *err)
{
	const size_t *ends = (const size_t *)(const void *)g->ends.data;
	size_t count = g->ends.len / sizeof(*ends);
	size_t from = 0, at = 0, len = 0, item = 0;

	for (size_t i = 0; i < count; i++) {
		for (; item < ends[i]; item++)
			len += unit_lens(&g->stretch)[item];
		if (len < GC_PIECE_LEN && i + 1 < count)
			continue;
		if (packed_len ? measure(g, from, item, at, packed_len, err) < 0 :
				 write_group(g, from, item, at, err) < 0)
			return -1;
		from = item;
		at += len;
		len = 0;
	}
	return 0;
}

static int try_sizes(struct gc_groups *g, struct drift_error *err)
{
	size_t one = 0, pieces = 0;
	bool whole;

	if (measure(g, 0, g->stretch.count, 0, &one, err) < 0 || each_piece(g, &pieces, err) < 0)
		return -1;
	whole = one * 100 < pieces * STRETCH_WORTH;
	g->same = whole == g->whole ? g->same + 1 : 1;
	g->whole = whole;
	g->untried = 0;
	g->stretch_len = whole ? g->stretch_max : GC_STRETCH_LEN;
	return 0;
}

static int flush(struct gc_groups *g, struct drift_error *err)
{
	int r;

	if (!g->stretch.count)
		return 0;
	if (buf_check(&g->stretch.bytes, err) < 0 || buf_check(&g->stretch.lens, err) < 0 ||
	    buf_check(&g->stretch.locs, err) < 0 || buf_check(&g->ends, err) < 0)
		return -1;
	if ((g->same < TRIAL_SAME || ++g->untried == TRIAL_EACH) && try_sizes(g, err) < 0)
		return -1;
	r = g->whole ? write_group(g, 0, g->stretch.count, 0, err) : each_piece(g, NULL, err);
	gc_unit_clear(&g->stretch);
	buf_clear(&g->ends);
	return r;
}

int gc_groups_add(struct gc_groups *g, unsigned sort, const struct gc_unit *unit, struct drift_error *err)
{
	if (buf_check(&unit->bytes, err) < 0 || buf_check(&unit->lens, err) < 0 || buf_check(&unit->locs, err) < 0)
		return -1;
	if (sort != g->sort) {
		if (flush(g, err) < 0)
			return -1;
		g->sort = sort;
		g->same = 0;
		g->stretch_len = GC_STRETCH_LEN;
	}
	buf_add(&g->stretch.bytes, unit->bytes.data, unit->bytes.len);
	buf_add(&g->stretch.lens, unit->lens.data, unit->lens.len);
	buf_add(&g->stretch.locs, unit->locs.data, unit->locs.len);
	g->stretch.count += unit->count;
	buf_add(&g->ends, &g->stretch.count, sizeof(g->stretch.count));
	if (g->stretch.bytes.len < g->stretch_len && g->stretch.count < STRETCH_COUNT_MAX)
		return 0;
	return flush(g, err);
}

int gc_groups_finish(struct gc_groups *g, struct drift_error *err)
{
	return flush(g, err);
}
