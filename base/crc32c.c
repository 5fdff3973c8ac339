#include "base/crc32c.h"

#include <string.h>

#include "base/crc32c_table_internal.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#include <stdatomic.h>
#endif

static uint32_t load_le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Slicing by eight: Kounavis and Berry, "Novel table lookup-based algorithms", 2005. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t c = ~crc;

	for (; len >= 8; p += 8, len -= 8) {
		uint32_t low = load_le32(p) ^ c;
		uint32_t high = load_le32(p + 4);

		c = crc32c_table[7][low & 0xff] ^ crc32c_table[6][low >> 8 & 0xff] ^
		    crc32c_table[5][low >> 16 & 0xff] ^ crc32c_table[4][low >> 24] ^
		    crc32c_table[3][high & 0xff] ^ crc32c_table[2][high >> 8 & 0xff] ^
		    crc32c_table[1][high >> 16 & 0xff] ^ crc32c_table[0][high >> 24];
	}
	for (; len; p++, len--)
		c = crc32c_table[0][(c ^ *p) & 0xff] ^ c >> 8;
	return ~c;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *data,
							       size_t len)
{
	const unsigned char *p = data;
	uint64_t c = (uint32_t)~crc;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		c = _mm_crc32_u64(c, v);
	}
	for (; len; p++, len--)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return ~(uint32_t)c;
}

/* One CPUID, asked once: in a virtual machine each costs tens of microseconds, and the compiler's own look-up asks a dozen. */
static int has_sse42(void)
{
	static atomic_int known; /* 1 no, 2 yes */
	int answer = atomic_load_explicit(&known, memory_order_relaxed);
	unsigned a, b, c, d;

	if (!answer) {
		__cpuid(1, a, b, c, d);
		answer = c & bit_SSE4_2 ? 2 : 1;
		atomic_store_explicit(&known, answer, memory_order_relaxed);
	}
	return answer == 2;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	if (has_sse42())
		return crc32c_sse42(crc, data, len);
	return crc32c_portable(crc, data, len);
}

#else

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	return crc32c_portable(crc, data, len);
}

#endif
