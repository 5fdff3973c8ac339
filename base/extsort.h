/*
 * External merge sort of items of one size in order of memcmp, in bounded memory: what does not fit goes to a
 * temporary file that has no name any more. For use by one thread.
 */
#ifndef BASE_EXTSORT_H
#define BASE_EXTSORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

#define EXTSORT_ITEM_MAX 256

struct extsort;

/* dir: where temporary files go; memory_len: bytes of items held at once, 256 KiB at least. */
int extsort_new(const char *dir, size_t item_len, size_t memory_len, struct extsort **out,
		struct drift_error *err) MUST_CHECK;
/* NULL-safe. */
void extsort_free(struct extsort *sort);
int extsort_add(struct extsort *sort, const void *item, struct drift_error *err) MUST_CHECK;
/* After the last: may be called again to begin from the first one anew. */
int extsort_rewind(struct extsort *sort, struct drift_error *err) MUST_CHECK;
/* The next in order, valid until the next call: 1 / 0 / -1. Equal items come as often as they were added. */
int extsort_next(struct extsort *sort, const void **item_out, struct drift_error *err) MUST_CHECK;

/* Numbers in items, in eight bytes that sort as they do: most significant first. */
static inline void extsort_put_number(unsigned char *p, uint64_t number)
{
	for (int i = 8; i--; number >>= 8)
		p[i] = (unsigned char)number;
}

static inline uint64_t extsort_number(const unsigned char *p)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | p[i];
	return number;
}

#endif
