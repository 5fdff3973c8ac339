/* Leaf values: a byte for the kind of map, then the value. It is refused, or encodes to the same bytes again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void encode_again(enum map_kind kind, const uint8_t *value, size_t len, struct buf *out)
{
	struct document doc;
	struct descriptor d;
	struct staged s;
	int ret = 0;

	switch (kind) {
	case MAP_DOCUMENTS:
		ret = document_decode(value, len, 1, &doc, NULL);
		document_encode(&doc, out);
		break;
	case MAP_ROOT:
		ret = descriptor_decode(value, len, 1, &d, NULL);
		descriptor_encode(&d, out);
		break;
	case MAP_STAGE:
		ret = staged_decode(value, len, 1, &s, NULL);
		staged_encode(&s, out);
		break;
	case MAP_INDEX:
		buf_add(out, value, len);
		break;
	}
	assert(!ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf again = BUF_INIT;
	enum map_kind kind;
	long ref;

	if (!len)
		return 0;
	kind = data[0] & 3;
	data++;
	len--;
	ref = value_ref_offset(kind, data, len);
	value_byte_count(kind, data, len);
	if (value_check(kind, data, len, NULL) < 0)
		return 0;
	assert(ref < 0 || (size_t)ref + OID_LEN <= len);
	encode_again(kind, data, len, &again);
	assert(again.len == len && !memcmp(again.data, data, len));
	return 0;
}
