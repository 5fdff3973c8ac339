/* Sorting places in blocks: by rank first, digit by digit, then those of one rank by their keys. */
#include <string.h>

#include "repo/import_internal.h"

#define DIGIT_BITS 8
#define DIGIT_VALUES (1 << DIGIT_BITS)
#define DIGIT_COUNT (64 / DIGIT_BITS)

/* How far ahead what is used next is asked for; entries say where keys and documents are, so they must be there before. */
#define ENTRY_DISTANCE 16
#define RECORD_DISTANCE 8
#define CACHE_LINE_LEN 64
#define EXPECTED_LINES 4

static int compare_items(const struct import_item *a, const struct import_item *b)
{
	struct import_record x, y;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	import_block_record(a->block, a->index, &x);
	import_block_record(b->block, b->index, &y);
	return import_record_compare(&x, &y);
}

/* Where the ascending stretch that begins at `at` ends. */
static size_t stretch_end(const struct import_item *items, size_t at, size_t count)
{
	for (at++; at < count && compare_items(&items[at - 1], &items[at]) < 0; at++)
		;
	return at;
}

/* Merge two neighbours to out; returns the length. */
static size_t merge_two(const struct import_item *a, size_t a_count, const struct import_item *b, size_t b_count,
			struct import_item *out)
{
	struct import_item *to = out;
	const struct import_item *a_end = a + a_count, *b_end = b + b_count;

	while (a < a_end && b < b_end) {
		int order = compare_items(a, b);

		if (!order)
			a++;
		else
			*to++ = order < 0 ? *a++ : *b++;
	}
	for (; a < a_end; a++)
		*to++ = *a;
	for (; b < b_end; b++)
		*to++ = *b;
	return (size_t)(to - out);
}

/* A natural merge sort. */
static size_t sort_by_key(struct import_item **items, struct import_item **spare, size_t count)
{
	while (stretch_end(*items, 0, count) < count) {
		struct import_item *from = *items, *to = *spare;
		size_t at = 0, made = 0;

		while (at < count) {
			size_t middle = stretch_end(from, at, count);
			size_t end = middle < count ? stretch_end(from, middle, count) : count;

			made += merge_two(from + at, middle - at, from + middle, end - middle, to + made);
			at = end;
		}
		*items = to;
		*spare = from;
		count = made;
	}
	return count;
}

static unsigned digit_of(uint64_t rank, unsigned digit)
{
	return rank >> digit * DIGIT_BITS & (DIGIT_VALUES - 1);
}

/* A stable radix sort, from the least digit up; digits that are the same in all ranks are passed over. */
static void sort_by_rank(struct import_item **items, struct import_item **spare, size_t count)
{
	size_t counts[DIGIT_COUNT][DIGIT_VALUES] = { { 0 } };
	unsigned d, v;
	size_t i;

	for (i = 0; i < count; i++)
		for (d = 0; d < DIGIT_COUNT; d++)
			counts[d][digit_of((*items)[i].rank, d)]++;
	for (d = 0; d < DIGIT_COUNT; d++) {
		struct import_item *from = *items, *to = *spare;
		size_t *place = counts[d], start = 0;

		if (place[digit_of(from[0].rank, d)] == count)
			continue;
		for (v = 0; v < DIGIT_VALUES; v++) {
			size_t here = place[v];

			place[v] = start;
			start += here;
		}
		for (i = 0; i < count; i++)
			to[place[digit_of(from[i].rank, d)]++] = from[i];
		*items = to;
		*spare = from;
	}
}

size_t import_items_sort(struct import_item **items, struct import_item **spare, size_t count)
{
	size_t at, end, kept = 0;

	if (count < 2 || stretch_end(*items, 0, count) == count)
		return count;
	sort_by_rank(items, spare, count);
	for (at = 0; at < count; at = end) {
		struct import_item *same = *items + at, *other = *spare + at;
		size_t n;

		for (end = at + 1; end < count && (*items)[end].rank == same->rank; end++)
			;
		n = sort_by_key(&same, &other, end - at);
		memmove(*items + kept, same, n * sizeof(*same));
		kept += n;
	}
	return kept;
}

void import_items_expect(const struct import_item *items, size_t count)
{
	size_t i;

	if (count > ENTRY_DISTANCE)
		__builtin_prefetch(&items[ENTRY_DISTANCE].block->entries[items[ENTRY_DISTANCE].index]);
	if (count > RECORD_DISTANCE) {
		const struct import_item *item = &items[RECORD_DISTANCE];
		const struct import_entry *e = &item->block->entries[item->index];
		const char *data = item->block->data.data + e->data_at;

		__builtin_prefetch(item->block->keys.data + e->key_at);
		for (i = 0; i < EXPECTED_LINES; i++)
			if (i * CACHE_LINE_LEN < e->data_len)
				__builtin_prefetch(data + i * CACHE_LINE_LEN);
	}
}
