#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mem_cleanup_free(void *pointer_to_pointer)
{
	void *p;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
}

void mem_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void *mem_alloc_array(size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return malloc(count && size ? count * size : 1);
}

void *mem_calloc(size_t count, size_t size)
{
	return calloc(count ? count : 1, size ? size : 1);
}

char *mem_dup_str(const void *data, size_t len)
{
	char *s = len < SIZE_MAX ? malloc(len + 1) : NULL;

	if (!s)
		return NULL;
	if (len)
		memcpy(s, data, len);
	s[len] = '\0';
	return s;
}

int mem_grow(void *array_pointer, size_t *capacity, size_t need, size_t size)
{
	size_t want;
	void *p;

	if (need <= *capacity)
		return 0;
	want = *capacity + *capacity / 2 + 16;
	if (want < need)
		want = need;
	if (want > SIZE_MAX / size)
		return -1;
	memcpy(&p, array_pointer, sizeof(p));
	p = realloc(p, want * size);
	if (!p)
		return -1;
	memcpy(array_pointer, &p, sizeof(p));
	*capacity = want;
	return 0;
}
