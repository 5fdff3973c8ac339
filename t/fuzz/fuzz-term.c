/* Keys of terms of conflicts: refused, or the key that is written for what was read. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "objects/term.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf again = BUF_INIT;
	struct term_key key;
	struct path path;

	if (term_key_parse((const char *)data, len, &key, NULL) < 0)
		return 0;
	if (key.hashed) {
		buf_add(&again, data, key.prefix_len);
	} else {
		path_split(key.subject.data, key.subject.len, &path);
		assert(!term_prefix_is_hash(&path));
		term_prefix_format(&path, &again);
	}
	assert(again.len == key.prefix_len);
	if (key.is_piece)
		buf_add(&again, data + key.prefix_len, len - key.prefix_len);
	else
		term_name_format(&key.term, &again);
	assert(again.len == len && !memcmp(again.data, data, len));
	return 0;
}
