/* Magicless frames and prefixes are stable in practice, but in this part of the header. */
#define ZSTD_STATIC_LINKING_ONLY
#include "base/compress.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

enum {
	/* Above this many bytes (with the prefix) the tables of a small context would be
	 * resized and then cleared on each later small frame, which costs more than the frame. */
	SMALL_MAX = 128 * 1024,
	/* The tables of zstd for frames of megabytes take 50 to 100 MB at high levels; of these sizes 19 MB. */
	TABLE_LOG_MAX = 21,
	/* A frame may ask for a window of 1 << 30 bytes at most: COMPRESS_RAW_MAX. */
	WINDOW_LOG_MAX = 30,
	WINDOW_LOG_MIN = 10,
	FRAME_HEADER_LEN = 2,
	BLOCK_HEADER_LEN = 3,
	BLOCK_RLE = 1,
	BLOCK_RESERVED = 3,
	DICT_MIN = 256, /* what ZDICT needs for its tables alone */
	/* To try several lengths of segments, as ZDICT would, takes five times as long and gains half a percent. */
	TRAIN_SEGMENT_LEN = 800,
	TRAIN_MATCH_LEN = 8,
	TRAIN_TABLE_BITS = 16,
};

struct compressor {
	ZSTD_CCtx *small_cctx; /* each NULL until first used */
	ZSTD_CCtx *big_cctx;
	ZSTD_DCtx *dctx;
};

struct compress_dict {
	ZSTD_CDict *cdict;
	ZSTD_DDict *ddict;
};

int compressor_create(struct compressor **out, struct drift_error *err)
{
	struct compressor *c = mem_calloc(1, sizeof(*c));

	if (!c)
		return error_no_memory(err);
	*out = c;
	return 0;
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->small_cctx);
	ZSTD_freeCCtx(c->big_cctx);
	ZSTD_freeDCtx(c->dctx);
	free(c);
}

static int zstd_failed(size_t code, const char *what, struct drift_error *err)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		return error_no_memory(err);
	return error_set(err, DRIFT_ERR_INVALID, "cannot %s: %s", what, ZSTD_getErrorName(code));
}

static ZSTD_CCtx *make_cctx(void)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();

	if (cctx && (ZSTD_isError(ZSTD_CCtx_setParameter(cctx, ZSTD_c_format,
							 (int)ZSTD_f_zstd1_magicless)) ||
		     ZSTD_isError(ZSTD_CCtx_setParameter(cctx, ZSTD_c_contentSizeFlag, 0)) ||
		     ZSTD_isError(ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 0)) ||
		     ZSTD_isError(ZSTD_CCtx_setParameter(cctx, ZSTD_c_dictIDFlag, 0)))) {
		ZSTD_freeCCtx(cctx);
		return NULL;
	}
	return cctx;
}

static int table_log(const struct compress_job *job, unsigned wanted)
{
	return job->dict || wanted <= TABLE_LOG_MAX ? 0 : TABLE_LOG_MAX; /* 0: as zstd thinks */
}

static size_t bound_tables(ZSTD_CCtx *cctx, const struct compress_job *job)
{
	ZSTD_compressionParameters p = ZSTD_getCParams(job->level, job->src_len, job->prefix_len);
	size_t r = ZSTD_CCtx_setParameter(cctx, ZSTD_c_chainLog, table_log(job, p.chainLog));

	return ZSTD_isError(r) ? r : ZSTD_CCtx_setParameter(cctx, ZSTD_c_hashLog, table_log(job, p.hashLog));
}

/* References to prefix and dictionary last for this frame: both are cleared each time. */
static size_t set_up(ZSTD_CCtx *cctx, const struct compress_job *job)
{
	size_t r = ZSTD_CCtx_refCDict(cctx, job->dict ? job->dict->cdict : NULL);

	if (!ZSTD_isError(r) && !job->dict)
		r = ZSTD_CCtx_setParameter(cctx, ZSTD_c_compressionLevel, job->level);
	if (!ZSTD_isError(r) && job->src_len + job->prefix_len > SMALL_MAX)
		r = bound_tables(cctx, job);
	if (!ZSTD_isError(r) && job->prefix_len)
		r = ZSTD_CCtx_refPrefix(cctx, job->prefix, job->prefix_len);
	return r;
}

static int check_job(const struct compress_job *job, struct drift_error *err)
{
	if (job->dict && job->prefix_len)
		return error_set(err, DRIFT_ERR_INVALID, "a frame has a prefix or a dictionary");
	if (job->src_len > COMPRESS_RAW_MAX || job->prefix_len > COMPRESS_RAW_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "cannot compress more than %zu bytes at once",
				 COMPRESS_RAW_MAX);
	return 0;
}

int compress_append(struct compressor *c, const struct compress_job *job, struct buf *out,
		    struct drift_error *err)
{
	ZSTD_CCtx **cctx;
	size_t bound, n;

	if (check_job(job, err) < 0)
		return -1;
	cctx = job->src_len + job->prefix_len <= SMALL_MAX ? &c->small_cctx : &c->big_cctx;
	if (!*cctx)
		*cctx = make_cctx();
	bound = ZSTD_compressBound(job->src_len);
	if (!*cctx || !buf_reserve(out, bound))
		return error_no_memory(err);
	n = set_up(*cctx, job);
	if (!ZSTD_isError(n))
		n = ZSTD_compress2(*cctx, out->data + out->len, bound, job->src, job->src_len);
	if (ZSTD_isError(n)) {
		ZSTD_CCtx_reset(*cctx, ZSTD_reset_session_only);
		return zstd_failed(n, "compress", err);
	}
	out->len += n;
	out->data[out->len] = '\0';
	return 0;
}

/*
 * True if src is exactly one frame as compress_append writes it. zstd's one-shot
 * decoder would also take several frames in a row, skippable ones and those of
 * old formats with decoders of their own: bytes that we never wrote.
 */
static bool one_frame(const unsigned char *src, size_t len)
{
	size_t at = FRAME_HEADER_LEN;

	if (len < FRAME_HEADER_LEN || src[0] || (src[1] >> 3) + WINDOW_LOG_MIN > WINDOW_LOG_MAX)
		return false;
	for (;;) {
		uint32_t header, kind, size;

		if (len - at < BLOCK_HEADER_LEN)
			return false;
		header = (uint32_t)src[at] | (uint32_t)src[at + 1] << 8 |
			 (uint32_t)src[at + 2] << 16;
		at += BLOCK_HEADER_LEN;
		kind = header >> 1 & 3;
		size = kind == BLOCK_RLE ? 1 : header >> 3;
		if (kind == BLOCK_RESERVED || size > len - at)
			return false;
		at += size;
		if (header & 1)
			return at == len;
	}
}

static int make_dctx(ZSTD_DCtx **dctx, struct drift_error *err)
{
	if (*dctx)
		return 0;
	*dctx = ZSTD_createDCtx();
	if (!*dctx || ZSTD_isError(ZSTD_DCtx_setParameter(*dctx, ZSTD_d_format, (int)ZSTD_f_zstd1_magicless))) {
		ZSTD_freeDCtx(*dctx);
		*dctx = NULL;
		return error_no_memory(err);
	}
	return 0;
}

int decompress_exact(struct compressor *c, const struct compress_job *job, void *dst,
		     size_t dst_len, struct drift_error *err)
{
	size_t n;

	if (check_job(job, err) < 0 || make_dctx(&c->dctx, err) < 0)
		return -1;
	if (!one_frame(job->src, job->src_len))
		return error_set(err, DRIFT_ERR_CORRUPT, "compressed bytes are damaged: no frame");
	n = ZSTD_DCtx_refDDict(c->dctx, job->dict ? job->dict->ddict : NULL);
	if (!ZSTD_isError(n) && job->prefix_len)
		n = ZSTD_DCtx_refPrefix(c->dctx, job->prefix, job->prefix_len);
	if (!ZSTD_isError(n))
		n = ZSTD_decompressDCtx(c->dctx, dst, dst_len, job->src, job->src_len);
	if (ZSTD_isError(n)) {
		ZSTD_DCtx_reset(c->dctx, ZSTD_reset_session_only);
		if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
			return error_no_memory(err);
		return error_set(err, DRIFT_ERR_CORRUPT, "compressed bytes are damaged: %s",
				 ZSTD_getErrorName(n));
	}
	if (n != dst_len)
		return error_set(err, DRIFT_ERR_CORRUPT,
				 "compressed bytes are damaged: %zu bytes in place of %zu", n,
				 dst_len);
	return 0;
}

/* --- streams --- */

struct compress_stream {
	ZSTD_CCtx *cctx;
};

struct decompress_stream {
	ZSTD_DCtx *dctx;
	bool ended;
};

int compress_stream_create(int level, struct compress_stream **out, struct drift_error *err)
{
	struct compress_stream *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	s->cctx = make_cctx();
	if (!s->cctx || ZSTD_isError(ZSTD_CCtx_setParameter(s->cctx, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(s->cctx, ZSTD_c_windowLog, COMPRESS_STREAM_WINDOW_LOG_MAX))) {
		compress_stream_free(s);
		return error_no_memory(err);
	}
	*out = s;
	return 0;
}

void compress_stream_free(struct compress_stream *s)
{
	if (!s)
		return;
	ZSTD_freeCCtx(s->cctx);
	free(s);
}

int compress_stream_add(struct compress_stream *s, const void *src, size_t src_len, enum compress_until until,
			struct buf *out, struct drift_error *err)
{
	static const ZSTD_EndDirective how[] = { ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end };
	ZSTD_inBuffer in = { .src = src, .size = src_len };
	size_t left;

	do {
		ZSTD_outBuffer to = { .size = ZSTD_CStreamOutSize() };

		to.dst = buf_reserve(out, to.size);
		if (!to.dst)
			return error_no_memory(err);
		left = ZSTD_compressStream2(s->cctx, &to, &in, how[until]);
		if (ZSTD_isError(left))
			return zstd_failed(left, "compress", err);
		out->len += to.pos;
		out->data[out->len] = '\0';
	} while (in.pos < in.size || (until != COMPRESS_SOME && left));
	return 0;
}

int decompress_stream_create(struct decompress_stream **out, struct drift_error *err)
{
	struct decompress_stream *s = mem_calloc(1, sizeof(*s));

	if (!s)
		return error_no_memory(err);
	if (make_dctx(&s->dctx, err) < 0) {
		free(s);
		return -1;
	}
	if (ZSTD_isError(ZSTD_DCtx_setParameter(s->dctx, ZSTD_d_windowLogMax, COMPRESS_STREAM_WINDOW_LOG_MAX))) {
		decompress_stream_free(s);
		return error_no_memory(err);
	}
	*out = s;
	return 0;
}

void decompress_stream_free(struct decompress_stream *s)
{
	if (!s)
		return;
	ZSTD_freeDCtx(s->dctx);
	free(s);
}

int decompress_stream_next(struct decompress_stream *s, struct decompress_step *step, struct drift_error *err)
{
	ZSTD_inBuffer in = { .src = step->src, .size = step->src_len };
	ZSTD_outBuffer to = { .dst = step->dst, .size = step->dst_len };
	size_t n = 1, before;

	/* What is ready inside comes without further input. */
	do {
		before = in.pos + to.pos;
		if (!s->ended)
			n = ZSTD_decompressStream(s->dctx, &to, &in);
		if (ZSTD_isError(n) && ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
			return error_no_memory(err);
		if (ZSTD_isError(n))
			return error_set(err, DRIFT_ERR_CORRUPT, "compressed bytes are damaged: %s", ZSTD_getErrorName(n));
		s->ended = s->ended || !n;
	} while (!s->ended && to.pos < to.size && in.pos + to.pos > before);
	step->src = (const char *)step->src + in.pos;
	step->src_len -= in.pos;
	step->dst = (char *)step->dst + to.pos;
	step->dst_len -= to.pos;
	step->ended = s->ended;
	return 0;
}

int compress_dict_create(const void *data, size_t len, int level, struct compress_dict **out,
			 struct drift_error *err)
{
	struct compress_dict *dict;

	if (!len || len > COMPRESS_DICT_MAX)
		return error_set(err, DRIFT_ERR_LIMIT, "a dictionary has 1 to %zu bytes",
				 COMPRESS_DICT_MAX);
	dict = mem_calloc(1, sizeof(*dict));
	if (!dict)
		return error_no_memory(err);
	dict->cdict = level == COMPRESS_DICT_READ ? NULL : ZSTD_createCDict(data, len, level);
	dict->ddict = ZSTD_createDDict(data, len);
	if ((!dict->cdict && level != COMPRESS_DICT_READ) || !dict->ddict) {
		compress_dict_free(dict);
		return error_set(err, DRIFT_ERR_INVALID, "cannot use a dictionary of %zu bytes", len);
	}
	*out = dict;
	return 0;
}

void compress_dict_free(struct compress_dict *dict)
{
	if (!dict)
		return;
	ZSTD_freeCDict(dict->cdict);
	ZSTD_freeDDict(dict->ddict);
	free(dict);
}

int compress_train(const struct compress_samples *samples, size_t max_len, struct buf *out,
		   struct drift_error *err)
{
	const ZDICT_fastCover_params_t how = {
		.k = TRAIN_SEGMENT_LEN, .d = TRAIN_MATCH_LEN, .f = TRAIN_TABLE_BITS, .splitPoint = 1, .accel = 1
	};
	size_t capacity = max_len < COMPRESS_DICT_MAX ? max_len : COMPRESS_DICT_MAX;
	size_t n;

	if (capacity < DICT_MIN || samples->count > UINT32_MAX)
		return error_set(err, DRIFT_ERR_INVALID, "cannot train a dictionary of %zu bytes",
				 capacity);
	if (!buf_reserve(out, capacity))
		return error_no_memory(err);
	n = ZDICT_trainFromBuffer_fastCover(out->data + out->len, capacity, samples->data, samples->lens,
					    (unsigned)samples->count, how);
	out->data[out->len] = '\0';
	if (ZDICT_isError(n))
		return zstd_failed(n, "train a dictionary", err);
	out->len += n;
	out->data[out->len] = '\0';
	return 0;
}
