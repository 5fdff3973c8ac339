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
#define BODY_LEN (BLOB_BLOCK_LEN - 4)
#define ENTRIES_LEN 4080

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void end_block(struct buf *out, uint32_t seed)
{
	static const unsigned char zeros[BLOB_BLOCK_LEN];

	buf_add(out, zeros, BODY_LEN - out->len % BLOB_BLOCK_LEN);
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

		number[0] = (unsigned char)(out->len / BLOB_BLOCK_LEN);
		buf_add(out, data + at, len - at < ENTRIES_LEN ? len - at : ENTRIES_LEN);
		end_block(out, crc32c(seed, number, sizeof(number)));
	}
}

static void check_same(struct blob_table *a, struct blob_table *b)
{
	struct blob_entry x, y;
	uint64_t at;

	assert(blob_table_count(a) == blob_table_count(b));
	assert(!memcmp(blob_table_mark(a), blob_table_mark(b), sizeof(struct blob_mark)));
	for (uint64_t i = 0; i < blob_table_count(a); i++) {
		assert(!blob_table_get(a, i, &x, NULL) && !blob_table_get(b, i, &y, NULL));
		assert(x.print == y.print && x.loc == y.loc);
		assert(!blob_table_search(a, x.print, &at, NULL) && at <= i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct blob_table *t, *again;
	auto_buf image = BUF_INIT;

	buf_add(&image, data, len);
	if (!buf_check(&image, NULL) && !blob_table_from_memory(&image, &t, NULL))
		blob_table_free(t);
	if (len < HEAD_LEN || len > 200 * ENTRIES_LEN)
		return 0;
	buf_clear(&image);
	make_image(data, len, &image);
	if (buf_check(&image, NULL) || blob_table_from_memory(&image, &t, NULL))
		return 0;
	if (!blob_table_check(t, NULL)) {
		assert(!blob_table_merge(NULL, t, t, &again, NULL));
		check_same(t, again);
		blob_table_free(again);
	}
	blob_table_free(t);
	return 0;
}
