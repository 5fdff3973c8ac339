/*
 * Compression beside the thread that builds a tree: jobs are taken by one worker thread, and by whoever waits for a result
 * meanwhile, so that both cores of a small machine work and neither waits for long.
 */
#ifndef OBJECTS_DEFLATER_H
#define OBJECTS_DEFLATER_H

#include "base/buf.h"
#include "base/compress.h"

struct deflater;

struct deflate_job {
	const void *data; /* must live until the job is finished */
	size_t len;
	const struct compress_dict *dict; /* or NULL */
	int level;
	struct buf frame; /* the result */
	/* private */
	struct deflate_job *next;
	enum { DEFLATE_WAITING, DEFLATE_RUNNING, DEFLATE_DONE } state;
	int result;
};

int deflater_new(struct deflater **out, struct drift_error *err) MUST_CHECK;
/* Waits for a running job; drops waiting ones. */
void deflater_free(struct deflater *d);
/* A job for the worker. */
void deflater_submit(struct deflater *d, struct deflate_job *job);
/* Its result is there, or it could not be compressed for want of memory: -1. c is the caller's own. One caller at a time. */
int deflater_finish(struct deflater *d, struct deflate_job *job, struct compressor *c,
		    struct drift_error *err) MUST_CHECK;

#endif
