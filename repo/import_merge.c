/* Runs are merged by a heap. A record in a run is its head, key and data. Nobody else reads them, so the head is as it is in memory. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/heap.h"
#include "repo/import_internal.h"

#define RUNS_MAX 8192
/* All runs share so much memory, each has at least ... */
#define READ_LEN_ALL ((size_t)32 << 20)
#define READ_LEN_MIN ((size_t)4 << 10)
#define READ_LEN_MAX ((size_t)256 << 10)

struct run_head {
	uint64_t rank;
	uint32_t data_len, mode;
	uint16_t key_len, collection_len;
	uint32_t gitlink;
};

struct run {
	unsigned order; /* later ones are greater */
	int fd;
	uint64_t pos, end; /* of what is not read yet */
	size_t read_len;
	char *bytes;
	size_t at, len, capacity;        /* what was read but not used: bytes[at..len) */
	const struct import_item *items; /* instead, a run in memory */
	size_t item_count;
	struct import_record record;
};

struct import_merge {
	int fd;
	struct run *runs;
	size_t count, capacity;
	struct heap heap;
	struct run *last; /* what was given out, to be moved on */
};

_Static_assert(2 * PATH_LEN_MAX <= UINT16_MAX, "the length of a key fits into the head of a record");

void import_run_append(struct buf *out, const struct import_record *r)
{
	const struct run_head head = { .rank = r->rank,
				       .data_len = (uint32_t)r->data_len,
				       .mode = r->mode,
				       .key_len = (uint16_t)r->key_len,
				       .collection_len = (uint16_t)r->collection_len,
				       .gitlink = r->gitlink };

	buf_add(out, &head, sizeof(head));
	buf_add(out, r->key, r->key_len);
	buf_add(out, r->data, r->data_len);
}

static bool run_before(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	int order = import_record_compare(&x->record, &y->record);

	return order ? order < 0 : x->order > y->order;
}

int import_merge_new(int fd, struct import_merge **out, struct drift_error *err)
{
	struct import_merge *m = mem_calloc(1, sizeof(*m));

	if (!m)
		return error_no_memory(err);
	m->fd = fd;
	heap_init(&m->heap, run_before);
	*out = m;
	return 0;
}

void import_merge_free(struct import_merge *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->count; i++)
		free(m->runs[i].bytes);
	free(m->runs);
	heap_release(&m->heap);
	free(m);
}

static struct run *add_run(struct import_merge *m, struct drift_error *err)
{
	struct run *r;

	if (m->count > RUNS_MAX) {
		error_set(err, DRIFT_ERR_LIMIT, "the input is too long to be sorted here: sort it by key before");
		return NULL;
	}
	if (mem_grow(&m->runs, &m->capacity, m->count + 1, sizeof(*m->runs))) {
		error_no_memory(err);
		return NULL;
	}
	r = &m->runs[m->count];
	memset(r, 0, sizeof(*r));
	r->order = (unsigned)m->count++;
	r->fd = m->fd;
	return r;
}

int import_merge_add_run(struct import_merge *m, uint64_t start, uint64_t end, struct drift_error *err)
{
	struct run *r = add_run(m, err);

	if (!r)
		return -1;
	r->pos = start;
	r->end = end;
	return 0;
}

int import_merge_add_items(struct import_merge *m, const struct import_item *items, size_t count,
			   struct drift_error *err)
{
	struct run *r = count ? add_run(m, err) : NULL;

	if (!r)
		return count ? -1 : 0;
	r->items = items;
	r->item_count = count;
	return 0;
}

/* Have `need` bytes at hand: 0 where the run ends before that, or on failure. */
static int have(struct run *r, size_t need, struct drift_error *err)
{
	size_t held = r->len - r->at, room;

	if (held >= need)
		return 1;
	if (need - held > r->end - r->pos)
		return 0;
	if (r->at)
		memmove(r->bytes, r->bytes + r->at, held);
	r->at = 0;
	r->len = held;
	if (need > r->capacity || !r->capacity) {
		size_t capacity = need > r->read_len ? need : r->read_len;
		char *grown = realloc(r->bytes, capacity);

		if (!grown)
			return error_no_memory(err);
		r->bytes = grown;
		r->capacity = capacity;
	}
	room = r->capacity - held;
	if (room > r->end - r->pos)
		room = (size_t)(r->end - r->pos);
	if (file_read_at(r->fd, r->bytes + held, room, r->pos, err))
		return -1;
	r->pos += room;
	r->len += room;
	return 1;
}

static int damaged(struct drift_error *err)
{
	return error_set(err, DRIFT_ERR_IO, "what was put aside for sorting is not what was written");
}

static int next_of_file(struct run *r, struct drift_error *err)
{
	struct run_head head;
	size_t body_len;
	int got;

	if (r->at == r->len && r->pos == r->end)
		return 0;
	got = have(r, sizeof(head), err);
	if (got <= 0)
		return got < 0 ? -1 : damaged(err);
	memcpy(&head, r->bytes + r->at, sizeof(head));
	if (head.collection_len >= head.key_len || head.data_len > DOCUMENT_LEN_MAX)
		return damaged(err);
	r->at += sizeof(head);
	body_len = head.key_len + (size_t)head.data_len;
	got = have(r, body_len, err);
	if (got <= 0)
		return got < 0 ? -1 : damaged(err);
	r->record = (struct import_record){ .rank = head.rank,
					    .key = r->bytes + r->at,
					    .key_len = head.key_len,
					    .collection_len = head.collection_len,
					    .data = r->bytes + r->at + head.key_len,
					    .data_len = head.data_len,
					    .mode = head.mode,
					    .gitlink = head.gitlink };
	r->at += body_len;
	return 1;
}

/* Move on to the next record: 1 / 0 the run has ended / -1 */
static int advance(struct run *r, struct drift_error *err)
{
	if (!r->items)
		return next_of_file(r, err);
	if (!r->item_count)
		return 0;
	import_items_expect(r->items, r->item_count);
	import_block_record(r->items->block, r->items->index, &r->record);
	r->items++;
	r->item_count--;
	return 1;
}

static int advance_and_push(struct import_merge *m, struct run *r, struct drift_error *err)
{
	int got = advance(r, err);

	return got < 0 ? -1 : got ? heap_push(&m->heap, r, err) : 0;
}

int import_merge_start(struct import_merge *m, struct drift_error *err)
{
	size_t i, len = READ_LEN_ALL / (m->count ? m->count : 1);

	if (len > READ_LEN_MAX)
		len = READ_LEN_MAX;
	for (i = 0; i < m->count; i++) {
		m->runs[i].read_len = len < READ_LEN_MIN ? READ_LEN_MIN : len;
		if (advance_and_push(m, &m->runs[i], err))
			return -1;
	}
	return 0;
}

int import_merge_next(struct import_merge *m, struct import_record *out, struct drift_error *err)
{
	struct run *top, *other;

	if (m->last && advance_and_push(m, m->last, err))
		return -1;
	m->last = NULL;
	top = heap_pop(&m->heap);
	if (!top)
		return 0;
	while ((other = heap_top(&m->heap)) && !import_record_compare(&top->record, &other->record)) {
		(void)heap_pop(&m->heap);
		if (advance_and_push(m, other, err))
			return -1;
	}
	m->last = top;
	*out = top->record;
	return 1;
}
