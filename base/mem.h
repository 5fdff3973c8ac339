/*
 * Memory: cleanup attributes and overflow-checked allocation. Nothing here
 * aborts: allocation returns NULL, and the caller reports error_no_memory().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/compiler.h"

/* Released with free() when the variable goes out of scope; initialise where declared. */
#define auto_free __attribute__((cleanup(mem_cleanup_free)))
/* A file descriptor, closed if >= 0 (for reading; close written ones explicitly). */
#define auto_close __attribute__((cleanup(mem_cleanup_close)))

/* Hand over ownership: yields the pointer and leaves NULL behind. */
#define take_ptr(p)                              \
	__extension__({                          \
		__typeof__(p) *take_at_ = &(p);  \
		__typeof__(p) taken_ = *take_at_; \
		*take_at_ = NULL;                \
		taken_;                          \
	})

/* The same for a descriptor: -1 is left behind. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

void mem_cleanup_free(void *pointer_to_pointer);
void mem_cleanup_close(int *fd);

/* count * size bytes, checked for overflow; NULL when that cannot be had. */
void *mem_alloc_array(size_t count, size_t size) MUST_CHECK;
void *mem_calloc(size_t count, size_t size) MUST_CHECK;

/* A copy of len bytes with a NUL behind them, to be freed; NULL without memory. */
char *mem_dup_str(const void *data, size_t len) MUST_CHECK;

/*
 * Make room for at least `need` items of `size` bytes in *array (NULL at first,
 * *capacity 0), growing by half. 0, or -1 without memory, the array unchanged.
 */
int mem_grow(void *array_pointer, size_t *capacity, size_t need, size_t size) MUST_CHECK;

#endif
