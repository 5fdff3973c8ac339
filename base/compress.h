/*
 * The one home of zstd (RFC 8878). What is written is one bare frame: without
 * magic number, content size, dictionary id and checksum, for whoever stores it
 * knows its raw length and has a checksum around it.
 *
 * A compressor holds contexts that are dear to make (some 300 KB, each made
 * when first needed) and is used by one thread at a time; a compress_dict
 * never changes and may be shared by all threads.
 */
#ifndef BASE_COMPRESS_H
#define BASE_COMPRESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

/* No frame holds more raw bytes. */
#define COMPRESS_RAW_MAX ((size_t)1 << 30)
/* compress_train makes no larger dictionary, compress_dict_create takes none. */
#define COMPRESS_DICT_MAX ((size_t)1 << 20)

struct compressor;
struct compress_dict;

/* One thing to compress or decompress. prefix and dict exclude each other. */
struct compress_job {
	const void *src;
	size_t src_len;
	const void *prefix; /* earlier bytes that src resembles: a delta; or NULL */
	size_t prefix_len;
	const struct compress_dict *dict; /* or NULL */
	int level; /* zstd's; with a dict, the dict's level counts. Not used to decompress */
};

int compressor_create(struct compressor **out, struct drift_error *err) MUST_CHECK;
void compressor_free(struct compressor *c);

/* Append the frame to out, which stays as it was on failure. */
int compress_append(struct compressor *c, const struct compress_job *job, struct buf *out,
		    struct drift_error *err) MUST_CHECK;

/*
 * Decompress job->src into dst. The frame must yield exactly dst_len bytes and
 * be the whole of src; else DRIFT_ERR_CORRUPT, and dst holds anything. Needs
 * the prefix or dict that it was written with. Memory does not depend on what the frame claims.
 */
int decompress_exact(struct compressor *c, const struct compress_job *job, void *dst,
		     size_t dst_len, struct drift_error *err) MUST_CHECK;

/*
 * A frame of any length, made and read bit by bit. Memory is bounded by the window, of which the reader says how large it may be.
 */
#define COMPRESS_STREAM_WINDOW_LOG_MAX 23

struct compress_stream;
/* What is to be readable of what was given so far: whatever is handy, all, or all as the end of the frame. */
enum compress_until { COMPRESS_SOME, COMPRESS_ALL, COMPRESS_END };
int compress_stream_create(int level, struct compress_stream **out, struct drift_error *err) MUST_CHECK;
void compress_stream_free(struct compress_stream *s);
/* Append to out what became ready. */
int compress_stream_add(struct compress_stream *s, const void *src, size_t src_len, enum compress_until until,
			struct buf *out, struct drift_error *err) MUST_CHECK;

struct decompress_stream;
int decompress_stream_create(struct decompress_stream **out, struct drift_error *err) MUST_CHECK;
void decompress_stream_free(struct decompress_stream *s);
struct decompress_step {
	const void *src; /* moved on by what was read */
	size_t src_len;
	void *dst;       /* likewise by what was written */
	size_t dst_len;
	bool ended;      /* the frame is complete: nothing further is read */
};
/* Until src or dst is used up, or the frame ends. DRIFT_ERR_CORRUPT, also where a larger window is asked for. */
int decompress_stream_next(struct decompress_stream *s, struct decompress_step *step, struct drift_error *err) MUST_CHECK;

/* A dictionary for reading only: quicker to make. */
enum { COMPRESS_DICT_READ = INT_MIN };

/* A dictionary from trained or any bytes, which are copied; to compress at that level. */
int compress_dict_create(const void *data, size_t len, int level, struct compress_dict **out,
			 struct drift_error *err) MUST_CHECK;
void compress_dict_free(struct compress_dict *dict);

/* Samples one behind the other in data, cut by their lengths. */
struct compress_samples {
	const void *data;
	const size_t *lens;
	size_t count;
};

/*
 * Train a dictionary of at most max_len bytes (cut to COMPRESS_DICT_MAX) and
 * append it to out. DRIFT_ERR_INVALID if the samples are too few or too alike
 * to learn from: do without one then. Same samples, same bytes, for one zstd version.
 */
int compress_train(const struct compress_samples *samples, size_t max_len, struct buf *out,
		   struct drift_error *err) MUST_CHECK;

#endif
