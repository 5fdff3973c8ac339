#include "objects/node_chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/node_internal.h"
#include "objects/value.h"

/*
 * The state is an array of entry numbers: those below base->count are entries of the base, the others are slots, which
 * hold what the lists brought. While a list is applied, there is a gap: [0, done) is what it has made so far, [ahead, end)
 * what it has not come to. Where the gap is empty, copying costs nothing.
 *
 * Both sides of the gap are a node at most, so an entry number fits 16 bits: an entry has two bytes at least.
 */
#define STATE_LEN_MAX ((size_t)2 * NODE_LEN_MAX)
#define ENTRY_MAX (STATE_LEN_MAX / 2)
#define BLOCK_LEN (16384 - sizeof(void *))

_Static_assert(ENTRY_MAX + NODE_LEN_MAX / 2 < UINT16_MAX, "numbers of entries fit");

/* An entry in two parts, both with the varints before them. */
struct slot {
	const unsigned char *key;
	const unsigned char *rest; /* value, or what is told of a child */
	uint32_t key_len, rest_len;
	uint64_t loc; /* of a free slot: the next free one */
};

struct block {
	struct block *before;
	unsigned char bytes[BLOCK_LEN];
};

struct chain {
	const struct node *base;
	const struct loc_codec *codec;
	struct cursor in;
	struct slot *slots;
	size_t slot_count, slot_capacity;
	size_t free_slot; /* 1 + its place, 0: none */
	struct block *blocks;
	size_t block_used;
	bool no_memory;
	size_t len; /* bytes of all entries, on both sides */
	size_t done, ahead, end;
	uint16_t entry[ENTRY_MAX];
};

static unsigned char *chain_alloc(struct chain *c, size_t len)
{
	struct block *block;

	if (!c->blocks || len > BLOCK_LEN - c->block_used) {
		block = malloc(sizeof(*block));
		if (!block) {
			c->no_memory = true;
			return NULL;
		}
		block->before = c->blocks;
		c->blocks = block;
		c->block_used = 0;
	}
	c->block_used += len;
	return c->blocks->bytes + c->block_used - len;
}

static void chain_free(struct chain *c)
{
	while (c->blocks) {
		struct block *before = c->blocks->before;

		free(c->blocks);
		c->blocks = before;
	}
	free(c->slots);
	free(c);
}

static struct slot *slot_of(struct chain *c, unsigned entry)
{
	return &c->slots[entry - c->base->count];
}

/* The number of a slot that is not in use, or -1 without memory. */
static int slot_take(struct chain *c)
{
	size_t at = c->free_slot;

	if (at) {
		c->free_slot = (size_t)c->slots[at - 1].loc;
		return (int)(c->base->count + at - 1);
	}
	if (mem_grow(&c->slots, &c->slot_capacity, c->slot_count + 1, sizeof(*c->slots)) < 0) {
		c->no_memory = true;
		return -1;
	}
	return (int)(c->base->count + c->slot_count++);
}

static void slot_give(struct chain *c, unsigned entry)
{
	slot_of(c, entry)->loc = c->free_slot;
	c->free_slot = entry - c->base->count + (size_t)1;
}

/* Any entry as a slot would have it. */
static void entry_parts(struct chain *c, unsigned entry, struct slot *out)
{
	const struct node *base = c->base;
	const unsigned char *p;
	size_t key_len;

	if (entry >= base->count) {
		*out = *slot_of(c, entry);
		return;
	}
	p = out->key = base->bytes + base->offset[entry];
	key_len = (size_t)varint_trusted(&p);
	out->rest = p + key_len;
	out->key_len = (uint32_t)(out->rest - out->key);
	out->rest_len = (uint32_t)(base->bytes + base->offset[entry + 1] - out->rest);
}

static size_t entry_len(struct chain *c, unsigned entry)
{
	const struct slot *slot;

	if (entry < c->base->count)
		return (size_t)c->base->offset[entry + 1] - c->base->offset[entry];
	slot = slot_of(c, entry);
	return (size_t)slot->key_len + slot->rest_len;
}

static bool copy_entries(struct chain *c, uint64_t n)
{
	if (n > c->end - c->ahead)
		return false;
	if (c->done != c->ahead)
		memmove(c->entry + c->done, c->entry + c->ahead, (size_t)n * sizeof(*c->entry));
	c->done += (size_t)n;
	c->ahead += (size_t)n;
	return true;
}

static bool skip_entries(struct chain *c, uint64_t n)
{
	size_t left = c->end - c->ahead, i;

	if (n > left)
		return false;
	for (i = n ? (size_t)n : left; i; i--) {
		unsigned entry = c->entry[c->ahead++];

		c->len -= entry_len(c, entry);
		if (entry >= c->base->count)
			slot_give(c, entry);
	}
	return true;
}

/* The location behind an entry, if there is one to be. */
static bool take_loc(struct chain *c, const unsigned char *value, size_t value_len, uint64_t *loc_out)
{
	enum map_kind kind = c->base->kind;

	*loc_out = LOC_UNKNOWN;
	if (!c->base->level) {
		if (kind == MAP_DOCUMENTS && value_len && value_len <= VALUE_INLINE_MAX && *value == DOCUMENT_INLINE)
			return true;
		if (value_len > NODE_VALUE_MAX || value_check(kind, value, value_len, NULL) < 0)
			return false;
		if (value_ref_offset(kind, value, value_len) < 0)
			return true;
	}
	*loc_out = c->codec->get(c->codec, &c->in);
	return cursor_ok(&c->in);
}

static void open_gap(struct chain *c)
{
	size_t left = c->end - c->ahead;

	if (c->done < c->ahead)
		return;
	c->end = ENTRY_MAX;
	memmove(c->entry + c->end - left, c->entry + c->ahead, left * sizeof(*c->entry));
	c->ahead = c->end - left;
}

static bool insert_entry(struct chain *c)
{
	struct slot slot = { .key = c->in.pos };
	const unsigned char *value = NULL;
	size_t value_len = 0;
	int entry;

	cursor_bytes(&c->in, (size_t)cursor_varint(&c->in));
	slot.rest = c->in.pos;
	if (c->base->level) {
		cursor_bytes(&c->in, OID_LEN);
		cursor_varint(&c->in);
		cursor_varint(&c->in);
	} else {
		value_len = (size_t)cursor_varint(&c->in);
		value = cursor_bytes(&c->in, value_len);
	}
	if (!cursor_ok(&c->in) || (size_t)(c->in.pos - slot.key) > NODE_LEN_MAX)
		return false;
	slot.key_len = (uint32_t)(slot.rest - slot.key);
	slot.rest_len = (uint32_t)(c->in.pos - slot.rest);
	c->len += (size_t)slot.key_len + slot.rest_len;
	if (!take_loc(c, value, value_len, &slot.loc) || c->len > STATE_LEN_MAX)
		return false;
	entry = slot_take(c);
	if (entry < 0)
		return false;
	*slot_of(c, (unsigned)entry) = slot;
	open_gap(c);
	c->entry[c->done++] = (uint16_t)entry;
	return true;
}

static bool modify_child(struct chain *c, struct slot *slot)
{
	const unsigned char *child = cursor_bytes(&c->in, OID_LEN), *old = slot->rest + OID_LEN;
	uint64_t count = varint_trusted(&old) + (uint64_t)cursor_svarint(&c->in);
	uint64_t bytes = varint_trusted(&old) + (uint64_t)cursor_svarint(&c->in);
	unsigned char *rest = chain_alloc(c, OID_LEN + 20);
	size_t len = OID_LEN;

	if (!rest || !child || !cursor_ok(&c->in))
		return false;
	memcpy(rest, child, OID_LEN);
	len += varint_put(rest + len, count);
	len += varint_put(rest + len, bytes);
	slot->rest = rest;
	slot->rest_len = (uint32_t)len;
	return take_loc(c, NULL, 0, &slot->loc);
}

static bool modify_value(struct chain *c, struct slot *slot)
{
	uint64_t front = cursor_varint(&c->in), back = cursor_varint(&c->in);
	size_t middle_len = (size_t)cursor_varint(&c->in), value_len;
	const unsigned char *middle = cursor_bytes(&c->in, middle_len), *old = slot->rest;
	size_t old_len = (size_t)varint_trusted(&old);
	unsigned char *rest, *value;

	if (!middle || front > old_len || back > old_len - front || middle_len > NODE_VALUE_MAX)
		return false;
	value_len = (size_t)front + middle_len + (size_t)back;
	rest = value_len <= NODE_VALUE_MAX ? chain_alloc(c, value_len + 10) : NULL;
	if (!rest)
		return false;
	value = rest + varint_put(rest, value_len);
	memcpy(value, old, (size_t)front);
	memcpy(value + front, middle, middle_len);
	memcpy(value + front + middle_len, old + old_len - back, (size_t)back);
	slot->rest = rest;
	slot->rest_len = (uint32_t)((size_t)(value - rest) + value_len);
	return take_loc(c, value, value_len, &slot->loc);
}

static bool modify_entry(struct chain *c)
{
	struct slot slot;
	size_t old_len;
	int entry;

	if (c->ahead >= c->end)
		return false;
	entry = c->entry[c->ahead++];
	entry_parts(c, (unsigned)entry, &slot);
	old_len = slot.rest_len;
	if (!(c->base->level ? modify_child(c, &slot) : modify_value(c, &slot)))
		return false;
	c->len = c->len - old_len + slot.rest_len;
	if (c->len > STATE_LEN_MAX)
		return false;
	if ((unsigned)entry < c->base->count)
		entry = slot_take(c);
	if (entry < 0)
		return false;
	*slot_of(c, (unsigned)entry) = slot;
	c->entry[c->done++] = (uint16_t)entry;
	return true;
}

static bool apply_op(struct chain *c)
{
	uint64_t head = cursor_varint(&c->in), n = head >> 2;

	if (!cursor_ok(&c->in))
		return false;
	switch ((enum delta_op)(head & 3)) {
	case DELTA_COPY:
		return n && copy_entries(c, n);
	case DELTA_SKIP:
		return skip_entries(c, n);
	case DELTA_INSERT:
	case DELTA_MODIFY:
		if (!n)
			return false;
		break;
	}
	while (n--)
		if (!((head & 3) == DELTA_INSERT ? insert_entry(c) : modify_entry(c)))
			return false;
	return true;
}

static bool apply_list(struct chain *c, const struct node_chain_edit *edit)
{
	c->codec = edit->codec;
	c->done = c->ahead = 0;
	cursor_init(&c->in, edit->data, edit->len);
	while (cursor_left(&c->in))
		if (!apply_op(c))
			return false;
	if (!copy_entries(c, c->end - c->ahead))
		return false;
	c->end = c->done;
	return 3 + varint_len(c->end) + c->len <= NODE_LEN_MAX;
}

/* Neighbours in the base are copied together. */
static size_t build_run(struct chain *c, size_t from, unsigned char **bytes, char *locs)
{
	const struct node *base = c->base;
	unsigned entry = c->entry[from];
	size_t n = 1, len;

	while (from + n < c->end && entry + n < base->count && c->entry[from + n] == entry + n)
		n++;
	len = (size_t)base->offset[entry + n] - base->offset[entry];
	memcpy(*bytes, base->bytes + base->offset[entry], len);
	*bytes += len;
	if (base->child_loc)
		memcpy(locs, base->child_loc + entry, n * sizeof(uint64_t));
	else
		memset(locs, 0, n * sizeof(uint64_t));
	return n;
}

static int build(struct chain *c, struct buf *bytes_out, struct buf *locs_out, struct drift_error *err)
{
	unsigned char head[3 + 10] = { NODE_VERSION, (unsigned char)c->base->kind, c->base->level }, *bytes;
	size_t head_len = 3 + varint_put(head + 3, c->end), locs_len = c->end * sizeof(uint64_t), i = 0;
	char *locs;

	_Static_assert(LOC_UNKNOWN == 0, "zeros are unknown locations");
	bytes = (unsigned char *)buf_reserve(bytes_out, head_len + c->len);
	locs = buf_reserve(locs_out, locs_len);
	if (!bytes || !locs)
		return error_no_memory(err);
	memcpy(bytes, head, head_len);
	bytes += head_len;
	while (i < c->end) {
		const struct slot *slot;

		if (c->entry[i] < c->base->count) {
			i += build_run(c, i, &bytes, locs + i * sizeof(uint64_t));
			continue;
		}
		slot = slot_of(c, c->entry[i]);
		memcpy(bytes, slot->key, slot->key_len);
		memcpy(bytes + slot->key_len, slot->rest, slot->rest_len);
		bytes += (size_t)slot->key_len + slot->rest_len;
		memcpy(locs + i++ * sizeof(uint64_t), &slot->loc, sizeof(uint64_t));
	}
	bytes_out->len += head_len + c->len;
	bytes_out->data[bytes_out->len] = '\0';
	locs_out->len += locs_len;
	locs_out->data[locs_out->len] = '\0';
	return 0;
}

int node_chain_apply(const struct node *base, const struct node_chain_edit *edits, size_t count, struct buf *bytes_out,
		     struct buf *locs_out, struct drift_error *err)
{
	struct chain *c = malloc(sizeof(*c));
	bool ok = count <= NODE_CHAIN_MAX;
	int result = -1;
	size_t i;

	if (!c)
		return error_no_memory(err);
	memset(c, 0, offsetof(struct chain, entry));
	c->base = base;
	c->len = node_entries_len(base);
	c->end = base->count;
	for (i = 0; i < base->count; i++)
		c->entry[i] = (uint16_t)i;
	for (i = 0; i < count && ok; i++)
		ok = apply_list(c, &edits[i]);
	if (ok)
		result = build(c, bytes_out, locs_out, err);
	else if (c->no_memory)
		error_no_memory(err);
	else
		error_set(err, DRIFT_ERR_CORRUPT, "the delta of a tree node is malformed");
	chain_free(c);
	return result;
}
