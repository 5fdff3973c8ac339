/*
 * Writes JSON text piece by piece, in the canonical form of RFC 8785: the
 * members of an object come in any order and are sorted when it ends; of two
 * with one key the last counts. Failures are remembered and reported by
 * json_writer_finish(), as in struct buf.
 *
 *	json_writer_init(&w, &out);
 *	json_writer_begin_object(&w);
 *	json_writer_key(&w, "seq");
 *	json_writer_uint(&w, 7);
 *	json_writer_text(&w, "path", path, path_len);
 *	json_writer_end_object(&w);
 *	if (json_writer_finish(&w, err))
 */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct json_writer_frame;
struct json_writer_member;

struct json_writer {
	struct buf *out;
	struct buf scratch;
	struct json_writer_frame *frames;
	size_t frame_count, frame_capacity;
	struct json_writer_member *members; /* of all objects that are open */
	size_t member_count, member_capacity;
	bool failed;
};

#define auto_json_writer __attribute__((cleanup(json_writer_release))) struct json_writer

/* Append to out, which must outlive the writer and be left alone meanwhile. */
void json_writer_init(struct json_writer *w, struct buf *out);
void json_writer_release(struct json_writer *w);
/*
 * 0 if everything was written; releases the writer, which may be used again for the next
 * value into the same buffer. All that was begun must have been ended.
 */
int json_writer_finish(struct json_writer *w, struct drift_error *err) MUST_CHECK;

void json_writer_begin_object(struct json_writer *w);
void json_writer_end_object(struct json_writer *w);
void json_writer_begin_array(struct json_writer *w);
void json_writer_end_array(struct json_writer *w);

/* In an object, before each value. */
void json_writer_key(struct json_writer *w, const char *key);
void json_writer_key_bytes(struct json_writer *w, const char *key, size_t len);

/* Bytes that are not UTF-8 become U+FFFD: see json_writer_text. */
void json_writer_string(struct json_writer *w, const char *bytes, size_t len);
void json_writer_str(struct json_writer *w, const char *s);
void json_writer_int(struct json_writer *w, int64_t value);
void json_writer_uint(struct json_writer *w, uint64_t value);
/* null if it is not finite. */
void json_writer_double(struct json_writer *w, double value);
void json_writer_bool(struct json_writer *w, bool value);
void json_writer_null(struct json_writer *w);
/* A value that is canonical JSON already. */
void json_writer_raw(struct json_writer *w, const char *json, size_t len);
/* The base64 (RFC 4648, padded) of the bytes as a string. */
void json_writer_base64(struct json_writer *w, const void *bytes, size_t len);

/* Key and value at once. */
void json_writer_member_str(struct json_writer *w, const char *key, const char *s);
void json_writer_member_uint(struct json_writer *w, const char *key, uint64_t value);
void json_writer_member_bool(struct json_writer *w, const char *key, bool value);
void json_writer_member_null(struct json_writer *w, const char *key);
/* Member `key` if the bytes are UTF-8, else member KEY_b64 with their base64. */
void json_writer_text(struct json_writer *w, const char *key, const char *bytes, size_t len);

#endif
