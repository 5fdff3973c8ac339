/*
 * The index of a pack: all but its checksums, which are put behind it. Refused, or every question comes to an end with
 * no more answers than there are entries.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "objects/pack_index_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint64_t get_le(const uint8_t *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void ask(const struct pack_index *index, const uint8_t *data, size_t len)
{
	uint64_t ids = get_le(data + 48, 8), paths = get_le(data + 56, 8), position, value, count;
	unsigned value_len = data[66], bits;
	struct oid id = { { 0 } };

	memcpy(id.bytes, data + len - 8, 8);
	for (bits = 1; bits <= 256; bits += bits < 48 ? 1 : 104) {
		position = count = 0;
		while (pack_index_find_id(index, &id, bits, &position, &value, NULL) > 0) {
			assert(++count <= ids);
			assert(value_len == 8 || !(value >> (8 * value_len)));
		}
	}
	position = count = 0;
	while (pack_index_find_path(index, get_le(data + len - 8, 8), &position, &value, NULL) > 0)
		assert(++count <= paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pack_index *index = NULL;
	auto_buf bytes = BUF_INIT, sums = BUF_INIT;
	char *copy;
	size_t at, copy_len;

	if (len < PACK_INDEX_HEAD_LEN || len > 1 << 16)
		return 0;
	buf_add(&bytes, data, len);
	for (at = 0; at < len; at += PACK_INDEX_PAGE)
		buf_add_u32(&sums, crc32c(0, data + at, len - at < PACK_INDEX_PAGE ? len - at : PACK_INDEX_PAGE));
	buf_add(&bytes, sums.data, sums.len);
	buf_add_u32(&bytes, crc32c(0, sums.data, sums.len));
	copy = buf_take(&bytes, &copy_len);
	if (!copy || pack_index_adopt((unsigned char *)copy, copy_len, data + 16, &index, NULL) < 0)
		return 0;
	assert(pack_index_sound(index) && pack_index_equal(index, index));
	ask(index, data, len);
	pack_index_close(index);
	return 0;
}
