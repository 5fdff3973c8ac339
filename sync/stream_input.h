/* The bytes of a stream as its reader takes them: from a source, decompressed. */
#ifndef SYNC_STREAM_INPUT_H
#define SYNC_STREAM_INPUT_H

#include "base/buf.h"
#include "base/compress.h"
#include "objects/oid.h"
#include "sync/sync_io.h"

#define INPUT_LEN ((size_t)128 << 10)

struct stream_input {
	struct sync_source source;
	struct decompress_stream *decompress; /* NULL: the bytes are taken as they come */
	unsigned char *packed, *raw;          /* INPUT_LEN each */
	const unsigned char *packed_at;
	size_t packed_len;
	const unsigned char *at, *end;        /* of what is in raw */
	bool ended;                           /* of the frame */
	uint64_t len, len_max;                /* taken from the source */
};

/* Checks the head. */
int stream_input_init(struct stream_input *in, const struct sync_source *source, bool raw, uint64_t len_max,
		      struct drift_error *err) MUST_CHECK;
void stream_input_release(struct stream_input *in);

/* All of these fail with DRIFT_ERR_IO where the stream ends too soon. */
int input_byte(struct stream_input *in, uint8_t *out, struct drift_error *err) MUST_CHECK;
/* At most max: else DRIFT_ERR_LIMIT, which names what it is. */
int input_number(struct stream_input *in, uint64_t max, const char *what, uint64_t *out, struct drift_error *err) MUST_CHECK;
int input_signed(struct stream_input *in, int64_t *out, struct drift_error *err) MUST_CHECK;
/* Appends len bytes, for which memory is taken as they come. */
int input_bytes(struct stream_input *in, uint64_t len, struct buf *out, struct drift_error *err) MUST_CHECK;
int input_skip(struct stream_input *in, uint64_t len, struct drift_error *err) MUST_CHECK;
int input_id(struct stream_input *in, struct oid *out, struct drift_error *err) MUST_CHECK;
/* The stream and its source must end here. */
int input_end(struct stream_input *in, struct drift_error *err) MUST_CHECK;

#endif
