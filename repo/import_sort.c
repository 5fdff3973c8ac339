/*
 * What is out of order is held until the memory for it is used up, then sorted and put aside as a run in an unlinked file. A run that
 * goes on where the one before it ended becomes a part of it, so that ascending stretches make few runs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "repo/import_internal.h"

#define WRITE_LEN ((size_t)1 << 20)

struct import_sorter {
	struct import_reader *reader;
	const char *temp_dir;
	size_t sort_len;
	struct import_block *blocks, **last;
	size_t held_len, held_count; /* bytes, documents */
	struct import_item *items, *spare;
	size_t item_count, item_capacity; /* items are sorted if there are any */
	int fd;                           /* -1: nothing was put aside */
	uint64_t end;                     /* of the file */
	uint64_t run_start;               /* of the run that may still grow */
	struct buf last_key;              /* of it */
	struct buf out;
	struct import_merge *merge;
};

int import_sorter_new(const struct import_options *options, struct import_reader *reader, const char *temp_dir,
		      struct import_sorter **out, struct drift_error *err)
{
	struct import_sorter *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	s->reader = reader;
	s->temp_dir = temp_dir;
	s->sort_len = options->sort_len ? options->sort_len : IMPORT_SORT_LEN;
	s->last = &s->blocks;
	s->fd = -1;
	buf_init(&s->last_key);
	buf_init(&s->out);
	*out = s;
	return 0;
}

static void drop_blocks(struct import_sorter *s)
{
	while (s->blocks) {
		struct import_block *next = s->blocks->next;

		import_reader_give(s->reader, s->blocks);
		s->blocks = next;
	}
	s->last = &s->blocks;
	s->held_len = s->held_count = s->item_count = 0;
}

void import_sorter_free(struct import_sorter *s)
{
	if (!s)
		return;
	drop_blocks(s);
	import_merge_free(s->merge);
	mem_cleanup_close(&s->fd);
	free(s->items);
	free(s->spare);
	buf_release(&s->last_key);
	buf_release(&s->out);
	free(s);
}

static int sort_held(struct import_sorter *s, struct drift_error *err)
{
	const struct import_block *b;
	size_t i, count = 0;

	if (s->item_capacity < s->held_count) {
		free(s->items);
		free(s->spare);
		s->item_capacity = 0;
		s->items = mem_alloc_array(s->held_count, sizeof(*s->items));
		s->spare = mem_alloc_array(s->held_count, sizeof(*s->spare));
		if (!s->items || !s->spare)
			return error_no_memory(err);
		s->item_capacity = s->held_count;
	}
	for (b = s->blocks; b; b = b->next)
		for (i = 0; i < b->count; i++)
			s->items[count++] = (struct import_item){ b->entries[i].rank, b, i };
	s->item_count = import_items_sort(&s->items, &s->spare, count);
	return 0;
}

static int open_file(struct import_sorter *s, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT, path = BUF_INIT;

	file_join(&prefix, s->temp_dir, "drift-sort-");
	if (buf_check(&prefix, err) || file_create_temp(prefix.data, &path, &s->fd, err) || file_unlink(path.data, err))
		return error_prefix(err, DRIFT_OK, "what is out of order cannot be put aside");
	return import_merge_new(s->fd, &s->merge, err);
}

static int flush(struct import_sorter *s, struct drift_error *err)
{
	if (buf_check(&s->out, err) || file_write_at(s->fd, s->out.data, s->out.len, s->end, err))
		return -1;
	s->end += s->out.len;
	buf_clear(&s->out);
	return 0;
}

/* A run that begins before the last one ended is another one. */
static int begin_run(struct import_sorter *s, struct drift_error *err)
{
	const struct import_item *first = &s->items[0];
	struct import_record r;

	import_block_record(first->block, first->index, &r);
	if (s->end == s->run_start || key_compare(s->last_key.data, s->last_key.len, r.key, r.key_len) < 0)
		return 0;
	if (import_merge_add_run(s->merge, s->run_start, s->end, err))
		return -1;
	s->run_start = s->end;
	return 0;
}

static int put_aside(struct import_sorter *s, struct drift_error *err)
{
	struct import_record r = { .key = NULL };
	size_t i;

	if (!s->held_count)
		return 0;
	if (sort_held(s, err) || (s->fd < 0 && open_file(s, err)) || begin_run(s, err))
		return -1;
	for (i = 0; i < s->item_count; i++) {
		import_items_expect(s->items + i, s->item_count - i);
		import_block_record(s->items[i].block, s->items[i].index, &r);
		import_run_append(&s->out, &r);
		if (s->out.len >= WRITE_LEN && flush(s, err))
			return -1;
	}
	buf_clear(&s->last_key);
	buf_add(&s->last_key, r.key, r.key_len);
	if (flush(s, err) || buf_check(&s->last_key, err))
		return -1;
	drop_blocks(s);
	return 0;
}

int import_sorter_add(struct import_sorter *s, struct import_block *block, struct drift_error *err)
{
	size_t len = import_block_size(block) + block->count * 2 * sizeof(struct import_item);

	if (s->held_count && s->held_len + len > s->sort_len && put_aside(s, err)) {
		import_reader_give(s->reader, block);
		return -1;
	}
	block->next = NULL;
	*s->last = block;
	s->last = &block->next;
	s->held_len += len;
	s->held_count += block->count;
	return 0;
}

int import_sorter_finish(struct import_sorter *s, struct drift_error *err)
{
	if (s->fd < 0 && import_merge_new(-1, &s->merge, err))
		return -1;
	if (s->end > s->run_start && import_merge_add_run(s->merge, s->run_start, s->end, err))
		return -1;
	buf_release(&s->out);
	if (s->held_count && sort_held(s, err))
		return -1;
	if (import_merge_add_items(s->merge, s->items, s->item_count, err))
		return -1;
	return import_merge_start(s->merge, err);
}

int import_sorter_next(struct import_sorter *s, struct import_record *out, struct drift_error *err)
{
	return import_merge_next(s->merge, out, err);
}
