#include "base/crc32c_mend.h"

#include "base/crc32c_table_internal.h"

/* Which entry of the table has that byte on top; each has another. */
static void invert_table(unsigned char by_top[256])
{
	unsigned i;

	for (i = 0; i < 256; i++)
		by_top[crc32c_table[0][i] >> 24] = (unsigned char)i;
}

size_t crc32c_mend(uint32_t difference, size_t len, size_t *at_out, unsigned char *with_out)
{
	unsigned char by_top[256], entry;
	size_t count = 0, at = len;

	invert_table(by_top);
	/* A changed byte is an entry of the table, carried on by a zero byte for each byte behind it: go back over those. */
	while (difference && at-- > 0) {
		entry = by_top[difference >> 24];
		if (crc32c_table[0][entry] == difference && !count++) {
			*at_out = at;
			*with_out = entry;
		}
		difference = (difference ^ crc32c_table[0][entry]) << 8 | entry;
	}
	return count;
}
