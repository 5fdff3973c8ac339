/* The file of the blob index, its checksum made right: an error, or it encodes to the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/crc32c.h"
#include "repo/blob_index_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf file = BUF_INIT;
	auto_buf out = BUF_INIT;
	struct blob_table t = { .nodes = NULL };

	buf_add(&file, data, len);
	buf_add_u32(&file, crc32c(0, data, len));
	if (buf_check(&file, NULL) || blob_table_decode(file.data, file.len, &t, NULL))
		return 0;
	blob_table_encode(&t, &out);
	assert(!buf_check(&out, NULL));
	assert(out.len == file.len && memcmp(out.data, file.data, out.len) == 0);
	blob_table_release(&t);
	return 0;
}
