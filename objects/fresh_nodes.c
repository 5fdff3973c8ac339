#include "objects/fresh_nodes.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"

/* What a place holds: a head of two words, the locations of the children, the bytes of the node, padded. */
#define HEAD_WORDS 2

struct fresh_head {
	uint16_t len, loc_count;
	uint8_t depth, unused[3];
	uint32_t check, unused_too;
};

struct copy {
	struct fresh_head head;
	uint64_t body[FRESH_WORDS - HEAD_WORDS];
};

_Static_assert(sizeof(struct fresh_head) == HEAD_WORDS * sizeof(uint64_t), "a head fills its words");
_Static_assert(sizeof(struct copy) == FRESH_WORDS * sizeof(uint64_t), "a copy fills a place");

static size_t body_words(const struct fresh_head *head)
{
	return head->loc_count + ((size_t)head->len + 7) / 8;
}

/* Of what the id does not cover. */
static uint32_t checksum(const struct copy *copy, uint64_t loc)
{
	struct fresh_head head = copy->head;

	head.check = 0;
	return crc32c(crc32c(crc32c(0, &loc, sizeof(loc)), &head, sizeof(head)), copy->body,
		      head.loc_count * sizeof(uint64_t));
}

void fresh_nodes_put(struct fresh_nodes *fresh, uint32_t turn, const struct node *node)
{
	size_t place = turn % FRESH_NODE_COUNT, loc_count = node->child_loc ? node->count : 0, words, i;
	uint64_t head[HEAD_WORDS];
	struct copy copy;

	if (node->len > UINT16_MAX || loc_count + (node->len + (size_t)7) / 8 > FRESH_WORDS - HEAD_WORDS)
		return;
	copy.head = (struct fresh_head){ .len = (uint16_t)node->len, .loc_count = (uint16_t)loc_count, .depth = node->depth };
	words = body_words(&copy.head);
	copy.body[words - 1] = 0;
	if (loc_count)
		memcpy(copy.body, node->child_loc, loc_count * sizeof(uint64_t));
	memcpy(copy.body + loc_count, node->bytes, node->len);
	copy.head.check = checksum(&copy, node->loc);
	memcpy(head, &copy.head, sizeof(head));
	atomic_store_explicit(&fresh->loc[place], LOC_UNKNOWN, memory_order_relaxed);
	/* Each behind the store before: who sees any of these sees that the place was emptied. */
	for (i = 0; i < HEAD_WORDS; i++)
		atomic_store_explicit(&fresh->word[place][i], head[i], memory_order_release);
	for (i = 0; i < words; i++)
		atomic_store_explicit(&fresh->word[place][HEAD_WORDS + i], copy.body[i], memory_order_release);
	atomic_store_explicit(&fresh->loc[place], node->loc, memory_order_release);
}

static void copy_words(_Atomic uint64_t *from, uint64_t *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = atomic_load_explicit(&from[i], memory_order_acquire);
}

/* A copy that was not written over meanwhile. */
static bool copy_out(struct fresh_nodes *fresh, size_t place, uint64_t loc, struct copy *copy)
{
	uint64_t head[HEAD_WORDS];

	copy_words(fresh->word[place], head, HEAD_WORDS);
	memcpy(&copy->head, head, sizeof(head));
	if (!copy->head.len || body_words(&copy->head) > FRESH_WORDS - HEAD_WORDS)
		return false;
	copy_words(fresh->word[place] + HEAD_WORDS, copy->body, body_words(&copy->head));
	return atomic_load_explicit(&fresh->loc[place], memory_order_relaxed) == loc &&
	       checksum(copy, loc) == copy->head.check;
}

bool fresh_nodes_get(struct fresh_nodes *fresh, uint64_t loc, const struct oid *id, struct node **node_out)
{
	auto_node *bare = NULL;
	struct node *node;
	struct copy copy;
	size_t i;

	for (i = 0; i < FRESH_NODE_COUNT; i++)
		if (atomic_load_explicit(&fresh->loc[i], memory_order_acquire) == loc)
			break;
	if (i == FRESH_NODE_COUNT || !copy_out(fresh, i, loc, &copy) ||
	    node_decode(copy.body + copy.head.loc_count, copy.head.len, id, NULL, &bare, NULL))
		return false;
	if (!copy.head.loc_count)
		node = take_ptr(bare);
	else if (copy.head.loc_count != bare->count || node_with_locs(bare, copy.body, &node, NULL))
		return false;
	node->loc = loc;
	node->depth = copy.head.depth;
	*node_out = node;
	return true;
}
