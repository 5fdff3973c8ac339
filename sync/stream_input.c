#include "sync/stream_input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/stream.h"

/* More packed bytes: 1, or 0 if the source has ended. */
static int take(struct stream_input *in, struct drift_error *err)
{
	ptrdiff_t n = in->source.read(in->source.data, in->packed, INPUT_LEN, err);

	if (n <= 0)
		return n < 0 ? -1 : 0;
	in->packed_at = in->packed;
	in->packed_len = (size_t)n;
	in->len += (uint64_t)n;
	if (in->len_max && in->len > in->len_max)
		return error_set(err, DRIFT_ERR_LIMIT, "the stream is longer than %" PRIu64 " bytes", in->len_max);
	return 1;
}

static int unpack(struct stream_input *in, struct drift_error *err)
{
	struct decompress_step step = { .src = in->packed_at, .src_len = in->packed_len, .dst = in->raw, .dst_len = INPUT_LEN };

	if (!in->decompress) {
		memcpy(in->raw, in->packed_at, in->packed_len);
		step.dst_len -= in->packed_len;
		step.src_len = 0;
	} else if (decompress_stream_next(in->decompress, &step, err)) {
		return -1;
	}
	in->packed_at = in->packed_at + (in->packed_len - step.src_len);
	in->packed_len = step.src_len;
	in->at = in->raw;
	in->end = in->raw + (INPUT_LEN - step.dst_len);
	in->ended = in->decompress && step.ended;
	return 0;
}

/* There is at least a byte at in->at then: 1, or 0 at the end of the frame, or of raw records. */
static int fill(struct stream_input *in, struct drift_error *err)
{
	while (in->at == in->end) {
		int r = 1;

		if (in->ended)
			return 0;
		/* What was read already may yield more. */
		if (unpack(in, err))
			return -1;
		if (in->at == in->end && !in->ended) {
			r = take(in, err);
			if (r < 0)
				return -1;
		}
		if (!r)
			return in->decompress ? error_set(err, DRIFT_ERR_IO, "the stream ends too soon") : 0;
	}
	return 1;
}

static int need(struct stream_input *in, struct drift_error *err)
{
	int r = in->at != in->end ? 1 : fill(in, err);

	if (!r)
		return error_set(err, in->decompress ? DRIFT_ERR_CORRUPT : DRIFT_ERR_IO, "the stream ends too soon");
	return r < 0 ? -1 : 0;
}

/* It says what this is, and of which version. */
static int read_head(struct stream_input *in, struct drift_error *err)
{
	static const unsigned char head[] = STREAM_HEAD;

	for (size_t i = 0; i < STREAM_HEAD_LEN; i++) {
		int r = in->packed_len ? 1 : take(in, err);

		if (r <= 0)
			return r < 0 ? -1 : error_set(err, DRIFT_ERR_IO, "the stream ends too soon");
		if (i < STREAM_HEAD_LEN - 1 && *in->packed_at != head[i])
			return error_set(err, DRIFT_ERR_CORRUPT, "this is no stream of drift");
		if (*in->packed_at != head[i])
			return error_set(err, DRIFT_ERR_UNSUPPORTED, "the stream is of version %u, which is not known here",
					 *in->packed_at);
		in->packed_at++;
		in->packed_len--;
	}
	return 0;
}

int stream_input_init(struct stream_input *in, const struct sync_source *source, bool raw, uint64_t len_max,
		      struct drift_error *err)
{
	memset(in, 0, sizeof(*in));
	in->source = *source;
	in->len_max = len_max;
	in->packed = mem_calloc(1, INPUT_LEN);
	in->raw = malloc(INPUT_LEN);
	if (!in->packed || !in->raw) {
		stream_input_release(in);
		return error_no_memory(err);
	}
	in->packed_at = in->packed;
	in->at = in->end = in->raw;
	if (!raw && (read_head(in, err) || decompress_stream_create(&in->decompress, err))) {
		stream_input_release(in);
		return -1;
	}
	return 0;
}

void stream_input_release(struct stream_input *in)
{
	decompress_stream_free(in->decompress);
	free(in->packed);
	free(in->raw);
	in->decompress = NULL;
	in->packed = in->raw = NULL;
}

int input_byte(struct stream_input *in, uint8_t *out, struct drift_error *err)
{
	if (need(in, err))
		return -1;
	*out = *in->at++;
	return 0;
}

static int number(struct stream_input *in, uint64_t *out, struct drift_error *err)
{
	uint64_t v = 0;
	uint8_t b = 0x80;

	for (unsigned shift = 0; b >= 0x80; shift += 7) {
		if (input_byte(in, &b, err))
			return -1;
		if (shift > 63 || (shift == 63 && b > 1) || (shift && !b))
			return error_set(err, DRIFT_ERR_CORRUPT, "the stream has a malformed number");
		v |= (uint64_t)(b & 0x7f) << shift;
	}
	*out = v;
	return 0;
}

int input_number(struct stream_input *in, uint64_t max, const char *what, uint64_t *out, struct drift_error *err)
{
	if (number(in, out, err))
		return -1;
	if (*out > max)
		return error_set(err, DRIFT_ERR_LIMIT, "%s is %" PRIu64 ", which is over the limit of %" PRIu64, what, *out, max);
	return 0;
}

int input_signed(struct stream_input *in, int64_t *out, struct drift_error *err)
{
	uint64_t v = 0;

	if (number(in, &v, err))
		return -1;
	*out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
	return 0;
}

/* The next bytes that are there, at most len. */
static int some(struct stream_input *in, uint64_t len, const unsigned char **data_out, size_t *len_out,
		struct drift_error *err)
{
	size_t n;

	if (need(in, err))
		return -1;
	n = (size_t)(in->end - in->at);
	*len_out = n > len ? (size_t)len : n;
	*data_out = in->at;
	in->at += *len_out;
	return 0;
}

int input_bytes(struct stream_input *in, uint64_t len, struct buf *out, struct drift_error *err)
{
	while (len) {
		const unsigned char *data = NULL;
		size_t n = 0;

		if (some(in, len, &data, &n, err))
			return -1;
		buf_add(out, data, n);
		len -= n;
	}
	return buf_check(out, err);
}

int input_skip(struct stream_input *in, uint64_t len, struct drift_error *err)
{
	while (len) {
		const unsigned char *data = NULL;
		size_t n = 0;

		if (some(in, len, &data, &n, err))
			return -1;
		len -= n;
	}
	return 0;
}

int input_id(struct stream_input *in, struct oid *out, struct drift_error *err)
{
	for (size_t i = 0; i < OID_LEN; i++)
		if (input_byte(in, &out->bytes[i], err))
			return -1;
	return 0;
}

int input_end(struct stream_input *in, struct drift_error *err)
{
	int r = fill(in, err);

	if (r < 0)
		return -1;
	if (!r && !in->packed_len)
		r = take(in, err);
	if (r < 0)
		return -1;
	if (r || in->packed_len)
		return error_set(err, DRIFT_ERR_CORRUPT, "the stream goes on behind its end");
	return 0;
}
