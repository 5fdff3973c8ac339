#include "objects/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "objects/node_internal.h"
#include "objects/value.h"

struct node_head {
	enum map_kind kind;
	uint8_t level;
	uint32_t count;
	size_t len; /* bytes of the head */
};

static bool any_loc(const uint64_t *locs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (locs[i] != LOC_UNKNOWN)
			return true;
	return false;
}

/* One piece of memory: the node, children, locations, hints, offsets (unset yet), bytes. */
static struct node *node_alloc(const struct node_head *head, const void *bytes, size_t len, const uint64_t *child_loc)
{
	size_t child_len = head->level ? head->count * sizeof(struct node *) : 0, loc_len = 0;
	size_t hint_len = head->count * sizeof(uint32_t), offset_len = (head->count + (size_t)1) * sizeof(uint16_t);
	struct node *node;
	unsigned char *rest;

	if (child_loc && any_loc(child_loc, head->count))
		loc_len = head->count * sizeof(*child_loc);
	node = malloc(sizeof(*node) + child_len + loc_len + hint_len + offset_len + len);
	if (!node)
		return NULL;
	rest = (unsigned char *)(node + 1);
	*node = (struct node){
		.kind = head->kind,
		.level = head->level,
		.count = head->count,
		.len = (uint32_t)len,
		.loc = LOC_UNKNOWN,
		.hint = (const uint32_t *)(void *)(rest + child_len + loc_len),
		.offset = (const uint16_t *)(void *)(rest + child_len + loc_len + hint_len),
		.bytes = rest + child_len + loc_len + hint_len + offset_len,
	};
	if (child_len) {
		node->child = (struct node *_Atomic *)(void *)rest;
		memset(rest, 0, child_len);
	}
	if (loc_len) {
		node->child_loc = (uint64_t *)(void *)(rest + child_len);
		memcpy(node->child_loc, child_loc, loc_len);
	}
	memcpy(rest + child_len + loc_len + hint_len + offset_len, bytes, len);
	atomic_init(&node->refs, 1);
	return node;
}

static unsigned char *node_hints(struct node *node)
{
	unsigned char *rest = (unsigned char *)(node + 1);

	if (node->child)
		rest += node->count * sizeof(*node->child);
	if (node->child_loc)
		rest += node->count * sizeof(*node->child_loc);
	return rest;
}

static uint16_t *node_offsets(struct node *node)
{
	return (uint16_t *)(void *)(node_hints(node) + node->count * sizeof(uint32_t));
}

static size_t common_len(const unsigned char *a, size_t a_len, const unsigned char *b, size_t b_len)
{
	size_t n = 0;

	while (n < a_len && n < b_len && a[n] == b[n])
		n++;
	return n;
}

static uint32_t key_hint(const unsigned char *key, size_t key_len, size_t from)
{
	uint32_t hint = 0;
	size_t i;

	for (i = from; i < from + 4; i++)
		hint = hint << 8 | (i < key_len ? key[i] : 0U);
	return hint;
}

/* Once offsets are set: what node_search looks at before it looks at keys. */
static void set_hints(struct node *node)
{
	uint32_t *hint = (uint32_t *)(void *)node_hints(node);
	const unsigned char *first, *last;
	size_t i, first_len, last_len;

	if (!node->count)
		return;
	first = node_key_at(node, 0, &first_len);
	last = node_key_at(node, node->count - 1, &last_len);
	node->prefix_len = (uint32_t)common_len(first, first_len, last, last_len);
	for (i = 0; i < node->count; i++) {
		size_t len;
		const unsigned char *key = node_key_at(node, i, &len);

		hint[i] = key_hint(key, len, node->prefix_len);
	}
}

static int parse_head(const void *bytes, size_t len, struct node_head *head, struct drift_error *err)
{
	struct cursor in;
	uint8_t version, kind, level;
	uint64_t count;

	if (len > NODE_LEN_MAX)
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node has more than %d bytes", NODE_LEN_MAX);
	cursor_init(&in, bytes, len);
	version = cursor_u8(&in);
	kind = cursor_u8(&in);
	level = cursor_u8(&in);
	count = cursor_varint(&in);
	if (!cursor_ok(&in))
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node's head is malformed");
	if (version != NODE_VERSION)
		return error_set(err, DRIFT_ERR_UNSUPPORTED,
				 "a tree node is of version %u, which this drift does not know", version);
	if (kind > MAP_STAGE || level > NODE_LEVEL_MAX)
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node has kind %u, level %u", kind, level);
	/* An entry has two bytes at least; a node without any is the empty tree's. */
	if (count > cursor_left(&in) / 2 || (!count && (level || kind != MAP_ROOT)))
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node states %llu entries", (unsigned long long)count);
	*head = (struct node_head){ .kind = kind,
				    .level = level,
				    .count = (uint32_t)count,
				    .len = (size_t)(in.pos - (const unsigned char *)bytes) };
	return 0;
}

struct check {
	struct cursor in;
	const unsigned char *key; /* of the entry before */
	size_t key_len;
	uint64_t count, bytes; /* sums */
};

static const char *check_inner(struct check *check)
{
	uint64_t count, bytes;

	cursor_bytes(&check->in, OID_LEN);
	count = cursor_varint(&check->in);
	bytes = cursor_varint(&check->in);
	if (!cursor_ok(&check->in) || !count)
		return "is malformed";
	if (__builtin_add_overflow(check->count, count, &check->count) ||
	    __builtin_add_overflow(check->bytes, bytes, &check->bytes))
		return "counts too much";
	return NULL;
}

static int check_entry(const struct node *node, struct check *check, uint32_t i, struct drift_error *err)
{
	size_t key_len = (size_t)cursor_varint(&check->in);
	const unsigned char *key = cursor_bytes(&check->in, key_len);
	const unsigned char *value;
	const char *fault = NULL;
	size_t value_len;

	if (!key || key_len > NODE_KEY_MAX)
		fault = "has a malformed key";
	else if (i && key_compare(check->key, check->key_len, key, key_len) >= 0)
		fault = "is out of order";
	else if (node->level)
		fault = check_inner(check);
	if (fault)
		return error_set(err, DRIFT_ERR_CORRUPT, "entry %u of a tree node %s", i, fault);
	check->key = key;
	check->key_len = key_len;
	if (node->level)
		return 0;
	value_len = (size_t)cursor_varint(&check->in);
	value = cursor_bytes(&check->in, value_len);
	if (!value || value_len > NODE_VALUE_MAX)
		return error_set(err, DRIFT_ERR_CORRUPT, "entry %u of a tree node is malformed", i);
	if (value_check(node->kind, value, value_len, err) < 0)
		return error_prefix(err, DRIFT_OK, "entry %u of a tree node", i);
	return 0;
}

static int check_entries(struct node *node, size_t head_len, struct drift_error *err)
{
	struct check check = { .key = NULL };
	uint16_t *offset = node_offsets(node);
	uint32_t i;

	cursor_init(&check.in, node->bytes + head_len, node->len - head_len);
	for (i = 0; i < node->count; i++) {
		offset[i] = (uint16_t)(check.in.pos - node->bytes);
		if (check_entry(node, &check, i, err) < 0)
			return -1;
	}
	offset[i] = (uint16_t)node->len;
	if (!cursor_done(&check.in))
		return error_set(err, DRIFT_ERR_CORRUPT, "a tree node has bytes left over");
	return 0;
}

static int decode(const void *bytes, size_t len, const uint64_t *child_loc, struct node **node_out,
		  struct drift_error *err)
{
	auto_node *node = NULL;
	struct node_head head;

	if (parse_head(bytes, len, &head, err) < 0)
		return -1;
	node = node_alloc(&head, bytes, len, child_loc);
	if (!node)
		return error_no_memory(err);
	if (check_entries(node, head.len, err) < 0)
		return -1;
	*node_out = node;
	node = NULL;
	return 0;
}

int node_decode_base(const void *bytes, size_t len, const uint64_t *child_loc, struct node **node_out,
		     struct drift_error *err)
{
	return decode(bytes, len, child_loc, node_out, err);
}

static bool skim_entries(struct node *node, uint16_t *offset, size_t head_len)
{
	struct cursor in;
	uint32_t i;

	cursor_init(&in, node->bytes + head_len, node->len - head_len);
	for (i = 0; i < node->count; i++) {
		offset[i] = (uint16_t)(in.pos - node->bytes);
		cursor_bytes(&in, (size_t)cursor_varint(&in));
		if (node->level) {
			cursor_bytes(&in, OID_LEN);
			cursor_varint(&in);
			cursor_varint(&in);
		} else {
			cursor_bytes(&in, (size_t)cursor_varint(&in));
		}
	}
	offset[i] = (uint16_t)node->len;
	return cursor_done(&in);
}

int node_skim(const void *bytes, size_t len, struct node **node_out, struct drift_error *err)
{
	auto_node *node = NULL;
	struct node_head head;
	uint16_t *offset;
	size_t locs_len;

	if (parse_head(bytes, len, &head, err) < 0)
		return -1;
	locs_len = head.count * sizeof(uint64_t);
	node = malloc(sizeof(*node) + locs_len + (head.count + (size_t)1) * sizeof(uint16_t));
	if (!node)
		return error_no_memory(err);
	offset = (uint16_t *)(void *)((unsigned char *)(node + 1) + locs_len);
	*node = (struct node){
		.kind = head.kind,
		.level = head.level,
		.count = head.count,
		.len = (uint32_t)len,
		.loc = LOC_UNKNOWN,
		.bytes = bytes,
		.offset = offset,
		.child_loc = (uint64_t *)(void *)(node + 1),
	};
	atomic_init(&node->refs, 1);
	memset(node->child_loc, 0, locs_len);
	if (!skim_entries(node, offset, head.len))
		return error_set(err, DRIFT_ERR_CORRUPT, "the entries of a tree node are malformed");
	*node_out = node;
	node = NULL;
	return 0;
}

int node_decode(const void *bytes, size_t len, const struct oid *id, const uint64_t *child_loc,
		struct node **node_out, struct drift_error *err)
{
	struct oid found;

	if (len <= NODE_LEN_MAX) {
		object_hash(OBJECT_TREE, bytes, len, &found);
		if (id && !oid_equal(id, &found))
			return error_set(err, DRIFT_ERR_CORRUPT, "a tree node does not match its id");
	}
	if (decode(bytes, len, child_loc, node_out, err) < 0)
		return -1;
	set_hints(*node_out);
	(*node_out)->id = found;
	return 0;
}

int node_with_locs(const struct node *node, const uint64_t *child_loc, struct node **node_out,
		   struct drift_error *err)
{
	struct node_head head = { .kind = node->kind, .level = node->level, .count = node->count };
	struct node *copy = node_alloc(&head, node->bytes, node->len, child_loc);

	if (!copy)
		return error_no_memory(err);
	memcpy(node_offsets(copy), node->offset, (node->count + (size_t)1) * sizeof(uint16_t));
	set_hints(copy);
	copy->id = node->id;
	copy->loc = node->loc;
	copy->depth = node->depth;
	*node_out = copy;
	return 0;
}

int node_from_built(const void *bytes, size_t len, const uint64_t *child_loc, struct node **node_out,
		    struct drift_error *err)
{
	struct node_head head;
	struct node *node;
	const unsigned char *p;
	uint16_t *offset;
	uint32_t i;

	if (parse_head(bytes, len, &head, err) < 0)
		return -1;
	node = node_alloc(&head, bytes, len, child_loc);
	if (!node)
		return error_no_memory(err);
	object_hash(OBJECT_TREE, bytes, len, &node->id);
	offset = node_offsets(node);
	p = node->bytes + head.len;
	for (i = 0; i < head.count; i++) {
		size_t part_len;

		offset[i] = (uint16_t)(p - node->bytes);
		part_len = (size_t)varint_trusted(&p);
		p += part_len;
		if (head.level) {
			p += OID_LEN;
			varint_trusted(&p);
			varint_trusted(&p);
		} else {
			part_len = (size_t)varint_trusted(&p);
			p += part_len;
		}
	}
	offset[i] = (uint16_t)len;
	set_hints(node);
	*node_out = node;
	return 0;
}

struct node *node_ref(struct node *node)
{
	atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
	return node;
}

/* Inner nodes hold references to inner nodes only, so this nests no deeper than the tree is high. */
static void node_free(struct node *node)
{
	size_t i;

	for (i = 0; node->child && i < node->count; i++) {
		struct node *child = atomic_load_explicit(&node->child[i], memory_order_relaxed);

		if (child != NODE_CHILD_FITS)
			node_unref(child);
	}
	free(node);
}

void node_unref(struct node *node)
{
	if (node && atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) == 1)
		node_free(node);
}

void node_cleanup(struct node **node)
{
	node_unref(*node);
}

size_t node_memory(const struct node *node)
{
	size_t memory = sizeof(*node) + (node->count + (size_t)1) * sizeof(uint16_t) + node->len;

	memory += node->count * sizeof(*node->hint);
	if (node->child)
		memory += node->count * sizeof(*node->child);
	if (node->child_loc)
		memory += node->count * sizeof(*node->child_loc);
	return memory;
}

const unsigned char *node_key_at(const struct node *node, size_t i, size_t *len_out)
{
	const unsigned char *p = node->bytes + node->offset[i];

	*len_out = (size_t)varint_trusted(&p);
	return p;
}

void node_entry_at(const struct node *node, size_t i, struct node_entry *entry_out)
{
	struct node_entry entry;
	const unsigned char *p;

	entry.key = node_key_at(node, i, &entry.key_len);
	entry.loc = node->child_loc ? node->child_loc[i] : LOC_UNKNOWN;
	p = entry.key + entry.key_len;
	if (node->level) {
		entry.value = NULL;
		entry.value_len = 0;
		entry.child = p;
		p += OID_LEN;
		entry.count = varint_trusted(&p);
		entry.bytes = varint_trusted(&p);
	} else {
		entry.value_len = (size_t)varint_trusted(&p);
		entry.value = p;
		entry.child = NULL;
		entry.count = 1;
		entry.bytes = value_byte_count(node->kind, p, entry.value_len);
	}
	*entry_out = entry;
}

int key_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
	size_t common = a_len < b_len ? a_len : b_len;
	int order = common ? memcmp(a, b, common) : 0;

	if (order)
		return order;
	return (a_len > b_len) - (a_len < b_len);
}

/* The first of [low, high) whose hint is >= hint (or > hint). */
static size_t search_hints(const uint32_t *hints, size_t low, size_t high, uint32_t hint, bool beyond)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (hints[middle] < hint || (beyond && hints[middle] == hint))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t search_keys(const struct node *node, size_t low, size_t high, const void *key, size_t key_len,
			  bool *equal_out)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2, len;
		const unsigned char *at = node_key_at(node, middle, &len);
		int order = key_compare(at, len, key, key_len);

		if (!order) {
			*equal_out = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

size_t node_search(const struct node *node, const void *key, size_t key_len, bool *equal_out)
{
	size_t prefix_len = node->prefix_len, low, high, len;
	const unsigned char *first;
	uint32_t hint;
	int order;

	*equal_out = false;
	if (!node->count)
		return 0;
	if (prefix_len) {
		first = node_key_at(node, 0, &len);
		order = key_compare(first, prefix_len, key, key_len < prefix_len ? key_len : prefix_len);
		if (order)
			return order < 0 ? node->count : 0;
	}
	hint = key_hint(key, key_len, prefix_len);
	low = search_hints(node->hint, 0, node->count, hint, false);
	high = low < node->count && node->hint[low] == hint ? search_hints(node->hint, low, node->count, hint, true) : low;
	return search_keys(node, low, high, key, key_len, equal_out);
}
