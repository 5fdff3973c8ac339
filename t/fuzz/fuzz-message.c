/* Messages of a session: the first byte is the type, the rest what is in the frame. An error, or the same bytes again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "sync/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define TRY(kind)                                                                    \
	do {                                                                         \
		struct message_##kind m;                                             \
                                                                                     \
		if (message_##kind##_decode(data, len, &m, &err)) {                  \
			assert(err.code == DRIFT_ERR_CORRUPT);                       \
			return false;                                                \
		}                                                                    \
		message_##kind##_encode(&m, again);                                  \
		message_##kind##_release(&m);                                        \
	} while (0)

/* Was it taken, and encoded again? */
static bool decode(uint8_t type, const uint8_t *data, size_t len, struct buf *again)
{
	struct drift_error err;

	switch (type) {
	case MESSAGE_HELLO:
		TRY(hello);
		return true;
	case MESSAGE_FETCH:
		TRY(fetch);
		return true;
	case MESSAGE_REFS:
		TRY(refs);
		return true;
	case MESSAGE_HAVES:
		TRY(haves);
		return true;
	case MESSAGE_PUSH:
		TRY(push);
		return true;
	case MESSAGE_RESULT:
		TRY(result);
		return true;
	case MESSAGE_ERROR:
		TRY(error);
		/* Codes of a newer drift become a known one. */
		return data[0] <= DRIFT_ERR_UNSUPPORTED;
	default:
		return false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf again = BUF_INIT;

	if (!len || !decode(data[0], data + 1, len - 1, &again))
		return 0;
	assert(!again.failed && again.len == len - 1 && !memcmp(again.data, data + 1, again.len));
	return 0;
}
