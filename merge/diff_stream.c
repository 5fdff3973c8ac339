#include "merge/diff_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ENTRIES_MAX 1024
#define BYTES_MAX ((size_t)8 << 20)

/* Where the parts of an entry stand in bytes: the key, then a's value, then b's. */
struct diff_stream_entry {
	size_t at;
	uint32_t key_len, a_len, b_len;
	bool has_a, has_b, is_leaf;
	uint64_t a_loc, b_loc;
};

void diff_stream_init(struct diff_stream *s, struct node_store *store, const struct map_root *a,
		      const struct map_root *b)
{
	*s = (struct diff_stream){ .store = store, .a = a, .b = b, .bytes = BUF_INIT, .entry_max = ENTRIES_MAX };
}

void diff_stream_release(struct diff_stream *s)
{
	free(s->entries);
	buf_release(&s->bytes);
	node_unref(s->above);
}

/* The entry at which it is full is kept as well: the next look begins behind it. */
static int keep(void *data, const struct node_entry *a, const struct node_entry *b, struct drift_error *err)
{
	struct diff_stream *s = data;
	const struct node_entry *any = a ? a : b;
	struct diff_stream_entry *e;

	if (mem_grow(&s->entries, &s->capacity, s->count + 1, sizeof(*s->entries)))
		return error_no_memory(err);
	e = &s->entries[s->count++];
	*e = (struct diff_stream_entry){
		.at = s->bytes.len, .key_len = (uint32_t)any->key_len, .has_a = a, .has_b = b
	};
	buf_add(&s->bytes, any->key, any->key_len);
	if (a) {
		e->a_len = (uint32_t)a->value_len;
		e->a_loc = a->loc;
		buf_add(&s->bytes, a->value, a->value_len);
	}
	if (b) {
		e->b_len = (uint32_t)b->value_len;
		e->b_loc = b->loc;
		buf_add(&s->bytes, b->value, b->value_len);
	}
	if (buf_check(&s->bytes, err))
		return -1;
	return s->count >= s->entry_max || s->bytes.len >= BYTES_MAX;
}

/* A leaf that goes whole where the target has it as a does. */
static int keep_leaf(void *data, const struct map_leaf_pair *pair, struct drift_error *err)
{
	struct diff_stream *s = data;
	struct map_leaf leaf = { .loc = pair->b.loc,
				 .count = pair->b.count,
				 .bytes = pair->b.bytes,
				 .old_count = pair->a.count,
				 .old_bytes = pair->a.bytes };
	struct diff_stream_entry *e;
	int r = map_leaf_fits(s->store, s->target, pair, &s->above, err);

	if (r <= 0)
		return r;
	if (mem_grow(&s->entries, &s->capacity, s->count + 1, sizeof(*s->entries)))
		return error_no_memory(err);
	memcpy(leaf.id.bytes, pair->b.child, OID_LEN);
	e = &s->entries[s->count++];
	*e = (struct diff_stream_entry){ .at = s->bytes.len, .key_len = (uint32_t)pair->a.key_len, .is_leaf = true };
	buf_add(&s->bytes, pair->a.key, pair->a.key_len);
	buf_add(&s->bytes, &leaf, sizeof(leaf));
	if (buf_check(&s->bytes, err))
		return -1;
	return s->count >= s->entry_max || s->bytes.len >= BYTES_MAX ? 2 : 1;
}

/* Go on behind the last entry that is held. */
static int read_on(struct diff_stream *s, size_t entry_max, struct drift_error *err)
{
	struct map_diff_options options = { .from = s->from, .to = s->to, .each = keep, .data = s };
	auto_buf from = BUF_INIT;
	int r;

	if (s->target)
		options.leaf = keep_leaf;
	options.from_len = s->from ? strlen(s->from) : 0;
	options.to_len = s->to ? strlen(s->to) : 0;
	if (s->begun && s->count) {
		const struct diff_stream_entry *last = &s->entries[s->count - 1];

		buf_add(&from, s->bytes.data + last->at, last->key_len);
		buf_add_byte(&from, '\0');
		if (buf_check(&from, err))
			return -1;
		options.from = from.data;
		options.from_len = from.len;
	}
	if (s->next == s->count) {
		s->next = s->count = 0;
		buf_clear(&s->bytes);
	}
	s->begun = true;
	s->entry_max = entry_max;
	r = map_diff(s->store, s->a, s->b, &options, err);
	s->ended = !r;
	return r < 0 ? -1 : 0;
}

int diff_stream_fill(struct diff_stream *s, size_t count, struct drift_error *err)
{
	while (!s->ended && s->count < count && s->bytes.len < BYTES_MAX)
		if (read_on(s, count, err))
			return -1;
	return 0;
}

int diff_stream_next(struct diff_stream *s, struct diff_entry *out, struct drift_error *err)
{
	const struct diff_stream_entry *e;
	const unsigned char *at;

	if (s->next == s->count) {
		if (!s->ended && read_on(s, ENTRIES_MAX, err))
			return -1;
		if (s->next == s->count)
			return 0;
	}
	e = &s->entries[s->next++];
	at = (const unsigned char *)s->bytes.data + e->at;
	*out = (struct diff_entry){ .key = at, .key_len = e->key_len };
	at += e->key_len;
	if (e->is_leaf) {
		memcpy(&s->leaf, at, sizeof(s->leaf));
		out->leaf = &s->leaf;
	}
	if (e->has_a)
		out->a = (struct diff_value){ at, e->a_len, e->a_loc };
	at += e->a_len;
	if (e->has_b)
		out->b = (struct diff_value){ at, e->b_len, e->b_loc };
	return 1;
}
