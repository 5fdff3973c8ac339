#include "base/extsort.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define MEMORY_MIN ((size_t)256 << 10)
#define ITEMS_FIRST 1024
#define RUNS_MAX 256 /* then they are merged to one, so that each keeps a decent buffer */
#define INSERTION_MAX 16

/* A sorted stretch of the file, read through a window of it. */
struct run {
	uint64_t at, end; /* offsets of what is still to be read */
	unsigned char *window;
	size_t have, used;
};

struct extsort {
	char *dir;
	size_t item_len, item_max; /* items that memory holds */
	unsigned char *items;
	size_t count, capacity, given;
	unsigned char *window_memory;
	int fd;
	uint64_t file_len;
	uint64_t run_end[RUNS_MAX]; /* each begins where the one before ends */
	size_t run_count;
	struct run runs[RUNS_MAX];
	size_t heap[RUNS_MAX]; /* runs by their first item */
	size_t heap_count;
	bool head_used; /* the first of the heap was given out */
	bool adding;
	uint32_t seed;
};

int extsort_new(const char *dir, size_t item_len, size_t memory_len, struct extsort **out, struct drift_error *err)
{
	struct extsort *s = mem_calloc(1, sizeof(*s));

	assert(item_len && item_len <= EXTSORT_ITEM_MAX);
	if (!s)
		return error_no_memory(err);
	s->dir = mem_dup_str(dir, strlen(dir));
	if (!s->dir) {
		free(s);
		return error_no_memory(err);
	}
	s->item_len = item_len;
	s->item_max = (memory_len < MEMORY_MIN ? MEMORY_MIN : memory_len) / item_len;
	s->fd = -1;
	s->adding = true;
	s->seed = 2463534242U;
	*out = s;
	return 0;
}

/* Nothing in a file without a name is worth an error. */
static void close_file(int *fd)
{
	if (*fd >= 0)
		(void)!file_close(*fd, NULL);
	*fd = -1;
}

void extsort_free(struct extsort *s)
{
	if (!s)
		return;
	close_file(&s->fd);
	free(s->window_memory);
	free(s->items);
	free(s->dir);
	free(s);
}

static uint32_t random_next(struct extsort *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 17;
	s->seed ^= s->seed << 5;
	return s->seed;
}

static void swap(unsigned char *a, unsigned char *b, size_t len)
{
	unsigned char kept[EXTSORT_ITEM_MAX];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

static void insertion_sort(unsigned char *items, size_t count, size_t len)
{
	unsigned char kept[EXTSORT_ITEM_MAX];
	size_t i, k;

	for (i = 1; i < count; i++) {
		for (k = i; k && memcmp(items + (k - 1) * len, items + i * len, len) > 0; k--)
			;
		if (k == i)
			continue;
		memcpy(kept, items + i * len, len);
		memmove(items + (k + 1) * len, items + k * len, (i - k) * len);
		memcpy(items + k * len, kept, len);
	}
}

/*
 * In place, for the C library's would take as much memory again; the pivot is random, so that no input is a bad one;
 * the smaller side first, so that the stack stays small.
 */
static void sort_items(struct extsort *s, unsigned char *items, size_t count)
{
	size_t len = s->item_len;

	while (count > INSERTION_MAX) {
		unsigned char pivot[EXTSORT_ITEM_MAX];
		size_t less = 0, i = 0, more = count;

		memcpy(pivot, items + random_next(s) % count * len, len);
		while (i < more) {
			int order = memcmp(items + i * len, pivot, len);

			if (order < 0) {
				if (less != i)
					swap(items + less * len, items + i * len, len);
				less++, i++;
			} else if (order > 0) {
				swap(items + i * len, items + --more * len, len);
			} else {
				i++;
			}
		}
		if (less < count - more) {
			sort_items(s, items, less);
			items += more * len;
			count -= more;
		} else {
			sort_items(s, items + more * len, count - more);
			count = less;
		}
	}
	insertion_sort(items, count, len);
}

static int make_file(const struct extsort *s, int *fd_out, struct drift_error *err)
{
	auto_buf prefix = BUF_INIT, path = BUF_INIT;
	int fd;

	file_join(&prefix, s->dir, "tmp-sort-");
	if (buf_check(&prefix, err) < 0 || file_create_temp(prefix.data, &path, &fd, err) < 0)
		return -1;
	if (file_unlink(path.data, err) < 0) {
		close_file(&fd);
		return -1;
	}
	*fd_out = fd;
	return 0;
}

/* Windows of equal size in one piece of memory, which takes the place of the items'. */
static int open_runs(struct extsort *s, struct drift_error *err)
{
	size_t len = s->item_max / (s->run_count + 1) * s->item_len, i;

	free(s->items);
	s->items = NULL;
	s->capacity = 0;
	free(s->window_memory);
	s->window_memory = mem_alloc_array(s->run_count + 1, len);
	if (!s->window_memory)
		return error_no_memory(err);
	for (i = 0; i < s->run_count; i++)
		s->runs[i] = (struct run){ .at = i ? s->run_end[i - 1] : 0, .end = s->run_end[i],
					   .window = s->window_memory + i * len };
	s->heap_count = 0;
	s->head_used = false;
	return 0;
}

/* The first item of what is left of a run: 1 / 0 / -1. */
static int fill(struct extsort *s, struct run *run, struct drift_error *err)
{
	size_t len = s->item_max / (s->run_count + 1) * s->item_len;

	if (run->used < run->have)
		return 1;
	if (run->at == run->end)
		return 0;
	if (len > run->end - run->at)
		len = (size_t)(run->end - run->at);
	if (file_read_at(s->fd, run->window, len, run->at, err) < 0)
		return -1;
	run->at += len;
	run->have = len;
	run->used = 0;
	return 1;
}

static const unsigned char *first_of(const struct extsort *s, size_t place)
{
	const struct run *run = &s->runs[s->heap[place]];

	return run->window + run->used;
}

static void sift_down(struct extsort *s, size_t place)
{
	for (;;) {
		size_t least = place, child, kept;

		for (child = 2 * place + 1; child <= 2 * place + 2 && child < s->heap_count; child++)
			if (memcmp(first_of(s, child), first_of(s, least), s->item_len) < 0)
				least = child;
		if (least == place)
			return;
		kept = s->heap[place];
		s->heap[place] = s->heap[least];
		s->heap[least] = kept;
		place = least;
	}
}

static int start_merge(struct extsort *s, struct drift_error *err)
{
	size_t i;

	if (open_runs(s, err) < 0)
		return -1;
	for (i = 0; i < s->run_count; i++) {
		int r = fill(s, &s->runs[i], err);

		if (r < 0)
			return -1;
		if (r)
			s->heap[s->heap_count++] = i;
	}
	for (i = s->heap_count; i--;)
		sift_down(s, i);
	return 0;
}

/* What was given out last is left behind only now, for its window may be read anew. */
static int merge_next(struct extsort *s, const void **item_out, struct drift_error *err)
{
	if (s->head_used) {
		struct run *run = &s->runs[s->heap[0]];
		int r;

		run->used += s->item_len;
		r = fill(s, run, err);
		if (r < 0)
			return -1;
		if (!r)
			s->heap[0] = s->heap[--s->heap_count];
		sift_down(s, 0);
		s->head_used = false;
	}
	if (!s->heap_count)
		return 0;
	*item_out = first_of(s, 0);
	s->head_used = true;
	return 1;
}

/* To a new file; the spare window gathers what is written. */
static int merge_to(struct extsort *s, int fd, struct drift_error *err)
{
	size_t window = s->item_max / (s->run_count + 1) * s->item_len, have = 0;
	unsigned char *out = s->window_memory + s->run_count * window;
	const void *item;
	uint64_t at = 0;
	int r;

	while ((r = merge_next(s, &item, err)) > 0) {
		memcpy(out + have, item, s->item_len);
		have += s->item_len;
		if (have < window)
			continue;
		if (file_write_at(fd, out, have, at, err) < 0)
			return -1;
		at += have;
		have = 0;
	}
	if (r < 0 || (have && file_write_at(fd, out, have, at, err) < 0))
		return -1;
	return 0;
}

static int merge_runs(struct extsort *s, struct drift_error *err)
{
	int fd;

	if (make_file(s, &fd, err) < 0)
		return -1;
	if (start_merge(s, err) < 0 || merge_to(s, fd, err) < 0) {
		close_file(&fd);
		return -1;
	}
	close_file(&s->fd);
	s->fd = fd;
	s->run_count = 1;
	s->run_end[0] = s->file_len;
	free(s->window_memory);
	s->window_memory = NULL;
	return 0;
}

static int spill(struct extsort *s, struct drift_error *err)
{
	size_t len = s->count * s->item_len;

	if (s->fd < 0 && make_file(s, &s->fd, err) < 0)
		return -1;
	sort_items(s, s->items, s->count);
	if (file_write_at(s->fd, s->items, len, s->file_len, err) < 0)
		return -1;
	s->file_len += len;
	s->run_end[s->run_count++] = s->file_len;
	s->count = 0;
	return s->run_count < RUNS_MAX ? 0 : merge_runs(s, err);
}

static int make_room(struct extsort *s, struct drift_error *err)
{
	size_t capacity = s->capacity ? s->capacity * 2 : ITEMS_FIRST;
	unsigned char *items;

	if (s->count == s->item_max && spill(s, err) < 0)
		return -1;
	if (s->count < s->capacity)
		return 0;
	if (capacity > s->item_max)
		capacity = s->item_max;
	items = realloc(s->items, capacity * s->item_len);
	if (!items)
		return error_no_memory(err);
	s->items = items;
	s->capacity = capacity;
	return 0;
}

int extsort_add(struct extsort *s, const void *item, struct drift_error *err)
{
	assert(s->adding);
	if (s->count == s->capacity && make_room(s, err) < 0)
		return -1;
	memcpy(s->items + s->count++ * s->item_len, item, s->item_len);
	return 0;
}

int extsort_rewind(struct extsort *s, struct drift_error *err)
{
	s->given = 0;
	if (s->adding) {
		if (s->run_count && s->count && spill(s, err) < 0)
			return -1;
		if (!s->run_count)
			sort_items(s, s->items, s->count);
		s->adding = false;
	}
	return s->run_count ? start_merge(s, err) : 0;
}

int extsort_next(struct extsort *s, const void **item_out, struct drift_error *err)
{
	assert(!s->adding);
	if (s->run_count)
		return merge_next(s, item_out, err);
	if (s->given == s->count)
		return 0;
	*item_out = s->items + s->given++ * s->item_len;
	return 1;
}
