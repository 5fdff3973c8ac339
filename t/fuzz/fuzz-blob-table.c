/*
 * The file of the blob index: 80 bytes of its head and entries as they come, cut in blocks whose checksums are made right. An error,
 * or what is merged of it has the same entries.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/crc32c.h"
#include "repo/blob_index_internal.h"

#define MARK_LEN 72
#define HEAD_LEN 80
#define BODY_LEN (DERIVED_BLOCK_LEN - 4)
#define ENTRIES_LEN 4080

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void end_block(struct buf *out, uint32_t seed)
{
	static const unsigned char zeros[DERIVED_BLOCK_LEN];

	buf_add(out, zeros, BODY_LEN - out->len % DERIVED_BLOCK_LEN);
	if (!out->failed)
		buf_add_u32(out, crc32c(seed, out->data + out->len - BODY_LEN, BODY_LEN));
}

static void make_image(const uint8_t *data, size_t len, struct buf *out)
{
	uint32_t seed = crc32c(0, data, MARK_LEN);

	buf_add(out, "DRIFTBLB\2\0\0\0\0\0\0\0", 16);
	buf_add(out, data, HEAD_LEN);
	end_block(out, 0);
	for (size_t at = HEAD_LEN; at < len; at += ENTRIES_LEN) {
		unsigned char number[8] = { 0 };

		number[0] = (unsigned char)(out->len / DERIVED_BLOCK_LEN);
		buf_add(out, data + at, len - at < ENTRIES_LEN ? len - at : ENTRIES_LEN);
		end_block(out, crc32c(seed, number, sizeof(number)));
	}
}

static void check_same(struct derived_table *a, struct derived_table *b)
{
	struct derived_entry x, y;
	uint64_t at;

	assert(derived_table_count(a) == derived_table_count(b));
	assert(!memcmp(derived_table_mark(a), derived_table_mark(b), sizeof(struct derived_mark)));
	for (uint64_t i = 0; i < derived_table_count(a); i++) {
		assert(!derived_table_get(a, i, &x, NULL) && !derived_table_get(b, i, &y, NULL));
		assert(x.key == y.key && x.value == y.value);
		assert(!derived_table_search(a, x.key, &at, NULL) && at <= i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct derived_table *t, *again;
	auto_buf image = BUF_INIT;

	buf_add(&image, data, len);
	if (!buf_check(&image, NULL) && !derived_table_from_memory(&image, &t, NULL))
		derived_table_free(t);
	if (len < HEAD_LEN || len > 200 * ENTRIES_LEN)
		return 0;
	buf_clear(&image);
	make_image(data, len, &image);
	if (buf_check(&image, NULL) || derived_table_from_memory(&image, &t, NULL))
		return 0;
	if (!derived_table_check(t, NULL)) {
		assert(!derived_table_merge(NULL, t, t, &again, NULL));
		check_same(t, again);
		derived_table_free(again);
	}
	derived_table_free(t);
	return 0;
}
