/*
 * Reads a JSON array of any length element by element from chunks of any size.
 * Memory is bounded by one element and one chunk.
 *
 *	for each chunk:
 *		json_stream_feed(s, chunk, len, err)
 *		while ((r = json_stream_next(s, &element, err)) > 0)
 *			...
 *	json_stream_finish(s, err)
 */
#ifndef BASE_JSON_STREAM_H
#define BASE_JSON_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

struct json_stream;

/* Elements longer than element_max bytes are refused with DRIFT_ERR_LIMIT. */
struct json_stream *json_stream_new(size_t element_max, struct drift_error *err);
void json_stream_free(struct json_stream *s);

/* Take more bytes; call json_stream_next until it returns 0 before feeding again. */
int json_stream_feed(struct json_stream *s, const void *data, size_t len, struct drift_error *err) MUST_CHECK;
/*
 * 1: the bytes of the next element, valid JSON, good until the next call on s; 0: more bytes
 * are needed, or the array has ended; -1: DRIFT_ERR_INVALID with line and column in the
 * whole stream, or DRIFT_ERR_LIMIT. After an error the stream stays failed.
 */
int json_stream_next(struct json_stream *s, struct json_slice *element_out, struct drift_error *err) MUST_CHECK;
/* No more bytes come: 0 if the array was complete. */
int json_stream_finish(struct json_stream *s, struct drift_error *err) MUST_CHECK;
/* Where the last element began, counting from 1. */
uint64_t json_stream_line(const struct json_stream *s);

#endif
