#include "objects/node_delta.h"

#include <string.h>

#include "objects/node_internal.h"
#include "objects/value.h"

/* ---- encoding ---- */

struct encoder {
	const struct node *base, *target;
	const struct loc_codec *codec;
	struct buf *out;
	/* The run of one op that is not written yet: its entries end at base_pos and target_pos. */
	enum delta_op op;
	size_t run;
	size_t base_pos, target_pos;
};

static size_t common_prefix(const unsigned char *a, const unsigned char *b, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t x, y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			break;
	}
	while (i < len && a[i] == b[i])
		i++;
	return i;
}

/* Of the bytes before a_end and b_end. */
static size_t common_suffix(const unsigned char *a_end, const unsigned char *b_end, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t x, y;

		memcpy(&x, a_end - i - 8, 8);
		memcpy(&y, b_end - i - 8, 8);
		if (x != y)
			break;
	}
	while (i < len && a_end[-1 - (ptrdiff_t)i] == b_end[-1 - (ptrdiff_t)i])
		i++;
	return i;
}

static bool refers(const struct node *node, const struct node_entry *entry)
{
	return node->level || value_ref_offset(node->kind, entry->value, entry->value_len) >= 0;
}

static void put_insert(struct encoder *e, const struct node_entry *entry)
{
	buf_add_varint(e->out, entry->key_len);
	buf_add(e->out, entry->key, entry->key_len);
	if (e->target->level) {
		buf_add(e->out, entry->child, OID_LEN);
		buf_add_varint(e->out, entry->count);
		buf_add_varint(e->out, entry->bytes);
	} else {
		buf_add_varint(e->out, entry->value_len);
		buf_add(e->out, entry->value, entry->value_len);
	}
}

static void put_modify(struct encoder *e, const struct node_entry *old, const struct node_entry *new)
{
	size_t shorter, front, back;

	if (e->target->level) {
		buf_add(e->out, new->child, OID_LEN);
		buf_add_svarint(e->out, (int64_t)(new->count - old->count));
		buf_add_svarint(e->out, (int64_t)(new->bytes - old->bytes));
		return;
	}
	shorter = old->value_len < new->value_len ? old->value_len : new->value_len;
	front = common_prefix(old->value, new->value, shorter);
	back = common_suffix(old->value + old->value_len, new->value + new->value_len, shorter - front);
	buf_add_varint(e->out, front);
	buf_add_varint(e->out, back);
	buf_add_varint(e->out, new->value_len - front - back);
	buf_add(e->out, new->value + front, new->value_len - front - back);
}

/* Write the run, the entries of an insert or modify with it. */
static void flush_run(struct encoder *e)
{
	size_t i;

	if (!e->run)
		return;
	buf_add_varint(e->out, (uint64_t)e->run << 2 | e->op);
	for (i = e->run; i && e->op >= DELTA_INSERT; i--) {
		struct node_entry old, new;

		node_entry_at(e->target, e->target_pos - i, &new);
		if (e->op == DELTA_INSERT) {
			put_insert(e, &new);
		} else {
			node_entry_at(e->base, e->base_pos - i, &old);
			put_modify(e, &old, &new);
		}
		if (refers(e->target, &new))
			e->codec->put(e->codec, e->out, new.loc);
	}
	e->run = 0;
}

static void add_op(struct encoder *e, enum delta_op op, size_t n)
{
	if (!n)
		return;
	if (op != e->op)
		flush_run(e);
	e->op = op;
	e->run += n;
	if (op != DELTA_INSERT)
		e->base_pos += n;
	if (op != DELTA_SKIP)
		e->target_pos += n;
}

static bool same_entry(const struct node *a, size_t i, const struct node *b, size_t j)
{
	size_t len = (size_t)a->offset[i + 1] - a->offset[i];

	return len == (size_t)b->offset[j + 1] - b->offset[j] &&
	       !memcmp(a->bytes + a->offset[i], b->bytes + b->offset[j], len);
}

/* Entries at the front that are the same; they lie within the common bytes. */
static size_t same_at_front(const struct node *a, const struct node *b)
{
	const unsigned char *a_entries = a->bytes + a->offset[0], *b_entries = b->bytes + b->offset[0];
	size_t a_len = node_entries_len(a), b_len = node_entries_len(b);
	size_t same = common_prefix(a_entries, b_entries, a_len < b_len ? a_len : b_len);
	size_t low = 0, high = a->count < b->count ? a->count : b->count;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if ((size_t)a->offset[middle] - a->offset[0] <= same)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Entries at the back that are the same, of `most`. Equal bytes need not be cut into the same entries there. */
static size_t same_at_back(const struct node *a, const struct node *b, size_t most)
{
	size_t a_len = node_entries_len(a), b_len = node_entries_len(b), n = 0;
	size_t same = common_suffix(a->bytes + a->len, b->bytes + b->len, a_len < b_len ? a_len : b_len);

	while (n < most) {
		size_t back = (size_t)a->len - a->offset[a->count - n - 1];

		if (back > same || back != (size_t)b->len - b->offset[b->count - n - 1])
			break;
		n++;
	}
	return n;
}

/* What differs between the nodes, by key. */
static void encode_middle(struct encoder *e, size_t base_end, size_t target_end)
{
	while (e->base_pos < base_end && e->target_pos < target_end) {
		size_t a_len, b_len;
		const unsigned char *a = node_key_at(e->base, e->base_pos, &a_len);
		const unsigned char *b = node_key_at(e->target, e->target_pos, &b_len);
		int order = key_compare(a, a_len, b, b_len);

		if (order < 0)
			add_op(e, DELTA_SKIP, 1);
		else if (order > 0)
			add_op(e, DELTA_INSERT, 1);
		else if (same_entry(e->base, e->base_pos, e->target, e->target_pos))
			add_op(e, DELTA_COPY, 1);
		else
			add_op(e, DELTA_MODIFY, 1);
	}
	add_op(e, DELTA_SKIP, base_end - e->base_pos);
	add_op(e, DELTA_INSERT, target_end - e->target_pos);
}

int node_delta_encode(const struct node *base, const struct node *target, const struct loc_codec *codec,
		      struct buf *out, struct drift_error *err)
{
	struct encoder e = { .base = base, .target = target, .codec = codec, .out = out };
	size_t front = same_at_front(base, target), back;
	size_t most = (base->count < target->count ? base->count : target->count) - front;

	if (base->kind != target->kind || base->level != target->level)
		return error_set(err, DRIFT_ERR_INVALID, "a node has no delta against one of another kind or level");
	back = same_at_back(base, target, most);
	add_op(&e, DELTA_COPY, front);
	encode_middle(&e, base->count - back, target->count - back);
	if (!back && e.op == DELTA_SKIP && e.run) {
		/* To the end of the base: shorter, and all the same to the reader. */
		buf_add_varint(out, DELTA_SKIP);
		e.run = 0;
	}
	if (e.op != DELTA_COPY)
		flush_run(&e);
	return buf_check(out, err);
}

/* ---- applying ---- */

struct applier {
	const struct node *base;
	const struct loc_codec *codec;
	struct cursor in;
	size_t base_pos;
	size_t count; /* entries so far */
	size_t start; /* where the entries begin in bytes */
	struct buf *bytes, *locs;
};

static void add_loc(struct applier *a, uint64_t loc)
{
	buf_add(a->locs, &loc, sizeof(loc));
}

static void add_unknown_locs(struct applier *a, size_t len)
{
	char *p = buf_reserve(a->locs, len);

	_Static_assert(LOC_UNKNOWN == 0, "zeros are unknown locations");
	if (!p)
		return; /* noticed by buf_check */
	memset(p, 0, len);
	a->locs->len += len;
}

static bool copy_entries(struct applier *a, uint64_t n)
{
	const struct node *base = a->base;
	size_t from = a->base_pos, to, locs_len = (size_t)n * sizeof(*base->child_loc);

	if (n > base->count - from)
		return false;
	to = from + (size_t)n;
	buf_add(a->bytes, base->bytes + base->offset[from], (size_t)base->offset[to] - base->offset[from]);
	if (base->child_loc)
		buf_add(a->locs, base->child_loc + from, locs_len);
	else
		add_unknown_locs(a, locs_len);
	a->base_pos = to;
	a->count += (size_t)n;
	return true;
}

static bool skip_entries(struct applier *a, uint64_t n)
{
	size_t left = a->base->count - a->base_pos;

	if (n > left)
		return false;
	a->base_pos += n ? (size_t)n : left;
	return true;
}

/* The location behind an entry, if there is one to be. */
static bool take_loc(struct applier *a, const void *value, size_t value_len)
{
	uint64_t loc = LOC_UNKNOWN;
	bool has = true;

	if (!a->base->level) {
		if (value_len > NODE_VALUE_MAX || value_check(a->base->kind, value, value_len, NULL) < 0)
			return false;
		has = value_ref_offset(a->base->kind, value, value_len) >= 0;
	}
	if (has)
		loc = a->codec->get(a->codec, &a->in);
	add_loc(a, loc);
	a->count++;
	return cursor_ok(&a->in);
}

static bool insert_entry(struct applier *a)
{
	const unsigned char *start = a->in.pos, *value = NULL;
	size_t value_len = 0, len;

	len = (size_t)cursor_varint(&a->in);
	cursor_bytes(&a->in, len);
	if (a->base->level) {
		cursor_bytes(&a->in, OID_LEN);
		cursor_varint(&a->in);
		cursor_varint(&a->in);
	} else {
		value_len = (size_t)cursor_varint(&a->in);
		value = cursor_bytes(&a->in, value_len);
	}
	if (!cursor_ok(&a->in))
		return false;
	buf_add(a->bytes, start, (size_t)(a->in.pos - start));
	return take_loc(a, value, value_len);
}

static bool modify_child(struct applier *a, const struct node_entry *old)
{
	const unsigned char *child = cursor_bytes(&a->in, OID_LEN);
	uint64_t count = old->count + (uint64_t)cursor_svarint(&a->in);
	uint64_t bytes = old->bytes + (uint64_t)cursor_svarint(&a->in);

	if (!cursor_ok(&a->in))
		return false;
	buf_add(a->bytes, child, OID_LEN);
	buf_add_varint(a->bytes, count);
	buf_add_varint(a->bytes, bytes);
	return take_loc(a, NULL, 0);
}

static bool modify_value(struct applier *a, const struct node_entry *old)
{
	uint64_t front = cursor_varint(&a->in), back = cursor_varint(&a->in);
	size_t middle_len = (size_t)cursor_varint(&a->in), value_len;
	const unsigned char *middle = cursor_bytes(&a->in, middle_len);
	char *value;

	if (!middle || front > old->value_len || back > old->value_len - front || middle_len > NODE_VALUE_MAX)
		return false;
	value_len = (size_t)front + middle_len + (size_t)back;
	buf_add_varint(a->bytes, value_len);
	value = buf_reserve(a->bytes, value_len);
	if (!value)
		return true; /* noticed by buf_check */
	buf_add(a->bytes, old->value, (size_t)front);
	buf_add(a->bytes, middle, middle_len);
	buf_add(a->bytes, old->value + old->value_len - back, (size_t)back);
	return take_loc(a, value, value_len);
}

static bool modify_entry(struct applier *a)
{
	struct node_entry old;

	if (a->base_pos >= a->base->count)
		return false;
	node_entry_at(a->base, a->base_pos++, &old);
	buf_add_varint(a->bytes, old.key_len);
	buf_add(a->bytes, old.key, old.key_len);
	return a->base->level ? modify_child(a, &old) : modify_value(a, &old);
}

static bool apply_op(struct applier *a)
{
	uint64_t head = cursor_varint(&a->in), n = head >> 2;

	if (!cursor_ok(&a->in))
		return false;
	switch ((enum delta_op)(head & 3)) {
	case DELTA_COPY:
		return n && copy_entries(a, n);
	case DELTA_SKIP:
		return skip_entries(a, n);
	case DELTA_INSERT:
	case DELTA_MODIFY:
		if (!n)
			return false;
		break;
	}
	while (n--) {
		if (!((head & 3) == DELTA_INSERT ? insert_entry(a) : modify_entry(a)) ||
		    a->bytes->len - a->start > NODE_LEN_MAX)
			return false;
	}
	return true;
}

int node_delta_apply(const struct node *base, const void *delta, size_t delta_len, const struct loc_codec *codec,
		     struct buf *bytes_out, struct buf *locs_out, struct drift_error *err)
{
	size_t start = bytes_out->len, locs_start = locs_out->len;
	struct applier a = { .base = base, .codec = codec, .start = start, .bytes = bytes_out, .locs = locs_out };
	unsigned char head[3 + 10] = { NODE_VERSION, (unsigned char)base->kind, base->level };
	bool ok = true;

	/* What comes is hardly longer than this. */
	if (!buf_reserve(bytes_out, sizeof(head) + base->len + delta_len) ||
	    !buf_reserve(locs_out, (base->count + (size_t)1) * sizeof(uint64_t)))
		return error_no_memory(err);
	cursor_init(&a.in, delta, delta_len);
	while (ok && cursor_left(&a.in))
		ok = apply_op(&a);
	if (ok)
		ok = copy_entries(&a, base->count - a.base_pos);
	if (ok) {
		size_t head_len = 3 + varint_put(head + 3, a.count);

		buf_insert(bytes_out, start, head, head_len);
		ok = bytes_out->len - start <= NODE_LEN_MAX;
	}
	if (buf_check(bytes_out, err) < 0 || buf_check(locs_out, err) < 0)
		return -1;
	if (ok)
		return 0;
	buf_truncate(bytes_out, start);
	buf_truncate(locs_out, locs_start);
	return error_set(err, DRIFT_ERR_CORRUPT, "the delta of a tree node is malformed");
}
