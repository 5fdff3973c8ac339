/* A tag decodes to an error, or encodes to the same bytes and has their id. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_tag *x = NULL;
	auto_buf out = BUF_INIT;
	struct oid id;

	if (tag_decode(data, len, &x, NULL))
		return 0;
	assert(!tag_encode(x, &out, NULL));
	assert(out.len == len && memcmp(out.data, data, len) == 0);
	object_hash(OBJECT_TAG, data, len, &id);
	assert(oid_equal(&id, &x->id));
	return 0;
}
