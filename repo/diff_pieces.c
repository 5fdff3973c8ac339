#include "repo/diff_pieces.h"

#include <stdlib.h>

#include "base/mem.h"

#define PIECE_COUNT_MAX 4096
#define PIECE_LEN_MAX ((size_t)4 << 20)

/* While a piece grows its bytes may move, so only where they stand is kept. */
struct held {
	size_t path_at, data_at;
	struct document document;
};

struct collector {
	const struct diff_pieces *pieces;
	struct tree_change *changes;
	struct held *held;
	size_t count;
	struct buf memory;
};

static int flush(struct collector *c, struct drift_error *err)
{
	size_t i;
	int r;

	if (buf_check(&c->memory, err))
		return -1;
	for (i = 0; i < c->count; i++) {
		struct tree_change *change = &c->changes[i];

		change->path.collection = c->memory.data + c->held[i].path_at;
		change->path.key = change->path.collection + change->path.collection_len;
		c->held[i].document.data = (const unsigned char *)c->memory.data + c->held[i].data_at;
	}
	r = c->count ? c->pieces->take(c->pieces->data, c->changes, c->count, err) : 0;
	c->count = 0;
	buf_clear(&c->memory);
	return r;
}

static int add(void *data, const struct path *path, const struct document *a, const struct document *b,
	       struct drift_error *err)
{
	struct collector *c = data;
	struct tree_change *change;
	struct held *held;

	(void)a;
	if ((c->count == PIECE_COUNT_MAX || c->memory.len > PIECE_LEN_MAX) && flush(c, err))
		return -1;
	change = &c->changes[c->count];
	held = &c->held[c->count++];
	change->path = *path;
	change->document = b ? &held->document : NULL;
	change->collection = NULL;
	held->path_at = c->memory.len;
	buf_add(&c->memory, path->collection, path->collection_len);
	buf_add(&c->memory, path->key, path->key_len);
	held->data_at = c->memory.len;
	if (!b)
		return 0;
	held->document = *b;
	if (b->form != DOCUMENT_BLOB)
		buf_add(&c->memory, b->data, (size_t)b->len);
	return 0;
}

int diff_in_pieces(struct node_store *store, const struct tree_root *a, const struct tree_root *b,
		   const struct diff_pieces *pieces, struct drift_error *err)
{
	struct collector c = { .pieces = pieces, .memory = BUF_INIT };
	struct tree_diff_options options = {
		.prefix = pieces->prefix, .prefix_len = pieces->prefix_len, .each = add, .data = &c
	};
	int r = -1;

	c.changes = mem_calloc(PIECE_COUNT_MAX, sizeof(*c.changes));
	c.held = mem_calloc(PIECE_COUNT_MAX, sizeof(*c.held));
	if (!c.changes || !c.held)
		error_no_memory(err);
	else if (!tree_diff(store, a, b, &options, err))
		r = flush(&c, err);
	free(c.changes);
	free(c.held);
	buf_release(&c.memory);
	return r;
}
